"""What all suites share. Nothing here imports FiftyOne; the suites that do so get it in a world of its own.

A test module may import FiftyOne and the plugin at its top as usual:

    import fiftyone as fo
    from fiftyone.plugins.orgs.roundtrip.cvat.labels import ...

The first such import starts a private database, and builds FiftyOne's plugin registry with this plugin in it.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import os
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from demo.database import Database
from demo.scratch import scratch_folder
from devtools.browser import find_chromium
from devtools.places import DEV, ROOT
from devtools.world import link_plugin

if TYPE_CHECKING:
    import fiftyone as fo

    from sandbox import Sandbox

PLUGIN = "fiftyone.plugins.orgs.roundtrip.cvat"

FIRST = ("app", "faults", "test_simulation", "test_kill_points", "test_replay")
"""Folders and modules that take longest. They start first, so that no worker is left with one of them at the end."""
TOGETHER = ("app",)
"""Folders that are one worker's: their tests share something that is dear to start."""
SPREAD = ("test_simulation", "test_kill_points")
"""Modules whose tests may be any worker's, each by itself."""
BY_SCENE = ("test_faults",)
"""Modules whose tests are one worker's for each scene, which is dear to prepare: their ids begin with its name."""

NUMBERED = re.compile(r"ObjectId\('([0-9a-f]{8})[0-9a-f]{16}'\)|\b0x[0-9a-f]{8,}")
"""What may differ from process to process: an id, which begins with the second it was made in; an address in memory."""

set_hypothesis_home_dir(DEV / "hypothesis")
EXAMPLES = 100 if os.environ.get("ROUNDTRIP_ALL") else 40
hypothesis.settings.register_profile(
    "ci", max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

CHROMIUM = find_chromium()
WORLD = scratch_folder("tests")

SHARED = Path(os.environ.setdefault("ROUNDTRIP_SHARED", str(WORLD)))
"""The folder that all workers of a run have in common: that of the process which starts them."""
SAID = SHARED / "said.txt"


def _enter_world() -> None:
    """Point everything that FiftyOne and the plugin read at temporary places."""
    for name in [name for name in os.environ if name.startswith(("FIFTYONE_", "CVAT_"))]:
        del os.environ[name]
    (WORLD / "home").mkdir()
    link_plugin(WORLD / "plugins")
    os.environ.update(
        HOME=str(WORLD / "home"),
        FIFTYONE_PLUGINS_DIR=str(WORLD / "plugins"),
        FIFTYONE_DATABASE_DIR=str(WORLD / "database"),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
    )


class _OnDemand(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Prepares FiftyOne's world when it is first imported, so that other suites do not pay for it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name == "fiftyone":
            Database(WORLD / "database").start()
        elif name == "fiftyone.plugins.orgs":  # made by the registry, not found on disk
            from fiftyone.operators.registry import OperatorRegistry

            errors = OperatorRegistry().list_errors()
            assert errors == [], "\n".join(errors)
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """The registry has filled it already, but for the names of packages in those above them."""
        for name in sorted(found for found in sys.modules if found.startswith(f"{module.__name__}.")):
            above, _, own = name.rpartition(".")
            if above in sys.modules:
                setattr(sys.modules[above], own, sys.modules[name])


_enter_world()
sys.meta_path.insert(0, _OnDemand())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes long first."""
    changing = [item.nodeid for item in items if _is_named_anew(item.name)]
    if changing:
        raise pytest.UsageError(f"these cases have another name in every process, give them ids: {', '.join(changing)}")
    items.sort(key=lambda item: _place_in_line(item.nodeid))


def pytest_collection_finish() -> None:
    """Takes what was imported out of Python's search for garbage, which would go through FiftyOne again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Decides which worker gets which tests."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        """Gives a worker a whole module, as its tests may share fixtures, or a part of it, or a whole folder."""

        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            names = PurePosixPath(path).with_suffix("").parts
            together = next((name for name in names if name in TOGETHER), path)
            if names[-1] in BY_SCENE:
                case = nodeid.partition("[")[2]
                return f"{path}[{case.split('-')[0].rstrip(']')}" if case else nodeid
            return nodeid if names[-1] in SPREAD else together

    return Scheduling(config, log)


def _is_named_anew(name: str) -> bool:
    """Whether a case has another name in every process, so that workers would not agree on it."""
    hour_ago = time.time() - 3600
    return any(not second or int(second, 16) > hour_ago for second in NUMBERED.findall(name))


def _place_in_line(nodeid: str) -> int:
    """Where a test comes in the order of :data:`FIRST`; those that are not named keep their order behind."""
    names = PurePosixPath(nodeid.partition("::")[0]).with_suffix("").parts
    return next((place for place, name in enumerate(FIRST) if name in names), len(FIRST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests had to say."""
    for line in SAID.read_text().splitlines() if SAID.exists() else ():
        terminalreporter.write_line(line)


@pytest.fixture
def say() -> Callable[[str], None]:
    """Says a line at the end of the run, whichever worker has the test."""

    def append(line: str) -> None:
        with SAID.open("a") as file:
            file.write(f"{line}\n")

    return append


@pytest.fixture(scope="session")
def plugin() -> ModuleType:
    """The plugin as FiftyOne loads it."""
    return importlib.import_module(PLUGIN)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One server for the whole run. Tests that inject faults or count requests take `fresh_sandbox`."""
    from sandbox import Sandbox

    with Sandbox(port=0) as box:
        yield box


@pytest.fixture
def fresh_sandbox() -> Iterator[Sandbox]:
    """A stand-in server that no other test has touched."""
    from sandbox import Sandbox

    with Sandbox(port=0) as box:
        yield box


@pytest.fixture
def cvat_env(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """The sandbox's address and an account, in the environment as a user would set them. The address."""
    monkeypatch.setenv("FIFTYONE_CVAT_URL", sandbox.url)
    monkeypatch.setenv("FIFTYONE_CVAT_USERNAME", "admin")
    monkeypatch.setenv("FIFTYONE_CVAT_PASSWORD", "admin")
    return sandbox.url


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., list[Path]]:
    """A factory: `photos(3, size=(320, 240), suffix=".png")` writes distinct images, returns their paths."""
    from PIL import Image

    def make(count: int = 3, size: tuple[int, int] = (320, 240), suffix: str = ".jpg") -> list[Path]:
        paths = [tmp_path / f"photo_{index:03d}{suffix}" for index in range(count)]
        for index, path in enumerate(paths):
            shade = Image.linear_gradient("L").rotate(37 * index).resize(size)
            Image.merge("RGB", (shade, shade.point(lambda v, i=index: (v + 29 * i) % 256), shade)).save(path)
        return paths

    return make


@pytest.fixture
def dataset() -> Iterator[fo.Dataset]:
    """An empty dataset that is gone after the test."""
    import fiftyone as fo

    made = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}")
    yield made
    if not made.deleted:
        made.delete()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser for the App suite."""
    assert CHROMIUM, "No Chromium here. `python dev.py test` finds or installs one; or set CHROMIUM to its path."
    return CHROMIUM


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
