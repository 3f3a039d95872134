"""What `dev.py` is made of. The standard library only: this runs before anything is installed."""
