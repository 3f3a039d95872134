"""Labels that both sides changed: the operator that decides about them, and its texts."""
