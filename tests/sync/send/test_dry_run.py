"""A dry run says what the send does, exactly: the same images, labels and reasons, whatever the dataset holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sync_documents import labels
from sync_loop import Loop

ABOUT_VALUES = (
    "in attribute",
    "values of attribute",
    "parts of",
    "images: ",
    "that the project does not take",
    "not in the project",
)
"""What is in sentences that do not count labels."""

LISTS = {
    "boxes": ("Detections", "Detection"),
    "lines": ("Polylines", "Polyline"),
    "weather": ("Classifications", "Classification"),
}


def left_out(found: dict[str, Any]) -> Counter[str]:
    return Counter({item["what"]: item["count"] for item in found["left_out"]})


def foretold(loop: Loop, **params: Any) -> dict[str, Any]:
    """Sends after a dry run; what both said, which is the same."""
    seen = loop.send(dry_run=True, **params)
    run = loop.send(**params)
    assert (seen["images"], seen["labels"]) == (run["samples"], run["labels"])
    by_field = {name: sum(classes.values()) for name, classes in seen["labels_by_field"].items()}
    assert {name: count for name, count in by_field.items() if count} == run["labels_by_field"]
    assert left_out(seen) == left_out(run)
    assert [(task["name"], task["images"], task["jobs"]) for task in seen["tasks"]] == [
        (task["name"], task["frames"], len(task["jobs"])) for task in run["tasks"]
    ]
    return run


def counted(run: dict[str, Any]) -> int:
    """The labels that were written, and those that were left out."""
    behind = {what: n for what, n in left_out(run).items() if not any(words in what for words in ABOUT_VALUES)}
    return int(run["labels"] + sum(behind.values()))


@pytest.fixture
def fields(loop: Loop) -> Loop:
    """A dataset with a field of each kind of list, and four images, of which the last is none."""
    loop.fill(*[None] * 4)
    Path(loop.dataset.last().filepath).write_text("no image")
    for name, (kind, _) in LISTS.items():
        loop.dataset.add_sample_field(name, fo.EmbeddedDocumentField, embedded_doc_type=getattr(fo, kind))
    return loop


def test_any_dataset(fields: Loop) -> None:
    """Documents are written as no program of FiftyOne would."""
    samples = fields.dataset.values("id")
    contents = st.fixed_dictionaries(
        {name: st.lists(st.lists(labels(cls), max_size=4), min_size=4, max_size=4) for name, (_, cls) in LISTS.items()}
    )
    schema = {
        "boxes": {"classes": ["car", "bus"], "attributes": {"plate": {"type": "text"}, "doors": {"type": "number"}}},
        "lines": {"classes": ["car"]},
        "weather": {"classes": ["car", "bus"], "attributes": True},
    }

    @settings(max_examples=15, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(contents, st.booleans(), st.sampled_from([None, 1]), st.booleans())
    def law(found: dict[str, list[list[Any]]], in_project: bool, segment_size: int | None, fits: bool) -> None:
        collection = fields.dataset._sample_collection
        for number, document in enumerate(list(collection.find({}, {"_id": True}).sort("_id", 1))):
            values = {name: {"_cls": kind, kind.lower(): found[name][number]} for name, (kind, _) in LISTS.items()}
            collection.update_one(document, {"$set": values})
        params: dict[str, Any] = {"label_schema": schema, "bad_files": "leave_out", "segment_size": segment_size}
        if in_project:
            cars = {"name": "car", "type": "rectangle" if fits else "any", "attributes": []}
            fields.cvat.call("POST", "projects", {"name": "p", "labels": [cars]})
            params |= {"project_name": "p", "project_labels": "leave_out" if fits else "extend"}
        try:
            run = foretold(fields, **params)
            assert counted(run) == sum(len(items) for lists in found.values() for items in lists)
            assert fields.load()["deleted"] == 0
        finally:
            if "run" in fields.dataset.list_annotation_runs():
                fields.execute("delete_run", anno_key="run", delete_tasks=True)
            for project in fields.cvat.find("projects"):
                fields.cvat.call("DELETE", f"projects/{project['id']}")
            fields.dataset.untag_samples("not_sent_to_cvat")

    law()
    assert len(samples) == 4


def boxes(*names: str | None, **more: Any) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2], **more) for name in names]
    )


def test_geometry_that_cannot_be_drawn(loop: Loop) -> None:
    square = [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]
    polylines = [
        fo.Polyline(label="a", points=[square, [[0.9, 0.9]]], closed=True),
        fo.Polyline(label="a", points=[[[0.5, 0.5]]]),
        fo.Polyline(label="a", points=[]),
        fo.Polyline(label="a", points=[square]),
    ]
    loop.fill(fo.Polylines(polylines=polylines), None)
    run = foretold(loop)
    assert (run["labels"], counted(run)) == (2, 4)


def test_labels_of_files_that_are_left_out(loop: Loop) -> None:
    loop.fill(boxes("cat"), boxes("cat", "dog", "dog"))
    Path(loop.dataset.last().filepath).unlink()
    run = foretold(loop, bad_files="leave_out")
    assert left_out(run) == {"images: the file is missing": 1, "gt: labels of images that are left out": 3}
    assert (run["labels"], counted(run)) == (1, 4)


def test_labels_of_files_that_only_cvat_cannot_read_are_counted_too(loop: Loop) -> None:
    loop.fill(boxes("cat"), boxes("cat", "dog", "dog"))
    body = (
        b'{"id": "x", "status": "failed", "message": "InvalidImageError: failed to parse image file \'photo_001.jpg\'"}'
    )
    loop.box.faults.add("status", "GET", "/api/requests/", status=200, body=body)
    run = loop.send(bad_files="leave_out")
    assert left_out(run)["gt: labels of images that are left out"] == 3
    assert counted(run) == 4


def test_masks_in_a_project_whose_label_is_for_boxes(loop: Loop) -> None:
    loop.cvat.call(
        "POST", "projects", {"name": "p", "labels": [{"name": "cat", "type": "rectangle", "attributes": []}]}
    )
    mask = fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], mask=np.eye(4, dtype=bool))
    loop.fill(fo.Detections(detections=[mask, *boxes("cat", "cat").detections]))
    run = foretold(loop, project_name="p")
    assert run["labels"] == 2
    assert left_out(run) == {"gt: labels drawn as mask, as the project's label 'cat' is of type rectangle": 1}


def test_a_field_of_which_the_project_has_no_class(loop: Loop) -> None:
    loop.cvat.call("POST", "projects", {"name": "p", "labels": [{"name": "cat", "attributes": []}]})
    loop.fill(boxes("cat", "dog"))
    loop.dataset.set_values("sky", [fo.Classification(label="sun")])
    run = foretold(loop, label_field=["gt", "sky"], project_name="p", project_labels="leave_out")
    assert run["labels"] == 1 and counted(run) == 3


def test_the_same_id_twice_in_one_list(loop: Loop) -> None:
    """Which of the two somebody edits could not be said; the first one goes."""
    loop.fill(boxes("cat", "dog", "cow"), boxes("cat"))
    labels = loop.dataset._sample_collection.find_one({})["gt"]["detections"]
    loop.dataset._sample_collection.update_one({}, {"$set": {"gt.detections.1._id": labels[0]["_id"]}})
    run = foretold(loop)
    assert left_out(run) == {"gt: labels with the id of another one in the same list": 1}
    assert (run["labels"], counted(run), len(loop.cvat.objects())) == (3, 4, 3)
    before = loop.documents()
    assert loop.load()["unchanged"] == 3 and loop.documents() == before


def test_the_same_id_in_two_fields_and_two_samples(loop: Loop) -> None:
    """As in a copy of a field, or of a label: they are two labels, and each is edited for itself."""
    loop.fill(boxes("cat"), boxes("cat"))
    loop.dataset.clone_sample_field("gt", "copy")
    one = loop.dataset._sample_collection.find_one({})["gt"]["detections"][0]["_id"]
    loop.dataset._sample_collection.update_many(
        {}, {"$set": {"gt.detections.0._id": one, "copy.detections.0._id": one}}
    )
    run = foretold(loop, label_field=["gt", "copy"])
    assert run["labels"] == 4 and run["left_out"] == []
    before = loop.documents()
    assert loop.load()["unchanged"] == 4 and loop.documents() == before
    ids = {label["name"]: label["id"] for label in loop.cvat.find("labels", task_id=1)}
    moved = next(s for s in loop.cvat.objects(frame=1) if s["label_id"] == ids["cat (copy)"])
    loop.cvat.move(moved, 32.0)
    gone = next(s for s in loop.cvat.objects(frame=0) if s["label_id"] == ids["cat (gt)"])
    loop.cvat.delete(gone)
    report = loop.load()
    assert (report["changed"], report["deleted"], report["unchanged"]) == (1, 1, 2)
    assert loop.since(before).keys() == {"1/copy/detections/0/bounding_box", "0/gt/detections/0"}
