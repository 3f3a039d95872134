"""A list, dict or date in an attribute, which CVAT can't show: it stays, whatever annotators type in its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop

FOREIGN: dict[str, Any] = {
    "a list": ["a", "b"],
    "a dict": {"by": "hand", "at": [1, 2]},
    "a date": datetime(2024, 2, 29, 12, 30),
    "a long text": "x" * 5_000,
}
SCHEMA = {"gt": {"classes": ["cat"], "attributes": {"note": {"type": "text"}}}}


def cats(*notes: Any) -> fo.Detections:
    places = [[0.1, 0.1 + number / 4, 0.2, 0.2] for number in range(len(notes))]
    return fo.Detections(
        detections=[
            fo.Detection(label="cat", bounding_box=place, **({} if note is None else {"note": note}))
            for place, note in zip(places, notes, strict=True)
        ]
    )


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_a_typed_text_does_not_replace_it(loop: Loop, foreign: Any) -> None:
    loop.fill(cats(foreign, "plain", None))
    before = loop.documents()
    run = loop.send(label_schema=SCHEMA)
    (left,) = run["left_out"]  # said once
    assert left["count"] == 1
    assert left["what"].endswith(" in attribute 'note'")
    for item in loop.cvat.objects():
        loop.cvat.set(item, "note", "typed")
    report = loop.load(run)
    assert loop.since(before) == {
        "0/gt/detections/1/note": ("plain", "typed"),
        "0/gt/detections/2/note": (..., "typed"),
    }
    assert report["fields"]["gt"]["refused"] == {"edits of 'note' where CVAT could not show the value": 1}
    assert report["changed"] == 2
    assert report["conflicts"] == []
    again = loop.load(run)
    assert (again["changed"], again["fields"]["gt"]["refused"]) == (0, {})


def test_the_rest_of_its_label_is_edited(loop: Loop) -> None:
    loop.fill(cats(["a", "b"]))
    before = loop.documents()
    run = loop.send(label_schema=SCHEMA)
    loop.cvat.set(loop.cvat.move(loop.cvat.shape(0)), "note", "typed")
    assert loop.load(run)["changed"] == 1
    assert loop.since(before).keys() == {"0/gt/detections/0/bounding_box"}


def test_a_deletion_in_cvat_against_a_new_value_is_a_conflict(loop: Loop) -> None:
    loop.fill(cats(["a"], ["b"]))
    run = loop.send(label_schema=SCHEMA)
    for item in loop.cvat.objects():
        loop.cvat.delete(item)
    sample = loop.dataset.first()
    sample.gt.detections[0].note = ["a", "c"]
    sample.save()
    report = loop.load(run)
    assert (report["deleted"], len(report["conflicts"])) == (2, 1)
    assert report["conflicts"][0]["part"] == "existence"


def test_a_label_that_was_deleted_here_comes_back_without_it(loop: Loop) -> None:
    """Its value is nowhere any more; what stood for it is no value."""
    loop.fill(cats(["a"], "plain"))
    run = loop.send(label_schema=SCHEMA)
    for item in loop.cvat.objects():
        loop.cvat.move(item)
    sample = loop.dataset.first()
    sample.gt.detections = []
    sample.save()
    report = loop.load(run)
    assert report["fields"]["gt"]["refused"] == {}
    (made,) = [loop.labels()[0]]
    assert [label.get_field("note") if label.has_field("note") else None for label in made] == [None, "plain"]


def test_a_copy_of_a_deleted_label_has_no_stand_in_for_it(loop: Loop) -> None:
    loop.fill(cats(["a"], "plain"))
    run = loop.send(label_schema=SCHEMA)
    sample = loop.dataset.first()
    sample.gt.detections = []
    sample.save()
    loop.load(run, dest_field="copied")
    assert [label.get_field("note") if label.has_field("note") else None for label in loop.labels("copied")[0]] == [
        None,
        "plain",
    ]
