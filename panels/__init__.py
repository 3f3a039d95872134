"""What a person watches."""

from typing import Any

from .cvat import CvatPanel


def register(plugin: Any) -> None:
    """Registers the panel."""
    plugin.register(CvatPanel)
