"""What the suites of the labels share: helper modules in this folder, and the same examples in every run."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.append(str(Path(__file__).resolve().parent))

settings.register_profile("labels", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("labels")
