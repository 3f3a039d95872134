"""Going on with a send that was interrupted, after things have changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import encode
from PIL import Image
from sync_failures import Failures
from sync_loop import Loop

from sandbox import Sandbox

UPLOAD, FRAMES, WRITE = ("POST", "/data"), ("GET", "/data/meta"), ("PATCH", "/annotations")


@pytest.fixture
def interrupt(filled: Loop, failures: Failures) -> Callable[..., str]:
    """Sends in vain, up to a request."""

    def _interrupt(step: tuple[str, str], nth: int = 1, **params: Any) -> str:
        filled.box.faults.add("status", *step, nth=nth, status=500)
        return failures.send(**params)

    return _interrupt


def boxes(loop: Loop) -> list[list[float]]:
    return [shape["points"] for shape in loop.cvat.objects()]


def test_a_complete_run_is_left_as_it_is(filled: Loop) -> None:
    run = filled.send()
    clock = filled.clock
    assert filled.send(resume=True) == run
    assert filled.requests(clock) == []


def test_what_was_never_begun_is_sent(filled: Loop) -> None:
    assert filled.send(resume=True)["labels"] == 2


def test_another_server_is_refused(filled: Loop, interrupt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(WRITE)
    with Sandbox(port=0) as other:
        monkeypatch.setenv("FIFTYONE_CVAT_URL", other.url)
        with pytest.raises(Exception, match=f"begun on {filled.box.url}, but you are connected to {other.url}"):
            filled.send(resume=True)
        assert other.state()["tasks"] == []


@pytest.mark.parametrize(("own", "configured"), [("acme", None), ("acme", "other"), ("", "acme")])
def test_a_run_goes_on_in_its_own_workspace(
    filled: Loop, failures: Failures, monkeypatch: pytest.MonkeyPatch, own: str, configured: str | None
) -> None:
    """Elsewhere its tasks would not be found, and be made a second time."""
    for slug in ("acme", "other"):
        filled.cvat.call("POST", "organizations", {"slug": slug, "name": slug})
    filled.box.faults.add("status", *WRITE, status=500)
    failures.send(organization=own)
    if configured:
        monkeypatch.setenv("FIFTYONE_CVAT_ORGANIZATION", configured)
    with pytest.raises(Exception, match=r"was begun .* organization.* and can only go on there"):
        filled.send(resume=True, organization="other")
    assert filled.send(resume=True)["labels"] == 2
    assert len(filled.box.state()["tasks"]) == 1


def test_a_dataset_that_was_renamed(filled: Loop, failures: Failures) -> None:
    """A task is found whose making got no answer, although its mark has the old name."""
    filled.box.faults.add("lost_reply", "POST", r"/api/tasks(\?|$)")
    filled.box.faults.add("status", "GET", r"/api/tasks\?", status=500, times=None)
    failures.send()
    filled.box.faults.clear()
    filled.dataset.name += "-renamed"
    filled.send(resume=True)
    assert len(filled.cvat.find("tasks")) == 1


def test_a_field_of_the_view_that_went_meanwhile(filled: Loop, failures: Failures) -> None:
    filled.dataset.save_view("cats", filled.dataset.filter_labels("gt", fo.ViewField("label") == "cat"))
    filled.box.faults.add("status", *WRITE, status=500)
    failures.send(filled.dataset.load_saved_view("cats"))
    filled.dataset.rename_sample_field("gt", "other")
    with pytest.raises(RoundtripError, match="can't be opened any more: DatasetView has no field 'gt'"):
        filled.send(resume=True)
    filled.dataset.rename_sample_field("other", "gt")
    assert filled.send(resume=True)["labels"] == 1


def test_labels_that_changed_meanwhile(filled: Loop, interrupt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn is sent as it was; what was not, as it is. The load afterwards reverts nothing."""
    monkeypatch.setattr(encode, "OBJECTS", 1)
    interrupt(WRITE, nth=2)
    for sample in filled.dataset:
        sample.gt.detections[0].bounding_box = [0.5, 0.5, 0.2, 0.2]
        sample.save()
    filled.send(resume=True)
    assert len(boxes(filled)) == 2
    before = filled.documents()
    assert filled.load()["changed"] == 0
    assert filled.documents() == before


def test_labels_and_samples_that_went_meanwhile(filled: Loop, interrupt: Any) -> None:
    interrupt(FRAMES)
    filled.dataset.delete_samples([filled.dataset.last().id])
    first = filled.dataset.first()
    first.gt.detections = []
    first.save()
    run = filled.send(resume=True)
    assert (run["tasks"][0]["frames"], len(boxes(filled))) == (2, run["labels"])
    before = filled.documents()
    assert filled.load()["added"] == 0
    assert filled.documents() == before


def test_a_label_that_was_drawn_twice_is_there_once(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal labels can't be told apart by their looks; each has its object all the same."""
    monkeypatch.setattr(encode, "OBJECTS", 2)
    same = [fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2]) for _ in range(6)]
    loop.fill(fo.Detections(detections=same))
    loop.box.faults.add("lost_reply", *WRITE, nth=2)
    loop.box.faults.add("status", "GET", "/annotations", status=500)
    with pytest.raises(Exception, match="Resume the run 'run'"):
        loop.send()
    assert len(loop.cvat.objects()) == 4
    loop.send(resume=True)
    assert len(loop.cvat.objects()) == 6
    loop.cvat.delete(loop.cvat.shape(number=3))
    assert loop.load()["deleted"] == 1
    assert len(loop.labels()[0]) == 5


def test_an_annotator_was_there_first(filled: Loop, interrupt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opened the job before the send was complete: what they did is theirs, and is loaded."""
    monkeypatch.setattr(encode, "OBJECTS", 1)
    interrupt(WRITE, nth=2)
    filled.cvat.move(filled.cvat.shape())
    drawn = filled.cvat.draw("dog", frame=1)
    filled.send(resume=True)
    assert len(boxes(filled)) == 3
    report = filled.load()
    assert (report["added"], report["changed"], report["deleted"]) == (1, 1, 0)
    assert drawn["id"] in {shape["id"] for shape in filled.cvat.objects()}


def test_a_file_that_changed_meanwhile(filled: Loop, interrupt: Any) -> None:
    interrupt(UPLOAD, nth=1)
    path = Path(filled.dataset.last().filepath)
    Image.fromarray(np.zeros((60, 90, 3), np.uint8)).save(path)
    filled.send(resume=True)
    sizes = [(frame["width"], frame["height"]) for frame in filled.cvat.call("GET", "tasks/1/data/meta")["frames"]]
    assert sizes[1] == (90, 60)
    assert boxes(filled)[1] == pytest.approx([9, 6, 27, 18])


def test_a_file_that_went_meanwhile(filled: Loop, interrupt: Any) -> None:
    interrupt(UPLOAD, nth=1)
    path = Path(filled.dataset.last().filepath)
    path.unlink()
    with pytest.raises(Exception, match=rf"'{path}' is missing\. To send the others, set `bad_files` to 'leave_out'"):
        filled.send(resume=True)
    run = filled.send(resume=True, bad_files="leave_out")
    assert (run["samples"], run["labels"], len(boxes(filled))) == (1, 1, 1)
    assert run["left_out"] == [
        {"what": "images: the file is missing", "count": 1},
        {"what": "gt: labels of images that are left out", "count": 1},
    ]
    assert filled.dataset.match_tags("not_sent_to_cvat").values("filepath") == [str(path)]


def test_a_task_that_somebody_deleted_is_made_anew(filled: Loop, interrupt: Any) -> None:
    interrupt(WRITE)
    filled.cvat.call("DELETE", "tasks/1")
    filled.send(resume=True)
    assert len(filled.cvat.find("tasks")) == 1
    assert len(filled.cvat.objects(task=2)) == 2
    assert filled.load()["unchanged"] == 2


def test_the_issue_tracker_is_what_the_person_gave(filled: Loop) -> None:
    """While a task is made, this field has the mark by which it is found again: a link that leads nowhere."""
    filled.send(issue_tracker="https://tracker.example.com/7")
    assert filled.cvat.find("tasks")[0]["bug_tracker"] == "https://tracker.example.com/7"
    filled.send(anno_key="other")
    assert filled.cvat.find("tasks")[1]["bug_tracker"] == ""


def test_while_a_task_is_not_complete_it_has_its_mark(filled: Loop, interrupt: Any) -> None:
    interrupt(WRITE)
    assert filled.cvat.find("tasks")[0]["bug_tracker"].startswith(f"fiftyone:{filled.dataset.name}/run#")
    filled.send(resume=True)
    assert filled.cvat.find("tasks")[0]["bug_tracker"] == ""


def test_tasks_are_made_in_order(loop: Loop) -> None:
    loop.fill(*[None] * 6)
    loop.send(task_size=1, label_type="detections", classes=["cat"], label_field="new")
    assert [task["name"][-8:] for task in loop.cvat.find("tasks")] == [f"({n} of 6)" for n in range(1, 7)]


def test_looking_first(filled: Loop) -> None:
    before, runs, clock = filled.documents(), filled.dataset.list_annotation_runs(), filled.clock
    seen = filled.send(dry_run=True, task_size=1, classes=["cat"])
    assert [(task["images"], task["jobs"]) for task in seen["tasks"]] == [(1, 1), (1, 1)]
    assert (seen["images"], seen["labels"], seen["labels_by_field"]) == (2, 1, {"gt": {"cat": 1}})
    assert seen["left_out"] == [{"what": "gt: labels of class 'dog', which is not in the schema", "count": 1}]
    assert seen["bytes"] == sum(Path(path).stat().st_size for path in filled.dataset.values("filepath"))
    assert (filled.documents(), filled.dataset.list_annotation_runs()) == (before, runs)
    assert not [line for line in filled.requests(clock) if not line.startswith("GET") and "login" not in line]
    run = filled.send(task_size=1, classes=["cat"])
    assert (run["labels"], run["left_out"]) == (seen["labels"], seen["left_out"])
