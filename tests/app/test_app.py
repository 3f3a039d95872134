"""The round trip as a person makes it: in the App, in a browser."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox import Sandbox

from .annotator import Annotator
from .boxes import boxes, check_edits
from .driver import LIGHT, App

if TYPE_CHECKING:
    import fiftyone as fo

SEND = "@roundtrip/cvat/send_to_cvat"
LONG = "the_day_shift_of_a_long_name_which_is_one_word_that_a_panel_of_half_the_window_has_no_room_for"


@pytest.fixture
def run(plugin: ModuleType, cvat: Sandbox, dataset: fo.Dataset) -> dict[str, Any]:
    """A run of three samples that was sent before the App was opened."""
    return dict(foo.get_operator(SEND)(dataset[:3], anno_key="night_shift", label_field="ground_truth"))


def test_selection_is_sent(app: App, cvat: Sandbox, dataset: fo.Dataset, annotator: Annotator) -> None:
    chosen = [0, 1, 3]
    app.select(*chosen)
    samples = list(dataset)
    labels = sum(len(samples[number].ground_truth.detections) for number in chosen)
    classes = sorted({label.label for sample in samples for label in sample.ground_truth.detections})

    form = app.press_send()
    expect(form.root.get_by_role("alert")).to_have_text(f"CVAT 2.54.1 at {cvat.url}, logged in as admin")
    expect(form.root.get_by_label("The 3 samples selected")).to_be_checked()
    expect(form.chips("Label fields")).to_have_text(["ground_truth"])
    expect(form.chips("Classes")).to_have_text(classes)
    expect(app.load_button).to_have_count(0)  # there is nothing to load yet
    form.settle()
    app.shoot("send_form", document=True)
    form.submit("Send")

    sentence = f"Sent 3 samples with {labels} labels to CVAT, in 1 task."
    app.toast(sentence)
    result = app.result(sentence)
    expect(result.get_by_role("link")).to_have_attribute("href", f"{cvat.url}/tasks/1")
    app.wait_for_grid(len(dataset))
    with app.page.expect_popup() as opened:  # the person's way to CVAT
        result.get_by_role("link").click()
    check_job_page(opened.value, app)
    app.wait_for_grid(len(dataset))
    app.shoot("sent", document=True)
    result.get_by_role("button", name="Load annotations").click()  # from here to what is loaded: two clicks
    form = app.form()
    expect(form.field("Run").get_by_role("combobox")).to_have_text("cvat")
    form.submit("Load")
    app.result(f"Nothing changed: {labels} labels are as they were.")
    app.close_result()
    expect(app.load_button).to_be_visible()

    dataset.reload()
    assert dataset.list_annotation_runs() == ["cvat"]
    assert dataset.load_annotation_view("cvat").values("id") == [samples[number].id for number in chosen]
    assert [task["size"] for task in annotator.tasks()] == [3]
    assert len(annotator.shapes()) == labels


def check_job_page(page: Page, app: App) -> None:
    """Checks that the link of a result leads to where people annotate."""
    page.get_by_text("not CVAT").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=app.shots / "sandbox.png")
    page.close()


def test_panel_goes_along(app: App, cvat: Sandbox, dataset: fo.Dataset) -> None:
    panel = app.open_panel()
    headline = panel.root.get_by_text("No run yet", exact=True)
    icon = panel.root.locator("img")
    app.wait_until(lambda: abs(middle(icon) - middle(headline)) < 2, "the icon is above the middle of the headline")
    app.shoot("panel_empty")
    app.select(0, 1)
    panel.root.get_by_role("button", name="Send to CVAT").click()
    app.form().submit("Send")
    panel.said("Sent 2 samples")  # where the panel is, without a dialog
    expect(panel.card("cvat")).to_contain_text("2 samples")
    expect(panel.card("cvat")).to_contain_text("loaded never")
    expect(panel.card("cvat")).to_contain_text("0 of 1 job completed (1 new)")
    expect(panel.root.get_by_role("link", name=f"{dataset.name} / cvat")).to_have_attribute(
        "href", f"{cvat.url}/tasks/1"
    )
    app.wait_for_grid(len(dataset))
    app.page.set_viewport_size({"width": 1440, "height": 1000})
    app.check_width(panel.root, 650)
    app.shoot("panel")
    panel.step("cvat", "Jobs")
    expect(panel.root.get_by_role("row", name="annotation new")).to_be_visible()
    expect(panel.root.get_by_role("button", name="Show its jobs")).to_have_count(0)  # they are here
    app.check_width(panel.root, 650)
    app.shoot("panel_jobs", document=True)


def middle(shown: Locator) -> float:
    """Where something is from left to right, in pixels."""
    box = shown.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


def test_the_panel_loads_with_a_click_and_undoes_with_one(
    run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator
) -> None:
    app.page.set_viewport_size({"width": 1440, "height": 1000})
    panel = app.open_panel()
    before = boxes(dataset)
    corners = annotator.edit()
    seen = app.look_at_first_sample()
    panel.step("night_shift", "Load")  # the one click
    panel.said("Added 1, changed 2, deleted 1 label.")
    app.wait_for_grid(len(dataset))
    app.wait_until(lambda: app.look_at_first_sample() != seen, "the grid shows the new boxes")
    expect(panel.card("night_shift")).not_to_contain_text("never")
    app.check_width(panel.root, 650)
    app.shoot("panel_loaded")
    after = boxes(dataset)
    check_edits(before, after, corners)
    panel.root.get_by_role("button", name="Details").click()
    field = app.page.get_by_role("cell", name="ground_truth", exact=True)
    row = panel.root.get_by_role("row").filter(has=field)
    expect(row.get_by_role("cell")).to_have_text(["ground_truth", "1", "2", "1", str(run["labels"] - 3)])
    app.shoot("loaded", document=True)
    panel.root.get_by_role("button", name="All runs").click()
    panel.root.get_by_role("button", name="Show the 1 changed sample").click()
    expect(app.samples).to_have_count(1)
    panel.root.get_by_role("button", name="Back to the view before").click()
    expect(app.samples).to_have_count(len(dataset))
    panel.root.get_by_role("button", name="Undo", exact=True).click()
    panel.said("Load 1 is undone")
    expect(panel.card("night_shift")).to_contain_text("undone")
    app.shoot("panel_undone")
    assert boxes(dataset) == before
    app.wait_until(lambda: app.look_at_first_sample() == seen, "the grid shows the boxes of before")


@LIGHT
def test_row_actions(run: dict[str, Any], app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    panel = app.open_panel()
    panel.act("night_shift", "View samples")
    expect(app.samples).to_have_count(3)
    app.shoot("view")

    panel.act("night_shift", "Info")
    expect(panel.root).to_contain_text(f"night_shift: sent, 3 samples, {run['labels']} labels")
    app.shoot("info")
    panel.root.get_by_role("button", name="All runs").click()

    panel.act("night_shift", "Rename")
    form = app.form()
    form.fill("New name", "night shift")
    expect(form.root).to_contain_text("Use letters, digits and underscores, and no digit first.")
    expect(form.button("Rename")).to_be_disabled()
    form.settle()
    app.shoot("rename_refused")
    form.fill("New name", LONG)
    form.submit("Rename")
    app.toast(f"The run 'night_shift' is now '{LONG}'.")
    panel.card(LONG).wait_for()
    app.check_width(panel.root, 650)
    app.shoot("renamed")

    panel.act(LONG, "Delete")
    form = app.form()
    form.switch("Delete its tasks in CVAT too")
    app.shoot("delete_form")
    form.submit("Delete")
    app.result(f"The run '{LONG}'")
    app.close_result()
    expect(panel.root).to_contain_text("No run yet")
    app.shoot("deleted")
    dataset.reload()
    assert dataset.list_annotation_runs() == []
    assert annotator.tasks() == []


def test_new_field(app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    app.select(0)
    form = app.press_send()
    form.switch("Annotate a new field")
    form.fill("Name of the new field", "ground_truth")
    expect(form.root).to_contain_text("The dataset has a field of this name; choose it above.")
    expect(form.root).to_contain_text("Give at least one class.")
    form.settle()
    app.shoot("new_field_refused")
    form.fill("Name of the new field", "signs")
    form.choose("Type", "polylines")
    form.add("Classes", "stop", "give way")
    form.settle()
    app.shoot("new_field", document=True)
    form.submit("Send")
    app.result("Sent 1 sample")
    assert {label["name"] for label in annotator.labels(1)} > {"car", "stop", "give way"}


def test_attributes(app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    app.select(0)
    form = app.press_send()
    form.switch("Edit the attributes")
    color = form.item(0)
    expect(color.field("Name").locator("input")).to_have_value("color")
    color.choose("Widget", "Choice (list)")
    color.add("Values", "red", "green")
    form.settle()
    app.shoot("attributes", document=True)
    form.button("Add attributes").click()
    added = form.item(5)
    added.fill("Name", "seen_by")
    added.choose("Widget", "Number")
    added.add("Values", "0", "10", "1")
    expect(form.root.get_by_label("Same in all frames of a video")).to_have_count(0)  # these are images
    form.settle()
    app.shoot("attribute_added")
    form.submit("Send")
    app.result("Sent 1 sample")
    (car,) = (label for label in annotator.labels(1) if label["name"] == "car")
    specs = {item["name"]: item for item in car["attributes"]}
    assert list(specs) == ["color", "moving", "parked", "plate", "speed", "seen_by"]
    assert (specs["color"]["input_type"], specs["color"]["values"][-2:]) == ("select", ["red", "green"])
    assert (specs["seen_by"]["input_type"], specs["seen_by"]["values"]) == ("number", ["0", "10", "1"])
    assert specs["seen_by"]["mutable"]


@LIGHT
def test_no_way_in(app: App, cvat: Sandbox) -> None:
    for user in cvat.store.users.values():
        user.password = "changed"
    check_refusal(app, f"CVAT at {cvat.url} did not accept the password of 'admin'", "wrong_password")
    cvat.close()
    check_refusal(app, f"CVAT at {cvat.url} cannot be reached", "no_server")


def check_refusal(app: App, sentence: str, picture: str) -> None:
    """Checks that the form says in a sentence why nothing can be sent, and sends nothing."""
    form = app.press_send()
    notice = form.root.get_by_role("alert")
    expect(notice).to_contain_text(sentence)
    expect(form.chips("Classes").first).to_be_visible()
    expect(form.button("Send")).to_be_disabled()
    expect(form.root).not_to_contain_text("Traceback")
    app.shoot(picture)
    form.cancel()
