"""Documents of labels as nobody should have them, but somebody will: any type, value, geometry and name."""

from __future__ import annotations

import datetime
import math
from typing import Any

import fiftyone.core.utils as fou
import numpy as np
from bson import Int64, ObjectId
from hypothesis import strategies as st

IDS = [ObjectId() for _ in range(6)]
"""Few, so that some labels of a list have the same one."""

hostile: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        "",
        " ",
        "car",
        "\N{SNOWMAN}" * 70,
        "x" * 5_000,
        "a\0b",
        0,
        -1,
        2**31,
        2**63 - 1,
        Int64(5),
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        5e-324,
        [],
        [[]],
        [None],
        {},
        {"a": 1},
        b"",
        b"not an array",
        ObjectId(),
        datetime.datetime(2026, 1, 1),
    ]
)


def mostly(good: st.SearchStrategy[Any], *odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Good ones, and among them some that are not: where all is odd, nothing of a label is ever looked at."""
    return st.one_of(good, good, good, good, *odd)


near = st.floats(-0.5, 1.5, width=32)
numbers = mostly(near, st.floats(), st.integers(-(2**63), 2**63 - 1))
boxes = mostly(st.lists(near, min_size=4, max_size=4), st.lists(numbers, max_size=6), hostile)
pairs = mostly(st.lists(near, min_size=2, max_size=2), st.lists(numbers, min_size=2, max_size=2))
lines = mostly(st.lists(pairs, min_size=2, max_size=5), st.lists(pairs, max_size=3))
polygons = mostly(st.lists(lines, min_size=1, max_size=3), st.lists(mostly(lines, hostile), max_size=3), hostile)
poses = mostly(st.lists(pairs, min_size=3, max_size=3), lines, hostile)
names = mostly(st.sampled_from(["car", "bus"]), hostile)

SHAPES = [(6, 8), (8, 6, 1), (8, 6, 3), (8, 6, 4), (0, 5), (5, 0), (0, 0), (4,), (1, 1), (), (2, 2, 2, 2), (1, 500)]
TYPES = ["bool", "uint8", "int8", "uint16", "int32", "int64", "uint64", "float16", "float32", "float64", "complex64"]


@st.composite
def arrays(draw: st.DrawFn) -> bytes:
    """A mask as FiftyOne stores it, of any shape, type and value."""
    shape, kind = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(TYPES))
    seed, low, high = draw(st.integers(0, 5)), draw(st.sampled_from([0, -3])), draw(st.sampled_from([1, 2, 300]))
    values = np.random.default_rng(seed).integers(low, high, shape, endpoint=True).astype(kind)
    if kind.startswith("float") and draw(st.booleans()):
        values = np.where(values > 0, np.nan, values)
    return bytes(fou.serialize_numpy_array(values))


masks = mostly(arrays(), hostile)
GEOMETRY: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Detection": {
        "bounding_box": boxes,
        "rotation": mostly(near, numbers, hostile),
        "mask": mostly(st.none(), masks),
        "mask_path": hostile,
    },
    "Polyline": {
        "points": polygons,
        "closed": st.booleans() | hostile,
        "filled": st.booleans() | hostile,
        "cvat_ellipse": st.lists(numbers, min_size=5, max_size=5) | hostile,
        "cvat_cuboid": st.lists(numbers, min_size=16, max_size=16) | hostile,
    },
    "Keypoint": {"points": poses, "occluded": st.lists(st.booleans(), max_size=5) | hostile},
    "Segmentation": {"mask": masks, "mask_path": hostile},
    "Classification": {},
    "Regression": {},
}
OPTIONAL = {"rotation", "mask_path", "cvat_ellipse", "cvat_cuboid", "occluded"}
"""What labels have or not."""
ATTRIBUTES = ("plate", "speed", "doors", "parked", "color", "value", "hidden", "party", "layer", "origin", "confidence")


@st.composite
def labels(draw: st.DrawFn, cls: str) -> Any:
    """One entry of a list of labels; most are labels."""
    if draw(st.integers(0, 19)) == 0:
        return draw(hostile)
    document: dict[str, Any] = {"_cls": cls, "tags": [], "label": draw(names)}
    if draw(st.integers(0, 19)):
        document["_id"] = draw(mostly(st.builds(ObjectId), st.sampled_from(IDS)))
    for path, values in GEOMETRY[cls].items():
        if path not in OPTIONAL or draw(st.integers(0, 3)) == 0:
            document[path] = draw(values)
    for name in draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=3, unique=True)):
        document[name] = draw(mostly(st.sampled_from([1, 2.5, True, "red", "002100"]), numbers, hostile))
    return document
