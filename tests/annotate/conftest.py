"""What the suites of FiftyOne's own API need: those of the loop."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "sync"))

from sync_fixtures import *  # noqa: F403
