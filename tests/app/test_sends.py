"""Sends that take long, in the App: looked at before, followed, stopped, resumed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
import pytest
from playwright.sync_api import expect

from sandbox import Sandbox

from .annotator import Annotator
from .driver import LIGHT, App

if TYPE_CHECKING:
    import fiftyone as fo

SEND = "@roundtrip/cvat/send_to_cvat"


def send(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """A send from Python."""
    return dict(foo.get_operator(SEND)(dataset, label_field="ground_truth", **params))


@pytest.fixture
def interrupted(plugin: ModuleType, cvat: Sandbox, dataset: fo.Dataset) -> str:
    """The key of a run whose send failed before the App was opened."""
    fault = cvat.faults.add("status", "PATCH", "/annotations", status=500, nth=2, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        send(dataset[:6], anno_key="night_shift", task_size=3)
    fault.times = 0
    return "night_shift"


@contextmanager
def under_way(cvat: Sandbox, dataset: fo.Dataset, key: str) -> Iterator[None]:
    """A send by somebody else, which waits for CVAT as long as this block lasts."""
    thread = threading.Thread(target=_send_or_stop, args=(dataset, key))
    with cvat.hold_creations():
        thread.start()
        yield
    thread.join()


def _send_or_stop(dataset: fo.Dataset, key: str) -> None:
    with suppress(Exception):
        send(dataset, anno_key=key, task_size=5)


@LIGHT
def test_an_interrupted_run_is_resumed(interrupted: str, app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    panel = app.open_panel()
    expect(panel.card(interrupted)).to_contain_text("interrupted")
    expect(panel.root).to_contain_text("internal error (500)")
    expect(panel.card(interrupted).get_by_role("button", name="Load what is complete")).to_be_visible()
    menu = ["Load with options", "Plots", "When to load by itself", "Resume with options", "View samples", "Info"]
    assert panel.actions(interrupted) == [*menu, "Delete"]
    app.shoot("interrupted")
    panel.act(interrupted, "Resume with options")
    form = app.form()
    expect(form.root.get_by_role("alert")).to_contain_text("internal error (500)")
    form.settle()
    app.shoot("resume_form")
    form.cancel()

    panel.step(interrupted, "Resume")
    labels = sum(len(sample.ground_truth.detections) for sample in dataset[:6])
    panel.said(f"Sent 6 samples with {labels} labels to CVAT, in 2 tasks.")
    expect(panel.card(interrupted)).to_contain_text("0 of 2 jobs completed (2 new)")
    menu = ["Load with options", "Plots", "When to load by itself", "Send changed labels", "Add samples"]
    assert panel.actions(interrupted) == [*menu, "View samples", "Info", "Rename", "Delete"]
    assert len(annotator.tasks()) == 2


def test_a_send_is_followed_and_stopped(interrupted: str, app: App, cvat: Sandbox, dataset: fo.Dataset) -> None:
    panel = app.open_panel()
    panel.card(interrupted).wait_for()
    with under_way(cvat, dataset, "day_shift"):
        expect(panel.card("day_shift")).to_contain_text("sending, ")  # without a click
        expect(panel.card("day_shift").get_by_role("progressbar")).to_be_visible()
        expect(panel.card("day_shift")).to_contain_text("CVAT is preparing")
        assert panel.actions("day_shift") == ["View samples", "Info"]
        app.shoot("panel_sending", document=True)
        panel.step("day_shift", "Stop")
        app.toast("The run 'day_shift' stops within some seconds.")
        expect(panel.card("day_shift")).to_contain_text("interrupted")
    expect(panel.card("day_shift")).to_contain_text("Stopped.")
    expect(panel.card("day_shift").get_by_role("progressbar")).to_have_count(0)
    app.shoot("stopped")


def test_more_options_and_a_look_ahead(app: App, cvat: Sandbox, dataset: fo.Dataset, annotator: Annotator) -> None:
    form = app.press_send()
    form.switch("More options")
    form.choose("Task assignee", "annotator1")
    form.fill("Project", "streets")
    expect(form.root).to_contain_text("There is no project of this name yet: it will be made.")
    expect(form.root).not_to_contain_text("What is missing")
    form.fill("Images in a task", "6")
    form.fill("Images in a job", "2")
    form.add("Job assignees", "annotator1", "annotator2")
    form.field("Job assignees").scroll_into_view_if_needed()
    form.settle()
    app.shoot("options", document=True)

    form.switch("Show what would be sent")
    labels = sum(len(sample.ground_truth.detections) for sample in dataset)
    expect(form.root).to_contain_text(f"with {labels} labels, in 2 tasks with 5 jobs.")
    form.settle()
    form.root.get_by_role("table").last.scroll_into_view_if_needed()
    app.shoot("look_ahead", document=True)
    assert annotator.tasks() == []
    dataset.reload()
    assert dataset.list_annotation_runs() == []
    form.fill("Images in a task", "5")
    expect(form.root).to_contain_text("in 2 tasks with 6 jobs.")
    form.fill("Images in a task", "6")
    expect(form.root).to_contain_text("in 2 tasks with 5 jobs.")

    form.submit("Send")
    app.result(f"Sent 10 samples with {labels} labels to CVAT, in 2 tasks.")
    tasks = annotator.tasks()
    assert sorted(task["size"] for task in tasks) == [4, 6]
    assert {task["assignee"]["username"] for task in tasks} == {"annotator1"}
    assert len({task["project_id"] for task in tasks}) == 1
    jobs = annotator.ask("GET", "jobs", params={"page_size": 100})["results"]
    assert sorted(job["assignee"]["username"] for job in jobs) == ["annotator1"] * 3 + ["annotator2"] * 2


def test_images_that_cvat_has_and_one_that_nobody_has(
    app: App, cvat: Sandbox, dataset: fo.Dataset, annotator: Annotator, tmp_path: Path
) -> None:
    folder = Path(dataset.first().filepath).parent
    cvat.add_cloud_storage("street-pictures", folder)
    form = app.press_send()
    form.switch("More options")
    form.choose("Images", "CVAT has them on its file share")
    form.field("Folder or address here").scroll_into_view_if_needed()
    app.shoot("share")
    form.choose("Images", "CVAT has them in a cloud storage")
    form.field("Cloud storage in CVAT").scroll_into_view_if_needed()
    form.settle()
    app.shoot("cloud_storage")
    form.submit("Send")
    app.result("Sent 10 samples")
    assert [task["size"] for task in annotator.tasks()] == [10]
    app.close_result()

    app.press_send().settle()
    lost = dataset.first()  # while the form is open
    lost.filepath = str(tmp_path / "lost.jpg")
    lost.save()
    app.form().submit("Send")
    app.result("It did not work. 1 of 10 images can't be sent").get_by_role(
        "button", name="Open the form again"
    ).click()
    form = app.form()
    expect(form.root).to_contain_text("1 of 10 images can't be sent")
    expect(form.root).to_contain_text("lost.jpg is missing")
    expect(form.button("Send")).to_be_disabled()
    app.shoot("bad_files")
    form.settle()
    form.root.get_by_label("Send the others").click()
    form.submit("Send")
    app.result("1 sample was not sent; it has the tag not_sent_to_cvat.")
    app.shoot("left_out")
