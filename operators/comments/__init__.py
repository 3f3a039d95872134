"""Review comments made in CVAT: the operator that lists them, and its texts."""
