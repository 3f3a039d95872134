"""Attributes that annotators only look at: their name says so, and their numbers are rounded; here nothing changes."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.attribute_schema import AttributeSchema, name_in_cvat, rounded
from sync_loop import Loop

NUMBERS = {
    0.876543219: 0.8765,
    97.51236: 97.5124,
    1.23456e-7: 1.235e-7,
    1.0: 1.0,
    -0.99999: -1.0,
    12345.678912: 12345.6789,
}


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_to_look_at(number: float) -> None:
    assert rounded(number) == NUMBERS[number]
    schema = AttributeSchema(type="number", values=(-1, 20_000, 0.01), read_only=True, kind="float")
    assert float(schema.text_of(number)) == pytest.approx(NUMBERS[number], abs=1e-9)
    narrow = AttributeSchema(type="number", values=(-0.99999, 97.51236, 0.01), read_only=True, kind="float")
    if -1 < number < 98:  # what would leave the widget's range by being rounded is not
        assert narrow.accepts(narrow.text_of(number))


def test_names_that_say_it() -> None:
    shown, edited = AttributeSchema(read_only=True), AttributeSchema()
    assert (name_in_cvat("score", shown), name_in_cvat("score", edited)) == ("score (read-only)", "score")
    assert name_in_cvat("x" * 60, shown) == "x" * 60  # CVAT takes 64 characters


@pytest.fixture
def scored(loop: Loop) -> Loop:
    boxes = [
        fo.Detection(label="cat", bounding_box=[0.1 * n, 0.1, 0.1, 0.1], confidence=c, plate="x")
        for n, c in enumerate([0.876543219, 1.0])
    ]
    loop.fill(fo.Detections(detections=boxes))
    return loop


def texts(loop: Loop, task: int = 1) -> list[dict[str, str]]:
    """The attributes of all objects, by name."""
    names = {spec["id"]: spec["name"] for label in loop.cvat.labels(task).values() for spec in label["attributes"]}
    return [{names[v["spec_id"]]: v["value"] for v in item["attributes"]} for item in loop.cvat.objects(task=task)]


def test_confidence(scored: Loop) -> None:
    scored.send(show_confidence=True)
    assert texts(scored) == [
        {"confidence (read-only)": "0.8765", "plate": "x"},
        {"confidence (read-only)": "1.0", "plate": "x"},
    ]
    before = scored.documents()
    assert scored.load()["unchanged"] == 2
    scored.cvat.set(scored.cvat.shape(), "plate", "y")
    scored.cvat.set(scored.cvat.shape(number=1), "confidence (read-only)", "0.5")
    report = scored.load()
    assert scored.since(before) == {"0/gt/detections/0/plate": ("x", "y")}
    assert report["fields"]["gt"]["refused"] == {"edits of the read-only attribute 'confidence'": 1}


@pytest.mark.parametrize("name", ["confidence", "confidence (read-only)"])
def test_confidence_in_a_project_that_has_it(scored: Loop, name: str) -> None:
    """Under whichever name; it gets no second one."""
    spec: dict[str, Any] = {"mutable": True, "input_type": "text", "default_value": "", "values": []}
    attributes = [{**spec, "name": name}, {**spec, "name": "plate"}]
    scored.cvat.call("POST", "projects", {"name": "p", "labels": [{"name": "cat", "attributes": attributes}]})
    scored.send(show_confidence=True, project_name="p")
    assert [item[name] for item in texts(scored)] == ["0.8765", "1.0"]
    assert scored.load()["unchanged"] == 2


def test_confidence_in_a_task_that_moved_into_a_project(scored: Loop) -> None:
    """All ids are new there; the attribute is known by its name."""
    run = scored.send(show_confidence=True)
    labels = [
        {
            "name": label["name"],
            "attributes": [{k: v for k, v in spec.items() if k != "id"} for spec in label["attributes"]],
        }
        for label in scored.cvat.labels().values()
    ]
    project = scored.cvat.call("POST", "projects", {"name": "p", "labels": labels})["id"]
    scored.cvat.call("PATCH", f"tasks/{run['tasks'][0]['id']}", {"project_id": project})
    before = scored.documents()
    assert scored.load()["unchanged"] == 2 and scored.documents() == before
