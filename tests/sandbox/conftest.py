"""What the sandbox's tests share. Helper modules are given names of their own, as there are no packages."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from devtools.browser import find_chromium
from sandbox import Sandbox

HERE = Path(__file__).resolve().parent
HELPERS = {
    "wire_distill": HERE.parent / "wire" / "distill.py",
    "wire_interpolation": HERE.parent / "wire" / "interpolation.py",
    "sandbox_client": HERE / "client.py",
    "sandbox_pages": HERE / "pages.py",
    "sandbox_ids": HERE / "ids.py",
    "sandbox_standins": HERE / "standins.py",
    "sandbox_comparison": HERE / "comparison.py",
    "sandbox_world": HERE / "world.py",
    "sandbox_labels": HERE / "recorded_labels.py",
    "sandbox_browser_setups": HERE / "browser_setups.py",
    "sandbox_upload_setups": HERE / "upload_setups.py",
    "sandbox_setups": HERE / "setups.py",
    "sandbox_replay": HERE / "replay.py",
}


def _load(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name, _path in HELPERS.items():
    if _name not in sys.modules:
        _load(_name, _path)

from sandbox_client import Api  # noqa: E402


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox of its own, in which nothing unexpected may happen."""
    with Sandbox(creation_delay=0.005) as sandbox:
        yield sandbox
        assert sandbox.crashes == []


@pytest.fixture
def api(box: Sandbox) -> Api:
    """The superuser's view of the sandbox."""
    return Api(box)


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        yield page
        browser.close()
