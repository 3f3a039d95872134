"""What the suites of the loop share: helper modules in this folder, and their fixtures."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))

from sync_fixtures import *  # noqa: F403
