"""What people typed in CVAT makes the browser ask nobody but the App and CVAT."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import fiftyone.operators as foo
import pytest
from playwright.sync_api import expect

from sandbox import Sandbox

from .annotator import Annotator
from .driver import App

if TYPE_CHECKING:
    import fiftyone as fo

URI = "@roundtrip/cvat"
HOST = "evil.invalid"
NASTY = f"![p](http://{HOST}/p.png)[y](http://{HOST})"
"""Whoever shows this as Markdown fetches a picture from another server, and leads there. A class has 64 characters."""


@pytest.fixture
def run(plugin: ModuleType, cvat: Sandbox, dataset: fo.Dataset, annotator: Annotator) -> str:
    """An imported run whose names, values, remarks and conflicts all come from an annotator who means harm."""
    send, load = (foo.get_operator(f"{URI}/{name}") for name in ("send_to_cvat", "load_annotations"))
    field = {"type": "detections", "attributes": {"note": {"type": "text"}}}
    send(dataset[:2], anno_key="sent", label_schema={"ground_truth": field})
    foo.get_operator(f"{URI}/delete_run")(dataset, "sent")
    annotator.ask("PATCH", "tasks/1", json={"name": NASTY})
    annotator.ask("PATCH", f"labels/{annotator.labels(1)[0]['id']}", json={"name": NASTY})
    for resolved in (True, False):
        remark = {"job": 1, "frame": 0, "position": [1.0, 1.0], "message": NASTY, "resolved": resolved}
        annotator.ask("POST", "issues", json=remark)
    foo.get_operator(f"{URI}/import_from_cvat")(dataset, "import", tasks=[1], label_field="imported")
    change(annotator, NASTY, NASTY)
    sample = dataset.first()
    for label in sample.imported.detections:
        label.label, label["note"] = "car", "mine"
    sample.save()
    load(dataset, "import", policy="ask")
    change(annotator, f"{NASTY} again", NASTY)
    return "import"


def change(annotator: Annotator, note: str, name: str) -> None:
    """Writes a note at every box of the first frame, and gives it the class of this name."""
    number = next(label["id"] for label in annotator.labels(1) if label["name"] == name)
    specs = {label["id"]: label["attributes"][0]["id"] for label in annotator.labels(1) if label["attributes"]}
    shapes = [shape for shape in annotator.shapes() if shape["frame"] == 0]
    for shape in shapes:
        shape.update(label_id=number, attributes=[{"spec_id": specs[number], "value": note}])
    body = {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
    annotator.ask("PATCH", "jobs/1/annotations", params={"action": "update"}, json=body)


def test_nothing_asks_another_host(run: str, app: App, cvat: Sandbox) -> None:
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    panel = app.open_panel()
    panel.card(run).wait_for()
    expect(panel.root).to_contain_text("![p](http")
    check_links(app, cvat)
    app.shoot("panel")
    panel.act(run, "Info")
    expect(panel.root).to_contain_text(f"{run}: imported")
    expect(panel.root).to_contain_text(HOST)
    check_links(app, cvat)
    app.shoot("info")
    panel.root.get_by_role("button", name="All runs").click()
    panel.act(run, "Review comments")
    expect(panel.root.get_by_role("row").filter(has_text=HOST).first).to_be_visible()
    check_links(app, cvat)
    app.shoot("comments")
    form = app.browse("Resolve CVAT conflicts")
    form.submit("Start")
    form.root.wait_for(state="hidden")
    expect(app.page.locator("[data-cy=panel-content-cvat]")).to_contain_text(HOST)
    check_links(app, cvat)
    app.shoot("conflicts")
    form = app.browse("Load annotations")
    form.switch("Show what would change")
    expect(form.root).to_contain_text("This would")
    form.settle()
    check_links(app, cvat)
    app.shoot("preview")
    allowed = {urlsplit(app.address).netloc, urlsplit(cvat.url).netloc}
    foreign = {url for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    assert {url for url in foreign if urlsplit(url).netloc not in allowed} == set()


def check_links(app: App, cvat: Sandbox) -> None:
    """No link or picture of the page leads to the annotator's server."""
    found = app.page.evaluate("() => [...document.querySelectorAll('a, img')].map(e => e.href || e.src)")
    assert [address for address in found if HOST in address] == []
