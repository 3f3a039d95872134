"""The lines of FiftyOne's own documentation, with this plugin behind them, and what is refused there by its name."""

from __future__ import annotations

import logging
import webbrowser
from typing import Any

import fiftyone as fo
import fiftyone.utils.annotations as foua
import numpy as np
import pytest
from fiftyone import ViewField as F
from fiftyone.plugins.orgs.roundtrip.cvat.backend import BackendConfig
from sync_loop import Loop, operator
from sync_videos import FIELD, Videos, box, video


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that are opened in the browser."""
    pages: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url, *more, **options: pages.append(url))
    return pages


def annotate(loop: Loop, view: Any = None, **params: Any) -> Any:
    view = loop.dataset if view is None else view
    given = {"anno_key": "run", "label_field": "gt", "backend": "roundtrip", **params}
    return view.annotate(**given)


def test_six_lines(filled: Loop, opened: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Annotate, load, look, clean up, delete: as FiftyOne's documentation has it."""
    dataset = filled.dataset
    before = filled.documents()
    results = dataset.annotate("run", label_field="gt", backend="roundtrip", launch_editor=True)
    assert opened == [f"{filled.box.url}/tasks/1"]
    assert dataset.list_annotation_runs() == ["run"] and filled.documents() == before
    assert results.config.label_schema["gt"]["type"] == "detections"

    filled.cvat.move(filled.cvat.shape(0))
    filled.cvat.draw("cat", 1)
    dataset.load_annotations("run")
    assert [[label.label for label in labels] for labels in filled.labels()] == [["cat"], ["dog", "cat"]]
    assert len(filled.since(before)) == 2

    assert len(dataset.load_annotation_view("run")) == 2
    results = dataset.load_annotation_results("run")
    assert "Run:" in str(results) and "gt (2)" in str(results) and "tasks: 1, jobs: 1" in repr(results)
    (task,) = results.get_status()["tasks"].values()
    assert [job["state"] for job in task["jobs"].values()] == ["new"]
    results.print_status()
    assert "Run 'run' in CVAT at" in (said := capsys.readouterr().out) and "annotation, new; nobody" in said
    results.launch_editor()
    assert len(opened) == 2
    with results.connect_to_api() as api:
        assert [task.id for task in api.client.tasks()] == [1]

    loaded = filled.documents()
    results.cleanup()
    assert filled.cvat.find("tasks") == []
    assert operator("run_info")(dataset, "run")["tasks"] == operator("open_in_cvat")(dataset, "run")["tasks"] == []
    dataset.load_annotation_results("run").print_status()
    assert "It has no task in CVAT" in capsys.readouterr().out
    with pytest.raises(Exception, match=r"no tasks any more.*Deleted in CVAT: task 1"):
        dataset.load_annotations("run")
    assert filled.documents() == loaded
    assert operator("undo_load")(dataset, "run")["changed"] == 1
    dataset.delete_annotation_run("run")
    assert dataset.list_annotation_runs() == []


def test_what_annotate_says_is_what_the_engine_does(filled: Loop) -> None:
    """The run is the very run that `send_to_cvat` makes; FiftyOne's own completion of the schema changes nothing."""
    params: dict[str, Any] = {
        "attributes": {"age": {"type": "number", "values": [0, 9, 1]}, "note": {"type": "text"}},
        "allow_deletions": False,
        "task_size": 1,
        "segment_size": 1,
        "image_quality": 90,
        "task_name": "night",
        "subset": "train",
        "issue_tracker": "https://tracker/1",
    }
    annotate(filled, anno_key="one", **params)
    filled.send(anno_key="two", **params)
    one, two = (operator("run_info")(filled.dataset, key) for key in ("one", "two"))
    differ = {"run_id", "tasks", "created_at", "anno_key", "text"}
    assert {k: v for k, v in one.items() if k not in differ} == {k: v for k, v in two.items() if k not in differ}
    facts = ("name", "size", "subset", "bug_tracker", "image_quality")
    made = [{name: task.get(name) for name in facts} for task in filled.cvat.find("tasks")]
    assert made[:2] == made[2:] and len(made) == 4
    filled.dataset.load_annotations("one")


MIXED = [
    fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.2, 0.2]),
    fo.Detection(label="dog", bounding_box=[0.4, 0.4, 0.2, 0.2], mask=np.array([[True, False], [True, True]])),
]


def test_labels_that_fiftyone_leaves_out_in_silence(loop: Loop) -> None:
    """Of boxes and masks in one field FiftyOne passes on the boxes only; the engine gets what was asked for."""
    loop.fill(fo.Detections(detections=[label.copy() for label in MIXED]))
    results = annotate(loop)
    sent = results.get_status()
    assert sent["labels"] + sum(item["count"] for item in sent["left_out"]) == 2
    before = loop.documents()
    loop.dataset.load_annotations("run")
    assert loop.documents() == before


def test_the_schema_of_the_dataset_is_the_default(filled: Loop) -> None:
    """Classes and attributes that FiftyOne's own annotation schema declares are there without being said."""
    said = {
        "type": "detections",
        "component": "dropdown",
        "classes": ["cat", "dog", "owl"],
        "attributes": [{"name": "weight", "type": "float", "component": "text"}],
    }
    filled.dataset.add_sample_field("gt.detections.weight", fo.FloatField)
    filled.dataset.set_label_schemas({"gt": said})
    annotate(filled)
    labels = filled.cvat.labels()
    assert set(labels) == {"cat", "dog", "owl"}
    assert [spec["name"] for spec in labels["owl"]["attributes"]] == ["weight"]
    annotate(filled, anno_key="two", classes=["cat", "dog"], attributes=False)
    assert set(filled.cvat.labels(task=2)) == {"cat", "dog"}
    assert filled.cvat.labels(task=2)["cat"]["attributes"] == []


VALUES: dict[str, tuple[Any, dict[str, Any], tuple[str, list[str]]]] = {
    "a choice of numbers": (2, {"type": "int", "component": "dropdown", "values": [1, 2]}, ("select", ["", "1", "2"])),
    "a slider": (
        0.5,
        {"type": "float", "component": "slider", "range": [0.0, 1.0]},
        ("number", ["0.0", "1.0", "0.01"]),
    ),
    "a value that was not declared": (
        "c",
        {"type": "str", "component": "radio", "values": ["a"]},
        ("radio", ["", "a", "c"]),
    ),
    "a switch": (True, {"type": "bool", "component": "toggle"}, ("checkbox", ["false"])),
}


@pytest.mark.parametrize("case", VALUES)
def test_the_schema_of_a_plain_value(filled: Loop, case: str) -> None:
    """FiftyOne's annotation schema of a field of numbers or texts is the default, too."""
    value, schema, (widget, choices) = VALUES[case]
    filled.dataset.set_values("plain", [value, None])
    filled.dataset.set_label_schemas({"plain": schema})
    annotate(filled, label_field="plain")
    (spec,) = filled.cvat.labels()["plain"]["attributes"]
    assert (spec["input_type"], spec["values"]) == (widget, choices)
    before = filled.documents()
    filled.dataset.load_annotations("run")
    assert filled.documents() == before


def test_a_label_schema_and_a_new_field(filled: Loop) -> None:
    schema = {"gt": {}, "sky": {"type": "classification", "classes": ["sunny", "rainy"]}}
    results = annotate(filled, label_field=None, label_schema=schema)
    assert set(results.config.label_schema) == {"gt", "sky"}
    filled.cvat.draw("sunny", 1, type="tag")
    filled.dataset.load_annotations("run")
    assert filled.dataset.values("sky.label") == [None, "sunny"]


def test_patches(loop: Loop) -> None:
    """The samples of the patches are sent, with the labels of the patches only."""
    cat, dog = (fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2]) for name in ("cat", "dog"))
    loop.fill(fo.Detections(detections=[cat, dog]), fo.Detections(detections=[dog.copy()]))
    patches = loop.dataset.to_patches("gt").match(F("gt.label") == "cat")
    results = annotate(loop, patches)
    assert (results.get_status()["samples"], results.get_status()["labels"]) == (1, 1)
    before = loop.documents()
    loop.cvat.delete(loop.cvat.shape(0))
    patches.load_annotations("run", confirm=True)
    assert loop.since(before) == {"0/gt/detections/0": ("cat", ...)}


def test_dest_field(filled: Loop, caplog: pytest.LogCaptureFixture) -> None:
    annotate(filled)
    before = filled.documents()
    filled.cvat.move(filled.cvat.shape(0))
    with caplog.at_level("INFO"):
        filled.dataset.load_annotations("run", dest_field="human")
    assert "copied into 'human'" in caplog.text
    assert {path.split("/")[1] for path in filled.since(before)} == {"human"}
    assert [len(labels) for labels in filled.labels("human")] == [1, 1]
    filled.dataset.load_annotations("run", dest_field={"gt": "other"})
    assert [len(labels) for labels in filled.labels("other")] == [1, 1]


@pytest.mark.parametrize(
    ("said", "kept"), [({}, True), ({"unexpected": "keep"}, True), ({"unexpected": "ignore"}, False)]
)
def test_unexpected(filled: Loop, said: Any, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """FiftyOne's default asks on the terminal; here nothing is asked, and nothing is lost."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    annotate(filled, label_field=None, label_schema={"gt": {}, "lines": {"type": "polylines", "classes": ["road"]}})
    label = filled.cvat.labels()["road"]
    points = [10.0, 10.0, 50.0, 50.0, 90.0, 20.0]
    filled.cvat.write(
        "create", {"frame": 0, "label_id": label["id"], "type": "points", "points": points, "attributes": []}
    )
    filled.dataset.load_annotations("run", **said)
    assert filled.dataset.has_sample_field("keypoints") is kept


def test_a_load_with_a_policy(filled: Loop, caplog: pytest.LogCaptureFixture) -> None:
    """What the engine can do more is said as in the operator; a second call is not answered from what is cached."""
    annotate(filled)
    filled.dataset.load_annotation_results("run")  # FiftyOne caches them, with the arguments of this call
    before = filled.documents()
    sample = filled.dataset.first()
    sample.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    sample.save()
    filled.cvat.move(filled.cvat.shape(0))
    filled.dataset.load_annotations("run", policy="ask")
    assert "Changed here and in CVAT: 1 x; the operator `resolve_conflicts` lists and decides them." in caplog.text
    assert filled.dataset.match_tags("cvat_conflict").count() + filled.dataset.count_label_tags().get(
        "cvat_conflict", 0
    )
    filled.dataset.load_annotations("run", policy="remote")
    assert len(filled.since(before)) > 0


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another backend's": ({"use_zip_chunks": True}, "There is no parameter 'use_zip_chunks'"),
    "a name that is nearly right": ({"segment_sise": 2}, "did you mean 'segment_size'"),
    "a value": ({"image_quality": 0}, "'image_quality' is wrong"),
    "a type of attribute": ({"attributes": {"a": {"type": "occluded"}}}, "unsupported type 'occluded'"),
    "a type of label": ({"label_field": "new", "label_type": "heatmap"}, "unsupported label type 'heatmap'"),
    "a key": ({"anno_key": "not a key"}, "'anno_key' is wrong"),
    "a part of labels": (
        {"label_field": "gt.detections.label"},
        "a part of the labels of 'gt'; annotate the field 'gt'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_apply_is_refused_by_name(filled: Loop, case: str) -> None:
    params, sentence = REFUSED[case]
    with pytest.raises(Exception, match=sentence):
        annotate(filled, **params)
    assert filled.dataset.list_annotation_runs() == [] and filled.cvat.find("tasks") == []


NOT_LOADED: dict[str, tuple[dict[str, Any], str]] = {
    "unexpected": ({"unexpected": "return"}, "`unexpected='return'` does not apply"),
    "a progress": ({"progress": print}, "`progress` is True, False or None"),
    "a preview": ({"preview": True}, "there is no `preview`"),
    "a cleanup of some": ({"cleanup": True, "states": ["completed"]}, "would delete jobs that `states` leaves"),
    "no parameter": ({"polizy": "ask"}, "did you mean 'policy'"),
    "a field": ({"dest_field": {"none": "x"}}, "none"),
}


@pytest.mark.parametrize("case", NOT_LOADED)
def test_what_a_load_refuses(filled: Loop, case: str) -> None:
    annotate(filled)
    filled.cvat.move(filled.cvat.shape(0))
    before = filled.documents()
    params, sentence = NOT_LOADED[case]
    with pytest.raises(Exception, match=sentence):
        filled.dataset.load_annotations("run", **params)
    assert filled.documents() == before and len(filled.cvat.find("tasks")) == 1
    filled.dataset.load_annotations("run")
    assert len(filled.since(before)) == 1


def test_a_key_that_is_taken(filled: Loop) -> None:
    annotate(filled)
    with pytest.raises(Exception, match="There is a run 'run' already"):
        annotate(filled)
    assert len(filled.cvat.find("tasks")) == 1
    filled.dataset.load_annotations("run")


def test_a_send_that_fails_can_be_resumed(filled: Loop) -> None:
    """What is left is the engine's own: no run of FiftyOne's that nothing knows of."""
    filled.box.faults.add("status", "POST", "/api/tasks$", status=500, times=None)
    with pytest.raises(Exception, match=r"you can send again|Resume the run 'run'"):
        annotate(filled)
    filled.box.faults.clear()
    filled.send(resume=True) if filled.dataset.list_annotation_runs() else annotate(filled)
    filled.cvat.move(filled.cvat.shape(0))
    filled.dataset.load_annotations("run")


def test_cleanup_after_a_load(filled: Loop) -> None:
    annotate(filled)
    filled.cvat.move(filled.cvat.shape(0))
    before = filled.documents()
    filled.dataset.load_annotations("run", cleanup=True)
    assert len(filled.since(before)) == 1
    assert filled.cvat.find("tasks") == [] and filled.dataset.list_annotation_runs() == ["run"]


def test_no_cleanup_of_what_was_not_loaded(filled: Loop) -> None:
    """Conflicts that nobody has decided are in CVAT only."""
    annotate(filled)
    sample = filled.dataset.first()
    sample.gt.detections[0].bounding_box = [0.5, 0.5, 0.1, 0.1]
    sample.save()
    filled.cvat.move(filled.cvat.shape(0))
    with pytest.raises(Exception, match="its tasks stay in CVAT: 1 conflicts are open"):
        filled.dataset.load_annotations("run", policy="ask", cleanup=True)
    assert len(filled.cvat.find("tasks")) == 1


def test_no_cleanup_of_what_is_only_in_cvat(filled: Loop, caplog: pytest.LogCaptureFixture) -> None:
    """A new box that the schema does not allow is in CVAT only; whoever wants to lose it says so."""
    annotate(filled, allow_additions=False)
    filled.cvat.draw("cat", 1)
    with pytest.raises(Exception, match="1 objects are only there"):
        filled.dataset.load_annotations("run", cleanup=True)
    assert "Only in CVAT: 1 x rectangle 'cat'" in caplog.text
    filled.dataset.load_annotation_results("run").cleanup()
    assert filled.cvat.find("tasks") == []


def test_a_video(loop: Loop, opened: list[str]) -> None:
    videos = Videos(loop)
    videos.add(video(6, lambda n: [box(0.02 * n, index=1)]))
    results = videos.dataset.annotate("run", label_field=FIELD, backend="roundtrip")
    assert results.get_status()["labels"] == 6
    before = videos.frames()
    videos.dataset.load_annotations("run")
    assert videos.frames() == before
    clips = videos.dataset.to_clips([[[1, 3]]]).annotate("two", label_field=FIELD, backend="roundtrip")
    assert clips.get_status()["labels"] == 3
    videos.dataset.load_annotations("two")
    assert videos.frames() == before


def test_by_the_class_and_under_another_name(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """FiftyOne takes a class as backend, too. A login under another name would not be found by a load."""
    said = dict(fo.annotation_config.backends["roundtrip"])
    results = annotate(filled, backend=BackendConfig)
    with results as opened_results:
        assert [task.id for task in opened_results.connect_to_api().client.tasks()] == [1]
    assert results.backend.connect_to_api().client.tasks()
    monkeypatch.setitem(fo.annotation_config.backends, "mine", said)
    with pytest.raises(Exception, match="is called 'roundtrip', not 'mine'"):
        annotate(filled, anno_key="two", backend="mine")


def test_what_is_left_out_is_said(filled: Loop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        annotate(filled, classes=["cat"])
        filled.cvat.move(filled.cvat.shape(0))
        filled.dataset.load_annotations("run")
    assert "Left out: gt: labels of class 'dog'" in caplog.text
    assert "Labels: 0 added, 1 changed, 0 deleted" in caplog.text


def test_connect_to_api(filled: Loop) -> None:
    with foua.connect_to_api("roundtrip") as api:
        assert api.url == filled.box.url and api.client.tasks() == []


def test_the_login_of_the_config(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts without any variable, and goes to no other address than its own."""
    for name in ("URL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"FIFTYONE_CVAT_{name}")
    said = fo.annotation_config.backends["roundtrip"]
    login = {"url": filled.box.url, "username": "admin", "password": "admin"}
    monkeypatch.setitem(fo.annotation_config.backends, "roundtrip", {**said, **login})
    annotate(filled)
    filled.dataset.load_annotations("run")
    with pytest.raises(Exception, match="is not sent elsewhere"):
        annotate(filled, anno_key="two", url="http://127.0.0.1:9")
    stored = list(fo.core.odm.get_db_conn().runs.find({"key": "run"}))
    assert stored and "password" not in str(stored)


def test_a_login_of_the_call_is_kept_nowhere(filled: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIFTYONE_CVAT_PASSWORD")
    annotate(filled, password="admin")
    with pytest.raises(Exception, match="no credentials"):
        filled.dataset.load_annotations("run")
    filled.dataset.load_annotations("run", password="admin")
    assert "run" not in filled.dataset._annotation_cache
    results = filled.dataset.load_annotation_results("run", password="admin")
    assert results.get_status()["tasks"]
    with pytest.raises(Exception, match="can't be saved"):
        results.save_config()
    results.save()
    stored = list(fo.core.odm.get_db_conn().runs.find({"key": "run"}))
    assert stored and "password" not in str(stored)
