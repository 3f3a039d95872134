"""One engine, two doors: a run that was made through one is loaded through the other, beside runs of other backends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.annotation as foa
import fiftyone.utils.annotations as foua
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import stored_runs
from sync_imports import Elsewhere
from sync_loop import Loop, operator


def annotate(loop: Loop, key: str = "run", backend: str = "roundtrip", **params: Any) -> Any:
    return loop.dataset.annotate(key, label_field="gt", backend=backend, **params)


def moved(loop: Loop, task: int = 1) -> Any:
    """Somebody moves the first box; the dataset before."""
    loop.cvat.move(loop.cvat.shape(0, task=task), task=task)
    return loop.documents()


def test_a_run_of_the_operator(filled: Loop) -> None:
    """FiftyOne's generic load has nothing left to do: a label of which it does not know is not deleted."""
    filled.send()
    sample = filled.dataset.first()
    sample.gt.detections.append(fo.Detection(label="mine", bounding_box=[0.5, 0.5, 0.1, 0.1], keep=[1, {"a": 2}]))
    sample.save()
    before = moved(filled)
    filled.dataset.load_annotations("run")
    assert set(filled.since(before)) == {"0/gt/detections/0/bounding_box"}
    loaded = filled.documents()
    filled.dataset.load_annotations("run")  # nothing changed in between
    assert filled.documents() == loaded
    (load,) = operator("load_history")(filled.dataset, "run")
    assert load["changed"] == 1
    assert operator("undo_load")(filled.dataset, "run")["changed"] == 1


def test_a_run_of_annotate_in_the_app(filled: Loop) -> None:
    annotate(filled)
    before = moved(filled)
    assert operator("run_info")(filled.dataset, "run")["status"] == "sent"
    assert filled.execute("load_annotations", anno_key="run")["changed"] == 1
    assert len(filled.since(before)) == 1
    filled.execute("delete_run", anno_key="run", delete_tasks=True)
    assert filled.dataset.list_annotation_runs() == [] and filled.cvat.find("tasks") == []


def test_generic_merge_is_never_reached(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    annotate(filled)
    moved(filled)
    for name in ("_merge_labels", "_merge_scalars", "_ensure_label_field"):
        monkeypatch.setattr(foua, name, lambda *_, **__: pytest.fail("FiftyOne merges"))
    filled.dataset.load_annotations("run", dest_field="human")


def test_beside_a_run_of_the_built_in_backend(filled: Loop) -> None:
    login = {"url": filled.box.url, "username": "admin", "password": "admin"}
    annotate(filled, "old", "cvat", **login)
    annotate(filled, "new")
    filled.cvat.move(filled.cvat.shape(0, task=1), task=1)
    filled.cvat.move(filled.cvat.shape(1, task=2), task=2)
    before = filled.documents()
    filled.dataset.load_annotations("new")
    assert set(filled.since(before)) == {"1/gt/detections/0/bounding_box"}
    loaded = filled.documents()
    filled.dataset.load_annotations("old", **login)
    assert filled.documents() != loaded
    assert filled.dataset.list_annotation_runs() == ["new", "old"]
    assert filled.dataset.list_annotation_runs(method="roundtrip") == ["new"]
    assert list(records.find_all(filled.dataset)) == ["new"]
    filled.dataset.load_annotations("new")  # and again, though the other one wrote the same labels


def test_an_imported_run(loop: Loop) -> None:
    loop.fill(None, None)
    elsewhere = Elsewhere(loop)
    elsewhere.annotate()
    elsewhere.run()
    before = moved(loop)
    with pytest.raises(Exception, match="were there before"):
        loop.dataset.load_annotations("run", cleanup=True)
    assert loop.documents() == before and len(loop.cvat.find("tasks")) == 1
    loop.dataset.load_annotations("run")
    assert len(loop.since(before)) == 1
    with pytest.raises(Exception, match="were there before it; they are not deleted"):
        loop.dataset.load_annotation_results("run").cleanup()


def test_a_run_of_an_earlier_version(filled: Loop) -> None:
    """It was stored with another class of config and without results. Whatever looks at it mends that."""
    filled.send()
    record = records.find(filled.dataset, "run")
    config = foa.AnnotationMethodConfig(**record.model_dump(mode="json"))
    foa.AnnotationMethod.update_run_config(filled.dataset, "run", config)
    foa.AnnotationMethod.save_run_results(filled.dataset, "run", None, cache=False)
    before = moved(filled)
    assert filled.load(preview=True)["changed"] == 1
    filled.dataset.load_annotations("run")
    assert len(filled.since(before)) == 1
    assert records.find(filled.dataset, "run").loaded_at
    assert filled.dataset.get_annotation_info("run").config.method == "roundtrip"


def test_threads_that_look_at_a_run_at_once(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A send and a panel share FiftyOne's document of the run; neither ends the other."""
    filled.send()
    foa.AnnotationMethod.save_run_results(filled.dataset, "run", None, cache=False)
    start, save = threading.Barrier(8), foa.AnnotationMethod.save_run_results
    saved: list[str] = []

    def slowly(samples: Any, key: str, *args: Any, **options: Any) -> None:
        time.sleep(0.1)
        saved.append(key)
        save(samples, key, *args, **options)

    monkeypatch.setattr(foa.AnnotationMethod, "save_run_results", slowly)

    def look(_: int) -> None:
        start.wait()
        records.point_to_backend(filled.dataset, "run")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))
    assert saved == ["run"]
    filled.dataset.load_annotations("run")


def test_threads_that_read_the_dataset_while_a_run_begins(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request of the App reads the dataset anew, and threads share its document: no run may be lost by that."""
    save, check = fo.Dataset.save, records.check_there
    saved: list[str] = []
    found: list[str] = []

    def just_read_before(dataset: fo.Dataset) -> None:
        if not saved:
            dataset._reload(hard=True)
        saved.append(dataset.name)
        save(dataset)

    def just_read_after(dataset: fo.Dataset, key: str) -> None:
        check(dataset, key)
        if not found:
            found.append(key)
            dataset._doc.annotation_runs.pop(key)

    monkeypatch.setattr(fo.Dataset, "save", just_read_before)
    monkeypatch.setattr(records, "check_there", just_read_after)
    filled.send()
    assert saved and found == ["run"] and filled.dataset.list_annotation_runs() == ["run"]


def test_rename_and_delete_by_fiftyone(filled: Loop) -> None:
    files = fo.core.odm.get_db_conn()["fs.files"]
    before_all = set(files.distinct("_id"))
    annotate(filled)
    filled.dataset.load_annotation_results("run")
    filled.dataset.rename_annotation_run("run", "night")
    before = moved(filled)
    filled.dataset.load_annotations("night")
    assert len(filled.since(before)) == 1
    assert operator("undo_load")(filled.dataset, "night")["changed"] == 1
    with pytest.raises(ValueError, match="'run'"):
        filled.dataset.load_annotations("run")
    assert filled.load("night")["changed"] == 1
    assert len(filled.dataset.load_annotation_view("night", select_fields=True)) == 2
    run_id = records.find(filled.dataset, "night").run_id
    filled.dataset.delete_annotation_run("night")
    assert run_id in stored_runs(filled.dataset)
    annotate(filled, "again")  # the next send notices
    assert run_id not in stored_runs(filled.dataset)
    assert len(set(files.distinct("_id")) - before_all) <= 1  # of the run "again"


@pytest.mark.parametrize("act", ["send", "extend"])
def test_a_run_that_was_renamed_before_it_was_complete(filled: Loop, act: str) -> None:
    """FiftyOne renames any run; it goes on under the new key, and nothing is there twice."""
    if act == "extend":
        annotate(filled)
        filled.fill(filled.dataset.first().gt.copy(), suffix=".png")
    filled.box.faults.add("status", "PATCH", "/annotations", status=500, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        annotate(filled, extend=act == "extend")
    filled.box.faults.clear()
    filled.dataset.rename_annotation_run("run", "night")
    run = operator("resume_run")(filled.dataset, "night")
    tasks = filled.cvat.find("tasks")
    assert (run["anno_key"], run["labels"], len(tasks)) == ("night", len(filled.dataset), 1 + (act == "extend"))
    assert sum(len(filled.cvat.objects(task=task["id"])) for task in tasks) == run["labels"]
    assert filled.load("night")["unchanged"] == run["labels"]


def test_a_copy_of_the_dataset(filled: Loop) -> None:
    annotate(filled)
    before = filled.documents()
    copy = filled.dataset.clone()
    try:
        with pytest.raises(Exception, match="is not with this dataset"):
            copy.load_annotations("run")
    finally:
        copy.delete()
    assert filled.documents() == before
    moved(filled)
    filled.dataset.load_annotations("run")


PROGRAM = """
import json, logging, sys, warnings
import fiftyone as fo
said = []
class Said(logging.Handler):
    def emit(self, record): said.append(record.getMessage())
logging.getLogger("fiftyone").addHandler(Said(level=logging.WARNING))
dataset = fo.load_dataset(sys.argv[1])
done = {}
def step(name, work):
    try:
        done[name] = work()
    except Exception as error:
        done[name] = f"{type(error).__name__}: {error}"
step("info", lambda: dataset.get_annotation_info("run").config.backend)
step("listed", lambda: dataset.list_annotation_runs(method="roundtrip"))
step("view", lambda: len(dataset.load_annotation_view("run", select_fields=True)))
step("load", lambda: dataset.load_annotations("run"))
if sys.argv[2] == "annotate":
    step("annotate", lambda: dataset.annotate("two", label_field="gt", backend="roundtrip").key)
if sys.argv[2] == "rename":
    step("import", lambda: __import__("roundtrip_backend"))
    step("rename", lambda: dataset.rename_annotation_run("run", "night"))
done["said"] = said
print("\\n" + json.dumps(done))
"""


def in_a_program(loop: Loop, what: str, path: Path, tmp_path: Path, **env: str) -> dict[str, Any]:
    """Lets a program of its own load the run, which imports FiftyOne and nothing else."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    variables = {**os.environ, "PYTHONPATH": str(path), **env}
    command = [sys.executable, str(script), loop.dataset.name, what]
    done = subprocess.run(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert answer["info"] == "@roundtrip/cvat" and answer["listed"] == ["run"] and answer["view"] == 2
    return answer


def test_a_program_with_the_folder_on_its_path(filled: Loop, root: Path, tmp_path: Path) -> None:
    """It never opens the App: the annotation config, and the Python path, are all that it needs."""
    config = tmp_path / "annotation_config.json"
    config.write_text(json.dumps({"backends": {"roundtrip": {"config_cls": "roundtrip_backend.BackendConfig"}}}))
    annotate(filled)
    before = moved(filled)
    where = {"FIFTYONE_ANNOTATION_CONFIG_PATH": str(config)}
    answer = in_a_program(filled, "annotate", root / "importable", tmp_path, **where)
    assert (answer["load"], answer["annotate"]) == (None, "two")
    assert len(filled.since(before)) == 1 and len(filled.cvat.find("tasks")) == 2
    assert filled.load("two")["changed"] == 0


def test_a_program_without_the_plugin(filled: Loop, root: Path, tmp_path: Path) -> None:
    """What FiftyOne says names the plugin; nothing is changed, and the run goes on to work here."""
    annotate(filled)
    before = moved(filled)
    answer = in_a_program(filled, "rename", root / "importable", tmp_path, FIFTYONE_PLUGINS_DIR=str(tmp_path))
    assert answer["import"].startswith("ImportError: FiftyOne does not find the plugin @roundtrip/cvat")
    assert "with the plugin @roundtrip/cvat" in answer["load"] and answer["load"].startswith("ValueError")
    assert answer["said"] == [] and answer["rename"] is None
    assert filled.documents() == before
    filled.dataset.reload()
    filled.dataset.load_annotations("night")
    assert len(filled.since(before)) == 1


def test_the_annotation_config_can_be_printed() -> None:
    """FiftyOne shows it as JSON."""
    assert "roundtrip_backend.BackendConfig" in str(fo.annotation_config)
