"""What an import of many tasks costs: requests and time of the look that the form takes, of the import, and of a load.

    python dev.py bench imports
    python dev.py bench imports --tasks 200

Each task has one image, one job and four boxes. Half of them are in a project, the others have labels of their own.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .common import World, operator, table, versions, world

TASKS = 2_000
BOXES = 4
LATENCY = 0.02
"""Seconds that every answer waits."""

LOOK, IMPORT, IDLE = 2.8, 5.8, 0.1
"""Requests for each task that a look, an import, and a load after it may take at most."""

PACKAGE = "fiftyone.plugins.orgs.roundtrip.cvat"


@dataclass(frozen=True)
class Cost:
    """What a step took.

    Attributes:
        seconds: of the clock.
        processor: seconds of the client's processor.
        requests: how many were made.
    """

    seconds: float
    processor: float
    requests: int


def make_tasks(client: Any, paths: list[Path]) -> list[int]:
    """A task in CVAT for each image; their ids."""
    cvat = importlib.import_module(f"{PACKAGE}.cvat")
    labels = [cvat.LabelSpec(name="car"), cvat.LabelSpec(name="dog")]
    project = client.create_project("bench", labels).id

    def make(number: int) -> int:
        path, own = paths[number], {"project_id": project} if number % 2 else {"labels": labels}
        task = client.create_task(path.stem, **own).id
        rq_id = client.upload(task, [cvat.UploadFile(path.name, path, path.stat().st_size)])
        client.wait_for_creation(task, rq_id)
        box = {"type": "rectangle", "frame": 0, "label_id": client.labels(task_id=task)[0].id}
        boxes = [{**box, "points": [1.0 + 9 * place, 2.0, 30.0, 40.0]} for place in range(BOXES)]
        drawn = cvat.Annotations.model_validate({"shapes": boxes})
        client.create_annotations(client.jobs(task_id=task)[0].id, drawn)
        return int(task)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(make, range(len(paths))))


def measure(client: Any, call: Callable[[], Any]) -> tuple[Cost, Any]:
    """What a step takes, and what it returns."""
    clock, processor, requests = time.perf_counter(), time.process_time(), client.session.requests_made
    result = call()
    made = client.session.requests_made - requests
    return Cost(time.perf_counter() - clock, time.process_time() - processor, made), result


def run(here: World, count: int) -> dict[str, Cost]:
    """Makes the tasks, looks at them, imports them and loads them again."""
    import fiftyone as fo
    from PIL import Image

    operator("import_from_cvat")  # with it, the plugin's package can be imported
    names = ("connection", "imports.plan", "imports.importing", "imports.request", "request", "load.load")
    connection, plan, importing, imports, request, load = (
        importlib.import_module(f"{PACKAGE}.sync.{name}") for name in names
    )
    client = connection.connect(connection.find_credentials(here.login))
    paths = [here.folder / f"{number:05d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (number % 256, 0, 0)).save(path)
    tasks = make_tasks(client, paths)
    dataset = fo.Dataset("imports", persistent=True)
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    given = {"anno_key": "run", "tasks": tasks, "label_field": "gt"}
    asked = request.parse(imports.ImportRequest, given)
    costs = {}
    costs["look"], found = measure(client, lambda: plan.prepare_import(dataset, asked, client))
    assert found.as_dict()["objects"] == BOXES * count
    costs["import"], report = measure(client, lambda: importing.import_from_cvat(dataset, asked, client))
    assert report["added"] == BOXES * count
    again = request.LoadRequest(anno_key="run")
    costs["load, nothing edited since"], report = measure(client, lambda: load.load(dataset, again, client))
    assert report["unchanged"] == BOXES * count
    return costs


def main() -> int:
    """Measures, prints, and says by the exit code whether the targets were met."""
    parser = argparse.ArgumentParser(prog="dev.py bench imports", description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS, help="how many tasks")
    options = parser.parse_args()
    with world(creation_delay=0.0, latency=LATENCY) as here:
        costs = run(here, options.tasks)
    head = ["", "requests", "of a task", "seconds", "of the processor"]
    rows = [
        [
            name,
            f"{cost.requests:,}",
            f"{cost.requests / options.tasks:.2f}",
            f"{cost.seconds:.1f}",
            f"{cost.processor:.1f}",
        ]
        for name, cost in costs.items()
    ]
    print(f"{options.tasks:,} tasks of one image and {BOXES} boxes\n\n{table(head, rows)}\n\n{versions()}")
    missed = [
        name
        for (name, cost), most in zip(costs.items(), (LOOK, IMPORT, IDLE), strict=True)
        if cost.requests > most * options.tasks
    ]
    for name in missed:
        print(f"Missed: the requests of '{name}'", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
