"""`python -m demo`, called by `dev.py demo`, which has made the environment for it."""

from __future__ import annotations

import argparse
import sys

from .database import Database
from .scratch import scratch_folder
from .server import cvat_server


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--headless", action="store_true")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    folder = scratch_folder("demo")
    print("Starting the database and FiftyOne ...", flush=True)
    Database(folder / "database").start()
    with cvat_server() as sandbox:
        from .dataset import build  # imports FiftyOne, which needs the database and the server's address

        print("Painting the pictures ...", flush=True)
        dataset = build("roundtrip-demo", folder / "pictures")
        if options.headless:
            from .loop import play

            return 0 if play(dataset) else 1
        from .app import show

        show(dataset, options.port, sandbox)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
