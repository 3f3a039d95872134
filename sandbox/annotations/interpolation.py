"""What a track is between two of its keyframes, as the server has it. Contours are simplified: equal numbers of points
move in straight lines one by one, others stay until the next keyframe."""

from __future__ import annotations

from typing import Any

from ..responses import server_error

Json = dict[str, Any]


def interpolate(left: Json, right: Json, frame: int) -> Json:
    """The keyframe that a track has at `frame`, from `left` on and before `right`.

    Raises:
        Refusal: 500 for masks, between which the server can't interpolate.
    """
    if "mask" in (left["type"], right["type"]):
        raise server_error()
    span = right["frame"] - left["frame"]
    share = (frame - left["frame"]) / span if span > 0 and not left["outside"] else 0.0
    points, target = left.get("points", []), right.get("points", [])
    if _moves(left["type"], points, target):
        points = [a + (b - a) * share for a, b in zip(points, target, strict=True)]
    turned = left["rotation"] + _turn(left["rotation"], right["rotation"]) * share
    return {
        **left,
        "id": None,
        "frame": frame,
        "points": [float(number) for number in points],
        "rotation": turned % 360 if share else float(left["rotation"]),
        "attributes": [{**attribute} for attribute in left["attributes"]],
    }


def _moves(kind: str, points: list[float], target: list[float]) -> bool:
    """Several points stay where they are until the next keyframe."""
    return len(points) == len(target) and not (kind == "points" and len(points) > 2)


def _turn(start: float, end: float) -> float:
    """Degrees from one rotation to another, the short way round; half a turn is taken for one degree."""
    turn = (end - start + 180) % 360 - 180
    return 1.0 if abs(turn) == 180 else turn
