"""Annotations: checking what is written, ids, reading back, tracks across jobs."""
