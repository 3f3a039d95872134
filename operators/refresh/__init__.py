"""Refresh a run: the operators that bring changes made here into CVAT, and take them back, and their texts."""
