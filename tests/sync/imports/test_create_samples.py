"""Samples made of the frames of CVAT: their images are fetched, and in the end each frame has one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports import importing
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.linking import NamedFrame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.making import metadata_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.places import places_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import stored_runs
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sync_imports import CAT, DOG, Elsewhere, names
from sync_loop import Loop


@pytest.fixture
def elsewhere(loop: Loop) -> Elsewhere:
    """The images are in CVAT, and the dataset is empty."""
    loop.fill(None, None, None)
    return Elsewhere(loop)


@pytest.fixture
def task(elsewhere: Elsewhere) -> int:
    """A cat on the first frame, and a dog and a cat on the second."""
    made = elsewhere.annotate()
    elsewhere.originals = [Path(path).read_bytes() for path in elsewhere.loop.dataset.values("filepath")]  # type: ignore[attr-defined]
    elsewhere.loop.dataset.clear()
    return made


def run(elsewhere: Elsewhere, task: int | None, folder: Path, **params: Any) -> dict[str, Any]:
    """Imports, and makes samples."""
    return elsewhere.run(task, create_samples=True, folder=str(folder), **params)


def spoil(loop: Loop, task: int | str = r"\d+", frame: int = 1) -> None:
    """A frame's file is gone from the server: it comes neither alone nor in a chunk."""
    for what in ("type=chunk", f"type=frame&number={frame}&"):
        loop.box.faults.add("status", "GET", rf"/tasks/{task}/data\?{what}", status=500, times=None)


def test_an_empty_dataset_gets_everything(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    loop, folder = elsewhere.loop, tmp_path / "from cvat"
    report = run(elsewhere, task, folder, sample_fields=["task", "job", "subset", "assignee"])
    told = report["imported"]
    assert (told["made"], told["linked"], told["unmatched"], told["not_fetched"]) == (3, 3, [], [])
    paths = [Path(path) for path in loop.dataset.values("filepath")]
    assert [path.read_bytes() for path in paths] == elsewhere.originals  # type: ignore[attr-defined]
    assert [str(path.relative_to(folder)) for path in paths] == [f"task_{task}/photo_{n:03d}.jpg" for n in range(3)]
    assert names(loop) == [["cat"], ["dog", "cat"], []] and report["added"] == 3
    assert [(found.width, found.height, found.size_bytes) for found in loop.dataset.values("metadata")] == [
        (*Image.open(path).size, path.stat().st_size) for path in paths
    ]
    known = metadata_of("s3://bucket/photo.jpg", Size(640, 480))
    assert (known.width, known.height, known.size_bytes) == (640, 480, None)
    jobs = [job["id"] for job in loop.cvat.jobs(task)]
    assert loop.dataset.values(["task", "job"]) == (["by hand"] * 3, [jobs[0], jobs[0], jobs[1]])
    assert loop.dataset.values(["subset", "assignee"]) == ([None] * 3, [None] * 3)
    assert records.find(loop.dataset, "run").samples == 3 and list(folder.rglob(".cvat-*")) == []
    loop.cvat.move(loop.cvat.shape(0, task=task), task=task)
    assert loop.load()["changed"] == 1
    assert run(elsewhere, task, folder)["imported"] is None, "it is a run by now"
    assert len(loop.dataset) == 3


def test_those_that_are_there_are_linked(elsewhere: Elsewhere, tmp_path: Path) -> None:
    loop = elsewhere.loop
    task = elsewhere.annotate()
    gone = loop.dataset.last()
    loop.dataset.delete_samples([gone.id])
    report = run(elsewhere, task, tmp_path / "new")
    assert (report["imported"]["made"], report["imported"]["linked"], len(loop.dataset)) == (1, 3, 3)
    assert names(loop) == [["cat"], ["dog", "cat"], []]
    assert loop.dataset.last().filepath.startswith(str(tmp_path / "new"))


def test_frames_of_one_name_in_two_tasks(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    """Killed between the samples and the run, the second import finds each again, though their names are the same."""
    loop = elsewhere.loop
    paths = sorted(Path(tmp_path).glob("photo_*.jpg"))
    loop.dataset.add_samples([fo.Sample(str(path)) for path in paths])
    second = elsewhere.annotate()
    loop.dataset.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.importing._register", _die)
        with pytest.raises(KeyboardInterrupt):
            run(elsewhere, None, tmp_path / "all", tasks=[task, second])
    clock = loop.clock
    report = run(elsewhere, None, tmp_path / "all", tasks=[task, second])
    assert not [line for line in loop.requests(clock) if line.endswith("/data")], "what came is not fetched again"
    assert (report["imported"]["made"], report["imported"]["linked"], len(loop.dataset)) == (0, 6, 6)
    assert names(loop) == [["cat"], ["dog", "cat"], []] * 2


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_second_import_at_the_same_time_is_refused(
    elsewhere: Elsewhere, task: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would make the same samples."""
    make, refused = importing.make_samples, []

    def while_it_makes(*args: Any) -> Any:
        for key in ("run", "other"):
            with pytest.raises(Refused) as error:
                run(elsewhere, task, tmp_path, anno_key=key)
            refused.append(str(error.value))
        return make(*args)

    monkeypatch.setattr(importing, "make_samples", while_it_makes)
    assert run(elsewhere, task, tmp_path)["imported"]["made"] == 3
    assert refused == ["Another import into this dataset is on at this moment; wait for its end."] * 2
    assert len(elsewhere.loop.dataset) == 3 and run(elsewhere, task, tmp_path)["unchanged"] == 3


def test_one_bad_frame_is_left_out_and_named(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    loop = elsewhere.loop
    spoil(loop, task)
    report = run(elsewhere, task, tmp_path / "new")
    told = report["imported"]
    assert (told["made"], [item["name"] for item in told["not_fetched"]]) == (2, ["photo_001.jpg"])
    assert "(500)" in told["not_fetched"][0]["reason"]
    assert names(loop) == [["cat"], []]
    assert sum(records.find(loop.dataset, "run").left_out.values()) == 1
    assert {(item["reason"], item["name"]) for item in report["left"]} == {
        ("on frames that match no sample", "cat"),
        ("on frames that match no sample", "dog"),
    }


def test_a_server_that_goes_away_is_gone_on_with(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    loop, folder = elsewhere.loop, tmp_path / "new"
    loop.box.faults.add("status", "GET", f"/api/tasks/{task}/data.type=chunk", status=500, times=None)
    fault = loop.box.faults.add("status", "GET", f"/api/tasks/{task}/data.type=frame", status=403, nth=2, times=None)
    with pytest.raises(Exception, match="import again with the same parameters to go on"):
        run(elsewhere, task, folder)
    assert loop.dataset.list_annotation_runs() == [] and stored_runs(loop.dataset) == set() and len(loop.dataset) == 0
    assert len(list(folder.rglob("*.jpg"))) == 1 and fault.applied
    loop.box.faults.clear()
    assert run(elsewhere, task, folder)["imported"]["made"] == 3
    assert names(loop) == [["cat"], ["dog", "cat"], []]


def test_a_project_that_is_opened_again_brings_what_is_new(loop: Loop, tmp_path: Path) -> None:
    loop.fill(None, None, None)
    elsewhere = Elsewhere(loop)
    project = elsewhere.client.create_project("zoo", [CAT, DOG]).id
    first = elsewhere.make(project_id=project, labels=())
    loop.cvat.draw("cat", 0, task=first)
    paths = loop.dataset.values("filepath")
    loop.dataset.clear()
    folder = tmp_path / "zoo"
    assert run(elsewhere, None, folder, project="zoo")["imported"]["made"] == 3
    theirs = loop.dataset.add_sample(fo.Sample(paths[0]))
    elsewhere.client.create_task("without images", project_id=project)
    loop.dataset.add_samples([fo.Sample(path) for path in paths[1:]])
    made = elsewhere.client.create_task("second", project_id=project)
    files = [UploadFile(f"new_{n}.jpg", Path(path), Path(path).stat().st_size) for n, path in enumerate(paths[:2])]
    elsewhere.client.wait_for_creation(made.id, elsewhere.client.upload(made.id, files))
    loop.cvat.draw("dog", 1, task=made.id)
    before = loop.labels()
    report = run(elsewhere, None, folder, project="zoo", sample_fields=["task"])
    told = report["imported"]
    assert (told["made"], told["tasks"], report["added"]) == (2, [made.id], 1)
    assert any("has no frames" in note for note in report["notes"]), report["notes"]
    assert names(loop) == [["cat"], [], [], [], [], [], [], ["dog"]] and loop.labels()[0] == before[0]
    assert loop.dataset.values("task")[-2:] == ["second", "second"]
    assert theirs not in loop.dataset.load_annotation_view("run").values("id")
    assert len(loop.dataset.load_annotation_view("run")) == 5 and records.find(loop.dataset, "run").samples == 5
    clock = loop.clock
    again = run(elsewhere, None, folder, project="zoo")
    assert (again["added"], again["unchanged"], len(loop.dataset)) == (0, 2, 8)
    assert not [line for line in loop.requests(clock) if line.endswith("/data")]
    undo(loop.dataset, "run")
    assert names(loop) == [["cat"], [], [], [], [], [], [], []]


def test_an_image_that_did_not_come_comes_later(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    loop = elsewhere.loop
    spoil(loop)
    run(elsewhere, task, tmp_path / "new")
    loop.box.faults.clear()
    before = loop.labels()
    report = run(elsewhere, task, tmp_path / "new", sample_fields=["job"])
    assert (report["imported"]["made"], report["added"], report["left"]) == (1, 2, [])
    assert names(loop) == [["cat"], [], ["dog", "cat"]] and loop.labels()[0] == before[0]
    assert records.find(loop.dataset, "run").left_out == {}
    assert loop.load()["unchanged"] == 3


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"create_samples": True}, "'folder' is wrong: it is needed with"),
        ({"create_samples": True, "folder": "images"}, "'folder' is wrong: it has to be an absolute path"),
        ({"create_samples": True, "folder": "/\0"}, "'folder' is wrong: it has to be an absolute path"),
        ({"folder": "/images"}, "'folder' is wrong: it has a meaning only with"),
        ({"sample_fields": ["task"]}, "'sample_fields' is wrong: they have a meaning only with"),
        ({"create_samples": True, "folder": "/x", "sample_fields": ["name"]}, "'sample_fields.0' is wrong"),
        ({"create_samples": True, "folder": "/x", "sample_fields": "job"}, "a field 'job' of another type"),
        ({"create_samples": True, "folder": "/dev/null/x"}, "can't be written"),
    ],
)
def test_what_is_refused_changes_nothing(elsewhere: Elsewhere, task: int, params: dict[str, Any], words: str) -> None:
    loop = elsewhere.loop
    loop.dataset.add_sample_field("job", fo.StringField)
    with pytest.raises(Refused, match=words):
        elsewhere.run(task, **params)
    assert len(loop.dataset) == 0 and loop.dataset.list_annotation_runs() == []


NASTY = (
    *("", ".", "..", "../../etc/passwd", "/abs/a.png", "C:\\dir\\a.png", "a", "a/b.png", "A.PNG", "a.png", "x" * 5_000),
    *("a\x00b.png", "\u202egnp.exe", "con.png", "a.png.", "\u732b" * 300 + ".png", "a.html", " .png", "\ud800"),
)


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=12)), max_size=12))
def test_no_name_leads_out_of_the_folder_or_onto_another(given_names: list[str]) -> None:
    frames = [NamedFrame(7, number, name) for number, name in enumerate(given_names)]
    found = places_of(frames)
    assert len(found) == len(frames) and places_of(frames) == found
    folded = [place.casefold() for place in found.values()]
    assert len(set(folded)) == len(folded)
    for place in found.values():
        parts = place.split("/")
        assert parts[0] == "task_7" and len(parts) >= 2 and not {"", ".", ".."} & set(parts)
        assert all(len(part.encode("utf-8", "replace")) <= 255 and part.isprintable() for part in parts), place
        assert os.path.normpath(f"/folder/{place}") == f"/folder/{place}"
        assert not any(other.startswith(f"{place.casefold()}/") for other in folded)


def test_images_of_one_name_that_do_not_come_count_each(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    loop = elsewhere.loop
    paths = sorted(Path(tmp_path).glob("photo_*.jpg"))
    loop.dataset.add_samples([fo.Sample(str(path)) for path in paths])
    second = elsewhere.annotate()
    loop.dataset.clear()
    spoil(loop)
    report = run(elsewhere, None, tmp_path / "all", tasks=[task, second])
    assert [item["name"] for item in report["imported"]["not_fetched"]] == ["photo_001.jpg"] * 2
    assert sum(records.find(loop.dataset, "run").left_out.values()) == 2


def test_what_is_no_file_is_no_image(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    folder = tmp_path / "new" / f"task_{task}"
    folder.mkdir(parents=True)
    (folder / "photo_001.jpg").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match=r"photo_001\.jpg' can't be written \(something of this name is there"):
        run(elsewhere, task, tmp_path / "new")
    assert len(elsewhere.loop.dataset) == 0 and elsewhere.loop.dataset.list_annotation_runs() == []


def test_a_project_whose_unfetched_task_is_gone_is_opened_again(loop: Loop, tmp_path: Path) -> None:
    loop.fill(None)
    elsewhere = Elsewhere(loop)
    project = elsewhere.client.create_project("zoo", [CAT, DOG]).id
    first, second = (elsewhere.make(project_id=project, labels=()) for _ in range(2))
    loop.dataset.clear()
    spoil(loop, first, 0)
    assert run(elsewhere, None, tmp_path / "zoo", project="zoo")["imported"]["made"] == 1
    loop.box.faults.clear()
    elsewhere.client.delete_task(first)
    assert run(elsewhere, None, tmp_path / "zoo", project="zoo")["imported"] is None
    assert records.find(loop.dataset, "run").tasks[1].id == second


def test_a_dataset_that_takes_no_images_is_refused_at_once(elsewhere: Elsewhere, task: int, tmp_path: Path) -> None:
    elsewhere.loop.dataset.add_group_field("group", default="left")
    with pytest.raises(Refused, match="this dataset has others"):
        run(elsewhere, task, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_project_that_changed_is_opened_again(loop: Loop, tmp_path: Path) -> None:
    """A class that was added to it comes with its labels; a task that was deleted is told of, and its labels stay."""
    loop.fill(None)
    elsewhere = Elsewhere(loop)
    project = elsewhere.client.create_project("zoo", [CAT, DOG]).id
    first, second = (elsewhere.make(project_id=project, labels=()) for _ in range(2))
    loop.cvat.draw("cat", 0, task=first)
    loop.cvat.draw("cat", 0, task=second)
    loop.dataset.clear()
    run(elsewhere, None, tmp_path, project="zoo")
    loop.cvat.call("PATCH", f"projects/{project}", {"labels": [{"name": "owl"}]})
    loop.cvat.draw("owl", 0, task=second)
    elsewhere.client.delete_task(first)
    report = run(elsewhere, None, tmp_path, project="zoo")
    assert (report["imported"], report["added"], report["deleted"]) == (None, 1, 0)
    assert names(loop) == [["cat"], ["cat", "owl"]]
    assert any(f"{first}" in note for note in report["notes"]), report["notes"]
    asked = run(elsewhere, None, tmp_path, tasks=[first, second])
    assert (asked["imported"], asked["added"], len(loop.dataset)) == (None, 0, 2)
