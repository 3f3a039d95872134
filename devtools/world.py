"""A world of its own for FiftyOne: nothing of the user's is seen or touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import places


def private_world() -> dict[str, str]:
    """Variables under which FiftyOne sees nothing of the user's own, save how to reach their CVAT if they name one."""
    theirs = os.environ.get("FIFTYONE_CVAT_URL", "").strip()
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")  # hundreds of processes import the same
        and (not name.startswith(("FIFTYONE_", "CVAT_")) or (theirs and name.startswith("FIFTYONE_CVAT_")))
    }
    here = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"]))
    home = places.DEV / "home"
    home.mkdir(parents=True, exist_ok=True)
    env.update(
        HOME=str(home),
        NO_PROXY=here,
        no_proxy=here,
        ROUNDTRIP_USER_HOME=os.environ.get("HOME", ""),
        PATH=f"{places.VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        FIFTYONE_PLUGINS_DIR=str(places.DEV / "plugins"),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_LOGGING_LEVEL="WARNING",
    )
    return env


def link_plugin(folder: Path) -> None:
    """Put this repository into a plugins directory: a link, or a fresh copy where links are not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "roundtrip-cvat"
    if place.is_symlink():
        place.unlink()
    try:
        place.symlink_to(places.ROOT, target_is_directory=True)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(places.ROOT, place, ignore=shutil.ignore_patterns(".*", "__pycache__"))
