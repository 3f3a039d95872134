"""Open conflicts as steps, a label each, and what a button of a step decides."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Step(NamedTuple):
    """A label that is in conflict, or a track of a video or sequence that is so on some frames in a row.

    Args:
        field, sample_id: where it is; of a sequence, the sample of the first frame
        label_ids, sample_ids: the label, and its sample; of a track, those of the frames
        parts: which of its parts are in conflict
        frames: the first and the last frame: of a video from 1, of a sequence as in CVAT, from 0
    """

    field: str
    sample_id: str
    label_ids: tuple[str, ...]
    sample_ids: tuple[str, ...]
    parts: tuple[str, ...]
    frames: tuple[int, int] | None = None

    @property
    def key(self) -> str:
        """What no other step has: several labels may have one id."""
        return "/".join(map(str, (self.field, self.sample_ids[0], self.label_ids[0], *(self.frames or ()))))


def to_steps(waiting: Iterable[Mapping[str, Any]]) -> list[Step]:
    """What is in conflict, step by step; see :func:`sync.load.resolve.conflicts`."""
    labels: dict[tuple[str, str, str, int | None], list[Mapping[str, Any]]] = {}
    for item in waiting:
        key = (item["field"], item["sample_id"], item["label_id"], item.get("frame"))
        labels.setdefault(key, []).append(item)
    steps: list[Step] = []
    runs: dict[tuple[Any, ...], int] = {}  # of a track: where in the steps is the last one with these parts
    for (field, sample_id, label_id, frame), items in labels.items():
        parts = tuple(item["part"] for item in items if item["outcome"] == "open")
        track = items[0].get("track")
        one = Step(field, sample_id, (label_id,), (sample_id,), parts, None if frame is None else (frame, frame))
        if track is None or frame is None or "step" not in items[0]:
            steps.append(one)
            continue
        of = (field, track, parts)  # a track is in one video, or in one sequence of samples
        before = steps[runs[of]] if of in runs else None
        if before is not None and before.frames and 0 <= frame - before.frames[1] <= items[0]["step"]:
            ids = {"label_ids": (*before.label_ids, label_id), "sample_ids": (*before.sample_ids, sample_id)}
            steps[runs[of]] = before._replace(**ids, frames=(before.frames[0], frame))
        else:
            runs[of] = len(steps)
            steps.append(one)
    return steps


def step_of(kept: Mapping[str, Any]) -> Step:
    """The step that the panel's state has."""
    names = ("label_ids", "sample_ids", "parts")
    return Step(**{**kept, **{name: tuple(kept[name]) for name in names}})


def is_first_of(step: Step, item: Mapping[str, Any]) -> bool:
    """Whether a conflict is about the first label of a step."""
    first = step.field, step.sample_ids[0], step.label_ids[0], step.frames[0] if step.frames else None
    return (item["field"], item["sample_id"], item["label_id"], item.get("frame")) == first


def this_one(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about one step."""
    frames = {"frames": list(step.frames)} if step.frames else {}
    return [
        {"take": take, "field": step.field, "sample_id": sample_id, "label_id": label_id, **frames}
        for label_id, sample_id in dict.fromkeys(zip(step.label_ids, step.sample_ids, strict=True))
    ]


def all_on(steps: Iterable[Step], sample_id: str, take: str) -> list[dict[str, Any]]:
    """Decides about all labels of a sample."""
    return [choice for step in steps if step.sample_id == sample_id for choice in this_one(step, take)]


def all_like(step: Step, take: str) -> list[dict[str, Any]]:
    """Decides about the same parts of all labels of the field."""
    return [{"take": take, "field": step.field, "part": part} for part in step.parts]
