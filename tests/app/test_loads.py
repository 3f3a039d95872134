"""Loads that are looked at before, decided about and taken back, in the App."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
import pytest
from playwright.sync_api import expect

from sandbox import Sandbox

from .annotator import Annotator
from .boxes import boxes, check_edits
from .driver import LIGHT, App

if TYPE_CHECKING:
    import fiftyone as fo

URI = "@roundtrip/cvat"


@pytest.fixture
def run(plugin: ModuleType, cvat: Sandbox, dataset: fo.Dataset) -> dict[str, Any]:
    """A run of three samples that was sent before the App was opened."""
    send = foo.get_operator(f"{URI}/send_to_cvat")
    return dict(send(dataset[:3], anno_key="night_shift", label_field="ground_truth"))


def empty(annotator: Annotator, job: int = 1) -> int:
    """Somebody deletes everything in a job; how much it was."""
    shapes = annotator.shapes(job)
    body = {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
    annotator.ask("PATCH", f"jobs/{job}/annotations", params={"action": "delete"}, json=body)
    return len(shapes)


def test_a_load_is_looked_at_and_taken_back(
    run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator
) -> None:
    before = boxes(dataset)
    corners = annotator.edit()
    form = app.browse("Load annotations")
    form.switch("More options")
    app.shoot("load_options")
    form.switch_off("More options")
    form.switch("Show what would change")
    expect(form.root).to_contain_text("This would add 1, change 2 and delete 1 label.")
    expect(form.root.locator("a[href^='?id='] img[src^='data:image/jpeg']")).to_have_count(4)
    form.settle()
    app.shoot("preview_counts")
    form.root.get_by_role("button", name="View the").scroll_into_view_if_needed()
    app.shoot("preview", document=True)
    assert boxes(dataset) == before
    form.root.get_by_role("button", name="View the").click()
    app.toast("The grid shows 1 of")
    expect(app.samples).to_have_count(1)
    form.root.get_by_role("button", name="Back to the view before").click()
    app.toast("The grid shows your view again.")
    expect(app.samples).to_have_count(10)
    form.submit("Load")
    app.result("Added 1, changed 2, deleted 1 label.")
    app.shoot("loaded_after_preview")
    app.close_result()
    after = boxes(dataset)
    check_edits(before, after, corners)

    kept = next(key for key in after if key in before and after[key] != before[key])
    edit(dataset, kept, label="bus")
    form = app.browse("Undo a CVAT load")
    expect(form.root).to_contain_text("1 added, 2 changed, 1 label deleted")
    form.settle()
    app.shoot("undo_form")
    form.submit("Undo")
    result = app.result("Load 1 is undone")
    expect(result).to_contain_text("1 label was edited since and is left as you have it now")
    app.shoot("undo", document=True)
    result.get_by_role("button", name="View the 1 sample with labels that were kept").click()
    app.close_result()
    expect(app.samples).to_have_count(1)
    app.shoot("undone_view")
    now = boxes(dataset)
    assert now.pop(kept).label == "bus"
    assert now == {key: label for key, label in before.items() if key != kept}

    form = app.browse("CVAT load history")
    expect(form.root.get_by_role("cell", name="undone")).to_be_visible()
    form.settle()
    app.shoot("history", document=True)
    with app.page.expect_download() as download:
        form.submit("Save")
    assert download.value.suggested_filename == "night_shift_loads.csv"
    assert "undone" in download.value.path().read_text()
    form.root.wait_for(state="hidden")


def test_a_sample_that_was_opened_shows_what_was_loaded(
    run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator
) -> None:
    before = app.look_into_sample(0)
    labels = boxes(dataset)
    corners = annotator.edit()
    form = app.browse("Load annotations")
    expect(form.field("Run").get_by_role("combobox")).to_have_text("night_shift")
    form.submit("Load")
    app.result("Added 1, changed 2, deleted 1 label.")
    app.close_result()
    check_edits(labels, boxes(dataset), corners)
    loaded = app.look_into_sample(0)

    panel = app.open_panel()
    panel.act("night_shift", "Undo the last load")
    app.form().submit("Undo")
    panel.said("Load 1 is undone")
    undone = app.look_into_sample(0)
    for name, picture in ("before", before), ("loaded", loaded), ("undone", undone):
        picture.save(app.shots / f"{name}.png")
    assert loaded != before
    assert undone == before


def edit(dataset: fo.Dataset, label_id: str, **values: Any) -> None:
    """Somebody edits a label in FiftyOne."""
    for sample in dataset:
        for label in sample.ground_truth.detections:
            if label.id == label_id:
                for name, value in values.items():
                    label[name] = value
        sample.save()


@LIGHT
def test_a_load_that_would_delete_all_is_confirmed(
    run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator
) -> None:
    number = empty(annotator)
    app.browse("Load annotations").submit("Load")
    form = app.form()
    expect(form.root).to_contain_text(f"Load although it deletes {number} of {number} labels")
    expect(form.button("Load")).to_be_disabled()
    app.shoot("cautions")
    form.switch(f"Load although it deletes {number}")
    form.switch("Load although CVAT has nothing any more in job 1")
    form.submit("Load")
    app.result(f"Added 0, changed 0, deleted {number} labels.")


@pytest.fixture
def clashing(run: dict[str, Any], dataset: fo.Dataset, annotator: Annotator) -> list[str]:
    """The cars of the first sample were changed both here and in CVAT, and left alone by a load; their ids."""
    numbers = {label["name"]: label["id"] for label in annotator.labels(1)}
    shapes = [shape for shape in annotator.shapes() if (shape["label_id"], shape["frame"]) == (numbers["car"], 0)]
    for shape in shapes:
        shape.update(label_id=numbers["person"], attributes=[])
    body = {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
    annotator.ask("PATCH", "jobs/1/annotations", params={"action": "update"}, json=body)
    cars = [label.id for label in dataset.first().ground_truth.detections if label.label == "car"]
    for key in cars:
        edit(dataset, key, label="bus")
    foo.get_operator(f"{URI}/load_annotations")(dataset, "night_shift", policy="ask")
    return cars


def test_conflicts_are_resolved_one_by_one(clashing: list[str], app: App, dataset: fo.Dataset) -> None:
    before = app.look_into_sample(0)
    form = app.browse("Resolve CVAT conflicts")
    expect(form.root).to_contain_text("2 labels were changed both here and in CVAT, and left alone.")
    app.shoot("conflicts_form")
    form.submit("Start")
    panel = app.page.locator("[data-cy=panel-content-cvat]")
    expect(panel).to_contain_text("Conflict 1 of 2 in the run night_shift")
    expect(panel.locator("img[src^='data:image/png']")).to_be_visible()
    expect(panel.get_by_role("row", name="class car → bus car → person")).to_be_visible()
    app.page.set_viewport_size({"width": 1440, "height": 1000})
    app.check_width(panel, 650)
    app.shoot("conflicts", document=True)
    grid = app.look_at_first_sample()
    for key in "nnbcm":  # faster than answers come: to the second label, which becomes CVAT's; the first stays
        app.page.keyboard.press(key)
    expect(panel).to_contain_text("Nothing is left to decide.")
    app.shoot("conflicts_none")
    app.wait_until(lambda: app.look_at_first_sample() != grid, "the grid shows what was decided")
    assert app.look_into_sample(0) != before, "the sample that was opened shows what was decided"
    labels = boxes(dataset)
    assert [labels[key].label for key in clashing] == ["bus", "person"]
    assert all(labels[key].tags == [] for key in clashing)


@LIGHT
def test_tasks_of_cvat_are_imported(run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    foo.get_operator(f"{URI}/delete_run")(dataset, "night_shift")  # nobody knows any more that FiftyOne made it
    number = len(annotator.shapes())
    form = app.browse("Import from CVAT")
    expect(form.root).to_contain_text("Choose a task or a project.")
    form.pick("Tasks", "(#1, 3 images)")
    form.fill("Field for the labels", "imported")
    form.settle()
    app.shoot("import_form")
    form.switch("Show what would be imported")
    expect(form.root).to_contain_text(f"This would import {number} objects from 1 task.")
    form.settle()
    app.shoot("import_preview")
    form.submit("Import")
    app.result(f"Imported {number} labels on 3 samples from 1 task.")
    app.shoot("imported")
    app.close_result()
    panel = app.open_panel()
    menu = ["Load with options", "Undo the last load", "Plots", "History of loads", "Review comments"]
    assert panel.actions("import")[:5] == menu
    app.shoot("panel_of_an_import")
    panel.act("import", "Review comments")
    expect(panel.root).to_contain_text("Nobody has commented on this run in CVAT")
    app.shoot("comments")
