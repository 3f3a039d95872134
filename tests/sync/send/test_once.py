"""After any lost, late or refused answer each label, each task and each project is in CVAT exactly once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import encode, patience
from sync_failures import Failures
from sync_loop import Loop

from sandbox import Sandbox

WRITE, TASKS, PROJECTS, DATA = (
    ("PATCH", "action=create"),
    ("POST", r"/api/tasks$"),
    ("POST", "/api/projects$"),
    (
        "POST",
        "/data",
    ),
)
PATIENT, HASTY = 3.0, 0.3
"""Seconds that a request may live here: more, and less, than the gateway's server takes."""


def boxes(*names: str) -> fo.Detections:
    """Boxes side by side; equal names are equal labels."""
    order = sorted(set(names))
    places = [[order.index(name) / 10, 0.1, 0.1, 0.2] for name in names]
    return fo.Detections(
        detections=[
            fo.Detection(label=name, bounding_box=box, plate=f"B {name}")
            for name, box in zip(names, places, strict=True)
        ]
    )


@pytest.fixture
def many(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """Two images with labels of which some are alike, written in batches of two."""
    monkeypatch.setattr(encode, "OBJECTS", 2)
    loop.fill(boxes("cat", "dog", "cat"), boxes("dog", "cow", "hen"))
    return loop


def is_once(loop: Loop, **counts: int) -> None:
    """Each label is in CVAT once, and so are tasks and projects; a load has nothing to do."""
    loop.box.settle()
    wanted = Counter(label.label for labels in loop.labels() for label in labels)
    ids = {
        task["id"]: {label["id"]: name for name, label in loop.cvat.labels(task["id"]).items()} for task in _tasks(loop)
    }
    found = Counter(ids[task][shape["label_id"]] for task in ids for shape in loop.cvat.objects(task=task))
    assert found == wanted
    assert (len(ids), len(loop.cvat.find("projects"))) == (counts.get("tasks", 1), counts.get("projects", 0))
    report = loop.load()
    assert (report["unchanged"], report["added"], report["changed"], report["deleted"]) == (
        sum(wanted.values()),
        0,
        0,
        0,
    )


def _tasks(loop: Loop) -> list[dict[str, Any]]:
    return loop.cvat.find("tasks")


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("life", [PATIENT, HASTY])
def test_a_gateway_gives_up_and_the_labels_are_written_later(
    many: Loop, monkeypatch: pytest.MonkeyPatch, nth: int, life: float
) -> None:
    """While they are looked for; or, as the server is slower than anybody thought, after they were sent again."""
    monkeypatch.setattr(patience, "LEAST", life)
    fault = many.box.faults.add("gateway", *WRITE, nth=nth, status=504, later=0.5)
    many.send()
    assert fault.applied == 1
    is_once(many)


@pytest.mark.parametrize("life", [PATIENT, HASTY])
def test_a_gateway_that_gives_up_each_time(many: Loop, monkeypatch: pytest.MonkeyPatch, life: float) -> None:
    monkeypatch.setattr(patience, "LEAST", life)
    many.box.faults.add("gateway", *WRITE, times=6 if life == HASTY else None, status=504, later=0.25)
    many.send()
    is_once(many)


def test_labels_that_come_after_their_job_is_done(many: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is not done yet: another task takes its time."""
    monkeypatch.setattr(patience, "LEAST", HASTY)
    late = many.box.faults.add("gateway", *WRITE, status=504, later=None)
    slow = many.box.faults.add("delay", "GET", "/data/meta", nth=2, seconds=2.0)
    timer = threading.Timer(1.6, late.release)
    timer.start()
    many.send(task_size=1)
    timer.join()
    assert (late.applied, slow.applied) == (1, 1)
    is_once(many, tasks=2)


def test_labels_that_come_while_their_run_is_interrupted(many: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were looked for in vain, and are drawn anew by the resume, of which one was edited meanwhile."""
    monkeypatch.setattr(patience, "LEAST", HASTY)
    late = many.box.faults.add("gateway", *WRITE, nth=1, status=504, later=None)
    many.box.faults.add("status", *WRITE, nth=2, status=403)
    with pytest.raises(Exception, match="Resume the run"):
        many.send()
    sample = many.dataset.first()
    sample.gt.detections[0].bounding_box = [0.5, 0.5, 0.25, 0.25]
    sample.save()
    slow = many.box.faults.add("delay", "GET", "/annotations", seconds=0.3)
    threading.Timer(0.1, late.release).start()
    many.send(resume=True)
    assert slow.applied == 1
    is_once(many)
    assert sorted(shape["points"][0] for shape in many.cvat.objects(frame=0)) == [0.0, 32.0, 160.0]


def test_a_process_that_ended_amid_a_request_that_goes_on(many: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resume waits as long as that request may live."""
    monkeypatch.setattr(patience, "LEAST", PATIENT)
    many.box.faults.add("gateway", *WRITE, nth=2, status=504, later=0.8)
    many.box.faults.add("status", "GET", r"/api/jobs/\d+$", status=500)
    with pytest.raises(Exception, match="Resume the run"):
        many.send()
    many.send(resume=True)
    is_once(many)


@pytest.mark.parametrize("status", [403, 404, 409])
def test_a_refused_write_is_known_not_to_be_done(loop: Loop, status: int) -> None:
    """Although an annotator tags a frame with the class that it would get."""
    loop.dataset.add_samples([fo.Sample(str(path)) for path in loop._photos(6)])
    loop.dataset.set_values("gt", [fo.Classification(label="sun") for _ in range(6)])
    loop.box.faults.add("status", *WRITE, status=status, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send(segment_size=2)
    loop.box.faults.clear()
    loop.cvat.draw("sun", 0, type="tag")
    run = loop.send(resume=True)
    assert run["labels"] == 6
    assert Counter(item["frame"] for item in loop.cvat.objects("tags")) == {0: 2, **dict.fromkeys(range(1, 6), 1)}
    report = loop.load()
    assert (report["unchanged"], report["deleted"]) == (6, 0)


@pytest.mark.parametrize("source", ["manual", "file"])
def test_a_lost_write_of_which_an_annotator_made_a_part(loop: Loop, source: str) -> None:
    """It was lost before it was done. What looks alike is no proof of the rest; what is the same is one label."""
    loop.dataset.add_samples([fo.Sample(str(path)) for path in loop._photos(6)])
    loop.dataset.set_values("gt", [fo.Classification(label="sun") for _ in range(6)])
    loop.box.faults.add("reset", *WRITE, at="body", times=None)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send()
    loop.box.faults.clear()
    tag = loop.cvat.draw("sun", 0, type="tag")
    loop.cvat.edit(tag, source=source)
    assert loop.send(resume=True)["labels"] == 6
    ours = 1 if source == "file" else 2
    assert Counter(item["frame"] for item in loop.cvat.objects("tags")) == {0: ours, **dict.fromkeys(range(1, 6), 1)}
    assert loop.load()["deleted"] == 0


def test_annotators_worked_on_a_batch_whose_answer_was_lost(loop: Loop) -> None:
    """What they moved, relabelled and deleted before the resume is theirs: a load brings it, and nothing twice."""
    loop.fill(boxes("cat", "dog", "cow", "hen", "pig", "cat", "cat"))
    loop.box.faults.add("lost_reply", *WRITE)
    loop.box.faults.add("status", "GET", "/annotations", status=500, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send()
    loop.box.faults.clear()
    loop.cvat.move(loop.cvat.shape(number=1), 32.0)
    loop.cvat.relabel(loop.cvat.shape(number=2), "pig")
    loop.cvat.delete(loop.cvat.shape(number=6))
    loop.send(resume=True)
    assert len(loop.cvat.objects()) == 6
    report = loop.load()
    assert (report["added"], report["changed"], report["deleted"], report["unchanged"]) == (0, 2, 1, 4)


# Tasks, files and projects


@pytest.mark.parametrize("life", [PATIENT, HASTY])
def test_a_task_that_is_made_late(many: Loop, monkeypatch: pytest.MonkeyPatch, life: float) -> None:
    monkeypatch.setattr(patience, "LEAST", life)
    fault = many.box.faults.add("gateway", *TASKS, status=504, later=0.5)
    many.box.faults.add("delay", "GET", "/data/meta", seconds=0.5)
    many.send()
    assert fault.applied == 1
    is_once(many)


def test_a_task_that_is_made_after_all_others_are_complete(many: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a request makes that comes later than the run's end, a resume or the deletion of the run finds."""
    monkeypatch.setattr(patience, "LEAST", HASTY)
    late = many.box.faults.add("gateway", *TASKS, status=504, later=None)
    many.box.faults.add("status", *WRITE, status=403)
    with pytest.raises(Exception, match="Resume the run"):
        many.send()
    late.release()
    many.box.settle()
    assert len(_tasks(many)) == 2
    many.send(resume=True)
    is_once(many)


@pytest.mark.parametrize("times", [1, 2])
def test_a_gateway_that_gives_up_with_no_task_made(many: Loop, failures: Failures, times: int) -> None:
    fault = many.box.faults.add("html", *TASKS, status=504, times=times)
    many.send()
    assert fault.applied == times
    is_once(many)


@pytest.mark.parametrize("step", ["", "Upload-Finish"])
def test_files_that_arrive_late(many: Loop, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fiftyone.plugins.orgs.roundtrip.cvat.cvat.tasks import Tasks

    if step:
        monkeypatch.setitem(Tasks.upload.__kwdefaults__, "group_files", 1)
    fault = many.box.faults.add("gateway", *DATA, nth=4 if step else 1, status=504, later=0.5)
    many.send()
    assert fault.applied == 1
    is_once(many)


@pytest.mark.parametrize("life", [PATIENT, HASTY])
def test_a_project_that_is_made_late(many: Loop, monkeypatch: pytest.MonkeyPatch, life: float) -> None:
    monkeypatch.setattr(patience, "LEAST", life)
    many.box.faults.add("gateway", *PROJECTS, status=504, later=0.4)
    many.box.faults.add("delay", "GET", "/data/meta", seconds=0.5)
    many.send(project_name="streets")
    is_once(many, projects=1)


def test_what_takes_long_is_looked_for_as_long() -> None:
    """A request that lasted longer before it was lost, or that writes more, may live longer."""
    assert patience.life_of(0, 0.0) == patience.LEAST
    assert patience.life_of(5_000, 2.0) >= 2 + 3 * 2 + 25
    assert patience.life_of(10, 60.0) > 4 * 60


def test_waiting_ends_when_somebody_wants_to_stop(many: Loop, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LEAST", 60.0)
    box.faults.add("html", *WRITE, status=504, times=None)
    threading.Timer(0.5, lambda: many.execute("stop_run", anno_key="run")).start()
    began = time.monotonic()
    with pytest.raises(Exception, match="Stopped"):
        many.send()
    assert time.monotonic() - began < 20


def test_masks_and_skeletons_are_known_again(loop: Loop) -> None:
    loop.dataset.skeletons = {"pose": fo.KeypointSkeleton(labels=["a", "b"], edges=[[0, 1]])}
    mask = np.eye(8, dtype=bool)
    loop.fill(fo.Detections(detections=[fo.Detection(label="x", bounding_box=[0.1, 0.1, 0.4, 0.4], mask=mask)] * 1))
    loop.dataset.set_values("pose", [fo.Keypoints(keypoints=[fo.Keypoint(label="p", points=[[0.1, 0.2], [0.3, 0.4]])])])
    fault = loop.box.faults.add("gateway", *WRITE, status=504, later=0.2)
    loop.send(label_field=["gt", "pose"])
    assert fault.applied == 1 and len(loop.cvat.objects()) == 2
    assert loop.load()["unchanged"] == 2
