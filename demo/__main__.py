"""`python -m demo`, called by `dev.py demo`, which has made the environment for it."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from .database import Database
from .scratch import scratch_folder
from .server import cvat_server
from .trouble import DemoError


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--headless", action="store_true")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    folder = scratch_folder("demo")
    with cvat_server() as link:
        print("Starting the database and FiftyOne ...", flush=True)
        Database(folder / "database").start()
        from .clip import build as build_clip
        from .dataset import build  # imports FiftyOne, which needs the database and the server's address

        print("Painting the pictures, and a clip ...", flush=True)
        dataset = build("roundtrip-demo", folder / "pictures")
        clip = build_clip("roundtrip-demo-clip", folder / "clip")
        if options.headless:
            from .clip_loop import play_clip
            from .loop import play

            return 0 if play(dataset) and play_clip(clip) else 1
        from .app import show

        show(dataset, options.port, link)
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does: all is put away."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
