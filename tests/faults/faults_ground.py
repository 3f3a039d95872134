"""Where sends are disturbed: each by one fault, on a server of its own, then ended by another process and compared."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from http.client import HTTPConnection
from typing import Any

import fiftyone as fo
from faults_outcome import Books, Outcome, differences, not_once, object_ids, outcome
from faults_points import Death, Point, call_pattern, lasting
from faults_scenario import Scene, fill
from faults_work import Processes, Told, Work

from demo.scratch import scratch_folder
from sandbox import Sandbox

PATIENCE = 10.0
"""Seconds that the server may take for what a process that ended had asked."""


class Ground:
    """A dataset, and what becomes of it and of a server when it is sent.

    Args:
        name: of the dataset
        scene: what is sent, and how
        processes: who sends

    Attributes:
        undisturbed: what there is after it, if nothing happens
        taken_back: what the server has when that is taken back, if it is a refresh
    """

    def __init__(self, name: str, scene: Scene, processes: Processes) -> None:
        self.scene = scene
        self._processes = processes
        self._folder = scratch_folder("faults")
        self._dataset = fo.Dataset(name)
        fill(self._dataset, self._folder, scene)
        self._books = Books(self._dataset, ["last_modified_at"] if scene.unreadable or scene.edits else [])
        self.undisturbed, self._points = self._send_undisturbed()

    def find_points(self) -> list[Point]:
        """The calls and writes that two undisturbed sends make, as far as they are of interest."""
        again, points = self._send_undisturbed()
        assert differences(asdict(self.undisturbed), asdict(again)) == [], "two undisturbed sends differ"
        return [point for point in lasting((self._points, points)) if re.search(self.scene.interest, point.name)]

    def _send_undisturbed(self) -> tuple[Outcome, list[Point]]:
        with self.server() as box:
            told = self.work(box, self.scene.act)
            assert told is not None and not told.error, told
            found = self._outcome(box)
            self.taken_back = self._take_back(box)
            return found, told.points

    def _outcome(self, box: Sandbox) -> Outcome:
        return outcome(self._books, box, self._ids)

    @contextmanager
    def server(self) -> Iterator[Sandbox]:
        """A server of its own; afterwards the dataset is again as it was."""
        with Sandbox(anonymous_rate=None, creation_delay=0.0, share=self._folder) as box:
            try:
                self.scene.prepare(box)
                for act in self.scene.first:
                    told = self.work(box, act)
                    assert told is not None and not told.error, told
                self._ids = object_ids(box)
                yield box
            finally:
                self._books.restore()
            assert box.crashes == []

    def work(self, box: Sandbox, *acts: str, death: Death | None = None) -> Told | None:
        """Lets a process work, and waits until the server is done with all that it asked.

        Returns:
            what it told, or ``None`` if it was killed
        """
        told = self._processes.run(Work(acts, self._dataset.name, box.url, self.scene.request, death))
        _wait(box)
        assert told is None or not told.unexpected, told.unexpected
        return told

    def differs(self, box: Sandbox, *, in_two: bool = False) -> list[str]:
        """How what there is now differs from what there is after an undisturbed send.

        Args:
            box: the server
            in_two: whether it was done by two refreshes, of which the first ended by itself
        """
        now = self._outcome(box)
        now = replace(now, refreshes=now.refreshes - in_two)
        return [*not_once(self.undisturbed, now), *differences(asdict(self.undisturbed), asdict(now))]

    def differs_taken_back(self, box: Sandbox) -> list[str]:
        """Takes all refreshes back; how the server then differs from one on which an undisturbed one was taken back."""
        left = self._take_back(box)
        return differences(self.taken_back, left)

    def _take_back(self, box: Sandbox) -> Any:
        for _ in range(self._outcome(box).refreshes):
            told = self.work(box, "take back")
            assert told is not None and not told.error, told
            assert told.answers["take back"]["left"] == 0, told
        return self._outcome(box).server

    def leftovers(self, box: Sandbox) -> list[str]:
        """What of a deleted run is left, and what of the dataset is not as before."""
        box.settle()
        left = differences(self._books.before, self._books.documents())
        return [*left, *(f"{kind}: {things}" for kind, things in box.state().items() if things)]

    @property
    def labels(self) -> int:
        """How many labels a load finds afterwards."""
        return self.scene.kept or sum(self.undisturbed.record["labels"].values())

    @property
    def changes_samples(self) -> bool:
        """Whether an undisturbed send does so."""
        return bool(self.undisturbed.samples != self._books.before["samples"])

    def samples_moved(self) -> bool:
        """Whether the samples are not as after an undisturbed send."""
        return bool(self._books.documents()["samples"] != self.undisturbed.samples)

    def is_sent(self) -> bool:
        """Whether there is a run that says that it is complete."""
        return any(record["status"] == "sent" for record in self._books.documents()["runs"])


def _wait(box: Sandbox) -> None:
    last = HTTPConnection(box.url.removeprefix("http://"))
    last.request("GET", "/the-end")  # a path that no fault strikes
    last.getresponse().read()  # so all connections before this one were accepted
    last.close()
    ends = time.monotonic() + PATIENCE
    while box.connections:
        assert time.monotonic() < ends, "the server is not done with what a process asked"
        time.sleep(0.002)


def strike(box: Sandbox, point: Point, fault: Mapping[str, Any], times: int) -> Any:
    """Makes the server treat a call badly, and those of its name that follow."""
    method, path = call_pattern(point)
    return box.faults.add(**fault, method=method, path=path, nth=point.nth, times=times)
