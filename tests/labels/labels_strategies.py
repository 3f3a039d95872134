"""Documents of labels as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

sizes = st.sampled_from([(1, 1), (1, 257), (640, 480), (7919, 3), (1920, 1080)]) | st.tuples(
    st.integers(1, 9000), st.integers(1, 9000)
)
coordinates = st.floats(-2, 3) | st.integers(-1, 2)
lengths = st.floats(0, 3) | st.integers(0, 1)
boxes = st.tuples(coordinates, coordinates, lengths, lengths).map(list)
any_boxes = st.lists(coordinates, min_size=4, max_size=4)
rotations = st.none() | st.sampled_from([0, -30, 0.5, 359.9, 360, 720]) | st.floats(-1000, 1000)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40) | st.sampled_from(
    ["", " ", "002100", "true", "True", "None", "nan", "1e5", "-0", "ünï ☃\n2", " spaced ", "x" * 4096]
)
integers = st.integers(-(2**63) + 1, 2**63 - 1) | st.sampled_from([0, 1, 2**53 + 1])
floats = st.floats() | st.sampled_from([1.25, 0.1, 5e-324, -0.0, 1e300])
values = st.none() | st.booleans() | integers | floats | texts

deltas = st.floats(0.02, 500)
"""Pixels that a person moves a side outward by."""


def noise(count: int) -> st.SearchStrategy[list[float]]:
    """What CVAT's editor adds to coordinates that nobody touched."""
    return st.lists(st.floats(-1e-3, 1e-3), min_size=count, max_size=count)


@st.composite
def lines(draw: st.DrawFn, size: tuple[int, int], least: int = 2) -> list[list[float]]:
    """A part of a polyline: its vertices are at least half a pixel apart."""
    spots = st.tuples(st.integers(-50, 900), st.integers(-50, 900))
    places = draw(st.lists(spots, min_size=least, max_size=7, unique=True))
    jitter = st.floats(-0.2, 0.2)
    return [[(x + draw(jitter)) / size[0], (y + draw(jitter)) / size[1]] for x, y in places]


@st.composite
def polylines(draw: st.DrawFn, size: tuple[int, int]) -> dict[str, Any]:
    """A polyline of one to three parts, closed and filled or not."""
    return {
        "label": "car",
        "points": draw(st.lists(lines(size), min_size=1, max_size=3)),
        "closed": draw(st.booleans()),
        "filled": draw(st.booleans()),
    }


@st.composite
def attribute_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of an attribute as a person could give them; some make no sense."""
    type_ = draw(st.sampled_from(["text", "select", "radio", "checkbox", "number"]))
    choices = (
        st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(["a", " x", "y", "y ", "1", ""])
    )
    bounds = st.integers(-5, 2**40) | st.floats() | st.sampled_from(["NaN", "Infinity", "0", "x", ""])
    settings: dict[str, Any] = {"type": type_}
    if type_ in ("select", "radio"):
        settings["values"] = draw(st.lists(choices, min_size=1, max_size=4))
    if type_ == "number" and draw(st.booleans()):
        settings["values"] = draw(st.lists(bounds, min_size=2, max_size=4))
    if draw(st.booleans()):
        settings["default"] = draw(choices)
    return settings
