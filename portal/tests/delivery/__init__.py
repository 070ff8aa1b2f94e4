"""Live delivery with real processes: two Daphnes on PostgreSQL, a Redis of the tests' own, and writers beside them."""
