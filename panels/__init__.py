"""What a person watches."""

from typing import Any

from .cvat_runs import CvatRuns


def register(plugin: Any) -> None:
    """Registers every panel."""
    plugin.register(CvatRuns)
