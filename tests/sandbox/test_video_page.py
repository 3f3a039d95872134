"""The editor on videos: frames, tracks between keyframes, and what is saved of an edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from sandbox_client import Api, clip
from sandbox_pages import centre, drag, save, scale
from wire_interpolation import load

from sandbox import Sandbox

Json = dict[str, Any]

CAR: Json = {
    "name": "car",
    "attributes": [
        {"name": "parked", "mutable": True, "input_type": "checkbox", "default_value": "false", "values": ["false"]},
        {"name": "make", "mutable": False, "input_type": "text", "default_value": "unknown", "values": []},
    ],
}
# Contours are simplified in the page, and half a turn is none of one degree.
SIMPLIFIED = ("polygon", "polyline", "mask", "rotated rectangle 0 -> 180", "rotated rectangle 90 -> 270", "ellipse rot")


@pytest.fixture
def video(browser_page: Page, box: Sandbox, api: Api) -> Iterator[tuple[Page, int]]:
    """A job of 20 frames with a track of the square that moves in them; the page and the job's id."""
    errors: list[Any] = []

    def note(error: Any) -> None:
        errors.append(error)

    browser_page.on("pageerror", note)
    task = api.make_task({"clip.mp4": clip(20, (320, 240))}, labels=[CAR])
    (job,) = api.jobs(task)
    keyframes = [
        {"type": "rectangle", "frame": frame, "points": [2 * frame, 8, 2 * frame + 16, 24]} for frame in (0, 10)
    ]
    track = {"label_id": api.label(task), "frame": 0, "source": "file", "shapes": keyframes}
    api.json("PATCH", f"jobs/{job}/annotations?action=create", {"tracks": [track]})
    browser_page.goto(box.link)
    browser_page.goto(f"{box.url}/tasks/{task}")
    browser_page.wait_for_selector("#picture[href]")
    yield browser_page, job
    browser_page.remove_listener("pageerror", note)
    assert errors == []


def track_of(api: Api, job: int) -> Json:
    (track,) = api.get(f"jobs/{job}/annotations")["tracks"]
    return dict(track)


def show(page: Page, frame: int) -> None:
    page.fill("#frame", str(frame))
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.getElementById('slider').value === '{frame}'")


def rect(page: Page) -> list[float]:
    """The points of the box that is shown."""
    node = page.locator("rect.shape")
    x, y, width, height = (float(node.get_attribute(name) or 0) for name in ("x", "y", "width", "height"))
    return [x, y, x + width, y + height]


def test_a_track_moves_between_its_keyframes(video: tuple[Page, int]) -> None:
    page, _ = video
    assert page.locator("#new-kind").input_value() == "track"
    for frame, left in ((0, 0), (5, 10), (10, 20), (15, 20)):
        show(page, frame)
        assert rect(page) == [left, 8, left + 16, 24]
        assert page.locator("rect.shape.keyframe").count() == (frame in (0, 10))


def test_the_picture_is_that_of_the_frame(video: tuple[Page, int]) -> None:
    page, _ = video
    bright = """async ([x]) => { const picture = document.getElementById("picture"); const image = new Image();
        image.src = picture.getAttribute("href"); await image.decode(); const canvas = document.createElement("canvas");
        canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
        const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0);
        return pen.getImageData(x, 16, 1, 1).data[0]; }"""
    for frame in (0, 7, 3, 19):
        show(page, frame)
        assert page.evaluate(bright, [2 * frame + 8]) > 200
        assert page.evaluate(bright, [2 * frame + 40]) < 120


def test_playing_goes_to_the_end_and_can_be_paused(video: tuple[Page, int]) -> None:
    page, _ = video
    page.keyboard.press(" ")
    page.wait_for_function("Number(document.getElementById('frame').value) >= 3")
    page.keyboard.press(" ")
    frame = page.locator("#frame").input_value()
    page.wait_for_timeout(300)
    assert page.locator("#frame").input_value() == frame
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.getElementById('frame').value === '19'")
    page.get_by_role("button", name="Play").wait_for()


def test_moving_a_box_makes_a_keyframe(video: tuple[Page, int], api: Api) -> None:
    page, job = video
    before = track_of(api, job)
    show(page, 5)
    drag(page, centre(page, "rect.shape"), (60, 40))
    save(page)
    after = track_of(api, job)
    by = 60 / scale(page), 40 / scale(page)
    first, made, last = after["shapes"]
    assert [first, last] == before["shapes"]
    assert (after["id"], made["frame"], made["outside"]) == (before["id"], 5, False)
    assert made["points"] == pytest.approx([10 + by[0], 8 + by[1], 26 + by[0], 24 + by[1]], abs=0.5)
    assert after["source"] == "manual"
    drag(page, centre(page, "rect.shape"), (-30, 0))
    save(page)
    assert [entry["id"] for entry in track_of(api, job)["shapes"]] == [entry["id"] for entry in after["shapes"]]


def test_switching_outside_and_back(video: tuple[Page, int], api: Api) -> None:
    page, job = video
    show(page, 6)
    page.locator("#objects button").click()
    page.get_by_label("outside", exact=True).check()
    assert page.locator("rect.shape").count() == 0
    show(page, 8)
    assert page.inner_text("#count") == "0 objects on this frame"
    page.get_by_label("outside", exact=True).uncheck()
    assert rect(page) == [12, 8, 28, 24]
    save(page)
    keyframes = [(entry["frame"], entry["outside"]) for entry in track_of(api, job)["shapes"]]
    assert keyframes == [(0, False), (6, True), (8, False), (10, False)]


def test_keyframes_come_and_go(video: tuple[Page, int], api: Api) -> None:
    page, job = video
    page.locator("#objects button").click()
    page.get_by_label("Next keyframe").click()
    page.wait_for_function("document.getElementById('frame').value === '10'")
    page.click("#keyframe")
    assert page.get_by_label("Next keyframe").is_disabled()
    show(page, 4)
    page.click("#keyframe")
    page.get_by_label("parked").check()
    page.get_by_label("make").fill("vw")
    save(page)
    track = track_of(api, job)
    values = [(entry["frame"], entry["attributes"][0]["value"]) for entry in track["shapes"]]
    assert values == [(0, "false"), (4, "true")]
    assert track["attributes"][0]["value"] == "vw"
    show(page, 0)
    assert not page.get_by_label("parked").is_checked()


def test_drawing_and_deleting_tracks(video: tuple[Page, int], api: Api) -> None:
    page, job = video
    show(page, 3)
    page.locator("#objects button").click()
    page.keyboard.press("Delete")
    page.keyboard.press("n")
    drag(page, (500, 500), (120, 90))
    save(page)
    track = track_of(api, job)
    assert (track["frame"], track["group"], len(track["shapes"])) == (3, 0, 1)
    width = track["shapes"][0]["points"][2] - track["shapes"][0]["points"][0]
    assert width == pytest.approx(120 / scale(page), abs=0.5)
    page.select_option("#new-kind", "shape")
    page.keyboard.press("n")
    drag(page, (300, 300), (80, 80))
    save(page)
    found = api.get(f"jobs/{job}/annotations")
    assert (len(found["shapes"]), len(found["tracks"])) == (1, 1)


def test_tracks_on_images(browser_page: Page, box: Sandbox, api: Api) -> None:
    task = api.make_task(3)
    (job,) = api.jobs(task)
    browser_page.goto(box.link)
    browser_page.goto(f"{box.url}/tasks/{task}")
    browser_page.wait_for_selector("#picture[href]")
    assert browser_page.locator("#new-kind").input_value() == "shape"
    browser_page.select_option("#new-kind", "track")
    browser_page.keyboard.press("n")
    drag(browser_page, (300, 300), (80, 80))
    show(browser_page, 2)
    assert browser_page.locator("rect.shape.track").count() == 1
    save(browser_page)
    assert len(track_of(api, job)["shapes"]) == 1


def test_the_page_shows_what_the_recorded_server_has(browser_page: Page, box: Sandbox) -> None:
    browser_page.goto(box.link)
    shown = """async ([track, frames]) => { const { at } = await import("/page/tracks.js");
        return frames.map((frame) => at(track, frame)); }"""
    checked = 0
    for track in load():
        if track["name"].startswith(SIMPLIFIED):
            continue
        frames = [entry["frame"] for entry in track["frames"]]
        for recorded, found in zip(
            track["frames"], browser_page.evaluate(shown, [track["stored"], frames]), strict=True
        ):
            gone = found is None or found["outside"]
            if "skeleton" not in track["name"]:
                assert gone == recorded["outside"]
            if gone or recorded["outside"]:
                continue
            checked += 1
            assert found["points"] == pytest.approx(recorded["points"], abs=1e-6)
            assert found["rotation"] == pytest.approx(recorded["rotation"], abs=1e-6)
            elements = {part["label_id"]: part["points"] for part in found["elements"] if not part["outside"]}
            for part in recorded.get("elements", ()):
                if not part["outside"]:
                    assert elements[part["label_id"]] == pytest.approx(part["points"], abs=1e-6)
    assert checked > 200
