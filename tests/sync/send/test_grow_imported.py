"""Adding samples to a run that was imported: new tasks with the labels of CVAT, beside those that others made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import LabelSpec
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from sync_imports import CAT, DOG, Elsewhere, clip_task
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop, operator
from sync_videos import Videos, video

HERD = LabelSpec(name="herd")
"""A label of any type."""


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    loop.fill(None, None, None)
    return Elsewhere(loop)


def box(name: str, **more: Any) -> fo.Detection:
    return fo.Detection(label=name, bounding_box=[0.25, 0.25, 0.25, 0.25], **more)


def new_sample(loop: Loop) -> Any:
    """A sample that the run lacks, with labels in both of its fields; of one class it has no label."""
    (new,) = loop.fill(None, suffix=".png")
    sample = loop.dataset[new]
    line = fo.Polyline(label="herd", points=[[(0.5, 0.5), (0.7, 0.5), (0.7, 0.7)]], closed=True)
    found = [box("cat", age=3, colour="grey"), box("herd"), box("bird")]
    sample["detections"], sample["polylines"] = fo.Detections(detections=found), fo.Polylines(polylines=[line])
    sample.save()
    return loop.dataset.select(new)


def extend(loop: Loop, view: Any = None, **params: Any) -> dict[str, Any]:
    return dict(operator("add_samples")(loop.dataset if view is None else view, "run", **params))


def imported(elsewhere: Elsewhere, project: int | None = None) -> int:
    """A run of a task with a cat, and a herd as a box and as a polygon; its id."""
    loop = elsewhere.loop
    settings = {"project_id": project} if project else {}
    task = elsewhere.make(labels=[CAT, DOG, HERD], segment_size=2, **settings)
    loop.cvat.draw("cat", 0, task=task)
    loop.cvat.draw("herd", 0, task=task)
    loop.cvat.draw("herd", 1, [0.0, 0.0, 32.0, 0.0, 32.0, 24.0], type="polygon", task=task)
    elsewhere.run(None if project else task, label_field=None, project=project)
    return task


def at(frame: int, x: float, **more: Any) -> dict[str, Any]:
    return {"frame": frame, "points": [x, 8.0, x + 16.0, 24.0], **more}


def work(loop: Loop) -> tuple[int, int, int]:
    report = loop.load()
    return report["added"], report["changed"], report["deleted"]


@pytest.mark.parametrize("of_project", [False, True])
def test_new_samples_become_a_new_task(elsewhere: Elsewhere, of_project: bool) -> None:
    loop = elsewhere.loop
    project = elsewhere.client.create_project("theirs", [CAT, DOG, HERD]).id if of_project else None
    task = imported(elsewhere, project)
    view, before = new_sample(loop), loop.documents()
    seen = extend(loop, view, dry_run=True)
    run = extend(loop, view)
    new = run["added"]["tasks"][0]
    assert run["added"] == {"samples": 1, "labels": 3, "tasks": [new], "already": 0}
    assert (seen["labels"], seen["left_out"]) == (3, run["left_out"])
    assert [item["what"] for item in run["left_out"]] == [
        "detections: labels of class 'bird', which is not in the schema"
    ]
    made = next(item for item in loop.cvat.find("tasks") if item["id"] == new)
    assert made["project_id"] == project
    there, own = loop.cvat.labels(task), loop.cvat.labels(new)
    assert {name: (label["type"], label["color"]) for name, label in own.items()} == {
        name: (label["type"], label["color"]) for name, label in there.items()
    }
    names = {label["id"]: name for name, label in own.items()}
    kinds = sorted((names[item["label_id"]], item["type"]) for item in loop.cvat.objects(task=new))
    assert kinds == [("cat", "rectangle"), ("herd", "polygon"), ("herd", "rectangle")]
    assert work(loop) == (0, 0, 0) and loop.documents() == before
    _the_run_is_one(elsewhere, task, new)
    again = elsewhere.run(None if project else task, label_field=None, project=project)
    assert (again["imported"], again["added"]) == (None, 1), "the dog whose load was undone"
    deleted = operator("delete_run")(loop.dataset, "run", delete_tasks=True)
    assert (deleted["tasks_deleted"], deleted["tasks_left"]) == ([new], [task])
    assert [item["id"] for item in loop.cvat.find("tasks")] == [task]


def _the_run_is_one(elsewhere: Elsewhere, task: int, new: int) -> None:
    """Loads, undo and refresh take both tasks."""
    loop = elsewhere.loop
    kept = [str(loop.labels(name)) for name in ("detections", "polylines")]
    for number in (task, new):
        loop.cvat.move(loop.cvat.shape(0, task=number), task=number)
    loop.cvat.draw("dog", 0, task=new)
    assert work(loop) == (1, 2, 0)
    assert operator("undo_load")(loop.dataset, "run")["changed"] == 2
    assert [str(loop.labels(name)) for name in ("detections", "polylines")] == kept
    sample = loop.dataset.last()
    sample.detections.detections.append(box("dog"))
    sample.save()
    report = operator("refresh_run")(loop.dataset, "run", preview=True)
    assert (report["created"], report["deleted"]) == (1, 0)
    del sample.detections.detections[-1]
    sample.save()
    assert len(loop.dataset.load_annotation_view("run")) == 4
    assert len(operator("load_history")(loop.dataset, "run")) >= 2


def test_no_labels_are_made(elsewhere: Elsewhere) -> None:
    imported(elsewhere)
    with pytest.raises(Exception, match=r"are those that CVAT has, as it was imported\. Add the class there"):
        extend(elsewhere.loop, new_sample(elsewhere.loop), add_classes=True)
    assert len(elsewhere.loop.cvat.find("tasks")) == 1


def test_a_run_in_an_organization_grows_there(elsewhere: Elsewhere) -> None:
    """The import named none, so it saw all workspaces."""
    loop = elsewhere.loop
    loop.cvat.call("POST", "organizations", {"slug": "herds", "name": "herds"})
    elsewhere.client = elsewhere.client.within("herds")
    task = elsewhere.make(labels=[CAT, DOG, HERD])
    elsewhere.client = elsewhere.client.within(None)
    elsewhere.run(task, label_field=None)
    (new,) = extend(loop, new_sample(loop))["added"]["tasks"]
    assert {item["organization"] for item in loop.cvat.find("tasks")} != {None}
    assert records.find(loop.dataset, "run").organization == "herds"
    loop.cvat.move(loop.cvat.shape(0, task=new), task=new)
    assert work(loop) == (0, 1, 0)


@pytest.mark.parametrize("at", [1, 3])
def test_killed_and_resumed(elsewhere: Elsewhere, at: int, tmp_path: Path) -> None:
    """The task that others made can be loaded meanwhile, and nothing is there twice."""
    loop = elsewhere.loop
    task = imported(elsewhere)
    view = new_sample(loop)
    with watching(Watcher(at, False)), pytest.raises(Killed):
        extend(loop, view)
    loop.cvat.move(loop.cvat.shape(0, task=task), task=task)
    assert work(loop) == (0, 1, 0)
    if records.find(loop.dataset, "run").status == "sent":
        extend(loop, view)
    else:
        with pytest.raises(Exception, match="was interrupted; resume that first, then import again"):
            elsewhere.run(task, label_field=None, create_samples=True, folder=str(tmp_path / "new"))
        operator("resume_run")(loop.dataset, "run")
    (new,) = [item["id"] for item in loop.cvat.find("tasks") if item["id"] != task]
    assert len(loop.cvat.objects(task=new)) == 3 and work(loop) == (0, 0, 0)


def test_a_video_gets_its_own_task(loop: Loop) -> None:
    elsewhere, videos = Elsewhere(loop), Videos(loop)
    videos.add(video(20))
    task = clip_task(elsewhere)
    loop.cvat.track("cat", at(2, 0.0), at(10, 32.0), at(12, 32.0, outside=True), task=task)
    elsewhere.run(task, label_field=None)
    sample = loop.dataset[videos.add(video(8))[0]]
    for number in (2, 3, 4):
        cat = fo.Detection(label="cat", bounding_box=[number / 20, 0.5, 0.2, 0.2], index=1)
        sample.frames[number]["detections"] = fo.Detections(detections=[cat])
    sample.save()
    added = extend(loop)["added"]
    assert (added["samples"], added["labels"], added["already"]) == (1, 3, 1)
    (track,) = loop.cvat.call("GET", f"tasks/{added['tasks'][0]}/annotations")["tracks"]
    assert track["label_id"] == loop.cvat.labels(added["tasks"][0])["cat"]["id"]
    assert work(loop) == (0, 0, 0)


def test_a_label_that_was_deleted_in_cvat_is_not_made_again(elsewhere: Elsewhere) -> None:
    """What the tasks have now counts, whether a load saw it or not."""
    loop, cvat = elsewhere.loop, elsewhere.loop.cvat
    task = imported(elsewhere)
    cvat.call("PATCH", f"tasks/{task}", {"labels": [{"id": cvat.labels(task)["dog"]["id"], "deleted": True}]})
    view = new_sample(loop)
    sample = view.first()
    sample["detections"].detections.append(box("dog"))
    sample.save()
    seen, run = extend(loop, view, dry_run=True), extend(loop, view)
    assert sorted(cvat.labels(run["added"]["tasks"][0])) == ["cat", "herd"]
    assert (seen["left_out"], run["added"]["labels"]) == (run["left_out"], 3)
    assert {"detections: labels of class 'dog', which the task in CVAT has no label for"} < {
        item["what"] for item in run["left_out"]
    }
