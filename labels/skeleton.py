"""Skeletons: keypoints that belong together, and the drawing of them that CVAT's editor wants."""

import math
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, model_validator

from .names import NAME_LIMIT


class Skeleton(BaseModel):
    """The points of a skeleton: their names, and pairs of the points that are joined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> "Skeleton":
        names = [label.strip() for label in self.labels]
        if not all(0 < len(name) <= NAME_LIMIT for name in names):
            raise ValueError(f"the points of a skeleton have names of 1 to {NAME_LIMIT} characters")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two points of a skeleton have the name '{twice[0]}'")
        if any(not 0 <= point < len(names) for edge in self.edges for point in edge):
            raise ValueError("an edge of a skeleton joins a point that there is not")
        return self


def skeleton_svg(skeleton: Skeleton) -> str:
    """The drawing from which CVAT's editor makes a new skeleton: its points around a circle, and its edges."""
    count = len(skeleton.labels)
    turns = [2 * math.pi * number / count - math.pi / 2 for number in range(count)]
    places = [(round(50 + 40 * math.cos(turn), 2), round(50 + 40 * math.sin(turn), 2)) for turn in turns]
    edges = [
        f'<line x1="{places[a][0]}" y1="{places[a][1]}" x2="{places[b][0]}" y2="{places[b][1]}" '
        f'data-type="edge" data-node-from="{a + 1}" data-node-to="{b + 1}"></line>'
        for a, b in skeleton.edges
    ]
    nodes = [
        f'<circle r="0.75" cx="{x}" cy="{y}" data-type="element node" data-element-id="{number}" '
        f'data-node-id="{number}" data-label-name={quoteattr(name)}></circle>'
        for number, (name, (x, y)) in enumerate(zip(skeleton.labels, places, strict=True), 1)
    ]
    return "".join([*edges, *nodes])
