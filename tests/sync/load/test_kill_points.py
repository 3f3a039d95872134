"""A load and an undo are killed before and after each of their database writes, and run again.

The writes are found by watching what is sent to MongoDB, so none can be forgotten here.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import conflicts, resolve
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.history import history
from sync_killing import Killed, Watcher, watching
from sync_loop import Loop

from sandbox import Sandbox

ALL = bool(os.environ.get("ROUNDTRIP_ALL"))
SOME = 1
"""How many points of each kind are tried, unless all are."""

Work = Callable[[Loop], Any]


def count(work: Work, loop: Loop) -> int:
    with watching(Watcher()) as watcher:
        work(loop)
    return watcher.writes


def contents(loop: Loop) -> list[bytes]:
    """The samples to the last bit, but for the date of their last change."""
    samples = [bson.decode(data) for data in loop.documents().values()]
    return [bson.encode({k: v for k, v in sample.items() if k != "last_modified_at"}) for sample in samples]


def shown(loop: Loop) -> list[Any]:
    """The labels and tags of the samples, without ids."""
    fields = ("tags", "gt", "pred", "polylines", "fixed")
    return [_bare({name: bson.decode(data).get(name) for name in fields}) for data in loop.documents().values()]


def told(loop: Loop) -> Any:
    """What the plugin says of its loads, and of open conflicts, without ids and dates."""
    loads = [{k: v for k, v in load.items() if k != "at"} for load in history(loop.dataset, "run")]
    return loads, [(item["part"], item["local"], item["remote"]) for item in conflicts(loop.dataset, "run")]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in sorted(value.items()) if key != "_id"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def make_loop(
    photos: Callable[..., list[Path]], new_world: Callable[[], tuple[fo.Dataset, Sandbox]]
) -> Callable[[], Loop]:
    """Makes datasets, each with a server of its own."""
    return lambda: Loop(*new_world(), photos)


def boxes() -> fo.Detections:
    labels = [fo.Detection(label="cat", bounding_box=[0.1, 0.3 * n, 0.2, 0.2], code="1") for n in range(3)]
    return fo.Detections(detections=labels)


def prepare(loop: Loop) -> None:
    """A run of two jobs, with edits of all kinds, and conflicts."""
    loop.fill(boxes(), boxes(), boxes(), None)
    loop.send(classes=["cat", "dog", "cow"], segment_size=2)
    for frame in (0, 2):
        first, second, third = loop.cvat.objects(frame=frame)
        loop.cvat.relabel(first, "dog")
        loop.cvat.delete(second)
        loop.cvat.move(third)
        loop.cvat.draw("cat", frame + 1, [200.0, 20.0, 300.0, 60.0])
    loop.cvat.draw("cat", 0, [1.0, 1.0, 9.0, 1.0, 9.0, 9.0], "polyline")
    loop.cvat.rename_class("cow", "bull")
    loop.cvat.remove_frames(1)
    sample = loop.dataset.first()
    sample.gt.detections[0].label = "cow"
    sample.gt.detections[1].code = "5"
    sample.save()


def prepare_moves(loop: Loop) -> None:
    """A run of two fields and two jobs, with labels that are given classes of the other field."""
    loop.fill(boxes(), boxes(), boxes())
    for sample in loop.dataset.iter_samples(autosave=True):
        sample["pred"] = fo.Detections(detections=[fo.Detection(label="owl", bounding_box=[0.6, 0.6, 0.2, 0.2])])
    loop.send(label_schema={"gt": {"classes": ["cat", "dog"]}, "pred": {"classes": ["owl"]}}, segment_size=2)
    for frame in (0, 2):
        first, second, third, owl = loop.cvat.objects(frame=frame)
        loop.cvat.relabel(first, "owl")
        loop.cvat.move(loop.cvat.relabel(second, "owl"))
        loop.cvat.move(third)
        loop.cvat.relabel(owl, "dog")
    loop.cvat.relabel(loop.cvat.shape(1, 3), "cat")
    sample = loop.dataset.first()
    sample.gt.detections[1].bounding_box = [0.5, 0.5, 0.1, 0.1]
    sample.gt.detections[0].tags = ["mine"]
    sample.save()


def load(policy: str) -> Work:
    return lambda loop: loop.load(policy=policy)


def nothing(loop: Loop) -> None:
    """Nothing else was done."""


WORK: dict[str, tuple[Work, Work]] = {
    # what was done before, what is killed
    "load of moves": (nothing, load("remote")),
    "undo of moves": (load("remote"), lambda loop: undo(loop.dataset, "run")),
    "load": (nothing, load("remote")),
    "load and ask": (nothing, load("ask")),
    "load beside": (nothing, lambda loop: loop.load(dest_field="fixed")),
    "undo": (load("remote"), lambda loop: undo(loop.dataset, "run")),
    "undo of asking": (load("ask"), lambda loop: undo(loop.dataset, "run")),
    "resolve": (load("ask"), lambda loop: resolve(loop.dataset, "run", [{"take": "remote"}])),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("what", WORK)
def test_killed_and_run_again(
    what: str, after: bool, make_loop: Callable[[], Loop], capsys: pytest.CaptureFixture[str]
) -> None:
    before, work = WORK[what]

    def begun() -> Loop:
        loop = make_loop()
        (prepare_moves if what.endswith("moves") else prepare)(loop)
        before(loop)
        return loop

    smooth = begun()
    start = shown(smooth)
    writes = count(work, smooth)
    end, listed = shown(smooth), told(smooth)
    assert end != start
    last = 1 + after if what.startswith("undo") else 0  # then all is done, and another undo would be of another load
    points = range(writes - last)
    chosen = points if ALL else sorted(random.Random(what).sample(points, min(SOME, len(points))))
    for at in chosen:
        loop = begun()
        start_of_this = contents(loop)
        with watching(Watcher(at, after)), pytest.raises(Killed):
            work(loop)
        work(loop)
        where = f"killed {'after' if after else 'before'} write {at} of {writes}"
        assert (shown(loop), told(loop)) == (end, listed), where
        if what in ("load", "load and ask", "load of moves"):
            assert not any(work(loop)[name] for name in ("added", "changed", "deleted")), where
            undo(loop.dataset, "run")
            assert contents(loop) == start_of_this, where
    with capsys.disabled():
        print(f" {len(chosen)} of {len(points)} points of '{what}'", end="")
