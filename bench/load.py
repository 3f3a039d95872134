"""How fast a load is when nothing, little or everything was edited: this plugin beside FiftyOne's own integration.

    python dev.py bench load --labels 10000
    python dev.py bench load --labels 100000 --memory

Both load the same boxes from the same server. The second form measures the memory of this plugin alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from .common import ACCOUNT, World, operator, peak_memory, table, timed, versions, world
from .round_trip import BOXES, FIELD, make_dataset

if TYPE_CHECKING:
    import fiftyone as fo

ROUNDS = 3
"""How often this plugin is measured; the medians count. FiftyOne's own integration is measured once."""

SHARES = {0.0: 50.0, 0.01: 8.0, 1.0: 3.0}
"""The part of the labels that was edited, and how many times faster than built-in the load has to be."""

MOST_MEMORY = 1500.0
"""Megabytes for a load of 100,000 labels."""


class Server:
    """The server as annotators use it.

    Args:
        url: the server.
    """

    def __init__(self, url: str) -> None:
        self._api = f"{url}/api"
        self._http = requests.Session()
        self._http.auth = (ACCOUNT, ACCOUNT)

    def jobs(self, task: int) -> list[int]:
        """The jobs of a task."""
        found = self._call("GET", "jobs", params={"task_id": task, "page_size": "all", "sort": "id"})
        return [job["id"] for job in found["results"]]

    def shapes(self, job: int) -> list[dict[str, Any]]:
        """The shapes of a job, in the order in which they were made."""
        shapes = self._call("GET", f"jobs/{job}/annotations")["shapes"]
        return sorted(shapes, key=lambda shape: shape["id"])

    def classes(self, task: int) -> list[int]:
        """The ids of a task's labels."""
        found = self._call("GET", "labels", params={"task_id": task, "page_size": "all", "sort": "id"})
        return [label["id"] for label in found["results"]]

    def write(self, job: int, action: str, shapes: list[dict[str, Any]]) -> None:
        """Creates, updates or deletes shapes of a job."""
        body = {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
        self._call("PATCH", f"jobs/{job}/annotations", params={"action": action}, json=body)

    def delete(self, task: int) -> None:
        """Deletes a task."""
        self._http.delete(f"{self._api}/tasks/{task}").raise_for_status()

    def move(self, task: int, share: float, step: float) -> int:
        """Moves some boxes of each job, evenly spread, by some pixels; how many."""
        moved = 0
        for job in self.jobs(task):
            shapes = self.shapes(job)
            count = round(len(shapes) * share)
            if not count:
                continue
            chosen = shapes[:: len(shapes) // count][:count]
            for shape in chosen:
                shape["points"] = [value + step for value in shape["points"]]
            self.write(job, "update", chosen)
            moved += count
        return moved

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, f"{self._api}/{path}", **options)
        answer.raise_for_status()
        return answer.json()


def measure_ours(here: World, dataset: fo.Dataset, server: Server) -> dict[float, float]:
    """The median seconds of a load, by the part that was edited since the last."""
    load = operator("load_annotations")
    run = operator("send_to_cvat")(dataset, anno_key="ours", label_field=FIELD, **here.login)
    load(dataset, run, **here.login)
    times: dict[float, list[float]] = {share: [] for share in SHARES}
    for _ in range(ROUNDS):
        for share in SHARES:
            moved = server.move(run["tasks"][0]["id"], share, 1.0)
            seconds, report = timed(lambda: load(dataset, run, **here.login))
            assert report["changed"] == moved, (report["changed"], moved)
            times[share].append(seconds)
    return {share: statistics.median(seconds) for share, seconds in times.items()}


def measure_builtin(here: World, dataset: fo.Dataset, server: Server) -> dict[float, float]:
    """The seconds of a load by FiftyOne's own integration, by the part that was edited."""
    results = dataset.annotate("builtin", backend="cvat", label_field=FIELD, **here.login)
    times = {}
    for share in SHARES:
        server.move(results.task_ids[0], share, 1.0)
        times[share], _ = timed(lambda: dataset.load_annotations("builtin", **here.login))
    return times


def report(ours: dict[float, float], builtin: dict[float, float]) -> tuple[str, list[str]]:
    """The table, and the targets that were missed."""
    rows, missed = [], []
    for share, target in SHARES.items():
        faster = builtin[share] / ours[share]
        wanted = f"{target:g}x as fast as built-in"
        met = faster >= target
        rows.append(
            [
                f"{share:.0%} edited",
                f"{ours[share]:.3f} s",
                f"{builtin[share]:.2f} s",
                f"{faster:.1f}x",
                f"{wanted}: {'met' if met else 'missed'}",
            ]
        )
        missed += [] if met else [f"{share:.0%}: {wanted}"]
    return table(["load", "this plugin", "built-in", "faster than built-in", "target"], rows), missed


def measure_memory(here: World, images: int) -> tuple[str, list[str]]:
    """The most memory that loads of all labels take. Others make and edit the labels, in a process of their own."""
    import fiftyone as fo

    load, rows = operator("load_annotations"), []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        dataset = fo.load_dataset(others.submit(_make, str(here.folder), images).result())
        run = operator("send_to_cvat")(dataset, anno_key="ours", label_field=FIELD, **here.login)
        rows.append(["before", "", f"{peak_memory():.0f} MB"])
        for share in SHARES:
            moved = others.submit(_move, here.url, run["tasks"][0]["id"], share).result()
            seconds, done = timed(lambda: load(dataset, run, **here.login))
            assert done["changed"] == moved, (done["changed"], moved)
            rows.append([f"{share:.0%} edited", f"{seconds:.1f} s", f"{peak_memory():.0f} MB"])
    peak = peak_memory()
    missed = [] if peak <= MOST_MEMORY else [f"memory: {peak:.0f} MB, at most {MOST_MEMORY:.0f} MB"]
    return table(["load", "this plugin", "peak memory so far"], rows), missed


def _make(folder: str, images: int) -> str:
    dataset = make_dataset(Path(folder), images)
    dataset.persistent = True  # it outlives the process that makes it
    return str(dataset.name)


def _move(url: str, task: int, share: float) -> int:
    return Server(url).move(task, share, 1.0)


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench load", description=__doc__)
    parser.add_argument("--labels", type=int, default=10_000, help="how many labels, ten on each image")
    parser.add_argument("--memory", action="store_true", help="measure memory, and this plugin only")
    options = parser.parse_args()
    with world() as here:
        if options.memory:
            text, missed = measure_memory(here, options.labels // BOXES)
        else:
            dataset, server = make_dataset(here.folder, options.labels // BOXES), Server(here.url)
            ours = measure_ours(here, dataset, server)
            text, missed = report(ours, measure_builtin(here, dataset, server))
        print(f"{options.labels:,} labels with two attributes\n\n{text}\n")
        print(versions())
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
