"""What the processes of a run of tests have in common: the points of the sends, and what was missed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from faults_points import Point

FOLDER = Path(os.environ["ROUNDTRIP_SHARED"])


def points(name: str, find: Callable[[], Sequence[Point]]) -> list[Point]:
    """The points of a send, found by whichever process asks first: all must make the same tests of them."""
    file = FOLDER / f"points of {name}.json"
    with _alone(file.with_suffix(".lock")):
        if not file.exists():
            file.write_text(json.dumps([asdict(point) for point in find()]))
        return [Point(**point) for point in json.loads(file.read_text())]


def miss(point: Point) -> int:
    """Takes down a point that a send did not come to.

    Returns:
        how many those are until now, of all processes
    """
    file = FOLDER / "missed.txt"
    with _alone(file.with_suffix(".lock")):
        with file.open("a") as lines:
            lines.write(f"{point}\n")
        return len(file.read_text().splitlines())


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Lets other processes wait as long as this block lasts."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
