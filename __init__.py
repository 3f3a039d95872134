"""The plugin's entry point. FiftyOne runs it anew whenever it looks for plugins, so it keeps no state."""

from __future__ import annotations

from typing import Any


def register(plugin: Any) -> None:
    """Register the annotation backend and every operator and panel with FiftyOne.

    The rooms are imported here and not above, so that looking into one of them (`cvat`, say) costs nothing of
    the others.

    Args:
        plugin: FiftyOne's plugin context.
    """
    from . import backend, operators, panels

    backend.register()
    operators.register(plugin)
    panels.register(plugin)
