"""Measurements: each module but `bare` and `common` prints one table, and fails if a figure misses its target."""
