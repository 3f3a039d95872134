"""Undo: what a load did is taken back label by label, to the last bit, and the next load brings it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bson
import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import history
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.log import KEPT
from sync_annotator import Annotator
from sync_loop import Loop

BOXES = ([0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2], [0.1, 0.7, 0.2, 0.2])
FAR = [200.0, 20.0, 300.0, 60.0]


def cats(**more: Any) -> fo.Detections:
    labels = [fo.Detection(label="cat", bounding_box=list(box), code="1", words=["x"], **more) for box in BOXES]
    return fo.Detections(detections=labels)


def contents(loop: Loop) -> dict[str, bytes]:
    """The samples without the date of their last change."""
    found = {}
    for key, data in loop.documents().items():
        sample = bson.decode(data)
        del sample["last_modified_at"]
        found[key] = bson.encode(sample)
    return found


def everything(cvat: Annotator) -> None:
    """An edit of each kind."""
    first, second, third = cvat.objects(frame=0)
    cvat.move(first)
    cvat.delete(second)
    cvat.relabel(third, "dog")
    cvat.set(cvat.shape(1), "code", "2")
    cvat.draw("cat", 2, FAR)
    cvat.draw("dog", 0, FAR)


EDITS: dict[str, Callable[[Annotator], Any]] = {
    "moved": lambda cvat: cvat.move(cvat.shape()),
    "another class": lambda cvat: cvat.relabel(cvat.shape(), "dog"),
    "an attribute": lambda cvat: cvat.set(cvat.shape(), "code", "2"),
    "the first deleted": lambda cvat: cvat.delete(cvat.shape(0, 0)),
    "the second deleted": lambda cvat: cvat.delete(cvat.shape(0, 1)),
    "all deleted": lambda cvat: cvat.write("delete", *cvat.objects(frame=0)),
    "drawn": lambda cvat: cvat.draw("cat", 0, FAR),
    "drawn on a sample without labels": lambda cvat: cvat.draw("cat", 2, FAR),
    "drawn, of another type": lambda cvat: cvat.draw("cat", 0, [1.0, 1.0, 9.0, 1.0, 9.0, 9.0], "polyline"),
    "a class renamed": lambda cvat: cvat.rename_class("cat", "lynx"),
    "a frame removed": lambda cvat: cvat.remove_frames(1),
    "everything": everything,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_undo_and_load_again(loop: Loop, edit: Callable[[Annotator], Any]) -> None:
    loop.fill(cats(), cats(), None)
    loop.dataset.add_sample_field("polylines", fo.EmbeddedDocumentField, embedded_doc_type=fo.Polylines)
    run = loop.send(classes=["cat", "dog"])
    before = contents(loop)
    edit(loop.cvat)
    report = loop.load(run)
    after = contents(loop)
    assert after != before
    undone = undo(loop.dataset, "run")
    assert contents(loop) == before
    assert undone["edited_since"] == []
    assert (undone["changed"], undone["removed"], undone["restored"]) == (
        report["changed"],
        report["added"],
        report["deleted"],
    )
    again = loop.load(run)
    assert contents(loop) == after
    assert [again[name] for name in ("added", "changed", "deleted", "frames_deleted")] == [
        report[name] for name in ("added", "changed", "deleted", "frames_deleted")
    ]
    settled = loop.documents()
    assert not any(loop.load(run)[name] for name in ("added", "changed", "deleted", "jobs_read"))
    assert loop.documents() == settled


def masked() -> fo.Detection:
    return fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.5, 0.5], mask=np.ones((20, 20), dtype=bool))


KINDS: dict[str, tuple[Any, Callable[[Annotator], Any]]] = {
    "classification": (
        lambda: fo.Classification(label="cat", logits=[0.1]),
        lambda cvat: cvat.relabel(cvat.tag(), "dog"),
    ),
    "classification deleted": (lambda: fo.Classification(label="cat"), lambda cvat: cvat.delete(cvat.tag())),
    "detection": (
        lambda: fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2]),
        lambda cvat: cvat.move(cvat.shape()),
    ),
    "mask": (lambda: fo.Detections(detections=[masked()]), lambda cvat: cvat.relabel(cvat.shape(), "dog")),
    "mask deleted": (lambda: fo.Detections(detections=[masked()]), lambda cvat: cvat.delete(cvat.shape())),
    "polyline": (
        lambda: fo.Polylines(polylines=[fo.Polyline(label="cat", points=[[[0.1, 0.1], [0.5, 0.2]]])]),
        lambda cvat: cvat.move(cvat.shape()),
    ),
}


@pytest.mark.parametrize(("label", "edit"), KINDS.values(), ids=KINDS)
def test_kinds_of_fields(loop: Loop, label: Any, edit: Callable[[Annotator], Any]) -> None:
    loop.fill(label(), label(), None)
    run = loop.send(classes=["cat", "dog"])
    before = contents(loop)
    edit(loop.cvat)
    loop.load(run)
    after = contents(loop)
    assert after != before
    undo(loop.dataset, "run")
    assert contents(loop) == before
    loop.load(run)
    assert contents(loop) == after


def test_values(loop: Loop) -> None:
    loop.fill(None, None)
    loop.dataset.set_values("speed", [7, None])
    run = loop.send(label_field="speed")
    before = contents(loop)
    loop.cvat.set(loop.cvat.tag(0), "value", "9")
    loop.load(run)
    assert loop.dataset.values("speed") == [9, None]
    undo(loop.dataset, "run")
    assert contents(loop) == before


def test_labels_that_were_edited_since_are_left_alone_and_listed(loop: Loop) -> None:
    ids = loop.fill(cats(), None)
    run = loop.send(classes=["cat", "dog"])
    for shape in loop.cvat.objects():
        loop.cvat.move(shape)
    loop.load(run)
    sample = loop.dataset[ids[0]]
    sample.gt.detections[1].label = "mine"
    sample.save()
    edited = sample.gt.detections[1].id
    undone = undo(loop.dataset, "run")
    where = {"field": "gt", "sample_id": ids[0], "label_id": edited}
    assert undone["edited_since"] == [{**where, "class": "mine", "edited": ["label"]}]
    assert undone["changed"] == 2
    assert [label.bounding_box == box for label, box in zip(loop.labels()[0], BOXES, strict=True)] == [
        True,
        False,
        True,
    ]
    report = loop.load(run)
    assert (report["changed"], report["conflicts"]) == (2, [])
    assert [label.label for label in loop.labels()[0]] == ["cat", "mine", "cat"]


def test_a_sample_that_is_gone(loop: Loop) -> None:
    ids = loop.fill(cats(), cats())
    run = loop.send()
    for frame in (0, 1):
        loop.cvat.move(loop.cvat.shape(frame))
    loop.load(run)
    loop.dataset.delete_samples(ids[0])
    undone = undo(loop.dataset, "run")
    assert (undone["changed"], undone["samples_gone"]) == (1, 1)


def test_the_load_before_and_the_one_before_that(loop: Loop) -> None:
    loop.fill(cats(), None)
    run = loop.send()
    states = [contents(loop)]
    for _ in range(3):
        loop.cvat.move(loop.cvat.shape())
        loop.load(run)
        states.append(contents(loop))
    for state in reversed(states[:-1]):
        undo(loop.dataset, "run")
        assert contents(loop) == state
    with pytest.raises(Exception, match="There is no load of the run 'run' to undo"):
        undo(loop.dataset, "run")
    loop.load(run)
    assert contents(loop) == states[-1]


def test_only_so_many_are_kept(loop: Loop) -> None:
    loop.fill(cats(), None)
    run = loop.send()
    for _ in range(KEPT + 2):
        loop.cvat.move(loop.cvat.shape())
        loop.load(run)
    assert [load["undoable"] for load in history(loop.dataset, "run")] == [False] * 2 + [True] * KEPT
    for _ in range(KEPT):
        undo(loop.dataset, "run")
    with pytest.raises(Exception, match="too old to be undone"):
        undo(loop.dataset, "run")


def test_beside(loop: Loop) -> None:
    """The copies stay, as they were copied."""
    loop.fill(cats(), None)
    run = loop.send()
    loop.load(run, dest_field="fixed")
    before = contents(loop)
    loop.cvat.move(loop.cvat.shape())
    loop.load(run, dest_field="fixed")
    after = contents(loop)
    undo(loop.dataset, "run")
    assert contents(loop) == before
    loop.load(run, dest_field="fixed")
    assert contents(loop) == after


def test_nothing_to_undo(loop: Loop) -> None:
    loop.fill(cats(), None)
    loop.send()
    loop.load()
    with pytest.raises(Exception, match="There is no load of the run 'run' to undo"):
        undo(loop.dataset, "run")
