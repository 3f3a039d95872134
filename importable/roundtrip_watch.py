"""Loads runs by themselves: `python roundtrip_watch.py --help`, or `python -m` with this folder on the Python path."""

import sys

import roundtrip_backend  # noqa: F401 - FiftyOne loads the plugin
from fiftyone.plugins.orgs.roundtrip.cvat.operators.watch.program import main

if __name__ == "__main__":
    sys.exit(main())
