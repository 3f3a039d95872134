"""Load annotations: the operators that load and undo, the form and its texts."""
