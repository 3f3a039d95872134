"""What the fault suite shares: helper modules in this folder, and the count of what it tried."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from faults_shared import Struck


@pytest.fixture(scope="session")
def struck() -> Struck:
    """Counts the points that were tried, and those that a send did not come to."""
    return Struck()
