"""How fast a send is: this plugin beside the bare requests and FiftyOne's own integration, near a server and far away.

    python dev.py bench throughput --rounds 3

All send the same images and boxes, each as often, in turn; medians count. The stand-in server answers much faster than
a real one, which shows what a client costs; the last case slows it down until the bare requests take as long as they
took with a real one, 6.2 s.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bare import BOXES, FIELD, TASKS_AT_ONCE, Bare, make_dataset, plain_boxes
from .common import World, operator, sandbox, table, timed, versions, world

if TYPE_CHECKING:
    import fiftyone as fo

IMAGES = 1000
SLOWER, FASTER = 1.15, 4.0
"""The targets: at most so many times the bare requests; with latency, at least so many times faster than built-in."""

LATENCY = 0.05
"""Seconds that every answer waits, far away."""


@dataclass(frozen=True)
class Case:
    """What is sent where.

    Attributes:
        name: for the table.
        settings: of the sandbox.
        task_size: images in a task; all of them if None.
        targets: whether it is one of those that must be met: of the bare requests, and of the built-in.
    """

    name: str
    settings: Mapping[str, float] = field(default_factory=dict)
    task_size: int | None = None
    targets: tuple[bool, bool] = (True, False)


CASES = (
    Case("one task, near"),
    Case("one task, 50 ms away", {"latency": LATENCY}, targets=(True, True)),
    Case("20 tasks, 50 ms away", {"latency": LATENCY}, task_size=50, targets=(True, True)),
    # A real server took 6.2 s for the bare requests. Here 2 s to make the frames, and the rest to store the boxes
    Case("one task, at the pace of a real server", {"creation_delay": 1.0, "seconds_per_megabyte": 1.4}),
)


def contestants(here: World, dataset: fo.Dataset, bare: Bare, case: Case) -> dict[str, Callable[[str], Any]]:
    """Who sends, by name; each call takes a key that is new."""
    send, size = operator("send_to_cvat"), case.task_size
    options = {"label_field": FIELD, **here.login, **({"task_size": size} if size else {})}
    ways: dict[str, Callable[[str], Any]] = {
        "bare": (lambda key: bare.send_tasks(size, TASKS_AT_ONCE)) if size else (lambda key: bare.send()),
        "plugin": lambda key: send(dataset, anno_key=key, **options),
        "builtin": lambda key: dataset.annotate(key, backend="cvat", **options),
    }
    if size:
        ways["bare in turn"] = lambda key: bare.send_tasks(size, 1)
    return ways


def measure(here: World, dataset: fo.Dataset, bare: Bare, case: Case, rounds: int) -> dict[str, float]:
    """The median seconds of each contestant."""
    times: dict[str, list[float]] = {}
    ways = list(contestants(here, dataset, bare, case).items())
    for number in range(rounds):
        for name, way in ways if number % 2 == 0 else reversed(ways):
            key = f"{name.replace(' ', '_')}_{number}"
            seconds, _ = timed(lambda way=way, key=key: way(key))
            times.setdefault(name, []).append(seconds)
            bare.log_in()
            shapes = bare.all_shapes()
            assert len(shapes) == len(dataset) * BOXES, f"{name}: {len(shapes)} boxes arrived"
            assert all(len(shape["attributes"]) >= 2 for shape in shapes), f"{name}: values are missing"
            bare.clear()
        for key in dataset.list_annotation_runs():
            dataset.delete_annotation_run(key)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def row(case: Case, times: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """A line of the table, and the targets that were missed."""
    bare, ours, theirs = times["bare"], times["plugin"], times["builtin"]
    slower, faster = ours / bare, theirs / ours
    wanted = {f"at most {SLOWER:g}x bare": slower <= SLOWER, f"{FASTER:g}x as fast as built-in": faster >= FASTER}
    counted = {what: met for (what, met), counts in zip(wanted.items(), case.targets, strict=True) if counts}
    in_turn = f" ({times['bare in turn']:.2f} s in turn)" if "bare in turn" in times else ""
    cells = [case.name, f"{bare:.2f} s{in_turn}", f"{ours:.2f} s", f"{theirs:.2f} s"]
    cells += [f"{slower:.2f}x", f"{ours - bare:+.2f} s", f"{faster:.1f}x"]
    cells += ["; ".join(f"{what}: {'met' if met else 'missed'}" for what, met in counted.items())]
    return cells, [f"{case.name}: {what}" for what, met in counted.items() if not met]


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench throughput", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--case", type=int, choices=range(len(CASES)), action="append", help="only this one")
    options = parser.parse_args()
    rows, missed = [], []
    with world() as here:
        dataset = make_dataset(here.folder, IMAGES)
        paths, boxes = [Path(path) for path in dataset.values("filepath")], plain_boxes(dataset)
        for number in options.case or range(len(CASES)):
            case = CASES[number]
            with sandbox(**case.settings) as url:
                times = measure(World(url, here.folder), dataset, Bare(url, paths, boxes), case, options.rounds)
            cells, lacking = row(case, times)
            rows.append(cells)
            missed += lacking
    report(rows, missed)
    return 1 if missed else 0


def report(rows: Sequence[Sequence[str]], missed: Sequence[str]) -> None:
    """Prints what was measured."""
    head = ["", "bare requests", "this plugin", "built-in", "of bare", "more", "faster than built-in", "target"]
    print(f"Sending {IMAGES:,} images, {IMAGES * BOXES:,} boxes with two attributes\n\n{table(head, rows)}\n")
    print(versions())
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
