"""Measurements at a size that no test has the time for; each module is run by itself."""
