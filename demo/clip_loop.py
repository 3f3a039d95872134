"""The loop of the demo's clip without a person: send, move a box on one frame in CVAT, load, look at each label."""

from __future__ import annotations

import os
from typing import Any

import bson
import fiftyone as fo
import fiftyone.operators as foo

from cvat import Annotations, Client, Credentials

FIELD, KEY = "frames.ground_truth", "headless_clip"
FRAME, BY = 20, 25.0
"""The task's frame on which a box is moved, and how far down, in pixels."""


def play_clip(dataset: fo.Dataset) -> bool:
    """Play the loop and print what happened; returns whether all is as it must be."""
    send, load, delete = (
        foo.get_operator(f"@roundtrip/cvat/{name}") for name in ("send_to_cvat", "load_annotations", "delete_run")
    )
    before = _labels(dataset)
    run = send(dataset, anno_key=KEY, label_field=FIELD, launch_editor=False)
    print(f"\nSent a clip of {run['tasks'][0]['frames']} frames. {run['notes'][0]}")
    first, last = _move(run["tasks"][0]["jobs"][0])
    report = load(dataset, run)
    after = _labels(dataset)
    changed = sorted(frame for (frame, _), label in after.items() if label != before.get((frame, _)))
    complaints = []
    if changed != list(range(first + 2, last + 1)):  # neither keyframe beside it moved; FiftyOne counts from 1
        complaints.append(f"The labels of other frames changed than {first + 2} to {last}: {changed}")
    if before.keys() != after.keys() or len(changed) != report["changed"]:
        complaints.append(f"Labels came or went: {report}")
    if (again := load(dataset, run))["changed"] or _labels(dataset) != after:
        complaints.append(f"The second load changed something: {again}")
    delete(dataset, run, delete_tasks=True)
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    if not complaints:
        print(
            f"A box was moved on one frame; the labels of the {len(changed)} frames between its neighbouring keyframes "
            f"changed. The other {len(after) - len(changed)} labels are the same to the last bit."
        )
    return not complaints


def _move(job: int) -> tuple[int, int]:
    """Moves the first track down on a frame; the keyframes before and after it, in the task's numbers."""
    names = ("url", "username", "password")
    with Client(Credentials(**{name: os.environ[f"FIFTYONE_CVAT_{name.upper()}"] for name in names})) as client:
        track = min(client.annotations(job).tracks, key=lambda track: track.id or 0)
        keyframes = sorted(track.shapes, key=lambda shape: shape.frame)
        before = max((shape for shape in keyframes if shape.frame < FRAME), key=lambda shape: shape.frame)
        after = min((shape for shape in keyframes if shape.frame > FRAME), key=lambda shape: shape.frame)
        share = (FRAME - before.frame) / (after.frame - before.frame)
        points = tuple(a + (b - a) * share for a, b in zip(before.points, after.points, strict=True))
        down = tuple(value + (BY if number % 2 else 0.0) for number, value in enumerate(points))
        new = before.model_copy(update={"id": None, "frame": FRAME, "points": down})
        shapes = (*(shape for shape in keyframes if shape.frame != FRAME), new)
        client.update_annotations(job, Annotations(tracks=(track.model_copy(update={"shapes": shapes}),)))
    return before.frame, after.frame


def _labels(dataset: fo.Dataset) -> dict[tuple[int, str], bytes]:
    """Every label as the database stores it, to the byte, by frame and id."""
    found: dict[tuple[int, str], bytes] = {}
    for frame in dataset._frame_collection.find():
        labels: list[dict[str, Any]] = (frame.get("ground_truth") or {}).get("detections") or []
        found.update({(frame["frame_number"], str(label["_id"])): bson.encode(label) for label in labels})
    return found
