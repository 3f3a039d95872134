"""Loading into other fields: the field that was sent stays as it is, and a copy of it gets the edits."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop

PARTS = [[[0.1, 0.1], [0.5, 0.2], [0.3, 0.7]], [[0.6, 0.6], [0.9, 0.6], [0.9, 0.9]]]
SINGLE: dict[str, tuple[fo.Label, str]] = {
    "classification": (fo.Classification(label="cat", confidence=0.5), "tag"),
    "detection": (fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], words=["x"]), "shape"),
    "detections": (
        fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], words=["x"])]),
        "shape",
    ),
    "polylines": (fo.Polylines(polylines=[fo.Polyline(label="cat", points=PARTS, confidence=0.5)]), "shape"),
}


def bare(label: Any) -> Any:
    """A label without its ids."""
    data = label.to_dict()
    for item in (data, *(item for value in data.values() if isinstance(value, list) for item in value)):
        if isinstance(item, dict):
            item.pop("_id", None)
    return data


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("dest", ["str", "dict"])
def test_beside(loop: Loop, kind: str, dest: str) -> None:
    label, figure = SINGLE[kind]
    loop.fill(label, None, label.copy())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog"])
    loop.cvat.relabel(getattr(loop.cvat, figure)(2), "dog")
    into: Any = "fixed" if dest == "str" else {"gt": "fixed"}
    report = loop.load(run, dest_field=into)
    assert loop.since(before).keys() == {"0/fixed", "2/fixed"}
    copied, edited = loop.dataset.first().fixed, loop.dataset.last().fixed
    assert bare(copied) == bare(label)
    assert bare(edited) != bare(label)
    assert not {item.id for item in loop.labels("fixed")[0]} & {item.id for item in loop.labels("gt")[0]}
    assert report["fields"]["fixed"]["copied"] == 2
    assert report["fields"]["fixed"]["changed"] == 1

    after = loop.documents()
    report = loop.load(run, dest_field=into)
    assert loop.documents() == after
    assert not any(report[name] for name in ("added", "changed", "deleted", "jobs_read"))

    loop.cvat.delete(getattr(loop.cvat, figure)(0))
    assert loop.load(run, dest_field=into)["deleted" if kind != "polylines" else "changed"] == 1
    assert loop.load(run)["changed"] == (1 if kind != "polylines" else 2)


def boxes(*classes: str) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2], confidence=0.5) for name in classes]
    )


def test_some_fields_of_several(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    loop.dataset.set_values("pred", [boxes("cat", "dog")])
    before = loop.documents()
    run = loop.send(label_field=["gt", "pred"])
    for number in range(3):
        loop.cvat.move(loop.cvat.shape(0, number))
    loop.cvat.draw("cat (pred)")
    loop.load(run, dest_field={"pred": "checked"})
    assert loop.since(before).keys() == {"0/gt/detections/0/bounding_box", "0/checked"}
    assert [label.label for label in loop.labels("checked")[0]] == ["cat", "dog", "cat"]
    report = loop.load(run)
    assert {name: (item["added"], item["changed"]) for name, item in report["fields"].items()} == {
        "gt": (0, 0),
        "pred": (1, 2),
    }


def test_beside_after_it_was_loaded_into_its_own_field(loop: Loop) -> None:
    loop.fill(boxes("cat"), boxes("dog"))
    run = loop.send()
    loop.cvat.delete(loop.cvat.shape(0))
    loop.load(run)
    loop.cvat.move(loop.cvat.shape(1))
    report = loop.load(run, dest_field="later")
    assert [len(labels) for labels in loop.labels("later")] == [0, 1]
    assert report["fields"]["later"]["changed"] == 1
    assert loop.labels()[1][0].bounding_box == [0.1, 0.1, 0.2, 0.2]


def test_two_copies_know_nothing_of_each_other(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    run = loop.send()
    loop.load(run, dest_field="one")
    loop.cvat.move(loop.cvat.shape())
    assert loop.load(run, dest_field="two")["changed"] == 1
    assert loop.labels("one")[0][0].bounding_box == [0.1, 0.1, 0.2, 0.2]
    assert loop.load(run, dest_field="one")["changed"] == 1
    assert loop.labels("one")[0][0].bounding_box == loop.labels("two")[0][0].bounding_box
    assert loop.labels("gt")[0][0].bounding_box == [0.1, 0.1, 0.2, 0.2]


REFUSED: dict[str, tuple[Any, str]] = {
    "a field that is none of the run's": ({"nope": "x"}, "The run has no field 'nope'; it has: gt, pred."),
    "one name for several fields": ("x", "This run has several fields; give `dest_field` as a dict"),
    "one name for two": ({"gt": "x", "pred": "x"}, "Two fields of the run would be loaded into the same field"),
    "the name of the other": ({"gt": "pred"}, "Two fields of the run would be loaded into the same field"),
    "a field of texts": ({"gt": "filepath"}, "The field 'filepath' does not hold Detections"),
    "a field of no labels": ({"gt": "metadata"}, "The field 'metadata' does not hold Detections"),
    "a field of other labels": ({"gt": "sky"}, "The field 'sky' does not hold Detections"),
    "no name for a field": ({"gt": "_private"}, "'_private' can't be the name of a field"),
    "no path": ({"gt": "a.b"}, "'a.b' can't be the name of a field"),
}


@pytest.mark.parametrize(("dest", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(loop: Loop, dest: Any, sentence: str) -> None:
    loop.fill(boxes("cat"))
    loop.dataset.set_values("pred", [boxes("dog")])
    loop.dataset.set_values("sky", [fo.Classification(label="x")])
    run = loop.send(label_field=["gt", "pred"])
    before, fields = loop.documents(), set(loop.dataset.get_field_schema())
    with pytest.raises(Exception) as caught:
        loop.load(run, dest_field=dest)
    assert str(caught.value).startswith(sentence)
    assert type(caught.value).__name__ == "Refused"
    assert loop.documents() == before
    assert set(loop.dataset.get_field_schema()) == fields
    assert loop.load(run)["unchanged"] == 2
