"""How much memory a send takes: images of some gigabytes, in files of three sizes, with a box on each.

    python dev.py bench memory --gigabytes 4

The files are a small image each, with nothing but zeros after its end, which take no room on the disk. The stand-in
server reads all of every request and keeps the first bytes of each file.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .common import operator, peak_memory, table, versions, world

if TYPE_CHECKING:
    import fiftyone as fo

FIELD = "ground_truth"
TARGET = 150
"""Megabytes that a send may take above what the process had before."""

SIZES = {1 << 20: 0.5, 20 << 20: 0.25, 256 << 20: 0.25}
"""Bytes of a file, and what part of the payload comes so: many to a request, one to a request, in chunks."""

KEPT_BYTES = 64 << 10
"""What the server keeps of a file, enough to see how large the image is."""

LOOK_EVERY = 0.005
"""Seconds between two looks at the memory."""


@dataclass
class Memory:
    """The megabytes that this process has.

    Attributes:
        idle: before
        peak: the most since
    """

    idle: float
    peak: float

    @property
    def growth(self) -> float:
        """Megabytes above idle."""
        return self.peak - self.idle


@contextmanager
def watched() -> Iterator[Memory]:
    """Watches the memory of this process until the end of the ``with`` block."""
    import psutil

    process, ended = psutil.Process(), threading.Event()

    def now() -> float:
        return float(process.memory_info().rss) / (1 << 20)

    highest = peak_memory()
    memory = Memory(now(), now())

    def look() -> None:
        while not ended.wait(LOOK_EVERY):
            memory.peak = max(memory.peak, now())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()
        if peak_memory() > highest:  # the system saw what was between two looks
            memory.peak = peak_memory()


def make_files(folder: Path, payload: int) -> list[Path]:
    """Images of so many bytes together."""
    from PIL import Image

    sample = folder / "sample.jpg"
    Image.linear_gradient("L").resize((640, 480)).save(sample)
    content = sample.read_bytes()
    paths = []
    for size, part in SIZES.items():
        for number in range(round(payload * part / size)):
            path = folder / f"image_{size >> 20:03d}_{number:06d}.jpg"
            path.write_bytes(content)
            os.truncate(path, size)
            paths.append(path)
    return paths


def make_dataset(paths: list[Path]) -> fo.Dataset:
    """A sample with a box for each file."""
    import fiftyone as fo

    box = fo.Detection(label="car", bounding_box=[0.1, 0.2, 0.3, 0.4])
    dataset = fo.Dataset("memory")
    dataset.add_samples([fo.Sample(str(path), **{FIELD: fo.Detections(detections=[box.copy()])}) for path in paths])
    return dataset


def main() -> int:
    """Measures, prints, and says by the exit code whether the target was met."""
    parser = argparse.ArgumentParser(prog="dev.py bench memory", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=4, help="how much to send")
    options = parser.parse_args()
    with world(kept_bytes=KEPT_BYTES) as here:
        paths = make_files(here.folder, round(options.gigabytes * (1 << 30)))
        dataset = make_dataset(paths)
        size, large = sum(path.stat().st_size for path in paths), max(SIZES)
        send = operator("send_to_cvat")
        started = time.perf_counter()
        with watched() as memory:
            run = send(dataset, anno_key="memory", label_field=FIELD, **here.login)
        seconds = time.perf_counter() - started
        assert run["samples"] == run["labels"] == len(paths), run
        met = memory.growth <= TARGET
        head = ["payload", "files", "time", "idle", "peak", "above idle", "target"]
        row = [f"{size / (1 << 30):.1f} GB", f"{len(paths):,}, up to {large >> 20} MB", f"{seconds:.0f} s"]
        row += [f"{number:.0f} MB" for number in (memory.idle, memory.peak, memory.growth)]
        print(table(head, [[*row, f"at most {TARGET} MB: {'met' if met else 'missed'}"]]), f"\n\n{versions()}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
