"""What the tests of the pages do with mouse and keyboard."""

from __future__ import annotations

from playwright.sync_api import Page


def drag(page: Page, start: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + by[0], start[1] + by[1], steps=4)
    page.mouse.up()


def save(page: Page) -> None:
    page.click("#save")
    page.wait_for_function("document.getElementById('status').textContent === 'Saved'")


def centre(page: Page, selector: str) -> tuple[float, float]:
    area = page.locator(selector).first.bounding_box()
    assert area is not None
    return area["x"] + area["width"] / 2, area["y"] + area["height"] / 2


def scale(page: Page) -> float:
    return float(page.evaluate("document.getElementById('canvas').getScreenCTM().a"))
