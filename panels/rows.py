"""Rows of buttons, and texts with names in them, which break where the panel is narrow."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators.types as types

BREAKS = {"grid": {"sx": {"display": "flex", "flexWrap": "wrap", "& > .MuiBox-root": {"width": "auto"}}}}
ROOMY = {"button": {"sx": {"px": 1.25}}}
"""The App's outlined buttons have no room beside their icons and words."""

ANYWHERE = {"container": {"sx": {"overflowWrap": "anywhere"}}}
"""A name may be one word that is longer than the panel is wide."""

TABLES = {"container": {"sx": {"& th, & td": {"px": 1}}}}
"""Half the window has room for the columns of a table if there is less between them than usual."""


def add_text(panel: types.Object, name: str, text: str) -> None:
    """Adds a text in Markdown, without a table: its columns would be as narrow as a letter."""
    panel.md(text, name=name, componentsProps=ANYWHERE)


def add_row(panel: types.Object, name: str, gap: int = 1) -> types.Object:
    """Adds a row, which goes on in the next line where there is no room."""
    return panel.h_stack(name, gap=gap, align_x="left", componentsProps=BREAKS)


def add_button(
    row: types.Object,
    name: str,
    label: str,
    icon: str | None = None,
    *,
    on_click: Any,
    params: Mapping[str, Any] | None = None,
    first: bool = False,
) -> None:
    """Adds an outlined button to a row.

    Args:
        row: the row, or what else it stands in
        name: of the button
        label: its words
        icon: the name of its icon
        on_click: a method of the panel
        params: for the method
        first: whether it is what most people want next, and filled
    """
    variant = "contained" if first else "outlined"
    row.btn(name, label, icon, variant, on_click=on_click, params=dict(params or {}), componentsProps=ROOMY)
