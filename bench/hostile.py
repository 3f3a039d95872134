"""Work that an annotator can cause: how the time of a load grows with what was drawn on one image.

    python dev.py bench hostile
    python dev.py bench hostile --case "redrawn overlapping boxes" --most 2000

Each case is loaded in sizes that double. What counts is the growth, and not the seconds: twice as many labels, or
points, may take little more than twice as long.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import World, operator, peak_memory, table, timed, versions, world
from .load import Server

if TYPE_CHECKING:
    import fiftyone as fo

WIDTH, HEIGHT = 3840, 2160
STEEPEST = 1.35
"""The most that time may grow: with so high a power of the size, over all sizes."""

NOTHING = 0.5
"""Seconds of which growth is not judged."""

Shape = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Something that an annotator can do.

    Attributes:
        name: what it is.
        most: the largest size.
        sent: the labels of an image that is sent, for a size.
        work: what the annotator does, given the server, the job, the id of the class and the size.
        load: what is measured; by default a load.
    """

    name: str
    most: int
    sent: Callable[[int], list[Any]]
    work: Callable[[Server, int, int, int], None]
    load: Callable[[fo.Dataset, Any, dict[str, str]], Any] | None = None


def _grid(count: int, size: float = 20.0) -> list[tuple[float, float, float, float]]:
    """Boxes in rows, in pixels: left, top, right, bottom."""
    across = max(1, int(math.sqrt(count * WIDTH / HEIGHT)))
    down = -(-count // across)
    step_x, step_y = (WIDTH - size) / across, (HEIGHT - size) / down
    places = [(step_x * (n % across), step_y * (n // across)) for n in range(count)]
    return [(x, y, x + size, y + size) for x, y in places]


def _crowd(count: int) -> list[tuple[float, float, float, float]]:
    """Boxes that all overlap."""
    steps = [300.0 * n / count for n in range(count)]
    return [(500 + step, 500 + (step * 7) % 300, 1500 + step, 1500 + (step * 7) % 300) for step in steps]


def _star(points: int, middle: tuple[float, float], shift: float = 0.0) -> list[float]:
    """A closed line of many points."""
    found: list[float] = []
    for number in range(points):
        turn, reach = 2 * math.pi * number / points, 60 + 30 * (number % 2)
        found += [middle[0] + reach * math.cos(turn) + shift, middle[1] + reach * math.sin(turn) + shift]
    return found


def _boxes(places: Sequence[tuple[float, float, float, float]]) -> list[Any]:
    import fiftyone as fo

    return [
        fo.Detection(label="car", bounding_box=[x / WIDTH, y / HEIGHT, (r - x) / WIDTH, (b - y) / HEIGHT])
        for x, y, r, b in places
    ]


def _polygons(count: int) -> list[Any]:
    import fiftyone as fo

    def relative(points: list[float]) -> list[tuple[float, float]]:
        pairs = zip(points[::2], points[1::2], strict=True)
        return [(min(1.0, max(0.0, x / WIDTH)), min(1.0, max(0.0, y / HEIGHT))) for x, y in pairs]

    middles = [(x + 100, y + 100) for x, y, _, _ in _grid(count, 220.0)]
    return [fo.Polyline(label="car", points=[relative(_star(500, m))], closed=True, filled=True) for m in middles]


def _line(points: int) -> list[Any]:
    import fiftyone as fo

    line = [(0.1 + 0.8 * n / points, 0.5 + 0.3 * math.sin(n / 40)) for n in range(points)]
    return [fo.Polyline(label="car", points=[line])]


def _shape(label: int, points: Sequence[float], kind: str = "rectangle") -> Shape:
    return {"type": kind, "frame": 0, "label_id": label, "points": list(points), "attributes": [], "source": "manual"}


def _draw(places: Callable[[int], list[Any]]) -> Callable[[Server, int, int, int], None]:
    return lambda server, job, label, size: server.write(job, "create", [_shape(label, p) for p in places(size)])


def _move(server: Server, job: int, label: int, size: int) -> None:
    shapes = server.shapes(job)
    server.write(job, "update", [{**shape, "points": [p + 2 for p in shape["points"]]} for shape in shapes])


def _redraw(server: Server, job: int, label: int, size: int) -> None:
    """Deletes all, and draws it again a little aside, from the last to the first."""
    shapes = server.shapes(job)
    server.write(job, "delete", shapes)
    news = [_shape(label, [p + 3 for p in shape["points"]], shape["type"]) for shape in reversed(shapes)]
    server.write(job, "create", news)


def _thin(server: Server, job: int, label: int, size: int) -> None:
    server.write(job, "delete", server.shapes(job)[::2])


def _preview(dataset: fo.Dataset, run: Any, login: dict[str, str]) -> Any:
    return operator("load_annotations")(dataset, run, confirm=True, preview=True, **login)


def _undo(dataset: fo.Dataset, run: Any, login: dict[str, str]) -> Any:
    operator("load_annotations")(dataset, run, confirm=True, **login)
    return lambda: operator("undo_load")(dataset, run)


CASES = (
    Case("new boxes", 20_000, lambda n: _boxes(_grid(2)), _draw(_grid)),
    Case("moved boxes", 20_000, lambda n: _boxes(_grid(n)), _move),
    Case("every second box deleted", 20_000, lambda n: _boxes(_grid(n)), _thin),
    Case("the same, undone", 20_000, lambda n: _boxes(_grid(n)), _thin, _undo),
    Case("new boxes beside as many, preview", 10_000, lambda n: _boxes(_grid(n)), _draw(_grid), _preview),
    Case("redrawn boxes", 20_000, lambda n: _boxes(_grid(n)), _redraw),
    Case("redrawn overlapping boxes", 4_000, lambda n: _boxes(_crowd(n)), _redraw),
    Case("redrawn polygons of 500 points", 400, _polygons, _redraw),
    Case("new polygons' preview", 400, _polygons, _redraw, _preview),
    Case("points of a redrawn line", 40_000, _line, _redraw),
)


def measure(here: World, photo: Path, case: Case, size: int) -> float:
    """The seconds of one load."""
    import fiftyone as fo

    labels = case.sent(size)
    lines = isinstance(labels[0], fo.Polyline)
    value = fo.Polylines(polylines=labels) if lines else fo.Detections(detections=labels)
    dataset, server = fo.Dataset(), Server(here.url)
    dataset.add_sample(fo.Sample(str(photo), gt=value))
    run = operator("send_to_cvat")(dataset, anno_key="run", label_field="gt", **here.login)
    task = run["tasks"][0]
    case.work(server, task["jobs"][0], server.classes(task["id"])[0], size)
    if case.load is None:
        seconds, _ = timed(lambda: operator("load_annotations")(dataset, run, confirm=True, **here.login))
    elif case.load is _undo:
        seconds, _ = timed(_undo(dataset, run, here.login))
    else:
        seconds, _ = timed(lambda: case.load and case.load(dataset, run, here.login))
    server.delete(task["id"])
    dataset.delete()
    return seconds


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The power of the size with which the time grows."""
    if seconds[-1] <= NOTHING:
        return 0.0
    return math.log(seconds[-1] / max(seconds[0], NOTHING / 4)) / math.log(sizes[-1] / sizes[0])


def main() -> int:
    """Measures, prints, and says by the exit code whether anything grows too fast."""
    parser = argparse.ArgumentParser(prog="dev.py bench hostile", description=__doc__)
    parser.add_argument("--case", choices=[case.name for case in CASES], action="append", help="only this one")
    parser.add_argument("--most", type=int, default=20_000, help="no size above this")
    options = parser.parse_args()
    rows, missed = [], []
    with world() as here:
        from PIL import Image

        photo = here.folder / "photo.jpg"
        Image.new("RGB", (WIDTH, HEIGHT)).save(photo)
        measure(here, photo, CASES[0], 10)  # what is slow only once
        for case in CASES:
            if options.case and case.name not in options.case:
                continue
            most = min(case.most, options.most) if case.most <= 20_000 else case.most
            sizes = [most // 8, most // 4, most // 2, most]
            seconds = [measure(here, photo, case, size) for size in sizes]
            power = growth(sizes, seconds)
            told = [f"{size:,}: {second:.1f} s" for size, second in zip(sizes, seconds, strict=True)]
            rows.append([case.name, *told, f"{power:.2f}", f"{peak_memory():.0f} MB"])
            missed += [case.name] if power > STEEPEST else []
            print(" | ".join(rows[-1]), flush=True)
        print(table(["on one image", "", "", "", "", "grows with the power", "peak memory so far"], rows))
        print(f"\n{versions()}")
    for name in missed:
        print(f"Missed: {name} grows faster than with the power {STEEPEST:g}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
