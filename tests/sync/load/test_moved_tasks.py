"""Tasks that are moved in CVAT: into a project, where all labels have new ids, or into another workspace."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from sync_loop import Loop

SCHEMA: dict[str, Any] = {
    "gt": {"classes": ["car", "bus"], "attributes": {"colour": {"type": "select", "values": ["red", "blue"]}}},
    "pred": {"classes": ["car", "person"]},
}
NAMES = {"car (gt)", "bus", "car (pred)", "person"}


def box(label: str, left: float, **more: Any) -> fo.Detection:
    return fo.Detection(label=label, bounding_box=[left, 0.1, 0.2, 0.2], **more)


@pytest.fixture
def run(loop: Loop) -> Loop:
    """Two samples in two jobs, with cars in two fields, sent and loaded."""
    loop.fill(
        fo.Detections(detections=[box("car", 0.1, colour="red", confidence=0.5)]),
        fo.Detections(detections=[box("bus", 0.4)]),
    )
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = fo.Detections(detections=[box("person", 0.6), box("car", 0.7)])
    loop.send(label_schema=SCHEMA, segment_size=1)
    loop.load()
    return loop


def project(
    loop: Loop, renamed: dict[str, str] | None = None, extra: dict[str, list[Any]] | None = None
) -> dict[str, int]:
    """A project with the classes of the task; the ids of its labels."""
    labels = []
    for name, label in loop.cvat.labels().items():
        attributes = [{key: item for key, item in spec.items() if key != "id"} for spec in label["attributes"]]
        attributes += (extra or {}).get(name, [])
        labels.append({"name": (renamed or {}).get(name, name), "type": label["type"], "attributes": attributes})
    unique = list({label["name"]: label for label in labels}.values())
    made = loop.cvat.call("POST", "projects", {"name": "all", "labels": unique})
    return {label["name"]: label["id"] for label in loop.cvat.find("labels", project_id=made["id"])} | {"": made["id"]}


def move(loop: Loop, ids: dict[str, int], renamed: dict[str, str] | None = None) -> None:
    labels = [
        {"id": label["id"], "name": renamed[name], "type": label["type"], "attributes": []}
        for name, label in loop.cvat.labels().items()
        if renamed and name in renamed
    ]
    loop.cvat.call("PATCH", "tasks/1", {"project_id": ids[""], **({"labels": labels} if labels else {})})


def shown(loop: Loop) -> dict[str, list[list[str]]]:
    return {field: [[label.label for label in labels] for labels in loop.labels(field)] for field in SCHEMA}


def test_a_task_that_was_moved_into_a_project_goes_on(run: Loop) -> None:
    """The jobs' dates do not move with it."""
    before = run.documents()
    dates = [job["updated_date"] for job in run.cvat.jobs()]
    ids = project(run)
    move(run, ids)
    assert [job["updated_date"] for job in run.cvat.jobs()] == dates
    report = run.load()
    assert run.since(before) == {}
    assert report["notes"] == []
    assert report["objects"] == {"found": 6, "unchanged": 6, "applied": 0, "left": 0}
    assert run.load()["jobs_read"] == 0
    run.cvat.draw("person", 0, [5.0, 5.0, 50.0, 50.0])
    run.cvat.draw("car (pred)", 1, [5.0, 5.0, 50.0, 50.0])
    run.cvat.set(run.cvat.shape(), "colour", "blue")
    report = run.load()
    assert (report["added"], report["changed"], report["deleted"]) == (2, 1, 0)
    assert shown(run) == {
        "gt": [["car"], ["bus"]],
        "pred": [["person", "car", "person"], ["person", "car", "car"]],
    }
    assert run.labels()[0][0]["colour"] == "blue"


def test_edits_made_just_before_the_move_come(run: Loop) -> None:
    run.cvat.move(run.cvat.shape())
    run.cvat.draw("person", 0, [5.0, 5.0, 50.0, 50.0])
    move(run, project(run))
    report = run.load()
    assert (report["added"], report["changed"], report["deleted"]) == (1, 1, 0)
    assert shown(run)["pred"][0] == ["person", "car", "person"]


def test_a_class_that_was_mapped_to_another_name_is_one_rename(run: Loop) -> None:
    before = run.documents()
    names = {"bus": "vehicle", "car (pred)": "auto"}
    move(run, project(run, names), names)
    report = run.load()
    assert report["notes"] == [
        "The class 'bus' is called 'vehicle' in CVAT now.",
        "The class 'car' is called 'auto' in CVAT now.",
    ]
    assert (report["added"], report["changed"], report["deleted"]) == (0, 3, 0)
    assert run.since(before) == {
        "1/gt/detections/0/label": ("bus", "vehicle"),
        "0/pred/detections/1/label": ("car", "auto"),
        "1/pred/detections/1/label": ("car", "auto"),
    }
    assert run.load()["jobs_read"] == 0
    run.cvat.draw("auto", 0, [5.0, 5.0, 50.0, 50.0])
    run.load()
    assert shown(run)["pred"][0] == ["person", "auto", "auto"]


def test_two_fields_whose_classes_become_one_stay_apart(run: Loop) -> None:
    """The project knows only one car: what is known of each stays in its field, and new ones have to go somewhere."""
    before = run.documents()
    names = {"car (gt)": "car", "car (pred)": "car"}
    colour = next(spec for spec in run.cvat.labels()["car (gt)"]["attributes"] if spec["name"] == "colour")
    extra = [{key: item for key, item in colour.items() if key != "id"}]
    move(run, project(run, names, {"car (pred)": extra}), names)
    report = run.load()
    assert run.since(before) == {}
    assert any("CVAT has one class 'car' for" in note for note in report["notes"])
    assert report["objects"] == {"found": 6, "unchanged": 6, "applied": 0, "left": 0}
    run.cvat.move(run.cvat.shape(0, 2))
    report = run.load()
    assert (report["changed"], report["fields"]["pred"]["changed"]) == (1, 1)


def test_jobs_that_are_loaded_later_are_not_forgotten(run: Loop) -> None:
    names = {"bus": "vehicle"}
    move(run, project(run, names), names)
    first, second = (job["id"] for job in run.cvat.jobs())
    assert run.load(jobs=[first])["changed"] == 0
    report = run.load(jobs=[second])
    assert (report["changed"], shown(run)["gt"]) == (1, [["car"], ["vehicle"]])
    run.cvat.draw("vehicle", 0, [5.0, 5.0, 50.0, 50.0])
    run.load()
    assert shown(run)["gt"] == [["car", "vehicle"], ["vehicle"]]


def test_an_undo_takes_the_rename_back(run: Loop) -> None:
    names = {"bus": "vehicle"}
    move(run, project(run, names), names)
    run.load()
    undo(run.dataset, "run")
    assert shown(run)["gt"] == [["car"], ["bus"]]
    assert run.load()["changed"] == 1
    assert shown(run)["gt"] == [["car"], ["vehicle"]]
    assert run.load()["jobs_read"] == 0


def test_classes_that_were_deleted_and_made_again(run: Loop) -> None:
    """They have the names of the old ones, and new ids; their labels went with the old ones."""
    old = run.cvat.labels()["person"]
    run.cvat.call("DELETE", f"labels/{old['id']}")
    run.cvat.add_class("person")
    run.cvat.draw("person", 0, [5.0, 5.0, 50.0, 50.0])
    report = run.load()
    assert (report["added"], report["deleted"]) == (1, 2)
    assert shown(run)["pred"] == [["car", "person"], ["car"]]


COLOURS = [{"name": "make", "mutable": False, "input_type": "text", "default_value": "unknown", "values": []}]


def test_attributes_that_only_the_project_has_are_loaded(run: Loop) -> None:
    before = run.documents()
    move(run, project(run, extra={"person": COLOURS}))
    run.load()
    assert run.since(before) == {}
    run.cvat.set(run.cvat.shape(0, 1), "make", "tall")
    report = run.load()
    assert run.since(before) == {"0/pred/detections/0/make": (..., "tall")}
    assert report["objects"]["left"] == 0
    run.cvat.draw("person", 0, [5.0, 5.0, 50.0, 50.0])
    run.load()
    assert [label.get_field("make") for label in run.labels("pred")[0] if label.has_field("make")] == [
        "tall",
        "unknown",
    ]


ADDED = [
    {"name": "age", "mutable": False, "input_type": "number", "default_value": "0", "values": ["0", "9", "1"]},
    {"name": "copy", "mutable": False, "input_type": "text", "default_value": "", "values": []},
]


def test_attributes_that_were_added_to_a_class_of_the_run(run: Loop) -> None:
    label = run.cvat.labels()["bus"]
    attributes = [*label["attributes"], *ADDED]
    run.cvat.call("PATCH", f"labels/{label['id']}", {"name": "bus", "attributes": attributes})
    before = run.documents()
    assert run.load()["objects"]["left"] == 0
    assert run.since(before) == {}
    thing = run.cvat.set(run.cvat.shape(1), "age", "7")
    run.cvat.set(thing, "copy", "x")
    report = run.load()
    assert run.since(before) == {"1/gt/detections/0/age": (..., 7)}
    assert report["fields"]["gt"]["refused"] == {"values of 'copy', which labels can't have as an attribute here": 1}
    undo(run.dataset, "run")
    assert not run.labels()[1][0].has_field("age")


def test_an_attribute_that_the_label_has_here_is_not_written_over(run: Loop) -> None:
    """It was not sent; the class in CVAT has it, too."""
    sample = run.dataset.last()
    sample.gt.detections[0]["age"] = 3
    sample.save()
    label = run.cvat.labels()["bus"]
    run.cvat.call("PATCH", f"labels/{label['id']}", {"name": "bus", "attributes": [*label["attributes"], ADDED[0]]})
    run.cvat.set(run.cvat.shape(1), "age", "7")
    report = run.load(policy="local")
    assert run.labels()[1][0]["age"] == 3
    (conflict,) = report["conflicts"]
    assert (conflict["part"], conflict["base"], conflict["local"], conflict["remote"]) == ("age", None, 3, 7)


def test_an_attribute_whose_field_holds_something_else_is_counted(run: Loop) -> None:
    run.dataset.add_sample_field("gt.detections.age", fo.IntField)
    label = run.cvat.labels()["bus"]
    text = {**ADDED[0], "input_type": "text", "values": [], "default_value": ""}
    run.cvat.call("PATCH", f"labels/{label['id']}", {"name": "bus", "attributes": [*label["attributes"], text]})
    run.cvat.set(run.cvat.shape(1), "age", "old")
    report = run.load()
    assert report["changed"] == 0
    assert "values of 'age' that could not be read" in str(report["fields"]["gt"]["refused"])
    assert report["objects"]["left"] == 1
    assert not run.labels()[1][0].has_field("age") or run.labels()[1][0]["age"] is None


# into another workspace


def organization(loop: Loop) -> int:
    return int(loop.cvat.call("POST", "organizations", {"slug": "lab", "name": "Lab"})["id"])


def test_a_run_is_loaded_in_its_own_workspace(run: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    organization(run)
    run.cvat.move(run.cvat.shape())
    monkeypatch.setenv("FIFTYONE_CVAT_ORGANIZATION", "lab")
    report = run.load()
    assert (report["changed"], report["notes"]) == (1, [])


def test_a_task_that_was_moved_into_an_organization_is_loaded_from_there(run: Loop, monkeypatch: Any) -> None:
    run.cvat.move(run.cvat.shape())
    run.cvat.call("PATCH", "tasks/1", {"organization_id": organization(run)})
    assert run.load()["changed"] == 1
    monkeypatch.setenv("FIFTYONE_CVAT_ORGANIZATION", "lab")
    run.cvat.draw("person", 0, [5.0, 5.0, 50.0, 50.0])
    assert run.load()["added"] == 1


@pytest.fixture
def of_lab(loop: Loop) -> Loop:
    """A run of the organization 'lab'."""
    organization(loop)
    loop.fill(fo.Detections(detections=[box("car", 0.1)]))
    loop.send(organization="lab")
    loop.cvat.move(loop.cvat.shape())
    return loop


def test_a_run_of_an_organization_needs_no_setting(of_lab: Loop) -> None:
    assert of_lab.load()["changed"] == 1


def test_a_task_that_left_its_organization_is_named(of_lab: Loop) -> None:
    of_lab.cvat.call("PATCH", "tasks/1", {"organization_id": None})
    report = of_lab.load()
    assert report["changed"] == 1
    (note,) = report["notes"]
    assert note.startswith("Task 1 (") and note.endswith(
        "is in another workspace of CVAT now; it was loaded from there."
    )


def test_a_task_that_shows_no_jobs_is_named(of_lab: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    of_lab.box.faults.add("change", "GET", r"/api/jobs\?", times=None, change=lambda data: {**data, "results": []})
    report = of_lab.load()
    (note,) = report["notes"]
    assert "CVAT shows no jobs of task 1" in note and "Its labels stay as they are." in note
    assert report["changed"] == 0


def test_a_run_is_deleted_in_its_own_workspace(run: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    organization(run)
    monkeypatch.setenv("FIFTYONE_CVAT_ORGANIZATION", "lab")
    result = run.execute("delete_run", anno_key="run", delete_tasks=True)
    assert result["tasks_deleted"] == [1]
    assert run.cvat.find("tasks") == []
