"""CVAT's labels change between the moment at which they are looked at and the one at which they are needed."""

from __future__ import annotations

from typing import Any

import pytest
from sync_loop import Loop


def test_a_class_that_came_after_the_labels_were_read_is_loaded_next_time(filled: Loop) -> None:
    filled.send()
    filled.load()
    filled.cvat.add_class("bird")
    filled.cvat.draw("bird", 1)

    def earlier(answer: Any) -> Any:
        return {**answer, "results": [label for label in answer["results"] if label["name"] != "bird"]}

    filled.box.faults.add("change", "GET", "/api/labels", change=earlier)
    report = filled.load()
    assert report["objects"] == {"found": 3, "unchanged": 2, "applied": 0, "left": 1}
    (left,) = report["left"]
    assert left["type"] == "rectangle" and left["count"] == 1
    report = filled.load()
    assert report["added"] == 1
    assert [[label.label for label in labels] for labels in filled.labels()] == [["cat"], ["dog", "bird"]]


@pytest.mark.parametrize("change", ["deleted", "renamed"])
def test_a_class_of_a_project_that_goes_before_its_tasks_are_made_is_counted(filled: Loop, change: str) -> None:
    filled.send(anno_key="first", project_name="streets")
    project = filled.cvat.find("projects")[0]["id"]
    label = next(item for item in filled.cvat.find("labels", project_id=project) if item["name"] == "dog")

    def go(answer: Any) -> Any:
        if change == "deleted":
            filled.cvat.call("DELETE", f"labels/{label['id']}")
        else:
            filled.cvat.call("PATCH", f"labels/{label['id']}", {"name": "wolf"})
        return answer

    before = filled.documents()
    filled.box.faults.add("change", "GET", r"/api/labels\?.*project_id", change=go)
    run = filled.send(anno_key="second", project_name="streets")
    (left,) = run["left_out"]
    assert (run["labels"], left["count"]) == (1, 1) and "'dog'" in left["what"]
    assert len(filled.cvat.objects(task=2)) == 1
    assert filled.load("second")["unchanged"] == 1
    assert filled.documents() == before
