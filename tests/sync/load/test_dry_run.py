"""Labels in memory, as previews and simulations use them, do what MongoDB does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bson
import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.labels import DatasetLabels, SampleLabels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.list_changes import FormerValue
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Reverts, Writes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.dry_run import DryRunLabels, DryRunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore

PLACES = {
    "gt": FieldPlace.of("gt", LABEL_TYPES["detections"]),
    "sky": FieldPlace.of("sky", LABEL_TYPES["classification"]),
    "speed": FieldPlace.of("speed", LABEL_TYPES["scalar"]),
}
A, B, C, NEW = (f"{number:024x}" for number in (1, 2, 3, 4))


def box(key: str, **more: Any) -> dict[str, Any]:
    return {"_id": ObjectId(key), "_cls": "Detection", "label": "cat", "tags": [], **more}


def sky(key: str, label: str = "sunny") -> dict[str, Any]:
    return {"_id": ObjectId(key), "_cls": "Classification", "label": label, "tags": []}


Step = tuple[str, Callable[[list[str]], Writes | Reverts]]
CASES: dict[str, list[Step]] = {
    # on a sample with two boxes, a sky and a speed, one without anything, and one that is gone
    "edit": [("gt", lambda s: Writes(edits=[(s[0], A, {"label": "dog", "code": None})]))],
    "edit of what is not there": [("gt", lambda s: Writes(edits=[(s[0], C, {"label": "dog"}), (s[1], A, {"x": 1})]))],
    "add": [("gt", lambda s: Writes(adds=[(s[0], box(NEW)), (s[1], box(NEW)), (s[1], box(C)), (s[2], box(C))]))],
    "add again": [("gt", lambda s: Writes(adds=[(s[0], box(A, label="other"))]))],
    "delete": [("gt", lambda s: Writes(deletes=[(s[0], A), (s[0], NEW), (s[1], A)]))],
    "all deleted": [("gt", lambda s: Writes(deletes=[(s[0], A), (s[0], B)]))],
    "put back": [("gt", lambda s: Reverts(replace=[(s[0], box(B, label="old", z=1))]))],
    "removed again": [
        ("gt", lambda s: Writes(adds=[(s[1], box(NEW)), (s[1], box(C))])),
        ("gt", lambda s: Reverts(remove=[(s[1], NEW, FormerValue(False)), (s[1], C, FormerValue(False))])),
    ],
    "removed again, but one": [
        ("gt", lambda s: Writes(adds=[(s[1], box(NEW)), (s[1], box(C))])),
        ("gt", lambda s: Reverts(remove=[(s[1], NEW, FormerValue(True))])),
    ],
    "inserted": [
        ("gt", lambda s: Writes(deletes=[(s[0], A), (s[0], B)])),
        ("gt", lambda s: Reverts(insert=[(s[0], 1, box(B)), (s[0], 0, box(A)), (s[1], 0, box(C))])),
    ],
    "inserted twice": [("gt", lambda s: Reverts(insert=[(s[0], 1, box(A))]))],
    "single: edit": [("sky", lambda s: Writes(edits=[(s[0], C, {"label": "rainy"}), (s[0], A, {"label": "x"})]))],
    "single: delete": [("sky", lambda s: Writes(deletes=[(s[0], C)]))],
    "single: delete another": [("sky", lambda s: Writes(deletes=[(s[0], A)]))],
    "single: add": [("sky", lambda s: Writes(adds=[(s[1], sky(NEW)), (s[0], sky(NEW))]))],
    "single: replaced": [("sky", lambda s: Writes(deletes=[(s[0], C)], adds=[(s[0], sky(NEW))]))],
    "single: back": [
        ("sky", lambda s: Writes(edits=[(s[0], C, {"label": "rainy"})])),
        ("sky", lambda s: Reverts(replace=[(s[0], sky(C))])),
    ],
    "single: replaced and back": [
        ("sky", lambda s: Writes(deletes=[(s[0], C)], adds=[(s[0], sky(NEW))])),
        ("sky", lambda s: Reverts(remove=[(s[0], NEW, None)], insert=[(s[0], 0, sky(C))])),
    ],
    "single: removed": [
        ("sky", lambda s: Writes(adds=[(s[1], sky(NEW))])),
        ("sky", lambda s: Reverts(remove=[(s[1], NEW, FormerValue(True))])),
    ],
    "plain: edit": [("speed", lambda s: Writes(edits=[(s[0], s[0], {"value": 8}), (s[1], s[1], {"value": 9})]))],
    "plain: back": [
        ("speed", lambda s: Writes(edits=[(s[0], s[0], {"value": 8})])),
        ("speed", lambda s: Reverts(replace=[(s[0], {"_id": ObjectId(s[0]), "value": 7})])),
    ],
}


def plain(found: dict[str, SampleLabels]) -> Any:
    """What was read, as bytes, and whatever the paths' order is."""
    return {
        key: ([bson.encode(dict(sorted(item.items()))) for item in held.labels.values()], held.holder is None)
        for key, held in found.items()
    }


@pytest.fixture
def samples(dataset: fo.Dataset) -> list[str]:
    """Ids of the samples; the last one is of none."""
    ids = list(dataset.add_samples([fo.Sample("a.jpg"), fo.Sample("b.jpg")]))
    dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    dataset.add_sample_field("sky", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    dataset.add_sample_field("speed", fo.IntField)
    boxes = {"_cls": "Detections", "detections": [box(A), box(B)]}
    values = {"gt": boxes, "sky": sky(C), "speed": 7}
    dataset._sample_collection.update_one({"_id": ObjectId(ids[0])}, {"$set": values})
    return [*ids, "f" * 24]


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES)
def test_labels(dataset: fo.Dataset, samples: list[str], steps: list[Step]) -> None:
    real = DatasetLabels(dataset)
    start = {name: plain(real.read(place, samples)) for name, place in PLACES.items()}
    scratch = DryRunLabels(real)
    for labels in (scratch, real):
        if labels is real:
            assert {name: plain(real.read(place, samples)) for name, place in PLACES.items()} == start
        for name, make in steps:
            bundle = make(samples)
            if isinstance(bundle, Writes):
                labels.write(PLACES[name], bundle)
            else:
                labels.revert(PLACES[name], bundle)
    for place in PLACES.values():
        assert plain(scratch.read(place, samples)) == plain(real.read(place, samples))


def test_store(dataset: fo.Dataset) -> None:
    real = RunStore(dataset, "one")
    real.save("a/1", "1")
    real.save("a/2", b"2")
    scratch = DryRunStore(real)
    scratch.save("a/2", "3")
    scratch.save("b", "4")
    assert [scratch.load(name) for name in ("a/1", "a/2", "b", "c")] == [b"1", b"3", b"4", None]
    scratch.drop("a/")
    assert (scratch.names(), scratch.load("a/1")) == (["b"], None)
    scratch.save("a/1", "5")
    assert scratch.names("a/") == ["a/1"]
    assert sorted(real.names()) == ["a/1", "a/2"]
    assert (real.load("a/1"), real.load("a/2")) == (b"1", b"2")
