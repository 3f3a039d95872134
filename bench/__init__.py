"""Measurements: each module but `common` prints one table, and fails if a figure misses its target."""
