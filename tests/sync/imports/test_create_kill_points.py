"""Making samples is killed at each write to the database and at each file, and is done again with the same parameters.

The writes are found by watching what is sent to MongoDB, and the files by what makes them, so none can be forgotten
here. A few points are tried, and with ``ROUNDTRIP_ALL`` each.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError, DataOptions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports import fetch
from fiftyone.plugins.orgs.roundtrip.cvat.sync.new_files import BEGIN
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import stored_runs
from sync_imports import Elsewhere, clip_task
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop

from sandbox import Sandbox

ALL = bool(os.environ.get("ROUNDTRIP_ALL"))
SOME = 2
"""How many points are tried, unless all are."""
WRITES, FILES = 20, 6
"""How many there are at least; a test counts them."""


class World:
    """Three images, and three frames of a video, that only CVAT has.

    Args:
        loop: with an empty dataset
        folder: for the images
    """

    def __init__(self, loop: Loop, folder: Path) -> None:
        self.loop, self.folder = loop, folder
        self.elsewhere = Elsewhere(loop)
        loop.fill(None, None, None)
        images = self.elsewhere.annotate()
        loop.dataset.clear()
        clip = clip_task(self.elsewhere, options=DataOptions(step=9))
        box = {"frame": 0, "points": [1.0, 8.0, 17.0, 24.0]}
        loop.cvat.track("cat", box, {**box, "frame": 2, "points": [9.0, 8.0, 25.0, 24.0]}, task=clip)
        self.tasks = [images, clip]

    def work(self) -> dict[str, Any]:
        return self.elsewhere.run(None, tasks=self.tasks, create_samples=True, folder=str(self.folder))

    def all(self) -> Any:
        """Everything there is, without ids and dates."""
        dataset = self.loop.dataset
        dataset.reload()
        samples = sorted(
            (
                str(Path(sample.filepath).relative_to(self.folder)),
                Path(sample.filepath).read_bytes(),
                sample["sequence"],
                sample["frame_number"],
                [(item.label, item.index, item.bounding_box) for item in _boxes(sample)],
            )
            for sample in dataset
        )
        files = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        record = records.find(dataset, "run")
        runs = dataset.list_annotation_runs(), len(stored_runs(dataset)), record.samples, record.left_out
        return samples, files, runs


def _boxes(sample: fo.Sample) -> list[fo.Detection]:
    return list(sample["gt"].detections) if sample["gt"] else []


@pytest.fixture
def world(
    photos: Callable[..., list[Path]], new_world: Callable[[], tuple[fo.Dataset, Sandbox]], tmp_path: Path
) -> World:
    return World(Loop(*new_world(), photos), tmp_path / "from cvat")


class Files:
    """Counts the files that are made, and ends the work at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int | None = None, after: bool = False) -> None:
        self.made = 0
        write_new = fetch.write_new

        def write(path: Path, fill: Callable[[Path], None]) -> None:
            self.made += 1
            number = self.made - 1
            if number == at and not after:
                left = path.parent / f"{BEGIN}killed00{path.suffix}"  # as a process leaves it
                left.write_bytes(b"half of")
                os.utime(left, (0, 0))
                raise Killed
            write_new(path, fill)
            if number == at:
                raise Killed

        patch.setattr(fetch, "write_new", write)


def points() -> list[tuple[str, int, bool]]:
    """Where it is killed: at which write or file, and whether that is done."""
    found = [
        (kind, at, after)
        for kind, most in (("write", WRITES), ("file", FILES))
        for at in range(most)
        for after in (False, True)
    ]
    return found if ALL else random.Random(4).sample(found, SOME)


UNDISTURBED: list[Any] = []


def undisturbed(make: Callable[[], World]) -> Any:
    """What is there if nothing happens; found out once."""
    if not UNDISTURBED:
        world = make()
        with watching(Watcher()) as watcher, pytest.MonkeyPatch.context() as patch:
            files = Files(patch)
            world.work()
        assert (watcher.writes >= WRITES, files.made) == (True, FILES), (watcher.writes, files.made)
        UNDISTURBED.append(world.all())
    return UNDISTURBED[0]


@pytest.mark.parametrize(("kind", "at", "after"), points())
def test_it_is_done_again(
    photos: Any, new_world: Any, tmp_path: Path, kind: str, at: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(lambda: World(Loop(*new_world(), photos), tmp_path / "undisturbed"))
    world = World(Loop(*new_world(), photos), tmp_path / "killed")
    with monkeypatch.context() as patch, watching(Watcher(at if kind == "write" else None, after)):
        Files(patch, at if kind == "file" else None, after)
        with pytest.raises(Killed):
            world.work()
    world.work()
    assert not list(world.folder.rglob(f"{BEGIN}*"))
    assert world.all() == expected
    again = world.work()
    assert (again["imported"], again["added"]) == (None, 0)


def test_a_full_disk_ends_in_a_sentence_and_what_came_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        with pytest.raises(Refused, match=r"can't be written \(No space left on device\).*images that came stay"):
            world.work()
    assert len(world.loop.dataset) == 0 and world.loop.dataset.list_annotation_runs() == []
    assert world.work()["imported"]["made"] == 6


def test_a_server_that_breaks_off_leaves_no_half_of_a_file(world: World) -> None:
    world.loop.box.faults.add("half_body", "GET", "/data.type=", nth=2, times=40)
    with pytest.raises(CvatError, match="import again with the same parameters to go on"):
        world.work()
    assert {path.name for path in world.folder.rglob(".cvat-*")} == set()
    world.loop.box.faults.clear()
    assert world.work()["imported"]["made"] == 6
