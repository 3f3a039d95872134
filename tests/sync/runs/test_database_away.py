"""The database goes away at any moment: each verb says so, and afterwards it goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import CvatError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from pymongo.errors import ServerSelectionTimeoutError
from pymongo.synchronous.topology import Topology
from sync_loop import Loop, operator

from sandbox import Sandbox

POINTS = 7
"""Moments of each verb at which the database is tried to go away."""

SAID = "FiftyOne's database failed (127.0.0.1:1: [Errno 111] Connection refused). "


class Outage:
    """Counts the commands to MongoDB, and lets all fail from one of them on."""

    def __init__(self, at: int | None) -> None:
        self.at, self.commands = at, 0

    def select(self, topology: Any, selector: Any, *args: Any, **options: Any) -> Any:
        self.commands += 1
        if self.at is not None and self.commands > self.at:
            raise ServerSelectionTimeoutError(
                "127.0.0.1:1: [Errno 111] Connection refused (configured timeouts: socketTimeoutMS: 20000.0ms), "
                "Timeout: 30s, Topology Description: <TopologyDescription id: 1>"
            )
        return select_server(topology, selector, *args, **options)


select_server = Topology.select_server


@contextmanager
def outage(at: int | None = None) -> Iterator[Outage]:
    """From the command of this number on, MongoDB is away."""
    found = Outage(at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Topology, "select_server", lambda self, *args, **options: found.select(self, *args, **options))
        yield found


def sent(loop: Loop) -> None:
    loop.send()
    loop.cvat.move(loop.cvat.shape(0))
    loop.cvat.draw("cat", 1, [10, 10, 50, 50])


def sent_and_loaded(loop: Loop) -> None:
    sent(loop)
    loop.load()


VERBS: dict[str, tuple[Callable[[Loop], Any], Callable[[Loop], Any]]] = {
    "send": (lambda loop: None, lambda loop: loop.send(resume=True)),
    "load": (sent, lambda loop: loop.load()),
    "preview": (sent, lambda loop: loop.load(preview=True)),
    "undo": (sent_and_loaded, lambda loop: operator("undo_load")(loop.dataset, "run")),
    "history": (sent_and_loaded, lambda loop: operator("load_history")(loop.dataset, "run")),
    "comments": (sent_and_loaded, lambda loop: operator("comments")(loop.dataset, "run")),
    "delete": (sent, lambda loop: operator("delete_run")(loop.dataset, "run", delete_tasks=True)),
}


@pytest.fixture
def make_loop(
    photos: Callable[..., list[Path]], box: Sandbox, new_world: Callable[[], tuple[fo.Dataset, Sandbox]]
) -> Callable[[], Loop]:
    """Makes filled datasets, each with a server of its own."""

    def make() -> Loop:
        loop = Loop(*new_world(), photos)
        boxes = [fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2]) for name in ("cat", "dog")]
        loop.fill(*(fo.Detections(detections=[box]) for box in boxes))
        return loop

    return make


RELEASE = 6
"""Commands at the end that may fail unnoticed: the last sign of life is read and deleted, and one may come between."""


def said(work: Callable[[], Any]) -> str:
    """What is said if work fails."""
    try:
        work()
    except (RoundtripError, CvatError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("verb", VERBS)
def test_a_database_that_is_away(verb: str, make_loop: Callable[[], Loop]) -> None:
    before, work = VERBS[verb]
    loop = make_loop()
    before(loop)
    with outage() as whole:
        work(loop)
    assert whole.commands > 1
    step = max(1, whole.commands // POINTS)
    for at in range(0, whole.commands, step):
        loop = make_loop()
        before(loop)
        labels = loop.documents()
        with outage(at) as this:
            text = said(lambda loop=loop: work(loop))
        if not text:  # all is done, only the last sign of life could not be taken away
            assert this.commands - at <= RELEASE and loop.load()["changed"] == (verb == "undo")
            continue
        assert SAID in text and text.endswith("."), text
        if "Nothing was changed" in text or verb == "send":
            assert loop.documents() == labels
        undone = verb == "undo" and loop.load(preview=True)["changed"]
        if loop.dataset.list_annotation_runs() or verb == "send":
            work(loop) if not undone else None
        if verb == "send":
            assert len(loop.cvat.objects()) == 2
        if verb in ("send", "load"):
            assert loop.load()["changed"] == 0
