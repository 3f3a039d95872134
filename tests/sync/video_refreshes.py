"""Refreshes of one video: what they are asked, what they did, and what CVAT shows then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from sync_loop import operator
from video_loop import WIDTH, VideoLoop

FRAMES = 20
BOTH = "changed here and in CVAT: load, which merges them, then refresh again"


def refresh(video: VideoLoop, **params: Any) -> dict[str, Any]:
    return dict(operator("refresh_run")(video.dataset, "run", **{"confirm": True, **params}))


def totals(report: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(report[name] for name in names or ("created", "changed", "deleted"))


def loaded(video: VideoLoop) -> tuple[int, ...]:
    """What a load finds to do."""
    before = video.documents()
    report = video.load()
    found = (*totals(report, "added", "changed", "deleted"), len(report["conflicts"]))
    assert any(found) or video.documents() == before
    return found


def shown(video: VideoLoop, job: int = 1) -> dict[int, list[float]]:
    """The left sides of the boxes that a job shows on its frames."""
    facts = video.cvat.call("GET", f"jobs/{job}")
    there = Annotations.model_validate(video.cvat.call("GET", f"jobs/{job}/annotations"))
    found: dict[int, list[float]] = {}
    for track in there.tracks:
        for frame, item in interpolate(track, range(facts["start_frame"], facts["stop_frame"] + 1)).frames.items():
            found.setdefault(frame, []).append(round(item.points[0], 3))
    for shape in there.shapes:
        found.setdefault(shape.frame, []).append(round(shape.points[0], 3))
    return {frame: sorted(lefts) for frame, lefts in sorted(found.items())}


def edit(video: VideoLoop, change: Callable[[int, list[fo.Detection]], Any], frames: range = range(FRAMES)) -> None:
    """Changes the labels of some frames, from 0; what ``change`` returns takes their place."""
    sample = video.dataset.first()
    for number in frames:
        labels = sample.frames[number + 1]["gt"] or fo.Detections()
        found = change(number, labels.detections)
        if found is not None:
            labels.detections = found
        sample.frames[number + 1]["gt"] = labels
    sample.save()


def move(by: float, index: int = 1) -> Callable[[int, list[fo.Detection]], None]:
    def change(_: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == index:
                x, *rest = label.bounding_box
                label.bounding_box = [x + by / WIDTH, *rest]

    return change


def frames_of(track: dict[str, Any]) -> set[int]:
    """The frames on which a track shows its object, from 0."""
    model = Annotations.model_validate({"tracks": [track]}).tracks[0]
    return set(interpolate(model, range(FRAMES)).frames)
