"""What loads changed: the operator that lists it, and its texts."""
