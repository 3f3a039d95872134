"""Runs and what belongs to them in CVAT: keys, projects, people, organizations, renaming, deletion."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.annotation as foa
import fiftyone.operators as foo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import NAME
from sync_annotator import Annotator
from sync_loop import Loop, operator


def boxes(*classes: str, **attributes: Any) -> fo.Detections:
    return fo.Detections(
        detections=[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2], **attributes) for name in classes]
    )


@pytest.fixture
def filled(loop: Loop) -> Loop:
    loop.fill(boxes("cat"), boxes("dog"), None)
    return loop


def tasks(cvat: Annotator) -> list[str]:
    return [task["name"] for task in cvat.find("tasks")]


def test_the_summary(filled: Loop) -> None:
    run = filled.send(task_name="night", task_size=2)
    first, second = run.pop("tasks")
    assert first == {
        "id": 1,
        "name": "night (1 of 2)",
        "url": f"{filled.box.url}/tasks/1",
        "frames": 2,
        "jobs": [filled.cvat.jobs(1)[0]["id"]],
    }
    assert (second["name"], second["frames"]) == ("night (2 of 2)", 1)
    assert run == {
        "anno_key": "run",
        "server": filled.box.url,
        "project": None,
        "samples": 3,
        "labels": 2,
        "labels_by_field": {"gt": 2},
        "left_out": [],
    }


def test_fiftyone_sees_the_run(filled: Loop) -> None:
    filled.send()
    assert filled.dataset.list_annotation_runs() == ["run"]
    info = filled.dataset.get_annotation_info("run")
    assert (info.config.backend, info.config.status) == ("@roundtrip/cvat", "sent")
    assert len(filled.dataset.load_annotation_view("run")) == 3


def test_settings_reach_cvat(filled: Loop) -> None:
    filled.send(
        image_quality=33,
        issue_tracker="https://tracker/1",
        task_assignee="annotator2",
        task_name="x" * 300,
        task_size=2,
    )
    task = filled.cvat.call("GET", "tasks/2")
    assert task["assignee"]["username"] == "annotator2"
    assert task["bug_tracker"] == "https://tracker/1"
    assert len(task["name"]) == 256
    assert task["name"].endswith("x (2 of 2)")
    assert filled.cvat.call("GET", "tasks/1/data/meta")["image_quality"] == 33


def test_a_recorded_schema_can_be_given_again(filled: Loop) -> None:
    filled.dataset.set_values("sky", [fo.Classification(label="sunny", code="01")] * 3)
    filled.send(label_field=["gt", "sky"], allow_deletions=False)
    schema = filled.execute("run_info", anno_key="run")["label_schema"]
    filled.send(anno_key="again", label_schema=schema)
    assert filled.execute("run_info", anno_key="again")["label_schema"] == schema


def test_a_new_project(filled: Loop) -> None:
    before = filled.documents()
    run = filled.send(project_name="streets", task_size=2)
    (project,) = filled.cvat.find("projects")
    assert (project["name"], run["project"]) == ("streets", "streets")
    assert {task["project_id"] for task in filled.cvat.find("tasks")} == {project["id"]}
    filled.load(run)
    assert filled.documents() == before
    filled.cvat.relabel(filled.cvat.shape(0), "dog")
    filled.cvat.rename_class("cat", "lynx")
    assert filled.load(run)["changed"] == 1


def test_an_existing_project_that_fits(filled: Loop) -> None:
    """It may have more labels, and more attributes."""
    before = filled.documents()
    age = {"name": "age", "mutable": False, "input_type": "number", "default_value": "1", "values": ["0", "9", "1"]}
    labels = [
        {"name": "cat", "attributes": [age]},
        {"name": "dog", "attributes": []},
        {"name": "cow", "attributes": []},
    ]
    project = filled.cvat.call("POST", "projects", {"name": "streets", "labels": labels})
    run = filled.send(project_name="streets")
    assert [item["id"] for item in filled.cvat.find("projects")] == [project["id"]]
    filled.load(run)
    assert filled.documents() == before
    filled.cvat.draw("cow", 2)
    filled.cvat.set(filled.cvat.shape(0), "age", "4")
    filled.load(run)
    assert filled.labels()[2][0].label == "cow"


def test_a_second_run_in_the_same_project(filled: Loop) -> None:
    filled.send(project_name="streets")
    filled.send(anno_key="two", project_name="streets")
    assert len(filled.cvat.find("projects")) == 1
    filled.cvat.move(filled.cvat.shape(0, task=2), task=2)
    assert filled.load("run")["changed"] == 0
    assert filled.load("two")["changed"] == 1


def test_an_organization(filled: Loop) -> None:
    filled.cvat.call("POST", "organizations", {"slug": "team", "name": "Team"})
    run = filled.send(organization="team")
    assert filled.cvat.call("GET", "tasks/1")["organization"] is not None
    filled.cvat.move(filled.cvat.shape(0))
    assert filled.load(run)["changed"] == 1
    assert filled.execute("delete_run", anno_key="run", delete_tasks=True)["tasks_deleted"] == [1]
    assert tasks(filled.cvat) == []


def test_jobs_are_dealt_in_turn(filled: Loop) -> None:
    filled.send_in_order(task_size=2, segment_size=1, job_assignees=["annotator1", "annotator2"])
    people = [job["assignee"]["username"] for task in (1, 2) for job in filled.cvat.jobs(task)]
    assert people == ["annotator1", "annotator2", "annotator1"]


def test_rename_then_load(filled: Loop) -> None:
    run = filled.send()
    filled.execute("rename_run", anno_key="run", new_key="day")
    assert filled.dataset.list_annotation_runs() == ["day"]
    filled.cvat.move(filled.cvat.shape(0))
    assert filled.load("day")["changed"] == 1
    assert filled.load("day")["unchanged"] == 2
    with pytest.raises(Exception, match="no annotation run 'run'; there are: day"):
        filled.load(run)
    filled.send()
    filled.dataset.rename_annotation_run("day", "noon")
    assert operator("rename_run")(filled.dataset, "run", "night") == {"anno_key": "night"}
    assert filled.load("noon")["unchanged"] == filled.load("night")["unchanged"] == 2


@pytest.mark.parametrize("new", ["run", "a b", "1a", ""])
def test_keys_that_cannot_be(filled: Loop, new: str) -> None:
    filled.send()
    with pytest.raises(Exception, match=r"already|can.t be a key"):
        operator("rename_run")(filled.dataset, "run", new)
    assert filled.dataset.list_annotation_runs() == ["run"]


def stored(dataset: fo.Dataset) -> list[str]:
    return list(foo.ExecutionStore.create(NAME, dataset_id=dataset._doc.id).list_keys())


@pytest.mark.parametrize("with_tasks", [True, False])
def test_delete(filled: Loop, with_tasks: bool) -> None:
    before = filled.documents()
    filled.send(task_size=2)
    filled.send(anno_key="other")
    result = filled.execute("delete_run", anno_key="run", delete_tasks=with_tasks)
    assert filled.documents() == before
    assert filled.dataset.list_annotation_runs() == ["other"]
    assert len(tasks(filled.cvat)) == (1 if with_tasks else 3)
    assert (result["tasks_deleted"], result["tasks_left"]) == (([1, 2], []) if with_tasks else ([], [1, 2]))
    assert filled.load("other")["unchanged"] == 2
    operator("delete_run")(filled.dataset, "other", delete_tasks=with_tasks)
    assert stored(filled.dataset) == []


def test_delete_a_run_whose_tasks_are_gone(filled: Loop) -> None:
    filled.send(task_size=2)
    filled.cvat.call("DELETE", "tasks/1")
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert (filled.dataset.list_annotation_runs(), tasks(filled.cvat)) == ([], [])


def test_delete_needs_no_server_if_tasks_stay(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.send()
    for name in ("URL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"FIFTYONE_CVAT_{name}")
    filled.execute("delete_run", anno_key="run")
    assert filled.dataset.list_annotation_runs() == []


def test_info_links_and_view(filled: Loop) -> None:
    run = filled.send(filled.dataset.limit(2), project_name="streets")
    info = operator("run_info")(filled.dataset, run)
    assert (info["anno_key"], info["status"], info["created_by"]) == ("run", "sent", "admin")
    assert "streets" in info["text"]
    links = operator("open_in_cvat")(filled.dataset, run)
    assert f"{filled.box.url}/tasks/1/jobs/{run['tasks'][0]['jobs'][0]}" in links["text"]
    assert len(operator("view_run")(filled.dataset, run)) == 2
    assert filled.execute("view_run", anno_key="run") == {"samples": 2}


def test_another_tools_run_is_left_alone(filled: Loop) -> None:
    config = foa.AnnotationMethodConfig(backend="another")
    foa.AnnotationMethod(config).register_run(filled.dataset, "theirs")
    for name in ("load_annotations", "run_info", "open_in_cvat", "view_run", "delete_run"):
        with pytest.raises(Exception, match="The run 'theirs' was made by another tool"):
            operator(name)(filled.dataset, "theirs")
    with pytest.raises(Exception, match="There is a run 'theirs' already"):
        filled.send(anno_key="theirs")
    assert filled.dataset.list_annotation_runs() == ["theirs"]


def test_a_record_of_a_later_version_hides_no_other(filled: Loop) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record, run_record

    filled.send()
    config = foa.AnnotationMethodConfig(
        backend=run_record.BACKEND, run_id=["something", "new"], format=run_record.FORMAT + 1
    )
    foa.AnnotationMethod(config).register_run(filled.dataset, "later")
    assert list(record.find_all(filled.dataset)) == ["run"]
    with pytest.raises(Exception, match=r"'later' can't be read: .* a newer version of the plugin"):
        filled.load("later")


def test_a_send_whose_process_was_killed(filled: Loop) -> None:
    """Its record says so, and what it left in CVAT can be deleted with it."""
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record

    filled.send()
    sent = record.find(filled.dataset, "run")
    unfinished = tuple(task.model_copy(update={"complete": False}) for task in sent.tasks)
    killed = sent.model_copy(update={"status": "sending", "tasks": unfinished})
    record.update(filled.dataset, "run", killed)
    with pytest.raises(Exception, match=r"not sent completely: its process ended .* or delete it with its tasks"):
        filled.load("run")
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert tasks(filled.cvat) == []
    assert filled.load(filled.send())["unchanged"] == 2


def test_the_state_of_a_run_that_was_deleted_by_other_means_goes_with_the_next_send(filled: Loop) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record, store

    filled.send()
    first = record.find(filled.dataset, "run").run_id
    filled.dataset.delete_annotation_run("run")
    assert store.stored_runs(filled.dataset) == {first}
    filled.send()
    assert store.stored_runs(filled.dataset) == {record.find(filled.dataset, "run").run_id}


def test_a_run_that_another_process_sent(filled: Loop) -> None:
    """This process still holds the dataset as it was before."""
    filled.send()
    filled.dataset._doc.annotation_runs.clear()
    assert filled.dataset.list_annotation_runs() == []
    assert filled.load("run")["unchanged"] == 2
    filled.dataset._doc.annotation_runs.clear()
    with pytest.raises(Exception, match="There is a run 'run' already"):
        filled.send()


def test_what_a_person_has_not_saved_yet_survives(filled: Loop) -> None:
    sample = filled.dataset.first()
    sample["note"] = "not saved"
    filled.send()
    filled.load()
    assert sample["note"] == "not saved"


def test_a_copy_of_the_dataset_says_where_to_load(filled: Loop) -> None:
    filled.send()
    copy = filled.dataset.clone()
    try:
        with pytest.raises(Exception, match="not with this dataset"):
            operator("load_annotations")(copy, "run")
    finally:
        copy.delete()
