"""Imports that can't be done say so and leave no trace; those that die are repeated."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports import importing
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.survey import survey
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import stored_runs
from sync_imports import CAT, Elsewhere, names
from sync_loop import Loop


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    loop.fill(None, None, None)
    return Elsewhere(loop)


@pytest.fixture
def task(elsewhere: Elsewhere) -> int:
    """A cat on the first frame, and a dog and a cat on the second."""
    return elsewhere.annotate()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no task": ({"tasks": None}, "There is no task to import"),
    "a task that is not there": ({"tasks": 99}, "CVAT has no task 99. Nothing was changed"),
    "a project that is not there": ({"project": "nowhere"}, "CVAT has no projects named 'nowhere'"),
    "a field of another kind": ({"label_field": "filepath"}, "The field 'filepath' does not hold Detections"),
    "a field with labels": ({"label_field": "old"}, "'old' has labels on 1 of the samples already"),
    "a name for another type": ({"label_field": {"boxes": "gt"}}, "names a field for 'boxes'"),
    "no field with paths": ({"media_field": "nothing"}, "There is no field 'nothing' with the paths"),
    "a parameter that is wrong": ({"unmatched": "add"}, "The parameter 'unmatched' is wrong"),
    "a key that is none": ({"anno_key": "1 run"}, "The parameter 'anno_key' is wrong"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(elsewhere: Elsewhere, task: int, case: str) -> None:
    params, words = REFUSED[case]
    loop = elsewhere.loop
    loop.dataset.add_sample_field("old", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    sample = loop.dataset.first()
    sample["old"] = fo.Detections(detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2])])
    sample.save()
    _refused(elsewhere, task, words, **params)


def _refused(elsewhere: Elsewhere, task: int | None, words: str, target: Any = None, **params: Any) -> None:
    """Asserts that an import is refused, and leaves no trace here or in CVAT."""
    loop = elsewhere.loop
    before, schema, state = loop.documents(), loop.dataset.get_field_schema().keys(), stored_runs(loop.dataset)
    there, runs = loop.box.state(), loop.dataset.list_annotation_runs()
    with pytest.raises(Refused, match=words):
        elsewhere.run(task, target, **params)
    assert (loop.documents(), loop.dataset.get_field_schema().keys()) == (before, schema)
    assert (stored_runs(loop.dataset), loop.dataset.list_annotation_runs()) == (state, runs)
    assert loop.box.state() == there


def test_names_that_fit_several_samples(elsewhere: Elsewhere, task: int) -> None:
    path = elsewhere.loop.dataset.first().filepath
    elsewhere.loop.dataset.set_values("name", ["/x/photo_000.jpg", "/y/photo_000.jpg", path])
    _refused(elsewhere, task, "do not tell which frame is which sample in 1 cases: frame 0 of", media_field="name")
    view = elsewhere.loop.dataset.limit(1)
    assert elsewhere.run(task, view, media_field="name", unmatched="ignore")["added"] == 1


def test_no_frame_fits(elsewhere: Elsewhere) -> None:
    task = elsewhere.make(["a.jpg", "b.jpg", "c.jpg"])
    _refused(elsewhere, task, "None of the 3 frames has the file name of a sample's `filepath`", unmatched="ignore")


def test_a_task_with_honeypots(elsewhere: Elsewhere, task: int) -> None:
    """Frames of a validation pool are in it more than once, under one name, as CVAT has them."""

    def repeated(meta: dict[str, Any]) -> dict[str, Any]:
        return {**meta, "frames": [*meta["frames"][:-1], meta["frames"][0]]}

    elsewhere.loop.box.faults.add("change", "GET", "/data/meta", change=repeated, times=None)
    sentence = "has honeypots: .photo_000.jpg. is more than one of its frames"
    _refused(elsewhere, task, sentence)


def test_a_task_without_frames(elsewhere: Elsewhere) -> None:
    task = elsewhere.client.create_task("empty", labels=[CAT]).id
    _refused(elsewhere, task, "has no frames. Nothing was changed")


def test_a_task_of_another_run(elsewhere: Elsewhere, task: int) -> None:
    elsewhere.run(task)
    _refused(elsewhere, task, "belongs to the run 'run', so its labels", anno_key="other", label_field="other")
    second = elsewhere.make()
    _refused(elsewhere, second, "There is a run 'run' already. Choose another key")
    _refused(elsewhere, None, f"without task {second}. .* a key of their own, and load", tasks=[task, second])


def test_a_part_of_an_import_asked_again() -> None:
    said = importing._other_tasks("run", {1, 2, 3}, {2})
    assert said.startswith("The run 'run' has 3 tasks, and you name only 1 of them. Nothing was changed. Load the run")


def test_the_same_import_again_only_loads(elsewhere: Elsewhere, task: int) -> None:
    elsewhere.run(task)
    elsewhere.loop.cvat.draw("cat", 2, task=task)
    report = elsewhere.run(task)
    assert (report["imported"], report["added"]) == (None, 1)
    assert len(stored_runs(elsewhere.loop.dataset)) == 1


@pytest.mark.parametrize("place", ["save_task", "marks", "register", "load"])
def test_an_import_that_dies_is_repeated(
    elsewhere: Elsewhere, task: int, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    loop = elsewhere.loop

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        owner = {"register": records, "load": importing}.get(place, importing.BaseStore)
        patch.setattr(owner, place, die)
        with pytest.raises(KeyboardInterrupt):
            elsewhere.run(task)
    assert loop.labels("id") and (place == "load") == ("run" in loop.dataset.list_annotation_runs())
    assert elsewhere.run(task)["added"] == 3
    assert names(loop) == [["cat"], ["dog", "cat"], []]
    assert len(stored_runs(loop.dataset)) == 1


def test_a_load_that_fails_goes_on(elsewhere: Elsewhere, task: int) -> None:
    """The second job can't be read when it is loaded, after it could when it was looked at."""
    loop = elsewhere.loop
    jobs = [job["id"] for job in loop.cvat.jobs(task)]
    loop.box.faults.add("status", "GET", f"/api/jobs/{jobs[1]}/annotations", nth=2, times=None, status=500)
    report = elsewhere.run(task)
    assert (report["added"], report["jobs_failed"]) == (3, 1)
    loop.box.faults.clear()
    loop.box.faults.add("status", "GET", "/api/jobs", times=None, status=500)
    with pytest.raises(CvatError, match="The run 'run' is made; load it to go on"):
        elsewhere.run(task)
    loop.box.faults.clear()
    assert (loop.load()["added"], loop.load()["jobs_failed"]) == (0, 0)
    assert names(loop) == [["cat"], ["dog", "cat"], []]


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"dimension": "3d"}, "is about point clouds"),
        ({"dimension": "1d", "media_type": "audio"}, "is a recording of sound"),
    ],
)
def test_what_has_no_images_is_refused_before_its_frames_are_read(
    elsewhere: Elsewhere, task: int, facts: dict[str, Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames of such tasks have other forms."""
    read = type(elsewhere.client).task
    monkeypatch.setattr(
        type(elsewhere.client), "task", lambda client, number: read(client, number).model_copy(update=facts)
    )
    elsewhere.loop.box.faults.add("status", "GET", "/data/meta", status=500, times=None)
    with pytest.raises(Refused, match=what):
        elsewhere.run(task)


def test_a_task_of_another_workspace_is_refused_and_not_taken_for_empty(elsewhere: Elsewhere, task: int) -> None:
    """CVAT shows it by its number, but lists none of its jobs and labels."""
    everywhere = elsewhere.client
    elsewhere.loop.cvat.call("POST", "organizations", {"slug": "herds", "name": "herds"})
    elsewhere.client = everywhere.within("herds")
    theirs = elsewhere.make()
    _refused(elsewhere, task, "is in the personal workspace, and CVAT lists nothing of it elsewhere")
    elsewhere.client = everywhere.within("")
    _refused(elsewhere, theirs, "is in the organization 'herds', .* set `organization` to 'herds'. Nothing was changed")
    elsewhere.client = everywhere.within("herds")
    assert elsewhere.run(theirs)["jobs"] == 1


def test_a_task_of_a_workspace_that_this_user_is_not_in_names_no_workspace(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator sees it, and it must not be taken for one of the personal workspace."""
    everywhere = elsewhere.client
    elsewhere.loop.cvat.call("POST", "organizations", {"slug": "herds", "name": "herds"})
    elsewhere.client = everywhere.within("herds")
    theirs = elsewhere.make()
    elsewhere.client = everywhere.within("")
    monkeypatch.setattr(type(everywhere), "organizations", lambda client: [])
    _refused(elsewhere, theirs, "is in an organization of which this user is no member")


def test_the_labels_of_a_project_are_asked_for_once(elsewhere: Elsewhere) -> None:
    loop = elsewhere.loop
    project = elsewhere.client.create_project("theirs", [CAT]).id
    elsewhere.make(["photo_000.jpg"], project_id=project)
    elsewhere.make(["photo_001.jpg"], project_id=project)
    clock = loop.clock
    survey(elsewhere.client, [1, 2], ProgressReporter())
    assert loop.requests(clock).count("GET /api/labels") == 1
