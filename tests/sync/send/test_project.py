"""Projects: made, used as they are, and only changed when asked."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop, operator


def boxes(*classes: str, **attributes: Any) -> fo.Detections:
    """A box of each class."""
    made = [fo.Detection(label=c, bounding_box=[0.1 * n, 0.1, 0.1, 0.2], **attributes) for n, c in enumerate(classes)]
    return fo.Detections(detections=made)


def make_project(loop: Loop, *labels: dict[str, Any], name: str = "Streets") -> int:
    """A project that is in CVAT already; its id."""
    return int(loop.cvat.call("POST", "projects", {"name": name, "labels": list(labels)})["id"])


def project_labels(loop: Loop, project: int) -> dict[str, Any]:
    """The labels of a project, by name: their attributes' names."""
    found = loop.cvat.find("labels", project_id=project)
    return {label["name"]: [spec["name"] for spec in label["attributes"]] for label in found}


def test_a_project_is_made_with_the_labels_of_the_run(loop: Loop) -> None:
    loop.fill(boxes("cat", "dog", age=3))
    run = loop.send(project_name="Streets")
    (project,) = loop.cvat.find("projects")
    assert run["project"] == project["name"] == "Streets"
    assert project_labels(loop, project["id"]) == {"cat": ["age"], "dog": ["age"]}
    again = loop.send(anno_key="again", project_name="Streets")
    assert len(loop.cvat.find("projects")) == 1
    assert {task["project_id"] for task in loop.cvat.find("tasks")} == {project["id"]}
    loop.cvat.move(loop.cvat.shape(task=2), task=2)
    assert loop.load(again)["changed"] == 1 and loop.load(run)["changed"] == 0


def test_labels_that_fit_by_name_and_type_are_used(loop: Loop) -> None:
    project = make_project(
        loop,
        {"name": "cat", "type": "any", "attributes": []},
        {"name": "dog", "type": "rectangle", "attributes": []},
        {"name": "tree", "attributes": []},
    )
    loop.fill(boxes("cat", "dog"))
    before = loop.documents()
    run = loop.send(project_name="Streets")
    loop.load(run)
    assert loop.documents() == before
    assert project_labels(loop, project) == {"cat": [], "dog": [], "tree": []}
    loop.cvat.draw("tree", 0)
    loop.load(run)
    assert [label.label for label in loop.labels()[0]] == ["cat", "dog", "tree"]


def unfit(loop: Loop) -> int:
    """A project that lacks a class and an attribute of what is to be sent, and has one class as a polygon."""
    loop.fill(boxes("cat", "dog", "cow", age=3))
    return make_project(
        loop,
        {"name": "cat", "type": "rectangle", "attributes": []},
        {"name": "cow", "type": "polygon", "attributes": []},
    )


def test_what_a_project_lacks_is_listed_and_nothing_is_sent(loop: Loop) -> None:
    project = unfit(loop)
    before = loop.documents()
    with pytest.raises(Exception, match="the label 'dog'") as refusal:
        loop.send(project_name="Streets")
    assert "the attribute 'age' of 'cat'" in str(refusal.value) and "'cow (gt)'" in str(refusal.value)
    assert "extend" in str(refusal.value) and "leave_out" in str(refusal.value)
    assert loop.cvat.find("tasks") == [] and loop.dataset.list_annotation_runs() == []
    assert loop.documents() == before and project_labels(loop, project) == {"cat": [], "cow": []}


def test_what_a_project_lacks_can_be_left_out(loop: Loop) -> None:
    project = unfit(loop)
    before = loop.documents()
    run = loop.send(project_name="Streets", project_labels="leave_out")
    assert run["labels"] == 1
    left = {item["what"]: item["count"] for item in run["left_out"]}
    assert {
        "not in the project: the label 'dog' (rectangle)",
        "not in the project: the attribute 'age' of 'cat'",
    } <= set(left)
    assert left["gt: labels of class 'dog', which is not in the schema"] == 1
    assert project_labels(loop, project) == {"cat": [], "cow": []}
    loop.cvat.move(loop.cvat.shape(), 32.0)
    loop.load(run)
    assert loop.since(before).keys() == {"0/gt/detections/0/bounding_box"}


def test_a_project_is_extended_when_asked(loop: Loop) -> None:
    project = unfit(loop)
    before = loop.documents()
    run = loop.send(project_name="Streets", project_labels="extend")
    assert run["labels"] == 3 and run["left_out"] == []
    assert project_labels(loop, project) == {"cat": ["age"], "cow": [], "dog": ["age"], "cow (gt)": ["age"]}
    loop.load(run)
    assert loop.documents() == before
    loop.cvat.set(loop.cvat.shape(), "age", "4")
    loop.load(run)
    assert loop.since(before) == {"0/gt/detections/0/age": (3, 4)}


def test_two_projects_of_one_name_are_told_apart_by_their_id(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    make_project(loop, {"name": "cat", "attributes": []})
    second = make_project(loop, {"name": "cat", "attributes": []})
    with pytest.raises(Exception, match=r"2 projects named 'Streets': .* in the personal workspace.*`project_id`"):
        loop.send(project_name="Streets")
    assert loop.send(project_id=second)["project"] == "Streets"
    assert [task["project_id"] for task in loop.cvat.find("tasks")] == [second]
    assert loop.load()["unchanged"] == 1


def test_a_project_that_is_not_there(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    with pytest.raises(Exception, match="CVAT shows no project 77 to this user"):
        loop.send(project_id=77)
    assert loop.cvat.find("tasks") == loop.cvat.find("projects") == []


def move_to_team(loop: Loop, project: int) -> None:
    """A project that is in an organization."""
    found = loop.cvat.call("POST", "organizations", {"slug": "team", "name": "Team"})
    loop.cvat.call("PATCH", f"projects/{project}", {"organization_id": found["id"]})


def test_a_project_of_another_workspace_is_named_before_a_second_one_is_made(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    move_to_team(loop, make_project(loop, {"name": "cat", "attributes": []}))
    with pytest.raises(Exception, match=r"in the organization 'team', and the tasks would be made in the personal"):
        loop.send(project_name="Streets")
    with pytest.raises(Exception, match=r"no project named 'Streets' in the personal workspace, but .* 'team' \(1\)"):
        loop.send(project_name="Streets", organization="")
    assert len(loop.cvat.find("projects")) == 1 and loop.cvat.find("tasks") == []
    assert loop.send(project_name="Streets", organization="team")["tasks"]
    assert loop.load()["unchanged"] == 1


def schema_of(loop: Loop) -> dict[str, Any]:
    """The label schema of the run, as its record has it."""
    return dict(operator("run_info")(loop.dataset, "run")["label_schema"])


def test_a_new_field_takes_its_schema_from_the_project(loop: Loop) -> None:
    """Those of its labels with which the field can be drawn."""
    loop.fill(None)
    age = {"name": "age", "mutable": False, "input_type": "number", "default_value": "0", "values": ["0", "9", "1"]}
    make_project(
        loop,
        {"name": "cat", "type": "rectangle", "attributes": [age]},
        {"name": "dog", "type": "any", "attributes": []},
        {"name": "road", "type": "mask", "attributes": []},
        {"name": "night", "type": "tag", "attributes": []},
    )
    run = loop.send(label_field="animals", label_type="detections", project_name="Streets")
    loop.cvat.draw("cat", 0)
    loop.load(run)
    assert [label.label for label in loop.dataset.first().animals.detections] == ["cat"]
    offered = schema_of(loop)["animals"]["classes"]
    assert [entry if isinstance(entry, str) else entry["classes"][0] for entry in offered] == ["cat", "dog"]


def test_a_new_field_that_the_project_can_not_hold(loop: Loop) -> None:
    loop.fill(None)
    make_project(loop, {"name": "night", "type": "tag", "attributes": []})
    with pytest.raises(Exception, match="no classes to annotate with; the project has no label that fits either"):
        loop.send(label_field="animals", label_type="detections", project_name="Streets")


def test_a_new_segmentation_takes_its_targets_from_the_project(loop: Loop) -> None:
    loop.fill(None)
    make_project(loop, {"name": "road", "type": "mask", "attributes": []}, {"name": "sky", "attributes": []})
    loop.send(label_field="ground", label_type="segmentation", project_name="Streets")
    assert schema_of(loop)["ground"]["mask_targets"] == {"1": "road", "2": "sky"}


def test_classes_have_the_colours_of_the_dataset(loop: Loop) -> None:
    loop.fill(boxes("cat", "dog"))
    values = [{"value": "cat", "color": "#ff8000"}]
    loop.dataset.app_config.color_scheme = fo.ColorScheme(fields=[{"path": "gt", "valueColors": values}])
    loop.dataset.save()
    loop.send(project_name="Streets")
    loop.send(anno_key="alone")
    for where in ({"project_id": 1}, {"task_id": 2}):
        colors = {label["name"]: label["color"] for label in loop.cvat.find("labels", **where)}
        assert colors["cat"] == "#ff8000" != colors["dog"]


def test_a_subset(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    loop.send(subset="train")
    assert loop.cvat.find("tasks")[0]["subset"] == "train"


def test_a_widget_of_the_project_that_takes_other_values_is_named_and_they_stay_behind(loop: Loop) -> None:
    loop.fill(boxes("cat", age=3), boxes("cat", age=30))
    before = loop.documents()
    attribute = {
        "name": "age",
        "mutable": True,
        "input_type": "number",
        "default_value": "1",
        "values": ["1", "9", "1"],
    }
    make_project(loop, {"name": "cat", "type": "rectangle", "attributes": [attribute]})
    run = loop.send(project_name="Streets", classes=["cat"])
    assert {item["what"]: item["count"] for item in run["left_out"]} == {
        "values that the project does not take: 'age' of 'cat' is a number from 1 to 9": 1,
        "gt: values that a number from 1 to 9 does not take in attribute 'age'": 1,
    }
    assert [item["attributes"][0]["value"] for item in loop.cvat.objects()] == ["3", "1"]
    assert loop.load()["unchanged"] == 2
    assert loop.documents() == before
    loop.cvat.set(loop.cvat.shape(), "age", "4")
    loop.load()
    assert loop.since(before) == {"0/gt/detections/0/age": (3, 4)}
