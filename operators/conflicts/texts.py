"""Conflicts in words: what a label was, what it is here, and what it is in CVAT."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.safe import row, safe
from ..shared.texts import count

PARTS = {"existence": "label", "label": "class", "geometry": "shape"}
SHAPE_PATHS = frozenset({"bounding_box", "rotation", "mask", "points", "closed", "filled"})
OUTCOMES = {"remote": "CVAT's counts", "local": "yours counts", "open": "to be decided"}
OF_JOBS = "two jobs differ: the earlier one's counts"
DELETED_IN_ONE = "two jobs differ: what one deletes is deleted"
SEEN = 0.0005
"""The part of an image's width or height by which something has to differ, so that it is said."""
MOST = 20
"""Conflicts that are listed one by one."""


def part(name: str) -> str:
    """What of a label is in conflict: ``class``, ``shape``, ``label`` (whether it exists), or the attribute's name."""
    return PARTS.get(name, name.removesuffix(" (attribute)"))


def value(name: str, given: Any, base: Any = None) -> str:
    """A value of a part.

    Args:
        name: the part
        given: its value
        base: its value before, if the words may be about what became of it
    """
    if name == "existence":
        return _existence(given, base)
    if name == "geometry":
        return _shape(given, base)
    return _plain(given)


def _existence(given: Mapping[str, Any] | None, base: Mapping[str, Any] | None) -> str:
    """A whole label: that it is gone, or what about it was changed."""
    if given is None:
        return "deleted"
    if base is None or given is base:
        return _plain(given.get("label")) if given.get("label") is not None else "a label"
    changed = [path for path in given if given[path] != base.get(path)]
    words = [f"{part(path)} {_plain(given[path])}" for path in changed if path not in SHAPE_PATHS]
    if any(path in SHAPE_PATHS for path in changed):
        words.append("another shape")
    return f"changed: {', '.join(words)}" if words else "as it was"


def _shape(given: Mapping[str, Any] | None, base: Mapping[str, Any] | None) -> str:
    """How a label is drawn; if its shape of before is given, what became of that, as far as words can say it."""
    if not given:
        return "none"
    if not base or given is base:
        return _kind(given)
    if not (changed := [path for path in given if given[path] != base.get(path)]):
        return "as it was"
    if (points := _number(given)) != (before := _number(base)):
        return f"{count(before, 'point')} → {points:,}"
    words = [words for path in changed if (words := _became(path, given[path], base.get(path)))]
    return " and ".join(words) or "another shape"


def _became(path: str, given: Any, base: Any) -> str:
    """What became of a part of a shape: numbers that a person can't see in either program say nothing."""
    if path != "bounding_box" or not given or not base:
        return {"mask": "another mask", "points": "points moved", "rotation": "turned"}.get(path, "")
    is_sized = any(abs(one - other) > SEEN for one, other in zip(given[2:], base[2:], strict=True))
    middles = [[corner + length / 2 for corner, length in zip(box[:2], box[2:], strict=True)] for box in (given, base)]
    is_moved = any(abs(one - other) > SEEN for one, other in zip(*middles, strict=True))
    return " and ".join(["moved"] * is_moved + ["resized"] * is_sized)


def _kind(given: Mapping[str, Any]) -> str:
    if given.get("mask") is not None:
        return "mask"
    if given.get("points"):
        return count(_number(given), "point")
    return "box" if given.get("bounding_box") else "shape"


def _number(given: Mapping[str, Any]) -> int:
    """How many points a shape has: a keypoint has one list of them, a polyline several."""
    points = given.get("points") or ()
    if points and not isinstance(points[0][0], (list, tuple)):
        return len(points)
    return sum(len(line) for line in points)


def _plain(given: Any) -> str:
    if given is None:
        return "none"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, float):
        return f"{given:g}"
    if isinstance(given, Mapping):
        return "another value"
    return str(given) or "empty"


def sentences(conflict: Mapping[str, Any]) -> dict[str, str]:
    """The three versions of a part: ``was``, ``yours`` and ``cvat``."""
    name, base = conflict["part"], conflict["base"]
    return {
        "was": value(name, base),
        "yours": value(name, conflict["local"], base),
        "cvat": value(name, conflict["remote"], base),
    }


def outcome(conflict: Mapping[str, Any]) -> str:
    """Whose value counts; of two jobs with the same label, which job's."""
    if not conflict.get("of_jobs"):
        return OUTCOMES[conflict["outcome"]]
    return DELETED_IN_ONE if conflict["part"] == "existence" else OF_JOBS


def table(conflicts: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """The first conflicts as a table in Markdown, and how many more there are.

    What came of them has a column only if that is not the same of all, as it is said beside the table, and half the
    window has no room for it.

    Args:
        conflicts: as of :class:`sync.runs.report.Counts`
        names: of the samples, by id
    """
    if not conflicts:
        return []
    differ = len({outcome(item) for item in conflicts}) > 1
    titles = ["Sample", "Field", "In conflict", "It was", "Yours", "CVAT's", *(["Outcome"] if differ else [])]
    lines = ["", row(*titles), "|" + ":--|" * len(titles)]
    for item in conflicts[:MOST]:
        said = sentences(item)
        sample = names.get(item["sample_id"], item["sample_id"])
        cells = [sample, item["field"], part(item["part"]), said["was"], said["yours"], said["cvat"]]
        lines.append(row(*map(safe, [*cells, *([outcome(item)] if differ else [])])))
    if len(conflicts) > MOST:
        lines += ["", f"... and {count(len(conflicts) - MOST, 'more conflict')}."]
    return lines


def decided(result: Mapping[str, Any]) -> str:
    """What was decided, in one sentence or two."""
    labels = len({(c["field"], c["label_id"]) for c in result["report"]["conflicts"] if c["outcome"] != "open"})
    left = f"{count(result['open'], 'label')} still open." if result["open"] else "Nothing is left to decide."
    return f"Decided about {count(labels, 'label')}. {left}"
