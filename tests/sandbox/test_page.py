"""The pages: what they say without a browser, and what they do in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page
from sandbox_client import Api, picture, rectangle
from sandbox_pages import centre, drag, save, scale

from sandbox import Sandbox

PAGE = Path(__file__).resolve().parents[2] / "sandbox" / "page"
CAR = {
    "name": "car",
    "attributes": [
        {"name": "parked", "mutable": True, "input_type": "checkbox", "default_value": "false", "values": ["false"]}
    ],
}


def test_documents_say_what_they_are(box: Sandbox, api: Api) -> None:
    task = api.make_task(2, segment_size=1)
    for path in ("/", f"/tasks/{task}", f"/tasks/{task}/jobs/1"):
        reply = requests.get(f"{box.url}{path}")
        assert reply.status_code == 200
        assert "Sandbox, not CVAT" in reply.text
        assert reply.headers["Content-Type"].startswith("text/html")


@pytest.fixture
def opened(box: Sandbox) -> requests.Session:
    """A session of the one who has the link."""
    session = requests.Session()
    session.get(box.link)
    return session


def test_a_task_with_one_job_leads_to_it(box: Sandbox, api: Api, opened: requests.Session) -> None:
    task = api.make_task(1)
    reply = opened.get(f"{box.url}/tasks/{task}", allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (302, f"/tasks/{task}/jobs/{api.jobs(task)[0]}")


def test_what_is_not_there_gets_a_page_that_says_so(box: Sandbox, api: Api, opened: requests.Session) -> None:
    one, two = api.make_task(1), api.make_task(1)
    gone = {"/tasks/99": "no task 99", "/tasks/99/jobs/1": "no job 1", "/tasks/<b>": "no task &lt;b&gt;"}
    gone[f"/tasks/{one}/jobs/{api.jobs(two)[0]}"] = f"of a task {one}"
    for path, words in gone.items():
        reply = opened.get(f"{box.url}{path}")
        assert reply.status_code == 404
        assert words in reply.text
        assert "not CVAT" in reply.text
        assert reply.headers["Content-Type"].startswith("text/html")


def test_only_who_has_the_link_is_logged_in(box: Sandbox) -> None:
    session = requests.Session()
    for path in ("/", "/tasks/1", "/tasks/1/jobs/1", "/?key=wrong", "/?key="):
        reply = session.get(f"{box.url}{path}")
        assert "Set-Cookie" not in reply.headers and not session.cookies
    assert session.get(f"{box.url}/api/users/self").status_code == 401
    reply = session.get(box.link, allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/")
    assert session.get(f"{box.url}/api/users/self").json()["username"] == "admin"


def test_a_stranger_is_not_told_which_tasks_there_are(box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    answers = [requests.get(f"{box.url}/tasks/{number}", allow_redirects=False) for number in (task, 99)]
    assert answers[0].content == answers[1].content


def test_nothing_is_fetched_from_elsewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGE.iterdir())
    assert "https://" not in text
    assert text.replace("http://www.w3.org/2000/svg", "").count("http://") == 0


Open = Callable[..., tuple[Page, int]]


@pytest.fixture
def open_job(browser_page: Page, box: Sandbox, api: Api) -> Iterator[Open]:
    """Opens a job of two frames with given shapes; the page and the job's id."""
    errors: list[Any] = []

    def note(error: Any) -> None:
        errors.append(error)

    browser_page.on("pageerror", note)

    def open_(*shapes: dict[str, Any]) -> tuple[Page, int]:
        files = {f"{number}.png": picture((640, 480)) for number in range(2)}
        task = api.make_task(files, labels=[CAR, {"name": "person"}])
        (job,) = api.jobs(task)
        label = api.label(task)
        api.annotate(job, *({**shape, "label_id": label} for shape in shapes))
        browser_page.goto(box.link)
        browser_page.goto(f"{box.url}/tasks/{task}")
        browser_page.wait_for_selector("#canvas image")
        return browser_page, job

    yield open_
    browser_page.remove_listener("pageerror", note)
    assert errors == []


def test_logging_in_by_name_and_password(browser_page: Page, box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    browser_page.goto(f"{box.url}/tasks/{task}")
    for password in ("wrong", "admin"):
        browser_page.get_by_label("User name").fill("admin")
        browser_page.get_by_label("Password").fill(password)
        browser_page.get_by_role("button", name="Log in").click()
        if password == "wrong":
            browser_page.get_by_text("did not accept").wait_for()
    browser_page.wait_for_selector("#canvas image")


def test_moving_a_box(open_job: Open, api: Api, box: Sandbox) -> None:
    page, job = open_job(rectangle(0, points=(100, 80, 220, 180), source="auto"))
    drag(page, centre(page, "rect.shape"), (50, 30))
    save(page)
    (shape,) = api.shapes(job).values()
    by = 50 / scale(page), 30 / scale(page)
    assert shape["points"] == pytest.approx([100 + by[0], 80 + by[1], 220 + by[0], 180 + by[1]], abs=0.5)
    assert shape["source"] == "semi-auto"
    assert api.get(f"jobs/{job}")["state"] == "in progress"
    saved = [(entry.method, entry.path.split("/")[-1], entry.query) for entry in box.log if entry.method == "PATCH"]
    assert saved[-3:] == [
        ("PATCH", "meta", "org="),
        ("PATCH", "annotations", "org=&action=update"),
        ("PATCH", str(job), ""),
    ]


def test_untouched_shapes_keep_every_digit(open_job: Open, api: Api, box: Sandbox) -> None:
    points = (300.123456789012, 300.1, 400.00000000001, 333.333333333333)
    page, job = open_job(rectangle(0, points=(100, 80, 220, 180)), rectangle(0, points=points))
    still = next(shape for shape in api.shapes(job).values() if shape["points"][0] > 200)
    page.locator("#objects button", has_text=f"#{min(api.shapes(job))}").click()
    page.keyboard.press("Delete")
    save(page)
    assert list(api.shapes(job).values()) == [still]
    assert still["points"] == list(points)


def test_resizing_drawing_and_relabelling(open_job: Open, api: Api) -> None:
    page, job = open_job(rectangle(0, points=(100, 80, 220, 180)))
    page.mouse.click(*centre(page, "rect.shape"))
    drag(page, centre(page, ".handle"), (-30, -15))
    page.keyboard.press("n")
    drag(page, (600, 400), (120, 90))
    page.select_option("#label", label="person")
    save(page)
    first, second = sorted(api.shapes(job).values(), key=lambda shape: shape["id"])
    assert first["points"][:2] == pytest.approx([100 - 30 / scale(page), 80 - 15 / scale(page)], abs=1)
    assert first["points"][2:] == [220.0, 180.0]
    assert second["points"][2] - second["points"][0] == pytest.approx(120 / scale(page), abs=0.5)
    assert (second["group"], second["attributes"], second["source"]) == (0, [], "manual")
    assert second["label_id"] != first["label_id"]


def test_attributes_polygons_and_frames(open_job: Open, api: Api) -> None:
    polygon = {"type": "polygon", "frame": 0, "points": [100, 100, 300, 100, 300, 300]}
    page, job = open_job(polygon)
    page.locator("#objects button").click()
    page.get_by_label("parked").check()
    drag(page, centre(page, ".handle"), (20, 10))
    page.click("#next")
    page.click("#remove-frame")
    save(page)
    (shape,) = api.shapes(job).values()
    assert shape["attributes"][0]["value"] == "true"
    assert shape["points"][:2] == pytest.approx([100 + 20 / scale(page), 100 + 10 / scale(page)], abs=1)
    assert shape["points"][2:] == [300.0, 100.0, 300.0, 300.0]
    assert api.get(f"jobs/{job}/data/meta")["deleted_frames"] == [1]


def test_a_failed_save_says_so_and_can_be_repeated(open_job: Open, api: Api, box: Sandbox) -> None:
    page, job = open_job(rectangle(0, points=(100, 80, 220, 180)))
    box.faults.add("status", "PATCH", "action=update", status=503)
    drag(page, centre(page, "rect.shape"), (40, 0))
    page.click("#save")
    page.wait_for_selector("#status.bad")
    assert "503" in page.inner_text("#status")
    save(page)
    (shape,) = api.shapes(job).values()
    assert shape["points"][0] > 110
