"""A class of another field: the label moves to that field with every bit, or what stays is counted."""

from __future__ import annotations

from typing import Any

import bson
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import Loop

SCHEMA: dict[str, Any] = {
    "gt": {"classes": ["dog", "bus"]},
    "pred": {"classes": ["dog", "person"]},
}


def box(label: str, left: float, **more: Any) -> fo.Detection:
    return fo.Detection(label=label, bounding_box=[left, 0.1, 0.2, 0.2], **more)


@pytest.fixture
def two(loop: Loop) -> Loop:
    """Two fields that both have dogs, sent."""
    loop.fill(fo.Detections(detections=[box("dog", 0.1, confidence=0.5, tags=["mine"]), box("bus", 0.4, index=3)]))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = fo.Detections(detections=[box("dog", 0.7, confidence=0.25)])
    loop.send(label_schema=SCHEMA)
    return loop


def shown(loop: Loop, field: str) -> list[tuple[Any, ...]]:
    return [
        (label.label, label.bounding_box[0], label.confidence, label.index, label.tags)
        for label in loop.labels(field)[0]
    ]


def contents(loop: Loop) -> list[bytes]:
    """The samples to the last bit, but for the date of their last change."""
    samples = [bson.decode(data) for data in loop.documents().values()]
    return [bson.encode({key: item for key, item in sample.items() if key != "last_modified_at"}) for sample in samples]


DOG, BUS = ("dog", 0.1, 0.5, None, ["mine"]), ("bus", 0.4, None, 3, [])
OTHER = ("dog", 0.7, 0.25, None, [])


def relabel(loop: Loop, number: int, name: str) -> None:
    loop.cvat.relabel(loop.cvat.shape(0, number), name)


@pytest.mark.parametrize(
    ("number", "name", "gt", "pred"),
    [
        (0, "dog (pred)", [BUS], [OTHER, DOG]),
        (1, "person", [DOG], [OTHER, ("person", *BUS[1:])]),
        (2, "dog (gt)", [DOG, BUS, OTHER], []),
    ],
)
def test_a_label_moves_to_the_field_of_its_class(
    two: Loop, number: int, name: str, gt: list[Any], pred: list[Any]
) -> None:
    ids = {str(label.id) for field in ("gt", "pred") for label in two.labels(field)[0]}
    before = contents(two)
    relabel(two, number, name)
    preview = two.load(preview=True)
    report = two.load()
    assert {**preview, "preview": False, "comments": report["comments"]} == report
    assert (report["added"], report["changed"], report["deleted"]) == (0, 1, 0)
    assert report["objects"] == {"found": 3, "unchanged": 2, "applied": 1, "left": 0}
    assert (shown(two, "gt"), shown(two, "pred")) == (gt, pred)
    assert {str(label.id) for field in ("gt", "pred") for label in two.labels(field)[0]} == ids
    after = contents(two)
    assert not any(two.load()[what] for what in ("added", "changed", "deleted", "jobs_read"))
    undone = undo(two.dataset, "run")
    assert (undone["changed"], undone["removed"], undone["restored"]) == (1, 0, 0)
    assert contents(two) == before
    two.load()
    assert contents(two) == after


def test_what_was_edited_here_meanwhile_moves_along(two: Loop) -> None:
    sample = two.dataset.first()
    sample.gt.detections[0].bounding_box[2] = 0.3
    sample.gt.detections[0].confidence = 0.75
    sample.save()
    relabel(two, 0, "dog (pred)")
    two.cvat.move(two.cvat.shape(0, 1))
    two.load()
    assert shown(two, "pred")[1] == ("dog", 0.1, 0.75, None, ["mine"])
    assert two.labels("pred")[0][1].bounding_box[2] == 0.3


@pytest.mark.parametrize("take", ["remote", "local"])
def test_a_class_that_was_changed_here_too_is_a_conflict(two: Loop, take: str) -> None:
    sample = two.dataset.first()
    sample.gt.detections[0].label = "bus"
    sample.save()
    relabel(two, 0, "dog (pred)")
    report = two.load(policy="ask")
    (conflict,) = conflicts(two.dataset, "run")
    assert (conflict["base"], conflict["local"], conflict["remote"]) == ("dog", "bus", "dog (pred)")
    assert report["objects"] == {"found": 3, "unchanged": 2, "applied": 0, "left": 1}
    resolve(two.dataset, "run", [{"take": take}])
    assert conflicts(two.dataset, "run") == []
    moved = take == "remote"
    assert [label[0] for label in shown(two, "gt")] == (["bus"] if moved else ["bus", "bus"])
    assert [label[0] for label in shown(two, "pred")] == (["dog", "dog"] if moved else ["dog"])
    assert all("cvat_conflict" not in tag for field in ("gt", "pred") for *_, tag in shown(two, field))


def test_a_label_that_was_edited_after_it_moved_stays_there_when_the_load_is_undone(two: Loop) -> None:
    relabel(two, 0, "dog (pred)")
    relabel(two, 1, "person")
    two.load()
    sample = two.dataset.first()
    sample.pred.detections[1].label = "wolf"
    sample.save()
    undone = undo(two.dataset, "run")
    assert (undone["changed"], len(undone["edited_since"])) == (1, 1)
    assert [label[0] for label in shown(two, "gt")] == ["bus"]
    assert [label[0] for label in shown(two, "pred")] == ["dog", "wolf"]
    two.load()
    assert [label[0] for label in shown(two, "pred")] == ["dog", "wolf", "person"]


REFUSED = {
    "deletions": ({"gt": {"allow_deletions": False}}, "the run does not let labels leave 'gt'"),
    "label edits": ({"gt": {"allow_label_edits": False}}, "the run does not let labels leave 'gt'"),
    "additions": ({"pred": {"allow_additions": False}}, "the run allows no additions there"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_move_that_the_run_does_not_allow_is_counted(loop: Loop, case: str) -> None:
    switches, reason = REFUSED[case]
    loop.fill(fo.Detections(detections=[box("dog", 0.1)]))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = fo.Detections(detections=[box("dog", 0.7)])
    loop.send(label_schema={name: {**item, **switches.get(name, {})} for name, item in SCHEMA.items()})
    relabel(loop, 0, "person")
    report = loop.load()
    assert report["fields"]["gt"]["refused"] == {f"moves to the field 'pred': {reason}": 1}
    assert [label[0] for label in shown(loop, "gt")] == ["dog"]
    assert report["objects"]["left"] + report["objects"]["unchanged"] == 2
    assert loop.load()["fields"]["gt"]["refused"] == {}


def test_a_field_for_one_label_takes_no_second(loop: Loop) -> None:
    loop.fill(fo.Detections(detections=[box("dog", 0.1)]))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["best"] = box("cat", 0.7)
    loop.send(label_schema={"gt": {"classes": ["dog"]}, "best": {"classes": ["cat"]}})
    relabel(loop, 0, "cat")
    report = loop.load()
    assert "which the field has no room" in str(report["fields"]["gt"]["refused"])
    assert [label[0] for label in shown(loop, "gt")] == ["dog"]
    loop.cvat.delete(loop.cvat.shape(0, 1))
    loop.load()
    relabel(loop, 0, "dog")
    loop.load()
    relabel(loop, 0, "cat")
    loop.load()
    assert ([label.label for label in loop.labels("gt")[0]], loop.labels("best")[0][0].label) == ([], "cat")


def test_a_class_of_a_field_that_cannot_hold_the_shape_is_counted(loop: Loop) -> None:
    loop.fill(fo.Detections(detections=[box("dog", 0.1)]))
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["sky"] = fo.Classification(label="sunny")
    loop.send(label_schema={"gt": {"classes": ["dog"]}, "sky": {"classes": ["sunny", "rainy"]}})
    relabel(loop, 0, "rainy")
    report = loop.load()
    assert report["fields"]["gt"]["refused"] == {
        "changes to a class of the field 'sky', which can't hold a rectangle": 1
    }
    assert report["objects"] == {"found": 2, "unchanged": 1, "applied": 0, "left": 1}
    assert (loop.labels()[0][0].label, loop.labels("sky")[0][0].label) == ("dog", "sunny")
    loop.cvat.move(loop.cvat.shape())
    assert (loop.load()["changed"], loop.labels()[0][0].label) == (1, "dog")


def test_one_part_of_a_line_that_gets_a_class_of_another_field_is_a_label_there(loop: Loop) -> None:
    line = fo.Polyline(label="lane", points=[[(0.1, 0.1), (0.2, 0.1)], [(0.1, 0.3), (0.2, 0.3)]])
    loop.fill(fo.Polylines(polylines=[line]), field="lines")
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["roads"] = fo.Polylines()
    loop.send(label_schema={"lines": {"classes": ["lane"]}, "roads": {"classes": ["edge"]}})
    relabel(loop, 1, "edge")
    report = loop.load()
    assert (report["added"], report["changed"], report["deleted"]) == (1, 1, 0)
    assert report["objects"] == {"found": 2, "unchanged": 0, "applied": 2, "left": 0}
    assert [len(label.points) for label in loop.labels("lines")[0]] == [1]
    assert [(label.label, label.points[0][0]) for label in loop.labels("roads")[0]] == [
        ("edge", pytest.approx([0.1, 0.3]))
    ]
