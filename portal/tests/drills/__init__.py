"""Fault drills: a PostgreSQL, a Redis and two Daphnes are killed, frozen and filled up, and a referee looks."""
