"""Runs and tasks that were made elsewhere, in the App: the built-in integration's, and CVAT's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.operators.imports import form
from fiftyone.plugins.orgs.roundtrip.cvat.operators.shared.safe import safe
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.built_in_runs import SENTENCE
from operators_app import Dialog, Shown, invalid, properties, reopened
from panels_app import Panel
from sync_imports import Elsewhere
from sync_loop import Loop, operator


@pytest.fixture
def builtin(filled: Loop) -> Loop:
    """A run that FiftyOne's built-in integration sent, of which a class was changed in CVAT."""
    login = {"url": filled.box.url, "username": "admin", "password": "admin"}
    results = filled.dataset.annotate("old", backend="cvat", label_field="gt", **login)
    task = int(results.task_ids[0])
    filled.cvat.relabel(filled.cvat.shape(0, task=task), "dog", task=task)
    filled.dataset._annotation_cache.clear()
    return filled


def test_a_builtin_run_is_offered_with_what_does_not_apply(builtin: Loop) -> None:
    builtin.send()
    dialog = Dialog(builtin, "load_annotations")
    form = dialog.accept_defaults()
    choices = properties(form)["anno_key"]["view"]["choices"]
    assert [choice["value"] for choice in choices] == ["run", "old"]
    assert choices[1]["description"] == "2 samples, gt, sent by FiftyOne's built-in integration"
    assert "foreign" not in properties(form)
    form = dialog.fill(anno_key="old")
    assert properties(form)["foreign"]["view"]["label"] == SENTENCE
    assert not {"policy", "more", "preview"} & set(properties(form))
    assert invalid(form) == {}


def test_a_builtin_run_alone_is_loaded(builtin: Loop) -> None:
    dialog = Dialog(builtin, "load_annotations")
    assert "foreign" in properties(dialog.accept_defaults())
    shown = dialog.run()
    assert shown.notice == ("success", "Loaded the run old with FiftyOne's own code: 2 labels now, 2 before.")
    assert "| gt | 2 | 2 |" in shown.output
    assert SENTENCE in shown.output
    assert [label.label for labels in builtin.labels() for label in labels] == ["dog", "dog"]


def test_a_builtin_run_from_python(builtin: Loop) -> None:
    load = operator("load_annotations")
    with pytest.raises(Exception, match=r"'preview' can't be said of the run 'old'.*Nothing was changed"):
        load(builtin.dataset, "old", preview=True)
    assert load(builtin.dataset, "old")["fields"] == {"gt": {"before": 2, "after": 2}}


def test_the_panel_lists_builtin_runs(builtin: Loop) -> None:
    panel = Panel(builtin, "cvat")
    assert panel.state["cards"] == []
    assert "- **old**: 2 samples, gt, sent by FiftyOne's built-in integration" in panel.state["foreign"]
    assert "foreign_text" in panel.shown


def test_a_panel_without_builtin_runs_says_nothing(filled: Loop) -> None:
    assert "foreign_text" not in Panel(filled, "cvat").shown


@pytest.fixture
def annotated(loop: Loop) -> Loop:
    """Three samples, and a task of their images with three objects that somebody drew in CVAT."""
    loop.fill(None, None, None)
    Elsewhere(loop).annotate()
    return loop


def opened(loop: Loop, **params: Any) -> Dialog:
    dialog = Dialog(loop, "import_from_cvat", **params)
    dialog.accept_defaults()
    return dialog


def again(loop: Loop, shown: Shown) -> Dialog:
    return opened(loop, **reopened(loop, shown, "import_from_cvat"))


def test_import(annotated: Loop) -> None:
    dialog = opened(annotated)
    assert invalid(dialog.form()) == {"tasks": "Choose a task or a project."}
    assert invalid(dialog.fill(tasks=["one"]))["tasks"].startswith("'one' is no task. Choose one of the list")
    assert invalid(dialog.fill(tasks=["1"], label_field="boxes")) == {}
    shown = dialog.run()
    assert shown.notice == ("success", "Imported 3 labels on 3 samples from 1 task.")
    assert "| boxes | 3 | 0 | 0 | 0 |" in shown.output
    assert annotated.dataset.list_annotation_runs() == ["import"]
    assert [len(labels) for labels in annotated.labels("boxes")] == [1, 2, 0]
    assert operator("load_annotations")(annotated.dataset, "import")["unchanged"] == 3


def test_an_import_is_told_from_a_send(annotated: Loop) -> None:
    operator("import_from_cvat")(annotated.dataset, "run", tasks=1, label_field="boxes")
    (card,) = Panel(annotated, "cvat").state["cards"]
    assert "imported" in card["title"] and "labels" not in card["facts"]
    info = Dialog(annotated, "run_info", anno_key="run").run().result["text"]
    assert info.startswith("**run**: imported, 3 samples\n\n- Imported ")
    form = Dialog(annotated, "delete_run").accept_defaults()
    assert properties(form)["anno_key"]["view"]["choices"][0]["description"] == "3 samples, imported"
    assert "delete_tasks" not in properties(form)
    annotated.fill(None, suffix=".png")
    adding = Dialog(annotated, "add_samples", add_classes=True)  # ticked for another run
    assert "add_classes" not in properties(adding.accept_defaults())
    assert adding.run().notice[0] == "success"


def test_import_is_looked_at_first(annotated: Loop) -> None:
    before = annotated.documents()
    dialog = opened(annotated, tasks=["1"], label_field="boxes", look=True)
    text = properties(dialog.let_load())["preview"]["default"]
    assert annotated.documents() == before
    assert annotated.dataset.list_annotation_runs() == []
    assert text.startswith("**This would import 3 objects from 1 task.** Nothing was changed yet.")
    assert "3 of 3 images match samples by file name." in text
    assert "| boxes | detections |" in text
    assert "preview" not in properties(dialog.fill(label_field="other"))
    assert "| other | detections |" in properties(dialog.let_load())["preview"]["default"]
    assert dialog.form()["view"]["submit_button_label"] == "Import"
    assert dialog.run().notice[0] == "success"


def test_images_that_match_no_sample(annotated: Loop) -> None:
    annotated.dataset.delete_samples(annotated.dataset.last())
    dialog = opened(annotated, tasks=["1"], label_field="boxes")
    kind, sentence = dialog.run().notice
    assert kind == "error"
    assert "1 of 3 frames match no sample" in sentence
    dialog.fill(look=True)
    assert properties(dialog.let_load())["problem"]["view"]["label"] == safe(sentence, 2_000)
    dialog.fill(ignore=True)
    assert "- photo_002.jpg" in properties(dialog.let_load())["preview"]["default"]


def test_tasks_are_offered_by_name(annotated: Loop) -> None:
    """Those that no run of the dataset has."""
    Elsewhere(annotated).annotate()
    dialog = opened(annotated)
    clock = annotated.clock
    tasks = properties(dialog.form())["tasks"]["view"]["choices"]
    assert [(choice["value"], choice["label"]) for choice in tasks] == [
        ("2", "by hand (#2, 3 images)"),
        ("1", "by hand (#1, 3 images)"),
    ]
    dialog.fill(tasks=["2"], label_field="boxes")
    assert annotated.requests(clock) == [], "asked once for a dialog"
    assert dialog.run().notice[0] == "success"
    assert [choice["value"] for choice in properties(opened(annotated).form())["tasks"]["view"]["choices"]] == ["1"]


def test_projects_of_one_name_are_told_apart(annotated: Loop) -> None:
    for _ in "ab":
        annotated.cvat.call("POST", "projects", {"name": "zoo", "labels": []})
    dialog = opened(annotated, project="zoo (#2)")
    kind, sentence = dialog.run().notice
    assert (kind, "has no tasks" in sentence or "no task" in sentence) == ("error", True), sentence


def test_the_whole_dataset_is_looked_through(annotated: Loop) -> None:
    dialog = opened(annotated, view=annotated.dataset.limit(1), selected=[annotated.dataset.first().id])
    assert dialog.request["params"]["target"] == "dataset"
    labels = [choice["label"] for choice in properties(dialog.form())["target"]["view"]["choices"]]
    assert labels == ["The whole dataset", "The current view", "The selected samples"]


def test_samples_are_made(annotated: Loop, tmp_path: Path) -> None:
    annotated.dataset.clear()
    dialog = opened(annotated, tasks=["1"], label_field="boxes")
    assert dialog.request["params"]["create_samples"] is True, "an empty dataset has nothing to match"
    assert "ignore" not in properties(dialog.form())
    assert invalid(dialog.fill(folder="here")) == {"folder": "Give the whole path, from the root on."}
    assert invalid(dialog.fill(folder=str(tmp_path / "new"), sample_fields=["job"])) == {}
    dialog.fill(look=True)
    assert "3 samples would be made, with images in " in properties(dialog.let_load())["preview"]["default"]
    assert not (tmp_path / "new").exists() and len(annotated.dataset) == 0
    annotated.box.faults.add("status", "GET", r"/data\?type=(chunk&number=0|frame&number=2)&", status=500, times=None)
    shown = dialog.run()
    assert shown.notice == ("success", "Made 2 samples. Imported 3 labels on 2 samples from 1 task.")
    assert "**1 image could not be fetched**" in shown.output and "photo_002.jpg" in shown.output
    assert annotated.dataset.values("job") == [1, 1]
    annotated.box.faults.clear()
    dialog = opened(annotated, tasks=["1"], label_field="boxes", anno_key="import", look=True)
    assert "anno_key" in invalid(dialog.form())
    dialog.fill(create_samples=True, folder=str(tmp_path / "new"))
    assert invalid(dialog.form()) == {} and "again" in properties(dialog.form())
    assert dialog.run().notice == ("success", "Made 1 sample. Imported 0 labels on 1 sample.")
    assert len(annotated.dataset) == 3


def test_images_of_ones_own_are_not_fetched(annotated: Loop, tmp_path: Path) -> None:
    """The form says where CVAT has them, and a wrong answer is said at once."""
    annotated.dataset.clear()
    dialog = opened(annotated, tasks=["1"], label_field="boxes", folder=str(tmp_path / "new"), look=True)
    assert "media_prefix" not in properties(dialog.form())
    dialog.fill(media_source="share")
    dialog.accept_defaults()
    for said, problem in (("", "such as /data/images"), ("images", "the whole path"), ("/none", "no such folder")):
        assert problem in invalid(dialog.fill(media_prefix=said))["media_prefix"]
    assert invalid(dialog.fill(media_prefix=str(tmp_path), media_folder="street")) == {}
    text = properties(dialog.let_load())["preview"]["default"]
    assert "3 samples would be made" in text
    dialog.fill(media_source="cloud_storage")
    assert "no_storages" in invalid(dialog.form())
    number = annotated.box.add_cloud_storage("pictures", tmp_path)
    dialog = opened(annotated, tasks=["1"], create_samples=True, folder="/x", media_source="cloud_storage")
    dialog.fill(media_prefix="s3://pictures", media_directory="a")
    assert invalid(dialog.form()) == {}
    assert form.read(dialog.context())["media_map"] == {"s3://pictures": f"{number}:a"}
    dialog.fill(media_source="fetch")
    assert not {"media_map", "media_source", "media_prefix"} & form.read(dialog.context()).keys()
    dialog.fill(media_source="share", create_samples=False)
    assert not {"media_map", "media_source", "media_prefix"} & form.read(dialog.context()).keys()


def test_a_switch_that_is_off_counts(annotated: Loop) -> None:
    dialog = opened(annotated, tasks=["1"], label_field="boxes")
    assert dialog.request["params"]["create_samples"] is False
    dialog.fill(create_samples=True, folder="/nowhere", sample_fields=["job"])
    dialog.fill(create_samples=False)
    assert dialog.run().notice[0] == "success" and annotated.dataset.get_field("job") is None


def test_import_from_python(annotated: Loop) -> None:
    import_ = operator("import_from_cvat")
    found = import_(annotated.dataset, "by_hand", tasks=1, label_field="boxes", dry_run=True)
    assert (found["objects"], found["linked"]) == (3, 3)
    assert annotated.dataset.list_annotation_runs() == []
    report = import_(annotated.dataset, "by_hand", tasks=1, label_field="boxes")
    assert (report["added"], report["imported"]["tasks"]) == (3, [1])
    with pytest.raises(Exception, match="There is no parameter 'taks'; did you mean 'tasks'"):
        import_(annotated.dataset, "other", taks=1)
