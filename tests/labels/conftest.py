"""What the suites of the labels share: helper modules in this folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
