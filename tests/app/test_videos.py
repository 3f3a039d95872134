"""A clip goes to CVAT and back, as a person sends it, edits it, loads it and looks at it in the App's player."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from demo import clip
from sandbox import Sandbox

from .album import publish
from .annotator import Annotator
from .driver import App

if TYPE_CHECKING:
    import fiftyone as fo

MOVED, DOWN = 20, 60.0
"""The task's frame on which the car is moved, and how far, in pixels on the screen."""

GONE = 70
"""The task's frame from which on the truck is outside, up to its next keyframe."""

KEY, TIME, LOOKED = "2", "0:01.20", 18
"""The key with which the App's player goes to a frame near the moved one, the time there, and the task's frame."""

CAR = clip.MOVERS[0]
PAINT = CAR.paint[2], CAR.paint[1], CAR.paint[0]
BOX = (31, 119, 255)
"""The colors of the car and of its box."""

BOTTOM = CAR.start[1] + CAR.size[1]
"""Where the car meets the road, in pixels of the clip."""

Labels = dict[tuple[int, str], dict[str, Any]]


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[fo.Dataset]:
    """The demo's clip."""
    made = clip.build("clips", tmp_path / "clip")
    yield made
    made.delete()


@pytest.fixture(autouse=True)
def logged_in(app: App, cvat: Sandbox) -> None:
    """The person has opened the sandbox before, and is logged in there."""
    page = app.page.context.new_page()
    page.goto(cvat.link)
    page.close()


def test_a_clip_is_sent_edited_and_loaded(app: App, dataset: fo.Dataset, annotator: Annotator) -> None:
    before = labels_of(dataset)
    app.select(0)
    page = send(app, len(before))
    old = {name: keyframes(annotator, name) for name in ("car", "truck")}
    scale = edit(page, app)
    changed, gone = between(old["car"], MOVED), between(old["truck"], GONE)
    deleted = range(GONE, gone.stop)
    assert MOVED not in old["car"] and len(changed) > 5 and len(deleted) > 5
    app.close_result()
    load(app, f"{len(changed)} and delete {len(deleted)} labels", f"{len(changed)}, deleted {len(deleted)} labels.")

    after = labels_of(dataset)
    lost = {key: label["label"] for key, label in before.items() if key not in after}
    assert sorted(frame for frame, _ in lost) == list(deleted) and set(lost.values()) == {"truck"}
    edited = {key: after[key] for key in after if after[key] != before.get(key)}
    assert sorted(frame for frame, _ in edited) == list(changed)
    (key,) = (key for key in edited if key[0] == MOVED)
    x, y, width, height = edited[key]["bounding_box"]
    assert (x, width, height) == pytest.approx([before[key]["bounding_box"][place] for place in (0, 2, 3)], abs=0.01)
    assert y - before[key]["bounding_box"][1] == pytest.approx(DOWN / scale / clip.HEIGHT, abs=0.01)
    check_player(app, after)


def send(app: App, labels: int) -> Page:
    """Sends the clip with the form; the page to which the result's link leads."""
    form = app.press_send()
    expect(form.chips("Label fields")).to_have_text(["frames.ground_truth"])
    form.switch("More options")
    for label, value in ("First frame", "0"), ("Frame step", "1"), ("Keyframe tolerance", "0.5"):
        expect(form.field(label).locator("input")).to_have_value(value)
    form.field("Frame step").scroll_into_view_if_needed()
    form.settle()
    app.shoot("video_options", document=True)
    form.switch_off("More options")
    form.switch("Show what would be sent")
    expect(form.root).to_contain_text(f"This would send 1 video ({kilobytes(app)} kB) with {labels} labels")
    for note in (f"{clip.FRAMES} frames will be in CVAT.", f"{labels} labels will be in CVAT as tracks, with "):
        expect(form.root).to_contain_text(note)
    form.settle()
    form.root.get_by_role("table").last.scroll_into_view_if_needed()
    app.shoot("video_look_ahead")
    form.submit("Send")
    result = app.result(f"Sent 1 sample with {labels} labels to CVAT, in 1 task.")
    expect(result).to_contain_text(f"{clip.FRAMES} frames, 1 job")
    app.shoot("video_sent")
    with app.page.expect_popup() as opened:
        result.get_by_role("link").click()
    return opened.value


def kilobytes(app: App) -> int:
    """The size of the clip."""
    return round((app.shots / "clip" / "street.webm").stat().st_size / 1000)


def edit(page: Page, app: App) -> float:
    """Somebody looks at the clip, moves the car on a frame, and lets the truck be gone from another one on.

    Returns:
        how many pixels of the screen a pixel of the clip is
    """
    page.locator("#picture[href]").wait_for(state="attached")
    page.keyboard.press("f")
    expect(page.locator("#frame")).to_have_value("1")
    page.keyboard.press(" ")
    page.wait_for_function("Number(document.getElementById('frame').value) >= 5")
    page.keyboard.press(" ")
    show(page, MOVED)
    page.locator("#objects button", has_text="car").click()
    drag(page, page.locator("rect.picked"), DOWN)
    expect(page.locator("#objects button", has_text="car")).to_contain_text("keyframe")
    expect(page.locator("#status")).to_have_text("1 unsaved")
    page.screenshot(path=app.shots / "sandbox_keyframe.png")
    show(page, GONE)
    page.locator("#objects button", has_text="truck").click()
    page.get_by_label("outside", exact=True).check()
    expect(page.locator("#objects button", has_text="truck")).to_contain_text("outside")
    page.screenshot(path=app.shots / "sandbox_outside.png")
    page.click("#save")
    expect(page.locator("#status")).to_have_text("Saved")
    scale = page.evaluate("document.getElementById('canvas').getScreenCTM().a")
    page.close()
    return float(scale)


def show(page: Page, frame: int) -> None:
    """Goes to a frame."""
    page.fill("#frame", str(frame))
    page.keyboard.press("Enter")
    expect(page.locator("#slider")).to_have_value(str(frame))


def drag(page: Page, box: Locator, down: float) -> None:
    """Moves a box down."""
    area = box.bounding_box()
    assert area is not None
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] + down, steps=4)
    page.mouse.up()


def load(app: App, would: str, did: str) -> None:
    """Loads the run, after a look at what would change.

    Args:
        app: the App
        would: what is said of that, as of how many labels change
        did: what is said afterwards
    """
    form = app.browse("Load annotations")
    form.switch("Show what would change")
    expect(form.root).to_contain_text(f"This would add 0, change {would}.")
    form.settle()
    app.shoot("video_preview")
    form.submit("Load")
    app.result(f"Added 0, changed {did}")
    app.shoot("video_loaded")
    app.close_result()


def check_player(app: App, labels: Labels) -> None:
    """Checks that the App's player shows the box of the car where it was moved to, and the car where it is."""
    picture = look_at_frame(app)
    (label,) = (item for (frame, _), item in labels.items() if frame == LOOKED and item["label"] == "car")
    below = label["bounding_box"][1] + label["bounding_box"][3] - BOTTOM / clip.HEIGHT
    expected = below * clip.HEIGHT * picture.width / clip.WIDTH
    assert expected > 20
    assert lowest(picture, BOX) - lowest(picture, PAINT) == pytest.approx(expected, abs=6)


def look_at_frame(app: App) -> Image.Image:
    """Opens the clip in the App's player, goes to a frame, and closes it again; what the player shows."""
    player = app.page.locator("[data-cy=modal-looker-container]")
    app.act_until(app.samples.first.click, player.is_visible, "the clip opens")
    there = app.page.get_by_text(TIME)

    def go() -> bool:
        app.page.keyboard.press(KEY)
        app.page.wait_for_timeout(500)
        return there.is_visible()

    app.wait_until(go, f"the player is at {TIME}")
    shown: list[Image.Image] = []

    def drawn() -> bool:
        shown.append(Image.open(io.BytesIO(player.screenshot(animations="disabled"))).convert("RGB"))
        return len(shown) > 1 and lowest(shown[-1], BOX) == lowest(shown[-2], BOX) > 0

    app.wait_until(drawn, "the player shows the boxes of the frame")
    shown[-1].save(app.shots / "player.png")
    publish(app.shots / "player.png")

    def left() -> bool:  # the first press may only go back to the first frame
        app.page.keyboard.press("Escape")
        app.page.wait_for_timeout(500)
        return player.is_hidden()

    app.wait_until(left, "the player is closed")
    return shown[-1]


def lowest(picture: Image.Image, color: tuple[int, int, int]) -> int:
    """How far down something of a color reaches, in pixels of a picture; 0 if there is none."""
    like = np.abs(np.asarray(picture).astype(int) - color).max(axis=2) < 16
    rows = np.flatnonzero(like.sum(axis=1) > 40)
    return int(rows.max()) if len(rows) else 0


def labels_of(dataset: fo.Dataset) -> Labels:
    """Every label as the database has it, by the frame's number from 0 and its id."""
    dataset.reload()
    return {
        (frame["frame_number"] - 1, str(label["_id"])): label
        for frame in dataset._frame_collection.find()
        for label in (frame.get("ground_truth") or {}).get("detections") or []
    }


def keyframes(annotator: Annotator, name: str) -> list[int]:
    """The keyframes of the only track of a class, in order."""
    (number,) = (label["id"] for label in annotator.labels(1) if label["name"] == name)
    tracks = annotator.ask("GET", "jobs/1/annotations")["tracks"]
    (track,) = (item for item in tracks if item["label_id"] == number)
    return sorted(shape["frame"] for shape in track["shapes"])


def between(frames: list[int], frame: int) -> range:
    """The frames around one that are between its neighbouring keyframes."""
    before = max(number for number in frames if number < frame)
    return range(before + 1, min((number for number in frames if number > frame), default=clip.FRAMES))
