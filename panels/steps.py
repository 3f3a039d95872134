"""Open conflicts as steps, a label each, and what a button of a step decides."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """A label that is in conflict, or a track of a video or sequence that is so on some frames in a row.

    Args:
        field, sample_id: where it is; of a sequence, the sample of the first frame
        label_ids: the label; of a track, those of the frames
        parts: which of its parts are in conflict
        frames: the first and the last frame: of a video from 1, of a sequence as in CVAT, from 0
    """

    field: str
    sample_id: str
    label_ids: tuple[str, ...]
    parts: tuple[str, ...]
    frames: tuple[int, int] | None = None


def to_steps(waiting: Iterable[Mapping[str, Any]]) -> list[Step]:
    """What is in conflict, step by step; see :func:`sync.load.resolve.conflicts`."""
    labels: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for item in waiting:
        labels.setdefault((item["field"], item["sample_id"], item["label_id"]), []).append(item)
    steps: list[Step] = []
    runs: dict[tuple[Any, ...], int] = {}  # of a track: where in the steps is the last one with these parts
    for (field, sample_id, label_id), items in labels.items():
        parts = tuple(item["part"] for item in items if item["outcome"] == "open")
        frame, track = items[0].get("frame"), items[0].get("track")
        if track is None or "step" not in items[0]:
            steps.append(Step(field, sample_id, (label_id,), parts, (frame, frame) if "step" in items[0] else None))
            continue
        key = (field, track, parts)  # a track is in one video, or in one sequence of samples
        before = steps[runs[key]] if key in runs else None
        if before is not None and before.frames and 0 <= frame - before.frames[1] <= items[0]["step"]:
            longer = before._replace(label_ids=(*before.label_ids, label_id), frames=(before.frames[0], frame))
            steps[runs[key]] = longer
        else:
            runs[key] = len(steps)
            steps.append(Step(field, sample_id, (label_id,), parts, (frame, frame)))
    return steps


def this_one(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about one step."""
    return [{"take": take, "field": step.field, "label_id": label_id} for label_id in step.label_ids]


def all_on(steps: Iterable[Step], sample_id: str, take: str) -> list[dict[str, Any]]:
    """Decides about all labels of a sample."""
    return [choice for step in steps if step.sample_id == sample_id for choice in this_one(step, take)]


def all_like(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about the same parts of all labels of the field."""
    return [{"take": take, "field": step.field, "part": part} for part in step.parts]
