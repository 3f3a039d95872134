"""The browser of the browser suite: found, or installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import places
from .places import PYTHON, Trouble, run, works


def find_chromium() -> str | None:
    """A Chromium or Chrome: named by `CHROMIUM`, on the PATH, in its usual place, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    on_path = next(filter(None, map(shutil.which, names)), None)
    usual = [Path("/usr/bin/chromium")]
    usual += [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in ("Google Chrome", "Chromium")]
    for cache in (
        places.DEV / "browsers",
        Path.home() / ".cache/ms-playwright",
        Path.home() / "Library/Caches/ms-playwright",
    ):
        usual += sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)
        usual += sorted(cache.glob("chromium-*/chrome-mac*/*.app/Contents/MacOS/*"), reverse=True)
    return on_path or next((str(path) for path in usual if path.exists()), None)


def ensure_chromium() -> str:
    """Find a browser or install one: the browser suite is never left out in silence."""
    found = find_chromium()
    if found is None:
        print("No Chromium here: installing one for the browser suite.", flush=True)
        if os.geteuid() == 0 and Path("/etc/debian_version").exists():
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run("apt-get", "update", "-qq", env=env)
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", env=env)
            found = find_chromium()
    if found is None:
        run(
            PYTHON,
            "-m",
            "playwright",
            "install",
            "chromium",
            env={**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(places.DEV / "browsers")},
        )
        found = find_chromium()
    if found is None or not works(found):
        raise Trouble("The browser suite needs Chromium: install one, or set CHROMIUM to the path of one that starts.")
    return found
