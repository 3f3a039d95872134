"""Adding samples to a run: new tasks of the same schema and project; what it had stays as it is, whatever happens."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import grow
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop, operator

MAKE, WRITE = ("POST", r"/api/tasks(\?|$)"), ("PATCH", "/annotations")


def boxes(*names: str) -> fo.Detections:
    return fo.Detections(detections=[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2]) for name in names])


def extend(loop: Loop, view: Any = None, **params: Any) -> dict[str, Any]:
    given = {"anno_key": "run", "extend": True, **params}
    return dict(operator("send_to_cvat")(loop.dataset if view is None else view, **given))


@pytest.fixture
def grown(filled: Loop) -> Loop:
    """A run of two samples that was sent in small jobs; and two samples that it lacks."""
    filled.send(segment_size=1)
    filled.fill(boxes("cat", "dog"), boxes("horse"), suffix=".png")
    return filled


def test_samples_that_the_run_lacks_go_into_new_tasks(grown: Loop) -> None:
    seen = extend(grown, dry_run=True)
    assert (seen["images"], seen["labels"], seen["jobs"], seen["already"]) == (2, 2, 2, 2)
    assert seen["notes"][0] == "2 samples are in the run already; nothing is sent of them."
    run = extend(grown)
    assert run["added"] == {"samples": 2, "labels": 2, "tasks": [2], "already": 2}
    assert (run["samples"], run["labels"], run["labels_by_field"]) == (4, 4, {"gt": 4})
    assert run["left_out"] == seen["left_out"]
    assert run["left_out"] == [{"what": "gt: labels of class 'horse', which is not in the schema", "count": 1}]
    tasks = grown.cvat.find("tasks")
    assert [task["name"].partition(" / ")[2] for task in tasks] == ["run", "run (task 2)"]
    assert [task["name"].partition(" / ")[2] for task in seen["tasks"]] == ["run (task 2)"]
    assert [len(task["jobs"]) for task in run["tasks"]] == [2, 2]
    assert list(grown.cvat.labels(2)) == ["cat", "dog"]
    assert grown.load()["unchanged"] == 4


def test_the_run_is_one(grown: Loop) -> None:
    """Loads, undo, history, and what FiftyOne keeps of it."""
    run = extend(grown, add_classes=True)
    assert run["labels"] == 5
    grown.cvat.move(grown.cvat.shape(task=1), task=1)
    grown.cvat.relabel(grown.cvat.shape(frame=1, task=2), "cat", task=2)
    assert (grown.load()["changed"], grown.labels()[3][0].label) == (2, "cat")
    assert grown.execute("undo_load", anno_key="run")["changed"] == 2
    assert grown.labels()[3][0].label == "horse"
    again = extend(grown, grown.dataset.select(grown.fill(boxes("dog"), suffix=".bmp")))
    assert (again["added"]["tasks"], again["samples"], len(again["tasks"])) == ([3], 5, 3)
    assert len(grown.dataset.load_annotation_view("run")) == 5
    assert len(operator("load_history")(grown.dataset, "run")) == 1
    deleted = operator("delete_run")(grown.dataset, "run", delete_tasks=True)
    assert (deleted["tasks_deleted"], grown.cvat.find("tasks")) == ([1, 2, 3], [])


def test_a_copy_in_another_field_grows_with_it(grown: Loop) -> None:
    grown.load(dest_field="again")
    extend(grown)
    seen = grown.load(dest_field="again", preview=True)
    assert (seen["unchanged"], grown.labels("again")[2:]) == (4, [[], []])
    assert grown.load(dest_field="again")["unchanged"] == 4
    names = [[label.label for label in labels] for labels in grown.labels("again")]
    assert names == [["cat"], ["dog"], ["cat", "dog"], []]
    grown.cvat.relabel(grown.cvat.shape(task=2), "dog", task=2)
    assert grown.load(dest_field="again")["changed"] == 1
    assert (grown.labels("again")[2][0].label, grown.labels()[2][0].label) == ("dog", "cat")


def test_a_view_that_was_sent_becomes_one_of_all_samples(filled: Loop) -> None:
    first, second = filled.dataset.values("id")
    filled.send(filled.dataset.select(first))
    run = extend(filled, filled.dataset.match(fo.ViewField("gt.detections").length() > 0))
    assert (run["added"]["already"], run["added"]["samples"]) == (1, 1)
    assert filled.dataset.load_annotation_view("run").values("id") == [first, second]


def test_a_project_gets_the_classes_and_the_earlier_tasks_know_them(loop: Loop) -> None:
    """A class of another field is drawn in an earlier task, and comes into its field."""
    loop.fill(boxes("cat"))
    loop.dataset.add_sample_field("birds", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    schema = {"gt": {"classes": ["cat"]}, "birds": {"type": "detections", "classes": ["owl"]}}
    loop.send(label_schema=schema, project_name="Animals")
    (new,) = loop.fill(boxes("owl", "emu"), field="birds", suffix=".png")
    with pytest.raises(Exception, match=r"keeps its fields \(birds, gt\).* Leave out `classes`"):
        extend(loop, classes=["emu"])
    assert extend(loop, loop.dataset.select(new), add_classes=True)["added"]["labels"] == 2
    assert set(loop.cvat.labels(1)) == {"cat", "owl", "emu"}
    loop.cvat.draw("emu", task=1)
    assert loop.load()["added"] == 1
    assert [label.label for label in loop.labels("birds")[0]] == ["emu"]


def test_a_field_that_was_new_is_sent_by_now(loop: Loop) -> None:
    loop.fill(None)
    loop.send(label_field="gt", label_type="detections", classes=["cat"])
    loop.cvat.draw("cat")
    loop.load()
    loop.fill(boxes("cat"), suffix=".png")
    assert extend(loop)["added"]["labels"] == 1
    assert loop.load()["unchanged"] == 2


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"label_field": "other"}, "Leave out `label_field`"),
        ({"project_name": "Other"}, "Leave out `project_name`"),
        ({"resume": True}, "either `resume` or `extend`"),
        ({"anno_key": "none"}, "has no annotation run 'none'"),
        ({"frame_step": 2}, "Only videos take `frame_step`"),
    ],
)
def test_what_is_refused(grown: Loop, params: dict[str, Any], sentence: str) -> None:
    before, clock = grown.documents(), grown.clock
    with pytest.raises(Exception, match=sentence):
        extend(grown, **params)
    assert (grown.documents(), grown.requests(clock)) == (before, [])


def test_nothing_to_add_and_no_such_run(filled: Loop) -> None:
    with pytest.raises(Exception, match="has a meaning only with `extend`"):
        filled.send(add_classes=True)
    filled.send()
    with pytest.raises(Exception, match="The run 'run' has all 2 samples already, so there is nothing to add"):
        extend(filled)
    assert len(filled.cvat.find("tasks")) == 1


@pytest.mark.parametrize("step", [MAKE, WRITE], ids=["making the task", "writing labels"])
def test_what_is_interrupted_leaves_the_earlier_tasks_loadable(grown: Loop, step: tuple[str, str]) -> None:
    grown.cvat.move(grown.cvat.shape())
    grown.box.faults.add("status", *step, status=500, times=None)
    with pytest.raises(Exception, match="as it was"):
        extend(grown)
    grown.box.faults.clear()
    assert grown.load()["changed"] == 1
    if step == WRITE:
        with pytest.raises(Exception, match="was not sent completely; resume it first"):
            extend(grown)
        run = operator("resume_run")(grown.dataset, "run")
    else:  # nothing was made: the run is as it was
        run = extend(grown)
    assert (run["added"]["samples"], run["samples"], run["labels"]) == (2, 4, 4)
    assert len(grown.cvat.objects(task=2)) == 2
    assert grown.load()["unchanged"] == 4


def test_killed_at_any_write(loop: Loop, new_world: Any, photos: Any) -> None:
    """Whatever was written by then, going on ends as if nothing had happened; until then the earlier task loads."""
    wanted: Any = None
    at: int | None = None
    while True:
        dataset, box = new_world()
        world = Loop(dataset, box, photos)
        world.fill(boxes("cat"))
        world.send(project_name="Animals")
        world.fill(boxes("cat", "horse"), suffix=".png")
        watcher = Watcher(at)
        try:
            with watching(watcher):
                extend(world, add_classes=True)
        except Killed:
            assert world.load()["unchanged"] >= 1
        if at is None:
            wanted, writes = state_of(world), watcher.writes
        elif records.find(dataset, "run").status == "sent" and len(world.cvat.find("tasks")) == 1:
            extend(world, add_classes=True)
        else:
            operator("resume_run")(dataset, "run")
        assert state_of(world) == wanted, f"killed at write {at}"
        at = 0 if at is None else at + 5
        if at >= writes:
            return


def state_of(loop: Loop) -> Any:
    record = records.find(loop.dataset, "run")
    kept = sorted(RunStore(loop.dataset, record.run_id).names())
    shapes = [len(loop.cvat.objects(task=task["id"])) for task in loop.cvat.find("tasks")]
    facts = record.model_dump(include={"status", "samples", "labels", "left_out", "project_id", "label_schema"})
    return facts, kept, shapes, loop.load()["unchanged"]


def test_two_that_add_at_once(grown: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one finds out before the other is done counts for nothing."""
    find_out = grow.prepare_growth

    def slowly(*given: Any) -> Any:
        found = find_out(*given)
        monkeypatch.setattr(grow, "prepare_growth", find_out)
        extend(grown)
        return found

    monkeypatch.setattr(grow, "prepare_growth", slowly)
    with pytest.raises(Exception, match="changed meanwhile"):
        extend(grown)
    assert len(grown.cvat.find("tasks")) == 2


def test_by_annotate(grown: Loop) -> None:
    grown.dataset.annotate("run", backend="roundtrip", label_field="gt", extend=True)
    assert len(grown.cvat.find("tasks")) == 2
