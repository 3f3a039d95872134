"""The bar on the card of a run: its jobs by state, in the colours of the plots."""

from collections.abc import Mapping
from urllib.parse import quote

import fiftyone.operators.types as types

from . import plots

LENGTH, HEIGHT = 1_000, 8
LOOK = {"image": {"style": {"width": "100%", "height": f"{HEIGHT}px", "borderRadius": "4px", "display": "block"}}}


def add(box: types.Object, states: Mapping[str, int], text: str) -> None:
    """Draws the bar, and the words below it.

    Args:
        box: what is drawn on
        states: the number of jobs by state, in the order in which they are told
        text: how many are completed, and what the others are
    """
    name = "jobs_" + "_".join(map(str, states.values()))  # the App keeps the value that a name had first
    box.str(name, default=picture(states), view=types.ImageView(alt=text, componentsProps=LOOK))
    box.md(text, name="jobs_text")


def picture(states: Mapping[str, int]) -> str:
    """The bar as an address that holds an SVG: a part for each state, as long as it has jobs."""
    whole, at, parts = sum(states.values()), 0.0, []
    for state, number in states.items():
        width = LENGTH * number / whole
        parts.append(f'<rect x="{at:.1f}" width="{width:.1f}" height="{HEIGHT}" fill="{plots.color(state)}"/>')
        at += width
    size = f'viewBox="0 0 {LENGTH} {HEIGHT}" preserveAspectRatio="none"'
    return "data:image/svg+xml," + quote(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>')
