"""The sandbox's own pages."""
