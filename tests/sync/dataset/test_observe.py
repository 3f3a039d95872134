"""What labels have is found out whatever they are: a strange one ends no send."""

from __future__ import annotations

import datetime
import math
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.observe import Observed, known_paths
from hypothesis import given
from hypothesis import strategies as st
from sync_loop import Loop

ODD: list[Any] = [None, True, 3, -1.5, math.nan, math.inf, 2**62, "", "cat", " x", b"m", ObjectId("a" * 24)]
ODD += [datetime.datetime(2026, 1, 1), [], [1, "a"], {"a": [1]}, [[0.1, 0.2], [0.3, 0.4]], 10**12]
PATHS = ["label", "bounding_box", "points", "mask", "mask_path", "rotation", "confidence", "index", "closed"]
PATHS += ["cvat_ellipse", "value", "n", "copy", "a b", "x" * 70, "_id", "tags"]

documents = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(ODD)) | st.sampled_from(ODD)


@pytest.mark.parametrize("type_", LABEL_TYPES)
@given(st.lists(documents, max_size=5))
def test_any_labels(type_: str, labels: list[Any]) -> None:
    seen, codec = Observed(), LABEL_TYPES[type_].codec
    seen.add(labels, codec, known_paths(codec))
    assert seen.labels == sum(isinstance(label, dict) for label in labels)
    assert all(isinstance(name, str) for name in seen.class_names)
    for schema in seen.attribute_schemas({"n": "IntField"}).values():
        assert schema.accepts(schema.absent)


def test_a_dataset_with_strange_labels_is_sent_as_far_as_it_goes(loop: Loop) -> None:
    """Labels are sent, or counted with a reason; together they are all."""
    loop.fill(None)
    whole = {"_cls": "Detection", "label": "cat", "bounding_box": [0.1, 0.1, 0.5, 0.5], "tags": []}
    labels = [{**whole, "_id": ObjectId()}]
    for path in PATHS[:-2]:
        labels += [{**whole, "_id": ObjectId(), path: value} for value in ODD]
    field = {"_cls": "Detections", "detections": labels}
    loop.dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    loop.dataset._sample_collection.update_many({}, {"$set": {"gt": field}})
    before = loop.documents()
    run = loop.send(classes=["cat"])
    written = len(loop.cvat.objects())
    whole_labels = [item for item in run["left_out"] if "attribute" not in item["what"]]
    left_out = sum(item["count"] for item in whole_labels)
    assert written == run["labels"] > len(PATHS)
    assert written + left_out == len(labels)
    report = loop.load()
    assert (report["unchanged"], report["added"], report["changed"], report["deleted"]) == (written, 0, 0, 0)
    assert loop.documents() == before
