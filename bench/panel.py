"""The panel "CVAT" of a dataset with many runs: how long until it shows them, and what it asks of CVAT.

    python dev.py bench panel

50 runs that were sent and loaded, with 2,000 jobs in all. What counts is the time of one event, from the request of the
App to its answer: opening the panel, the timer, opening the jobs of a run, showing all runs. The database and the
server run on the same machine; of the processor, only what this process takes is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from .common import World, operator, table, versions, world

SLOWEST = 1.0
"""Seconds of the processor until the panel shows what was asked for."""
ROUNDS = 5


@dataclass
class OpenPanel:
    """The App's side of the panel: what happens to it, and the state that the browser keeps.

    Attributes:
        dataset: the name of the dataset that the App shows
        state: of the panel
        sent: bytes of its largest answer since that was set to 0
    """

    dataset: str
    state: dict[str, Any] = field(default_factory=dict)
    sent: int = 0

    def event(self, method: str, **params: Any) -> tuple[float, float]:
        """Something happens: the App asks, the panel answers and is drawn anew.

        Returns:
            the seconds of the clock and of the processor
        """
        from fiftyone.operators.executor import ExecutionContext, Executor

        panel = operator("cvat")
        started, processor = time.perf_counter(), time.process_time()
        given = {"panel_id": "p", "panel_state": json.loads(json.dumps(self.state)), "__method__": method, **params}
        request = {"dataset_name": self.dataset, "filters": {}, "view": [], "params": given}
        ctx = ExecutionContext(
            request, executor=Executor(), operator_uri=panel.uri, required_secrets=panel._plugin_secrets
        )
        asyncio.run(ctx.resolve_secret_values(panel._plugin_secrets))
        panel.execute(ctx)
        answer = json.dumps([message.to_json() for message in ctx.executor._requests], default=str)
        taken = time.perf_counter() - started, time.process_time() - processor
        self.sent = max(self.sent, len(answer))
        for message in ctx.executor._requests:
            if message.operator_uri == "patch_panel_state":
                self.state.update(message.params["state"])
        return taken


def make(here: World, runs: int, jobs: int) -> Any:
    """A dataset with so many runs that were sent and loaded, of one label a job."""
    import fiftyone as fo
    from PIL import Image

    dataset = fo.Dataset("panel", persistent=True)
    for number in range(jobs // runs):
        path = here.folder / f"{number}.jpg"
        Image.new("RGB", (64, 48)).save(path)
        box = fo.Detection(label="car", bounding_box=[0.1, 0.1, 0.5, 0.5])
        dataset.add_sample(fo.Sample(str(path), gt=fo.Detections(detections=[box])))
    for number in range(runs):
        key = f"run_{number}"
        operator("send_to_cvat")(dataset, anno_key=key, label_field="gt", segment_size=1)
        operator("load_annotations")(dataset, key)
    return dataset


def measure(dataset: Any) -> list[tuple[str, float, float, int]]:
    """What is done, the median seconds of the clock and of the processor, and the bytes of the answer."""
    panel = OpenPanel(dataset.name)
    found = []
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("open the panel", "on_load", {}),
        ("ask CVAT for all jobs (Refresh)", "refresh", {}),
        ("the timer, which asks nobody", "tick", {}),
        ("open the jobs of a run", "show_jobs", {"run": "run_0"}),
        ("open the plots of a run", "show_plots", {"run": "run_0"}),
        ("show all runs", "show_all", {}),
    ]
    panel.event("refresh")  # whatever a process does only once, and the look that is kept
    for title, method, params in steps:
        if method == "show_all":
            panel.event("show_runs")
        seconds, panel.sent = [], 0
        for _ in range(ROUNDS):
            if method == "on_load":
                panel.state = {}
            seconds.append(panel.event(method, **params))
        clock, processor = (statistics.median(times) for times in zip(*seconds, strict=True))
        found.append((title, clock, processor, panel.sent))
    return found


def main() -> int:
    """Measures, prints, and says by the exit code whether the panel is too slow."""
    parser = argparse.ArgumentParser(prog="dev.py bench panel", description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2_000, help="of all runs together")
    options = parser.parse_args()
    with world() as here:
        _log_in(here)
        rows = measure(make(here, options.runs, options.jobs))
    shown = [
        [title, f"{clock * 1_000:.0f} ms", f"{processor * 1_000:.0f} ms", f"{sent / 1_000:.0f} KB"]
        for title, clock, processor, sent in rows
    ]
    head = [f"the panel, {options.runs} runs with {options.jobs:,} jobs", "median time", "processor", "answer"]
    print(f"{table(head, shown)}\n\n{versions()}")
    missed = [title for title, _, processor, _ in rows if processor > SLOWEST]
    for title in missed:
        print(f"Missed: {title} takes more than {SLOWEST:.0f} s of the processor", file=sys.stderr)
    return 1 if missed else 0


def _log_in(here: World) -> None:
    import os

    os.environ.update({f"FIFTYONE_CVAT_{name.upper()}": value for name, value in here.login.items()})


if __name__ == "__main__":
    sys.exit(main())
