"""One App and one browser for all tests; a dataset, a stand-in CVAT and a page for each."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Generator, Iterator
from functools import partialmethod
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from devtools.places import DEV
from sandbox import Sandbox

from .annotator import Annotator
from .driver import PATIENCE, App
from .pictures import photograph

if TYPE_CHECKING:
    import fiftyone as fo

SIZE = (1400, 1000)
START = 180
"""Seconds that the App's server may take to start. FiftyOne gives it 60, in which a busy machine may do little."""
NUMBERS = itertools.count(1)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--blink-settings=v8CacheOptions=4",  # keeps all that it compiled of the App's program, from the first time on
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps a picture of the page on which a test failed; all others are gone afterwards."""
    report = yield
    app = getattr(item, "funcargs", {}).get("app")
    if report.failed and app is not None and not app.page.is_closed():
        path = DEV / "failed" / f"{item.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        app.page.screenshot(path=path)
        report.sections.append(("page", f"The page as it was: {path}"))
    return report


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def cvat_port() -> int:
    """The port of every test's CVAT."""
    return free_port()


def log_in(patch: pytest.MonkeyPatch, port: int) -> None:
    """Puts the address of CVAT and the login into the environment."""
    patch.setenv("FIFTYONE_CVAT_URL", f"http://127.0.0.1:{port}")
    patch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    patch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")


@pytest.fixture
def cvat(cvat_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A stand-in CVAT of the test's own."""
    log_in(monkeypatch, cvat_port)
    with Sandbox(port=cvat_port) as box:
        yield box
        assert box.crashes == []


@pytest.fixture(scope="package")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fo.Dataset]:
    """Made-up photographs with boxes, and the weather."""
    import fiftyone as fo

    folder = tmp_path_factory.mktemp("pictures")
    made = fo.Dataset("pictures")
    made.add_samples([photograph(folder, number) for number in range(10)])
    made.app_config.color_scheme = fo.ColorScheme(color_by="value")
    made.save()
    yield made
    made.delete()


@pytest.fixture(scope="package")
def session(cvat_port: int, pictures: fo.Dataset) -> Iterator[fo.Session]:
    """The App's server, which knows where CVAT is from its environment."""
    import fiftyone as fo
    from fiftyone.core.service import ServerService

    with pytest.MonkeyPatch.context() as patch:
        log_in(patch, cvat_port)
        wait = ServerService._wait_for_child_port
        patch.setattr(ServerService, "_wait_for_child_port", partialmethod(wait, timeout=START))
        session = fo.launch_app(pictures, remote=True, address="127.0.0.1", port=free_port())
    yield session
    session.close()


def show(session: fo.Session, dataset: fo.Dataset) -> None:
    """Makes this the dataset that the App shows, or else it would go back to the one before. Waits for its server."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            session.dataset = dataset
            return
        except RuntimeError:
            assert time.monotonic() < deadline, "the App's server does not start"
            time.sleep(0.2)


@pytest.fixture(scope="package")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where browsers keep what they have fetched and compiled of the App, which is a third of the work of a page."""
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="module")
def browser(chromium: str, profile: Path) -> Iterator[BrowserContext]:
    """A browser without a window.

    It ends with the module: as long as Playwright is there, nothing else in the process can run an event loop.
    """
    view = {"width": SIZE[0], "height": SIZE[1]}
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=QUIET, viewport=view
        ) as context,
    ):
        yield context


@pytest.fixture
def dataset(pictures: fo.Dataset) -> Iterator[fo.Dataset]:
    """A dataset of the test's own."""
    made = pictures.clone(f"street_{next(NUMBERS)}")
    yield made
    made.delete()


@pytest.fixture
def theme() -> str:
    """The colours of the App. Some tests have `light` as a parameter, so that each page is seen in both."""
    return "dark"


@pytest.fixture
def app(
    session: fo.Session, browser: BrowserContext, dataset: fo.Dataset, cvat: Sandbox, theme: str, tmp_path: Path
) -> Iterator[App]:
    """The test's dataset in the App. In the end, nothing may have gone wrong behind the scenes."""
    show(session, dataset)
    page = browser.new_page()
    page.add_init_script(f"localStorage.setItem('mui-mode', '{theme}')")  # the profile keeps what the last test chose
    app = App(page, f"http://127.0.0.1:{session.server_port}", tmp_path)
    app.open(dataset.name)
    expect(page.locator("html")).to_have_attribute("data-mui-color-scheme", theme)
    yield app
    app.shoot("last")
    assert "Traceback" not in page.inner_text("body")
    assert app.faults == []
    page.close()


@pytest.fixture
def annotator(cvat: Sandbox) -> Annotator:
    """Somebody who works in the test's CVAT."""
    return Annotator(cvat.url)
