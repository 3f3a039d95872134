"""The whole loop in one go, as the documentation shows it in a moving picture: made when pictures are made."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from PIL import ImageChops
from playwright.sync_api import Page, expect

from sandbox import Sandbox

from .album import LARGEST_FILM, Film, frames
from .annotator import Annotator
from .boxes import boxes
from .driver import App
from .pictures import WIDTH

if TYPE_CHECKING:
    import fiftyone as fo

MOVE = (70, -40)
"""Pixels on the screen by which a box is dragged."""


def test_the_loop_in_a_moving_picture(app: App, cvat: Sandbox, dataset: fo.Dataset, annotator: Annotator) -> None:
    film = Film()
    before = boxes(dataset)
    app.wait_for_grid(len(dataset))
    film.take(app.page, "A dataset with labels")
    app.select(0, 1, 3)
    film.take(app.page, "Select samples")
    form = app.press_send()
    form.settle()
    film.take(app.page, "Send to CVAT: the form is filled in", 3.5)
    form.submit("Send")
    result = app.result("Sent 3 samples")
    film.take(app.page, "It is sent, with a link to the task")
    with app.page.expect_popup() as opened:
        result.get_by_role("link").click()
    annotate(opened.value, film)
    app.close_result()
    app.wait_for_grid(len(dataset))
    form = app.browse("Load annotations")
    form.settle()
    film.take(app.page, "Load annotations")
    form.submit("Load")
    app.result("Added 0, changed 1, deleted 1 label.")
    film.take(app.page, "It says what has changed", 3.5)
    app.close_result()
    app.wait_for_grid(len(dataset))
    app.settle()
    film.take(app.page, "The dataset has what people decided, and nothing else", 4)

    after = boxes(dataset)
    (gone,) = before.keys() - after.keys()
    (moved,) = (key for key in after if after[key] != before[key])
    assert after.keys() < before.keys() and gone != moved
    assert after[moved].bounding_box[0] - before[moved].bounding_box[0] > MOVE[0] / 4 / WIDTH
    check(film)


def annotate(page: Page, film: Film) -> None:
    """Somebody moves a box and deletes another one on the page of a job."""
    page.get_by_text("not CVAT").first.wait_for()
    page.wait_for_load_state("networkidle")
    film.take(page, "Annotate (in CVAT; this is its stand-in)")
    car = page.locator("rect.shape").first
    area = car.bounding_box()
    assert area is not None
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + MOVE[0], middle[1] + MOVE[1], steps=6)
    page.mouse.up()
    film.take(page, "Move a box")
    page.locator("#objects button:not(.picked)").last.click()
    page.keyboard.press("Delete")
    film.take(page, "Delete another one")
    page.click("#save")
    expect(page.locator("#status")).to_have_text("Saved")
    film.take(page, "Save")
    page.close()


def check(film: Film) -> None:
    """Checks that the film is small, and that each of its pictures differs from the one before."""
    reel = film.cut("loop")
    assert len(reel) < LARGEST_FILM
    shown = [frame.convert("RGB") for frame in frames(reel)]
    assert len(shown) == 11
    for one, other in pairwise(shown):
        assert one.size == other.size
        assert ImageChops.difference(one, other).getbbox() is not None


@pytest.fixture(autouse=True)
def logged_in(app: App, cvat: Sandbox) -> None:
    """The person has opened the sandbox before, and is logged in there."""
    page = app.page.context.new_page()
    page.goto(cvat.link)
    page.close()
