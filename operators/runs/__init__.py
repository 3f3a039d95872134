"""A run: look at it, view its samples, open it in CVAT, rename it, delete it."""
