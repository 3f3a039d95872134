"""What the fault suite shares: helper modules in this folder, and the count of what it tried."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

_TALLY: Counter[str] = Counter()


@pytest.fixture
def struck() -> Counter[str]:
    """Counts the points that were tried, and those that a send did not come to."""
    return _TALLY


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says how many points were tried."""
    if _TALLY:
        tried, known = sum(_TALLY.values()), _TALLY["missed"]
        terminalreporter.write_line(f"faults: {tried} points of sends were tried, {known} of them were not come to")
