"""Objects that CVAT gives no id, or that of another one: what is not found for that reason is not deleted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from sync_loop import Loop
from video_loop import VideoLoop
from video_loop import box as car

from sandbox import Sandbox

UNTOLD = "can't be told from a deletion. Nothing was changed."
ODD: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "none": lambda things: things[0].pop("id"),
    "null": lambda things: things[0].update(id=None),
    "that of another": lambda things: things[0].update(id=things[1]["id"]),
}


def answer_oddly(box: Sandbox, kind: str, odd: str) -> None:
    def answered(annotations: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(annotations)
        ODD[odd](changed[kind])
        return changed

    box.faults.add("change", path="/annotations", change=answered, times=None)


@pytest.mark.parametrize("odd", ODD)
def test_shapes(loop: Loop, odd: str) -> None:
    cats = [fo.Detection(label="cat", bounding_box=[0.1 * place, 0, 0.1, 0.1]) for place in range(3)]
    loop.fill(fo.Detections(detections=cats))
    loop.send()
    loop.cvat.move(loop.cvat.objects()[2])
    answer_oddly(loop.box, "shapes", odd)
    with pytest.raises(CvatError, match=UNTOLD):
        loop.load()
    assert len(loop.labels()[0]) == 3
    loop.box.faults.clear()
    report = loop.load()
    assert (report["changed"], report["deleted"], report["jobs_failed"]) == (1, 0, 0)


@pytest.mark.parametrize("odd", ODD)
def test_tracks(dataset: fo.Dataset, box: Sandbox, tmp_path: Path, odd: str) -> None:
    clip = VideoLoop(dataset, box, tmp_path)
    clip.fill(6, lambda frame: [car(10.0 + frame, index=1), car(150.0, index=2)])
    clip.send()
    before = list(dataset._frame_collection.find())
    clip.write("update", clip.tracks()[0])  # as it is, but saved
    answer_oddly(box, "tracks", odd)
    with pytest.raises(CvatError, match=UNTOLD):
        clip.load()
    box.faults.clear()
    report = clip.load()
    assert (report["deleted"], report["changed"], report["jobs_failed"]) == (0, 0, 0)
    assert list(dataset._frame_collection.find()) == before
