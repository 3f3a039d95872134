"""Which object a label is of, after an editor's split, merge, deletion and undo, and changes of class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from video_loop import VideoLoop, box, without_ids

from sandbox import Sandbox

FIRST, SECOND = fo.Instance(), fo.Instance()


@pytest.fixture
def clip(dataset: fo.Dataset, box: Sandbox, tmp_path: Path) -> VideoLoop:
    return VideoLoop(dataset, box, tmp_path)


def two(frame: int) -> list[Any]:
    """A car on frames 0 to 7, and another one on frames 10 to 19."""
    if frame < 8:
        return [box(10.0 + 4.0 * frame, index=3, instance=FIRST, confidence=0.5)]
    return [box(40.0 + 4.0 * frame, index=5, instance=SECOND, confidence=0.25)] if frame >= 10 else []


def merged(clip: VideoLoop) -> dict[str, Any]:
    """Merges the two, as the editor does: both are deleted, and one is made with the keyframes of both."""
    one, other = clip.tracks()
    clip.write("delete", one, other)
    (made,) = clip.write("create", without_ids({**one, "shapes": [*one["shapes"], *other["shapes"]]}))
    return made


def identities(clip: VideoLoop) -> dict[int, tuple[Any, Any, Any]]:
    labels = {frame: clip.labels(frame) for frame in range(20)}
    return {
        frame: (own[0]["index"], (own[0].get("instance") or {}).get("_id"), own[0]["confidence"])
        for frame, own in labels.items()
        if own
    }


def test_merged_tracks_are_the_object_with_more_frames(clip: VideoLoop) -> None:
    clip.fill(20, two)
    clip.send()
    before, were = clip.documents(), identities(clip)
    merged(clip)
    report = clip.load(confirm=False)
    assert (report["changed"], report["added"], report["deleted"]) == (8, 0, 0)
    assert clip.changed_frames(before) == list(range(8))
    now = identities(clip)
    assert {item[:2] for item in now.values()} == {(5, were[10][1])}
    assert [now[frame][2] for frame in (0, 10)] == [0.5, 0.25]
    assert "Tracks that were merged into others, and have the index of these: 1." in report["notes"]
    after = clip.documents()
    assert clip.load()["jobs_read"] == 0
    undo(clip.dataset, "run")
    assert clip.changed_frames(before) == []
    clip.load()
    assert clip.changed_frames(after) == []


def test_indexes_that_may_not_be_edited_stay(clip: VideoLoop) -> None:
    clip.fill(20, two)
    clip.send(allow_index_edits=False)
    before = clip.documents()
    made = merged(clip)
    report = clip.load(confirm=False)
    assert clip.documents() == before and (report["changed"], report["deleted"]) == (0, 0)
    clip.keyframe(made, 10, points=[100.0, 60.0, 140.0, 120.0])
    clip.load()
    now = identities(clip)
    assert (now[0][0], now[10][0]) == (3, 5) and clip.lefts(10) == [100.0]


def test_what_is_split_off_is_another_instance(clip: VideoLoop) -> None:
    clip.fill(20, lambda frame: [box(10.0 + 4.0 * frame, index=3, instance=FIRST, confidence=0.5)])
    clip.send()
    (car,) = clip.tracks()
    first, last = car["shapes"][0], car["shapes"][-1]
    cut = {**first, "frame": 15, "points": [70.0, *first["points"][1:2], 110.0, first["points"][3]]}
    clip.write("delete", car)
    parts = [{**car, "shapes": [first, {**cut, "outside": True}]}, {**car, "frame": 15, "shapes": [cut, last]}]
    clip.write("create", *map(without_ids, parts))
    report = clip.load(confirm=False)
    now = identities(clip)
    assert {now[frame][:2] for frame in range(15)} == {(3, now[0][1])}
    assert len({now[frame][:2] for frame in range(15, 20)}) == 1
    assert now[15][0] == 4 and now[15][1] not in (None, now[0][1])
    assert {item[2] for item in now.values()} == {0.5}
    assert (report["added"], report["deleted"]) == (0, 0) and any("split off" in note for note in report["notes"])


@pytest.mark.parametrize("send_changes", [False, True])
def test_a_class_that_changes_along_an_object(clip: VideoLoop, send_changes: bool) -> None:
    """CVAT's tracks have one class: an object of two is two tracks, and one index. An annotator splits it for that."""

    def labels(frame: int) -> list[Any]:
        label = "van" if send_changes and frame >= 6 else "car"
        return [box(10.0 + 4.0 * frame, label, index=3, confidence=0.5)]

    clip.fill(20, labels)
    clip.send()
    before = clip.documents()
    assert len(clip.tracks()) == 1 + send_changes
    if send_changes:
        assert clip.load()["changed"] == 0
        later = clip.tracks()[1]
        clip.keyframe(later, 10, points=[100.0, 60.0, 140.0, 120.0])
        clip.load()
        assert {clip.labels(frame)[0]["index"] for frame in range(20)} == {3}
        assert clip.labels(10)[0]["label"] == "van" and clip.lefts(10) == [100.0]
        assert clip.changed_frames(before) == list(range(7, 19))
        return
    (car,) = clip.tracks()
    first, last = car["shapes"][0], car["shapes"][-1]
    cut = {**first, "frame": 6, "points": [34.0, first["points"][1], 74.0, first["points"][3]]}
    van = clip.cvat.labels()["van"]["id"]
    clip.write("delete", car)
    parts = [
        {**car, "shapes": [first, {**cut, "outside": True}]},
        {**car, "frame": 6, "label_id": van, "shapes": [cut, last]},
    ]
    clip.write("create", *map(without_ids, parts))
    report = clip.load(confirm=False)
    assert (report["added"], report["deleted"]) == (0, 0)
    names = [clip.labels(frame)[0]["label"] for frame in range(20)]
    assert names == ["car"] * 6 + ["van"] * 14
    found = identities(clip)
    assert {found[frame][0] for frame in range(6, 20)} == {3} and {item[2] for item in found.values()} == {0.5}
    assert len({found[frame][0] for frame in range(6)}) == 1 and found[0][0] != 3
