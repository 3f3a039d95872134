"""Labels of a video that get, lose or change their object, here or in CVAT: each stands in CVAT once afterwards."""

from __future__ import annotations

import fiftyone as fo
import pytest
from sync_loop import operator
from video_loop import VideoLoop, box
from video_refreshes import FRAMES, edit, frames_of, loaded, refresh, shown, totals


def test_an_object_that_is_deleted(sent: VideoLoop) -> None:
    edit(sent, lambda number, labels: [label for label in labels if label.index != 2])
    assert totals(refresh(sent)) == (0, 0, 10)
    assert len(sent.tracks()) == 1
    assert loaded(sent) == (0, 0, 0, 0)
    assert operator("undo_refresh")(sent.dataset, "run")["taken_back"] == 10
    assert len(sent.tracks()) == 2 and loaded(sent) == (0, 0, 0, 0)


def test_a_track_that_is_made_again_when_it_is_taken_back(sent: VideoLoop) -> None:
    """An annotator had hidden it on some frames, which no load has seen: its labels there are known once."""
    track = next(track for track in sent.tracks() if len(frames_of(track)) < FRAMES)
    sent.keyframe(sent.keyframe(track, 5), 0, outside=True)
    edit(sent, lambda number, labels: [label for label in labels if label.index != 2])
    assert totals(refresh(sent)) == (0, 0, 5) and len(sent.tracks()) == 1
    operator("undo_refresh")(sent.dataset, "run")
    assert sorted(len(frames_of(track)) for track in sent.tracks()) == [5, FRAMES]
    loaded(sent)
    assert loaded(sent) == (0, 0, 0, 0)


def test_labels_that_come_to_a_track_with_another_id(sent: VideoLoop) -> None:
    """An annotator undid a deletion, and here the labels have other ids: the object is not made beside itself."""
    track = next(track for track in sent.tracks() if len(frames_of(track)) < FRAMES)
    sent.delete_and_undo(track)
    there = shown(sent)

    def again(_: int, labels: list[fo.Detection]) -> list[fo.Detection]:
        same = {"label": "van", "index": 2, "code": "#1"}
        return [fo.Detection(bounding_box=x.bounding_box, **same) if x.index == 2 else x for x in labels]

    edit(sent, again)
    report = refresh(sent)
    assert totals(report) == (0, 0, 0) and shown(sent) == there
    assert [left["count"] for left in report["left"]] == [20], "ten that are gone, and ten that are new"
    loaded(sent)
    refresh(sent)
    assert shown(sent) == there
    assert loaded(sent) == (0, 0, 0, 0)


def test_labels_that_change_their_object(sent: VideoLoop) -> None:
    """Of some frames, they go to the track of their new object; of all, the track is that object."""

    def change(number: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == 1 and label.label == "car" and number >= 10:
                label.index = 9

    edit(sent, change)
    assert totals(refresh(sent)) == (0, 10, 0)
    assert sorted(len(frames_of(track)) for track in sent.tracks()) == [10, 10, 10]
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)
    ids = {track["id"] for track in sent.tracks()}

    def all_of_it(_: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            label.index = 12 if label.index == 9 else label.index

    edit(sent, all_of_it)
    assert totals(refresh(sent)) == (0, 10, 0)
    assert {track["id"] for track in sent.tracks()} == ids
    assert loaded(sent) == (0, 0, 0, 0) and totals(refresh(sent)) == (0, 0, 0)


def test_a_label_of_an_object_that_became_something_else(sent: VideoLoop) -> None:
    """An annotator hid it on most frames, and here its class is another now: what is new is written at once."""
    track = next(track for track in sent.tracks() if len(frames_of(track)) < FRAMES)
    sent.keyframe(sent.keyframe(track, 9), 0, outside=True)

    def change(number: int, labels: list[fo.Detection]) -> list[fo.Detection] | None:
        for label in labels:
            if label.index == 2 and number == 9:
                label.label = "car"
        return [*labels, box(101.0, "van", index=2)] if number == 4 else None

    edit(sent, change)
    assert totals(refresh(sent)) == (1, 1, 0)
    assert (
        101.0 in shown(sent)[4]
        and next(t["label_id"] for t in sent.tracks() if t["id"] == track["id"]) != track["label_id"]
    )
    assert totals(refresh(sent)) == (0, 0, 0)
    loaded(sent)
    assert loaded(sent) == (0, 0, 0, 0)


@pytest.mark.parametrize("touched", ["from", "to", "shape"])
def test_a_label_that_goes_between_objects_of_which_somebody_touched_one(sent: VideoLoop, touched: str) -> None:
    """It stays where it is when the refresh is taken back, as half of that would have it twice, or nowhere."""
    first, second = sorted(sent.tracks(), key=lambda track: -len(frames_of(track)))

    def change(number: int, labels: list[fo.Detection]) -> None:
        for label in labels:
            if label.index == 1 and number in (15, 16):
                label.index, label.label = (None, "car") if touched == "shape" else (2, "van")

    edit(sent, change)
    assert totals(refresh(sent)) == (0, 2, 0)
    there = sorted(map(len, shown(sent).values()))
    track = next(t for t in sent.tracks() if t["id"] == (first if touched == "from" else second)["id"])
    if touched == "shape":
        shape = sent.cvat.shape(frame=15)
        sent.cvat.move(shape)
    else:
        sent.keyframe(track, 3, points=[40.0, 60.0, 80.0, 120.0])
    back = operator("undo_refresh")(sent.dataset, "run")
    assert (back["taken_back"], back["left"]) == (0, 2)
    assert sorted(map(len, shown(sent).values())) == there, "each label stands in CVAT once"
    loaded(sent)
    refresh(sent)
    loaded(sent)
    assert sorted(map(len, shown(sent).values())) == there and loaded(sent) == (0, 0, 0, 0)
