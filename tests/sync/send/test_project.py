"""Projects: made, used as they are, and only changed when asked."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from sync_loop import Loop


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


def test_two_projects_of_one_name_are_not_guessed_between(loop: Loop) -> None:
    loop.fill(boxes("cat"))
    make_project(loop, {"name": "cat", "attributes": []})
    make_project(loop, {"name": "cat", "attributes": []})
    with pytest.raises(Exception, match="2 projects named 'Streets'"):
        loop.send(project_name="Streets")
