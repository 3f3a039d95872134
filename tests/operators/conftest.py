"""The operators' suite goes through the same loop as that of ``sync``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "sync"))

from sync_fixtures import *  # noqa: F403
