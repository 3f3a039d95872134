"""Odd tracks in CVAT's answer: each is read as far as it makes sense, and what is not is counted with a reason."""

from __future__ import annotations

import copy
import json
import random
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from sync_changed import changed
from video_loop import Thing, VideoLoop, box

from sandbox import Sandbox

FRAMES, TURNS = 20, 6
ANSWERS = ("/annotations", "/annotations", r"/api/jobs(\?|$)", r"/api/tasks/\d+$", "/meta", "/api/labels")
AT = [100.0, 60.0, 140.0, 120.0]


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    """A run of an object that moves with a turn, and of one single box."""
    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(FRAMES, labels_of)
    clip.send()
    return clip


def labels_of(frame: int) -> list[fo.Detection]:
    moved = box(10.0 + 5.0 * min(frame, 20 - frame), index=1)
    return [moved, box(200.0)] if frame == 7 else [moved]


def shape(frame: int, points: Sequence[float] = AT, **more: Any) -> Thing:
    """A keyframe as CVAT answers it."""
    kept = {"type": "rectangle", "points": list(points), "outside": False, "occluded": False, "rotation": 0.0}
    return {**kept, "id": 900 + frame, "frame": frame, "z_order": 0, "attributes": [], **more}


def track(*shapes: Thing, **more: Any) -> Callable[[Thing], None]:
    """Adds a track to an answer."""

    def add(answer: Thing) -> None:
        label = answer["tracks"][0]["label_id"]
        made = {"id": 77, "frame": min((s["frame"] for s in shapes), default=0), "label_id": label, "group": 0}
        answer["tracks"].append({**made, "source": "manual", "attributes": [], "shapes": list(shapes), **more})

    return add


def own(change: Callable[[list[Thing]], object]) -> Callable[[Thing], None]:
    """Changes the keyframes of the run's own track."""
    return lambda answer: change(answer["tracks"][0]["shapes"]) and None


ODD: dict[str, tuple[Callable[[Thing], None], str, tuple[int, int, int]]] = {
    # what is in the answer, the reason, and how many labels are added, changed, deleted
    "a keyframe without points": (track(shape(3), shape(6, ()), shape(9, outside=True)), "points", (6, 0, 0)),
    "a keyframe with half a point": (track(shape(3), shape(6, AT[:3]), shape(9, outside=True)), "points", (6, 0, 0)),
    "points of no number": (track(shape(3, [1e308] * 4), shape(5, outside=True)), "points", (0, 0, 0)),
    "no keyframes": (track(), "keyframes", (0, 0, 0)),
    "two keyframes on one frame": (track(shape(3), shape(3), shape(5, outside=True)), "second", (2, 0, 0)),
    "outside all along": (track(shape(3, outside=True)), "no frame", (0, 0, 0)),
    "outside of the task": (track(shape(FRAMES), shape(10**6)), "job does not have", (0, 0, 0)),
    "before the task": (track(shape(-9), shape(-3, outside=True)), "", (0, 0, 0)),
    "a skeleton without elements": (track(shape(3, (), type="skeleton"), elements=[]), "skeleton", (0, 0, 0)),
    "its own without points": (own(lambda shapes: [s.update(points=[]) for s in shapes]), "points", (0, 0, 0)),
    "its own on one frame twice": (own(lambda shapes: shapes.append(dict(shapes[1]))), "second", (0, 0, 0)),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_tracks(clip: VideoLoop, case: str) -> None:
    change, reason, (added, edited, deleted) = ODD[case]
    before = clip.documents()

    def answered(answer: Thing) -> Thing:
        answer = copy.deepcopy(answer)
        change(answer)
        return answer

    clip.keyframe(clip.tracks()[0], 15)  # the job has something to be read
    clip.box.faults.add("change", path="/annotations", change=answered, times=9)
    report = clip.load()
    assert (report["added"], report["changed"], report["deleted"]) == (added, edited, deleted)
    objects = report["objects"]
    assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"]
    assert reason in json.dumps(report)
    assert added or not any("new indexes" in note for note in report["notes"])
    clip.box.faults.clear()
    clip.dataset.clone().delete()  # all of it can be read
    assert clip.documents() == before or added
    clip.keyframe(clip.tracks()[0], 16)
    assert clip.load()["deleted"] == added
    assert clip.changed_frames(before) == []


@pytest.mark.parametrize("seed", range(2))
def test_answers_in_which_something_is_other(clip: VideoLoop, seed: int) -> None:
    chance = random.Random(seed)
    for turn in range(TURNS):
        clip.keyframe(clip.tracks()[0], 1 + turn, points=[10.0 + turn, 60.0, 50.0, 120.0])
        clip.box.faults.add("change", path=chance.choice(ANSWERS), change=lambda a: changed(a, chance), times=2)
        try:
            report = clip.load(preview=chance.random() < 0.3)
        except (RoundtripError, CvatError) as error:
            said = str(error)
            assert said.endswith((".", "?", "…")) and len(said) < 3_000, (seed, turn, said)
        else:
            objects = report["objects"]
            assert objects["found"] == objects["unchanged"] + objects["applied"] + objects["left"], (seed, turn)
        clip.box.faults.clear()
        clip.dataset.clone().delete()
    clip.keyframe(clip.tracks()[0], 19, points=AT)
    clip.load()
    report = clip.load()
    assert report["changed"] == report["added"] == report["deleted"] == 0
    assert [len(clip.labels(frame)) for frame in range(FRAMES)] == [1 + (frame == 7) for frame in range(FRAMES)]


def test_no_other_program_is_needed(
    dataset: fo.Dataset, box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor metadata, which FiftyOne would ask ffprobe for."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("another program was started")

    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(FRAMES, labels_of)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    assert clip.send(dry_run=True)["labels"] == clip.send()["labels"] == FRAMES + 1
    clip.keyframe(clip.tracks()[0], 3, points=AT)
    assert clip.load(preview=True)["changed"] == clip.load()["changed"] > 0
    assert dataset.first().metadata is None
