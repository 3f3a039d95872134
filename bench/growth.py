"""How a load grows: labels on one image, labels in a run, jobs in a run; each is doubled three times.

    python dev.py bench growth
    python dev.py bench growth --case "labels in a run, all edited" --most 100000
    python dev.py bench growth --million

What counts are the time and the memory of one label, which may hardly grow. Each load is made by a process of its own,
so that its memory can be measured. The last form loads 1,000,000 labels in 100 jobs, of which every tenth was edited.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from .common import World, operator, peak_memory, table, versions, world
from .load import Server

STEEPEST = 1.2
"""The most that time may grow: with so high a power of the size, over all sizes."""

HEAVIEST = 25.0
"""The most kilobytes that a load may take for each label in the run."""

FIXED = 0.3
"""Seconds that any load takes, of which growth is not judged."""

MILLION, MILLION_MEMORY = 1_000_000, 2_000.0
"""Labels of a large run, and the megabytes that its load may take in all."""

FIELD, KEY = "gt", "run"


@dataclass(frozen=True)
class Case:
    """What is doubled.

    Attributes:
        name: what it is.
        most: the largest number of labels.
        images: of how many images, for a number of labels.
        job: images in a job, for a number of images.
        share: of the labels that were edited.
    """

    name: str
    most: int
    images: int
    job: int
    share: float

    def places(self, labels: int) -> tuple[int, int]:
        """How many images there are, and how many of them in a job."""
        images = self.images or max(1, labels // 10)
        return images, self.job or images


CASES = (
    Case("labels on one image, all edited", 20_000, images=1, job=1, share=1.0),
    Case("labels in a run, none edited", 80_000, images=0, job=0, share=0.0),
    Case("labels in a run, all edited", 80_000, images=0, job=0, share=1.0),
    Case("jobs of 200 labels, every tenth edited", 40_000, images=0, job=20, share=0.1),
)


@dataclass(frozen=True)
class Cost:
    """What a load takes.

    Attributes:
        seconds: of the clock.
        processor: seconds of the processor.
        before, peak: megabytes of its process.
    """

    seconds: float
    processor: float
    before: float
    peak: float


def in_another_process(call: Any, *given: Any) -> Any:
    """What a call returns that is made by a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        return others.submit(call, *given).result()


def make(folder: str, images: int, labels: int) -> str:
    """A dataset of boxes, written as the database has them; its name."""
    import fiftyone as fo
    from bson import ObjectId
    from PIL import Image
    from pymongo import UpdateOne

    first = Path(folder) / f"{images}_{labels}.jpg"
    Image.new("RGB", (640, 480)).save(first)
    paths = [first.with_name(f"{first.stem}_{number:06d}.jpg") for number in range(images)]
    for path in paths:
        shutil.copyfile(first, path)
    dataset = fo.Dataset(f"growth_{images}_{labels}", persistent=True)
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    dataset.add_sample_field(FIELD, fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    document = fo.Detection(label="car", bounding_box=[0, 0, 0.1, 0.1], code="a").to_dict()
    each = labels // images
    across = max(1, math.isqrt(each))

    def box(number: int) -> dict[str, Any]:
        place = [0.8 * (number % across) / across, 0.8 * (number // across) / across, 0.9 / across, 0.7 / across]
        return {**document, "_id": ObjectId(), "bounding_box": place, "code": f"{number:06d}"}

    writes = []
    for sample_id in dataset.values("id"):
        value = {"_cls": "Detections", "detections": [box(number) for number in range(each)]}
        writes.append(UpdateOne({"_id": ObjectId(sample_id)}, {"$set": {FIELD: value}}))
        if len(writes) * each >= 100_000:
            dataset._sample_collection.bulk_write(writes, ordered=False)
            writes = []
    if writes:
        dataset._sample_collection.bulk_write(writes, ordered=False)
    return str(dataset.name)


def send(name: str, job: int, login: dict[str, str]) -> int:
    """Sends a dataset; the task."""
    import fiftyone as fo

    schema = {FIELD: {"type": "detections", "classes": ["car"], "attributes": {"code": {"type": "text"}}}}
    dataset = fo.load_dataset(name)
    run = operator("send_to_cvat")(dataset, anno_key=KEY, label_schema=schema, segment_size=job, **login)
    return int(run["tasks"][0]["id"])


def load(name: str, moved: int, login: dict[str, str]) -> Cost:
    """Loads once, and deletes the dataset."""
    import fiftyone as fo

    run = operator("load_annotations")
    dataset = fo.load_dataset(name)
    before, start, processor = peak_memory(), time.perf_counter(), time.process_time()
    report = run(dataset, KEY, **login)
    cost = Cost(time.perf_counter() - start, time.process_time() - processor, before, peak_memory())
    assert report["changed"] == moved, (report["changed"], moved)
    fo.delete_dataset(name)
    return cost


def prepare(here: World, labels: int, images: int, job: int, share: float) -> tuple[str, int, int]:
    """A run of which some boxes were moved, as annotators do: its dataset, its task, and how many."""
    name = make(str(here.folder), images, labels)
    task = send(name, job, here.login)
    return name, task, Server(here.url).move(task, share, 1.0)


def measure(here: World, labels: int, images: int, job: int, share: float) -> Cost:
    """The cost of one load, of a run that was never loaded before."""
    name, task, moved = in_another_process(prepare, here, labels, images, job, share)
    cost = in_another_process(load, name, moved, here.login)
    Server(here.url).delete(task)
    return cost


def growth(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The power of the size with which something grows."""
    return math.log(max(values[-1], 1e-9) / max(values[0], 1e-9)) / math.log(sizes[-1] / sizes[0])


def report(case: Case, sizes: Sequence[int], costs: Sequence[Cost]) -> tuple[list[list[str]], list[str]]:
    """The rows of a case, and the targets that were missed."""
    rows = []
    for size, cost in zip(sizes, costs, strict=True):
        used = cost.peak - cost.before
        rows.append(
            [
                case.name,
                f"{size:,}",
                f"{cost.seconds:.2f} s",
                f"{cost.processor:.2f} s",
                f"{cost.processor / size * 1e6:.0f} us",
                f"{used:.0f} MB",
                f"{used / size * 1024:.1f} KB",
            ]
        )
    power = growth(sizes, [max(FIXED, cost.processor) for cost in costs]) if len(costs) > 1 else 1.0
    rows[-1][0] += f" (grows with the power {power:.2f})" if len(costs) > 1 else ""
    missed = [f"{case.name}: time grows with the power {power:.2f}"] if power > STEEPEST else []
    weight = (costs[-1].peak - costs[-1].before) / sizes[-1] * 1024
    missed += [f"{case.name}: {weight:.1f} KB for each label"] if weight > HEAVIEST else []
    return rows, missed


HEAD = ["a load of", "labels", "time", "processor", "of one label", "memory above idle", "of one label"]


def main() -> int:
    """Measures, prints, and says by the exit code whether anything grows too fast."""
    parser = argparse.ArgumentParser(prog="dev.py bench growth", description=__doc__)
    parser.add_argument("--case", choices=[case.name for case in CASES], action="append", help="only this one")
    parser.add_argument("--most", type=int, help="no more labels than this")
    parser.add_argument("--doubled", type=int, default=3, help="how often a size is doubled")
    parser.add_argument("--million", action="store_true", help="load a million labels, and nothing else")
    options = parser.parse_args()
    rows, missed = [], []
    with world() as here:
        if options.million:
            labels = min(MILLION, options.most or MILLION)
            images = labels // 100
            cost = measure(here, labels, images, images // 100, 0.1)
            case = Case("100 jobs, every tenth label edited", labels, images, images // 100, 0.1)
            rows, _ = report(case, [labels], [cost])
            print(f"Memory of the process that loads: {cost.before:.0f} MB before, {cost.peak:.0f} MB at most\n")
            missed = [] if cost.peak <= MILLION_MEMORY else [f"memory: {cost.peak:.0f} MB, at most {MILLION_MEMORY}"]
        for case in () if options.million else CASES:
            if options.case and case.name not in options.case:
                continue
            most = min(case.most, options.most or case.most)
            sizes = [most // (1 << step) for step in range(options.doubled, -1, -1)]
            costs = [measure(here, size, *case.places(size), case.share) for size in sizes]
            lines, bad = report(case, sizes, costs)
            rows += lines
            missed += bad
            print("\n".join(" | ".join(line) for line in lines), flush=True)
        print(f"\n{table(HEAD, rows)}\n\n{versions()}")
    for target in missed:
        print(f"Missed: {target}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
