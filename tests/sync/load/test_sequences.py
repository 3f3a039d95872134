"""Image sequences as tracks, and what comes back to each image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sequence_loop import Scenes, box, moved
from sync_loop import Loop


@pytest.fixture
def scenes(loop: Loop, tmp_path: Path) -> Scenes:
    return Scenes(loop, tmp_path)


def going(number: int) -> list[Any]:
    """Two cars that go to the right, the second one with a gap, and a tree that is no object."""
    first = box(10.0 + 4 * number, index=1, confidence=0.5, tags=["mine"])
    second = [box(200.0 - 2 * number, index=2)] if number not in (4, 5) else []
    return [first, *second, box(100.0, "tree")]


def test_objects_are_tracks_and_an_edit_changes_exactly_the_images_up_to_its_neighbours(scenes: Scenes) -> None:
    ids = scenes.add("a", 12, going)
    other = scenes.add("b", 3, going)
    said = scenes.send()
    assert [task["frames"] for task in said["tasks"]] == [12, 3]
    assert [task["name"].split(": ")[1] for task in said["tasks"]] == ["a", "b"]
    meta = scenes.cvat.call("GET", "tasks/1/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == [f"a_{number}.png" for number in range(12)]
    tracks, shapes = scenes.tracks(), scenes.shapes()
    assert (len(tracks), len(shapes)) == (2, 12)
    assert [shape["frame"] for shape in tracks[0]["shapes"]] == [0, 11]
    gap = [(shape["frame"], shape["outside"]) for shape in tracks[1]["shapes"]]
    assert gap == [(0, False), (4, True), (6, False), (11, False)]
    before, labels = scenes.samples(), scenes.labels()
    report = scenes.load()
    assert not any(report[what] for what in ("added", "changed", "deleted"))
    assert scenes.samples() == before
    scenes.keyframe(tracks[1], 8, points=moved(tracks[1]["shapes"][2]["points"], 30.0))
    report = scenes.load()
    assert scenes.changed(ids, before) == [7, 8, 9, 10]
    assert scenes.changed(other, before) == []
    assert report["changed"] == 4
    again = scenes.samples()
    assert scenes.load()["jobs_read"] == 0
    assert scenes.samples() == again
    undo(scenes.dataset, "run")
    assert scenes.labels() == labels
