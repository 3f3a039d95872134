"""Loads that come by themselves: the operator, its form, its texts, and the program for a service."""
