"""What the processes of a run of tests have in common: the points of the sends, and the count of what was tried."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
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


class Struck:
    """Counts what was tried, a line for each."""

    def __init__(self) -> None:
        self._file = FOLDER / "tried.txt"

    def add(self, what: str) -> None:
        """Counts one."""
        with self._file.open("a") as file:
            file.write(f"{what}\n")

    def counts(self) -> Counter[str]:
        """How much of each was tried until now, by all processes."""
        return Counter(self._file.read_text().splitlines() if self._file.exists() else ())


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Lets other processes wait as long as this block lasts."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
