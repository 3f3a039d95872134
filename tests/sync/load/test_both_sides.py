"""People work in FiftyOne and in CVAT at the same time: each part of a label is merged by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone as fo
import pytest
from sync_annotator import Annotator
from sync_loop import Loop

HERE, THERE = [0.1, 0.1, 0.2, 0.2], [0.4, 0.1, 0.2, 0.2]
THERE_PX = [128.0, 24.0, 192.0, 72.0]

Here = Callable[[fo.Sample], Any]
There = Callable[[Annotator], Any]


def cats(count: int = 1, **attributes: Any) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label="cat", bounding_box=list(HERE), code="1", **attributes) for _ in range(count)]
    )


def here(loop: Loop, edit: Here) -> None:
    """An edit in FiftyOne."""
    sample = loop.dataset.first()
    edit(sample)
    sample.save()


def change(**values: Any) -> Here:
    """Changes the first label."""
    return lambda sample: [setattr(sample.gt.detections[0], name, value) for name, value in values.items()]


def remove(sample: fo.Sample) -> None:
    """Deletes the first label."""
    sample.gt.detections.pop(0)


def relabel(cvat: Annotator) -> None:
    cvat.relabel(cvat.shape(), "dog")


def move(cvat: Annotator) -> None:
    cvat.edit(cvat.shape(), points=THERE_PX)


def set_code(cvat: Annotator) -> None:
    cvat.set(cvat.shape(), "code", "2")


def delete(cvat: Annotator) -> None:
    cvat.delete(cvat.shape())


CELLS: dict[str, tuple[Here, There, dict[str, Any], list[str]]] = {
    # what happened: in FiftyOne, in CVAT, the label then (empty: deleted), conflicts
    "class here, place there": (change(label="dog"), move, {"label": "dog", "bounding_box": THERE}, []),
    "place here, class there": (change(bounding_box=THERE), relabel, {"label": "dog", "bounding_box": THERE}, []),
    "attribute here, place there": (change(code="9"), move, {"code": "9", "bounding_box": THERE}, []),
    "class here, attribute there": (change(label="dog"), set_code, {"label": "dog", "code": "2"}, []),
    "what CVAT does not know, class there": (change(confidence=0.9), relabel, {"label": "dog", "confidence": 0.9}, []),
    "same class on both sides": (change(label="dog"), relabel, {"label": "dog"}, []),
    "another class on each side": (change(label="cow"), relabel, {"label": "dog"}, ["label"]),
    "another place on each side": (change(bounding_box=[0, 0, 1, 1]), move, {"bounding_box": THERE}, ["geometry"]),
    "another attribute on each side": (change(code="3"), set_code, {"code": "2"}, ["code"]),
    "deleted on both sides": (remove, delete, {}, []),
    "deleted here": (remove, lambda cvat: None, {}, []),
    "deleted here, moved there": (remove, move, {"bounding_box": THERE, "label": "cat", "code": "1"}, ["existence"]),
    "class here, deleted there": (change(label="dog"), delete, {}, ["existence"]),
    "confidence here, deleted there": (change(confidence=0.9), delete, {}, []),
}


@pytest.mark.parametrize(("edit", "remote", "expected", "conflicts"), CELLS.values(), ids=CELLS)
def test_cell(loop: Loop, edit: Here, remote: There, expected: dict[str, Any], conflicts: list[str]) -> None:
    loop.fill(cats(), None)
    run = loop.send(classes=["cat", "dog", "cow"])
    here(loop, edit)
    remote(loop.cvat)
    report = loop.load(run)
    labels = loop.labels()[0]
    assert [{name: label[name] for name in expected} for label in labels] == ([expected] if expected else [])
    assert [conflict["part"] for conflict in report["conflicts"]] == conflicts
    after = loop.documents()
    again = loop.load(run)
    assert loop.documents() == after
    assert again["conflicts"] == []


def test_what_both_sides_changed_alike_is_the_new_base(loop: Loop) -> None:
    """Then each side may change it again without a conflict, also back to what it was."""
    loop.fill(cats())
    run = loop.send(classes=["cat", "dog"])
    here(loop, change(label="dog"))
    relabel(loop.cvat)
    loop.load(run)
    loop.cvat.relabel(loop.cvat.shape(), "cat")
    report = loop.load(run)
    assert report["conflicts"] == []
    assert loop.labels()[0][0].label == "cat"


def test_an_edit_here_is_still_there_after_many_loads(loop: Loop) -> None:
    loop.fill(cats())
    run = loop.send(classes=["cat", "dog"])
    here(loop, change(label="cow"))
    for text in ("2", "3", "4"):
        loop.cvat.set(loop.cvat.shape(), "code", text)
        assert loop.load(run)["conflicts"] == []
        assert (loop.labels()[0][0].label, loop.labels()[0][0].code) == ("cow", text)


def test_a_label_deleted_here_is_no_label_any_more(loop: Loop) -> None:
    loop.fill(cats(2))
    run = loop.send()
    here(loop, remove)
    loop.cvat.set(loop.cvat.shape(number=1), "code", "2")
    report = loop.load(run)
    assert (report["changed"], report["added"]) == (1, 0)
    assert [label.code for label in loop.labels()[0]] == ["2"]


def test_a_drawn_label_that_is_deleted_here_does_not_come_back(loop: Loop) -> None:
    loop.fill(cats(), None)
    run = loop.send()
    loop.cvat.draw("cat", 1)
    loop.load(run)
    loop.dataset.delete_labels(ids=[loop.labels()[1][0].id])
    loop.cvat.draw("cat", 0)
    report = loop.load(run)
    assert (report["added"], [len(labels) for labels in loop.labels()]) == (1, [2, 0])


def test_a_drawn_label_keeps_what_fiftyone_adds_to_it(loop: Loop) -> None:
    loop.fill(cats(), None)
    run = loop.send()
    drawn = loop.cvat.draw("cat", 1)
    loop.load(run)
    key = loop.labels()[1][0].id
    loop.dataset.tag_labels("good")
    loop.cvat.move(drawn)
    report = loop.load(run)
    assert (report["changed"], report["added"], loop.labels()[1][0].id) == (1, 0, key)
    assert loop.labels()[1][0].tags == ["good"]


def test_a_sample_that_is_gone_takes_its_labels_along(loop: Loop) -> None:
    ids = loop.fill(cats(), cats(), None)
    run = loop.send()
    loop.dataset.delete_samples(ids[0])
    loop.dataset.delete_samples(ids[2])
    for frame in (0, 1):
        loop.cvat.move(loop.cvat.shape(frame))
    loop.cvat.draw("cat", 2)
    report = loop.load(run)
    assert (report["changed"], report["samples_gone"], report["added"]) == (1, 2, 0)
    after = loop.documents()
    loop.load(run)
    assert loop.documents() == after


def test_a_field_that_was_emptied_here(loop: Loop) -> None:
    loop.fill(cats(), cats())
    run = loop.send()
    here(loop, lambda sample: sample.clear_field("gt"))
    loop.cvat.move(loop.cvat.shape(0))
    loop.cvat.draw("cat", 1)
    report = loop.load(run)
    assert [len(labels) for labels in loop.labels()] == [1, 2]
    assert (report["added"], [conflict["part"] for conflict in report["conflicts"]]) == (2, ["existence"])


def test_a_field_that_was_deleted_here(loop: Loop) -> None:
    loop.fill(cats(), cats())
    run = loop.send()
    loop.dataset.delete_sample_field("gt")
    loop.cvat.draw("cat", 1)
    report = loop.load(run)
    assert (report["added"], [len(labels) for labels in loop.labels()]) == (1, [0, 1])


CLASS_ATTRIBUTES = {
    "gt": {
        "classes": [
            {"classes": ["cat"], "attributes": {"fur": {"type": "select", "values": ["long", "short"]}}},
            "dog",
        ],
        "attributes": {"code": {}},
    }
}


def test_an_attribute_of_a_class_that_was_changed_here(loop: Loop) -> None:
    """FiftyOne made a dog of the cat: its fur, which only cats have, is nevertheless no conflict."""
    loop.fill(cats(fur="long"))
    run = loop.send(label_schema=CLASS_ATTRIBUTES)
    here(loop, change(label="dog"))
    loop.cvat.set(loop.cvat.shape(), "fur", "short")
    report = loop.load(run)
    assert report["conflicts"] == []
    assert (loop.labels()[0][0].label, loop.labels()[0][0].fur) == ("dog", "short")
