"""How fast a round trip is: this plugin beside the bare requests and FiftyOne's own integration.

    python dev.py bench round_trip --images 1000

All write the same images and boxes to the same server and read them back.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bare import BOXES, FIELD, Bare, make_dataset, plain_boxes
from .common import World, operator, peak_memory, table, timed, versions, world

if TYPE_CHECKING:
    import fiftyone as fo

ROUNDS = 3
"""How often the quick ones are measured; their medians count."""

SEND, LOAD, RELOAD = 1.15, 5.0, 30.0
"""The targets: a send takes at most so many times the bare requests; loads are so many times faster than built-in."""


def check(images: int, shapes: Sequence[dict[str, Any]]) -> None:
    """Checks that the server has every box with both values."""
    assert len(shapes) == images * BOXES, f"{len(shapes)} boxes arrived"
    assert all(len(shape["attributes"]) >= 2 for shape in shapes), "values are missing"


def measure_quick(here: World, dataset: fo.Dataset, bare: Bare) -> dict[str, float]:
    """The medians of the bare requests and of this plugin."""
    send, load = operator("send_to_cvat"), operator("load_annotations")
    count = len(dataset) * BOXES
    before = list(dataset._sample_collection.find())
    times: dict[str, list[float]] = {}

    def note(name: str, call: Callable[[], Any]) -> Any:
        seconds, result = timed(call)
        times.setdefault(name, []).append(seconds)
        return result

    for number in range(ROUNDS):
        assert note("bare send", bare.send) == count
        assert note("bare load", bare.load) == count
        run = note("send", lambda n=number: send(dataset, anno_key=f"ours_{n}", label_field=FIELD, **here.login))
        task = run["tasks"][0]["id"]
        check(len(dataset), bare.shapes_of(task))
        for name in ("load", "reload"):
            report = note(name, lambda run=run: load(dataset, run, **here.login))
            assert report["unchanged"] == count and not report["changed"], report
        bare.delete(task)
        bare.delete(bare.task)
    assert list(dataset._sample_collection.find()) == before, "an unedited load changed something"
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def measure_builtin(here: World, dataset: fo.Dataset, bare: Bare) -> dict[str, float]:
    """FiftyOne's own integration, once."""
    key, times = "builtin", {}

    def annotate() -> Any:
        return dataset.annotate(key, backend="cvat", label_field=FIELD, **here.login)

    def load() -> None:
        dataset.load_annotations(key, unexpected="keep", **here.login)

    times["send"], results = timed(annotate)
    check(len(dataset), bare.shapes_of(results.task_ids[0]))
    for name in ("load", "reload"):
        times[name], _ = timed(load)
        assert dataset.count(f"{FIELD}.detections") == len(dataset) * BOXES
    return times


def report(quick: dict[str, float], builtin: dict[str, float]) -> tuple[str, list[str]]:
    """The table, and the targets that were missed."""
    rows, missed = [], []
    for name, bare, target in (("send", "bare send", SEND), ("load", "bare load", LOAD), ("reload", "", RELOAD)):
        ours, theirs = quick[name], builtin[name]
        slower, faster = (ours / quick[bare] if bare else 0.0), theirs / ours
        met = slower <= target if name == "send" else faster >= target
        wanted = f"at most {target:g}x bare" if name == "send" else f"{target:g}x as fast as built-in"
        rows.append(
            [
                {"send": "send", "load": "first load", "reload": "second load"}[name],
                f"{quick[bare]:.2f} s" if bare else "",
                f"{ours:.3f} s",
                f"{theirs:.2f} s",
                f"{slower:.2f}x" if bare else "",
                f"{faster:.1f}x",
                f"{wanted}: {'met' if met else 'missed'}",
            ]
        )
        missed += [] if met else [f"{name}: {wanted}"]
    head = ["", "bare requests", "this plugin", "built-in", "of bare", "faster than built-in", "target"]
    return table(head, rows), missed


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench round_trip", description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="how many images, with ten boxes each")
    options = parser.parse_args()
    with world() as here:
        dataset = make_dataset(here.folder, options.images)
        bare = Bare(here.url, [Path(path) for path in dataset.values("filepath")], plain_boxes(dataset))
        start = peak_memory()
        quick = measure_quick(here, dataset, bare)
        ours = peak_memory()
        builtin = measure_builtin(here, dataset, bare)
        text, missed = report(quick, builtin)
        print(f"{options.images:,} images, {options.images * BOXES:,} boxes with two attributes\n\n{text}\n")
        print(
            f"Peak memory: {start:.0f} MB at the start, {ours:.0f} MB with this plugin, {peak_memory():.0f} MB in all"
        )
        print(versions())
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
