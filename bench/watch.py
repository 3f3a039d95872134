"""What it costs to watch: idle looks at 50 runs with 2,000 jobs, for an hour of a clock that does not wait.

    python dev.py bench watch
    python dev.py bench watch --runs 10 --looks 240

Nothing changes in CVAT meanwhile. What counts: one request a look for all runs together, little of the processor, and
memory that does not grow with the looks.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from dataclasses import dataclass
from typing import Any

import psutil

from .common import World, operator, table, versions, world

RUNS, JOBS, LOOKS = 50, 2_000, 60
EVERY = 60.0
"""Seconds between two looks, by the clock of the measurement."""

MOST_REQUESTS = 1.0
"""Requests that a look may take: a filter holds a hundred tasks."""
MOST_PROCESSOR = 0.5
"""Seconds of the processor that a look may take."""
MOST_GROWTH = 16.0
"""Megabytes that all looks but the first together may add."""


def make_runs(here: World, runs: int, jobs: int) -> Any:
    """A dataset whose samples were sent often, each in a job of its own."""
    import fiftyone as fo
    from PIL import Image

    each = jobs // runs
    paths = [here.folder / f"{number:04d}.png" for number in range(each)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (number % 256, 0, 0)).save(path)
    dataset = fo.Dataset("watch", persistent=True)
    box = {"label": "car", "bounding_box": [0.1, 0.1, 0.2, 0.2]}
    dataset.add_samples([fo.Sample(str(path), gt=fo.Detections(detections=[fo.Detection(**box)])) for path in paths])
    for number in range(runs):
        operator("send_to_cvat")(dataset, anno_key=f"run_{number}", label_field="gt", segment_size=1, **here.login)
    return dataset


class Clock:
    """A clock that goes on by a minute whenever it is told to."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Look:
    """What a look cost.

    Attributes:
        processor: seconds.
        requests: how many were made.
        received: bytes that came.
        memory: megabytes that the process has after it.
    """

    processor: float
    requests: int
    received: int
    memory: float


def watch(here: World, dataset: Any, looks: int) -> list[Look]:
    """Looks so often; the first look, at which all is new, is not counted."""
    package = "fiftyone.plugins.orgs.roundtrip.cvat.sync"
    names = ("connection", "watch.alarm", "watch.program", "watch.rule")
    connection, alarm, program, rule = (importlib.import_module(f"{package}.{name}") for name in names)
    client = connection.connect(connection.find_credentials(here.login))
    clock, said = Clock(), list[str]()
    request = rule.WatchRequest(runs=tuple(dataset.list_annotation_runs()), every=EVERY)
    tell, process = (lambda key, text: said.append(text)), psutil.Process()
    watcher = program.prepare(dataset, request, lambda record: client, tell, alarm.Alarm(), clock)
    costs = []
    for _ in range(looks + 1):
        began, asked, came = time.process_time(), client.session.requests_made, client.session.bytes_received
        watcher.look()
        clock.now += EVERY
        made, received = client.session.requests_made - asked, client.session.bytes_received - came
        costs.append(Look(time.process_time() - began, made, received, process.memory_info().rss / (1 << 20)))
    watcher.leave()
    assert said == [] and watcher.loads == [], said
    return costs[1:]


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench watch", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="how many runs")
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs of all runs together")
    parser.add_argument("--looks", type=int, default=LOOKS, help="one a minute")
    options = parser.parse_args()
    with world(creation_delay=0.0) as here:
        dataset = make_runs(here, options.runs, options.jobs)
        costs = watch(here, dataset, options.looks)
    count = len(costs)
    requests, processor = sum(cost.requests for cost in costs), sum(cost.processor for cost in costs)
    growth = costs[-1].memory - costs[min(5, count - 1)].memory
    met = {
        f"at most {MOST_REQUESTS:g} request a look": requests <= MOST_REQUESTS * count,
        f"at most {MOST_PROCESSOR:g} s of the processor a look": processor <= MOST_PROCESSOR * count,
        f"at most {MOST_GROWTH:g} MB more memory": growth <= MOST_GROWTH,
    }
    head = ["", "looks", "requests", "received", "processor", "a look", "memory", "more than after five looks"]
    row = [f"{options.runs} runs, {options.jobs:,} jobs", str(count), str(requests)]
    row += [f"{sum(cost.received for cost in costs) / (1 << 20):.0f} MB", f"{processor:.1f} s"]
    row += [f"{processor / count:.3f} s", f"{costs[-1].memory:.0f} MB", f"{growth:+.1f} MB"]
    print(f"{table(head, [row])}\n\n{versions()}")
    for target in (target for target, is_met in met.items() if not is_met):
        print(f"Missed: {target}", file=sys.stderr)
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
