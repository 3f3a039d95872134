"""What changes in FiftyOne of tasks that it did not make goes into CVAT, too: there its labels are the words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import LabelSpec
from sync_imports import CAT, DOG, Elsewhere, clip_task
from sync_loop import Loop, operator

NOTHING = {"created": 0, "changed": 0, "deleted": 0}
ODD = {"name": "bounding_box", "input_type": "text", "default_value": "x", "values": []}
"""An attribute with the name of what FiftyOne keeps of a box: an import leaves it in CVAT."""


def refresh(loop: Loop, **params: Any) -> dict[str, Any]:
    return dict(operator("refresh_run")(loop.dataset, "run", **{"confirm": True, **params}))


def totals(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in NOTHING}


def texts(loop: Loop, item: dict[str, Any], task: int) -> dict[str, str]:
    """The texts of an object's attributes, by name."""
    specs = {spec["id"]: spec["name"] for label in loop.cvat.labels(task).values() for spec in label["attributes"]}
    return {specs[value["spec_id"]]: value["value"] for value in item["attributes"]}


def is_settled(loop: Loop) -> bool:
    """Whether neither a load nor a refresh finds anything."""
    before, report = loop.documents(), loop.load()
    found = [report[name] for name in ("added", "changed", "deleted")]
    again = refresh(loop)
    return not any(found) and loop.documents() == before and totals(again) == NOTHING and not again["left"]


def at(frame: int, x: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [x, 8.0, x + 16.0, 24.0], **more}


def skeleton(loop: Loop, task: int) -> None:
    """Draws a fish of two points on the first frame."""
    fish = loop.cvat.labels(task)["fish"]
    facts = {"frame": 0, "occluded": False, "outside": False, "z_order": 0, "attributes": []}
    elements = [
        {**facts, "type": "points", "label_id": part["id"], "points": [x, 9.0]}
        for part, x in zip(fish["sublabels"], (4.0, 8.0), strict=True)
    ]
    whole = {**facts, "type": "skeleton", "label_id": fish["id"], "points": [], "elements": elements}
    loop.cvat.write("create", whole, task=task)


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    loop.fill(None, None, None)
    return Elsewhere(loop)


@pytest.mark.parametrize("of_project", [False, True])
def test_boxes_with_attributes_polygons_and_tags(elsewhere: Elsewhere, of_project: bool) -> None:
    loop = elsewhere.loop
    cat = CAT.model_copy(update={"attributes": (*CAT.attributes, *LabelSpec(name="x", attributes=[ODD]).attributes)})
    labels, settings = [cat, DOG], {}
    if of_project:
        settings = {"project_id": elsewhere.client.create_project("theirs", labels).id}
    task = elsewhere.make(labels=labels, segment_size=2, **settings)
    item = loop.cvat.draw("cat", 0, [32.0, 24.0, 96.0, 72.0], task=task)
    item = loop.cvat.set(item, "bounding_box", "kept", task=task)
    gone = loop.cvat.draw("dog", 0, task=task)
    polygon = loop.cvat.draw("dog", 1, [0.0, 0.0, 32.0, 0.0, 32.0, 24.0], type="polygon", task=task)
    tag = loop.cvat.draw("dog", 2, type="tag", task=task)
    elsewhere.run(task=None if of_project else task, label_field=None, project=settings.get("project_id"))
    first, second, third = loop.dataset
    box = next(label for label in first.detections.detections if label.label == "cat")
    box.bounding_box, box["age"], box["colour"] = [0.5, 0.5, 0.25, 0.25], 3, "grey"
    new = fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2], truncated=True)
    first.detections.detections = [box, new]
    second.polylines.polylines[0].label = "cat"
    second.polylines.polylines.append(
        fo.Polyline(label="dog", points=[[(0.5, 0.5), (0.7, 0.5), (0.7, 0.7)]], closed=True)
    )
    third.classifications.classifications[0].label = "cat"
    for sample in (first, second, third):
        sample.save()
    clock = loop.clock
    report = refresh(loop)
    assert (totals(report), report["left"]) == ({"created": 2, "changed": 3, "deleted": 1}, [])
    assert not [line for line in loop.requests(clock) if line.startswith("PUT")]
    names = {label["id"]: name for name, label in loop.cvat.labels(task).items()}
    there = [*loop.cvat.objects(task=task), *loop.cvat.objects("tags", task=task)]
    now = {(one.get("type", "tag"), one["id"]): one for one in there}
    assert ("rectangle", gone["id"]) not in now and len(now) == 5
    assert now["rectangle", item["id"]]["points"] == [160.0, 120.0, 240.0, 180.0]
    assert texts(loop, now["rectangle", item["id"]], task) == {
        "truncated": "false",
        "age": "3",
        "colour": "grey",
        "bounding_box": "kept",
    }
    assert names[now["polygon", polygon["id"]]["label_id"]] == "cat"
    assert names[now["tag", tag["id"]]["label_id"]] == "cat"
    assert is_settled(loop)
    first.detections.detections.append(fo.Detection(label="bird", bounding_box=[0.1, 0.1, 0.2, 0.2]))
    first.save()
    (left,) = refresh(loop)["left"]
    assert (left["reason"], left["count"]) == ("detections: labels of class 'bird', which is not in the schema", 1)


def test_skeletons_tracks_and_single_shapes_of_a_sequence(loop: Loop, tmp_path: Path) -> None:
    elsewhere = Elsewhere(loop)
    task = clip_task(elsewhere)
    loop.cvat.track("cat", at(1, 0.0), at(4, 12.0), at(6, 12.0, outside=True), task=task)
    loop.cvat.draw("dog", 2, [1.0, 2.0, 30.0, 40.0], task=task)
    skeleton(loop, task)
    elsewhere.run(task, create_samples=True, folder=str(tmp_path / "new"), label_field=None)
    samples = list(loop.dataset.sort_by("frame_number"))
    on_track, alone = sorted(samples[2].detections.detections, key=lambda one: str(one.label))
    on_track.bounding_box, on_track["colour"], alone.label = [0.5, 0.25, 0.25, 0.25], "grey", "cat"
    for number in (8, 9):  # a new object
        dog = fo.Detection(label="dog", bounding_box=[number / 20, 0.5, 0.2, 0.2], index=9)
        samples[number]["detections"] = fo.Detections(detections=[dog])
    samples[0].keypoints.keypoints[0].points = [(0.5, 0.5), (0.25, 0.75)]
    for sample in samples:
        sample.save()
    (before,) = loop.cvat.call("GET", f"tasks/{task}/annotations")["tracks"]
    shapes = loop.cvat.objects(task=task)
    report = refresh(loop)
    assert (totals(report), report["left"]) == ({"created": 2, "changed": 3, "deleted": 0}, [])
    tracks, now = loop.cvat.call("GET", f"tasks/{task}/annotations")["tracks"], loop.cvat.objects(task=task)
    assert len(tracks) == 2 and [item["id"] for item in now] == [item["id"] for item in shapes]
    moved = next(item for item in tracks if item["id"] == before["id"])["shapes"]
    assert {shape["frame"]: shape["points"] for shape in moved}[2] == [32.0, 12.0, 48.0, 24.0]
    head, tail = (part["id"] for part in loop.cvat.labels(task)["fish"]["sublabels"])
    places = {part["label_id"]: part["points"] for part in now[0]["elements"]}
    assert places == {head: [32.0, 24.0], tail: [16.0, 36.0]}
    assert now[1]["label_id"] == loop.cvat.labels(task)["cat"]["id"]
    assert is_settled(loop)
