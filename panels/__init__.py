"""What a person watches."""

from typing import Any

from .cvat_conflicts import CvatConflicts
from .cvat_runs import CvatRuns


def register(plugin: Any) -> None:
    """Registers every panel."""
    plugin.register(CvatRuns)
    plugin.register(CvatConflicts)
