"""What ``annotate()``'s switches and read-only attributes forbid is counted, and stays forbidden."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_annotator import Annotator
from sync_loop import Loop

PARTS = [[[0.1, 0.1], [0.5, 0.2], [0.3, 0.7]], [[0.6, 0.6], [0.9, 0.6], [0.9, 0.9]]]


def cats() -> fo.Detections:
    boxes = [[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]
    return fo.Detections(detections=[fo.Detection(label="cat", bounding_box=box, code="1") for box in boxes])


def everything(cvat: Annotator) -> None:
    """All that a person can do."""
    first, second = cvat.objects()
    cvat.delete(second)
    cvat.draw("dog", 0)
    cvat.set(cvat.relabel(cvat.move(first), "dog"), "code", "2")


SWITCHES: dict[str, tuple[dict[str, int], set[str]]] = {
    # what is refused then, and what therefore does not change
    "allow_additions": ({"additions": 1}, {"+0"}),
    "allow_deletions": ({"deletions": 1}, {"1"}),
    "allow_label_edits": ({"label edits": 1}, {"0/label"}),
    "allow_spatial_edits": ({"spatial edits": 1}, {"0/bounding_box"}),
    "allow_index_edits": ({}, set()),
}
ALL = {"+0", "1", "0/label", "0/bounding_box", "0/code"}


@pytest.mark.parametrize(("switch", "expected"), SWITCHES.items(), ids=SWITCHES)
def test_a_switch(loop: Loop, switch: str, expected: tuple[dict[str, int], set[str]]) -> None:
    refused, stays = expected
    loop.fill(cats())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog"], **{switch: False})
    everything(loop.cvat)
    report = loop.load(run)
    assert loop.since(before).keys() == {f"0/gt/detections/{path}" for path in ALL - stays}
    assert report["fields"]["gt"]["refused"] == refused
    after = loop.documents()
    loop.cvat.box.store.touch(*loop.cvat.box.store.jobs.values())
    loop.load(run)
    assert loop.documents() == after


def test_a_read_only_attribute(loop: Loop) -> None:
    loop.fill(cats())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog"], attributes={"code": {"read_only": True}})
    everything(loop.cvat)
    report = loop.load(run)
    assert loop.since(before).keys() == {f"0/gt/detections/{path}" for path in ALL - {"0/code"}}
    assert report["fields"]["gt"]["refused"] == {"edits of the read-only attribute 'code'": 1}


def test_a_value_that_is_none_of_its_kind(loop: Loop) -> None:
    labels = cats()
    labels.detections[0]["count"] = 5
    loop.fill(labels)
    before = loop.documents()
    run = loop.send()
    loop.cvat.set(loop.cvat.shape(), "count", "many")
    report = loop.load(run)
    assert loop.documents() == before
    assert list(report["fields"]["gt"]["refused"].values()) == [1]


def test_a_refused_edit_that_is_taken_back(loop: Loop) -> None:
    loop.fill(cats())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog"], allow_label_edits=False)
    for name in ("dog", "cat", "dog"):
        loop.cvat.relabel(loop.cvat.shape(), name)
        loop.load(run)
    assert loop.documents() == before


def test_a_part_whose_deletion_was_refused(loop: Loop) -> None:
    """The label goes on with all its parts, whatever happens to the other part."""
    loop.fill(fo.Polylines(polylines=[fo.Polyline(label="a", points=PARTS, filled=True, closed=True)]))
    run = loop.send(classes=["a", "b"], allow_spatial_edits=False)
    loop.cvat.delete(loop.cvat.shape(number=1))
    assert loop.load(run)["fields"]["gt"]["refused"] == {"spatial edits": 1}
    loop.cvat.move(loop.cvat.shape())
    loop.cvat.relabel(loop.cvat.shape(), "b")
    loop.load(run)
    label = loop.labels()[0][0]
    assert (label.label, label.points) == ("b", PARTS)


DEFAULTS: dict[str, dict[str, Any]] = {"as it is": {}, "with the switches": {"allow_additions": False}}


@pytest.mark.parametrize("settings", DEFAULTS.values(), ids=DEFAULTS)
def test_new_fields_take_everything(loop: Loop, settings: dict[str, Any]) -> None:
    """A field that did not exist would otherwise stay empty for ever."""
    loop.fill(None, None)
    run = loop.send(label_field="new", label_type="detections", classes=["cat"], **settings)
    assert loop.dataset.get_field("new") is None
    loop.cvat.draw("cat", 1)
    report = loop.load(run)
    assert (report["added"], [len(labels) for labels in loop.labels("new")]) == (1, [0, 1])
