"""The small world in memory with a run that grows (see `sim_world.py`): samples that it lacks go into new tasks.

The tasks are those of a project, so that all have its labels, and their images are on the server's share. A frame is
told by its number among the frames of all tasks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import Frame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import SendRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import grow_run, send_run, task_labels, task_pool
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.encode import LabelReader
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.growth import first_number
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.journal import Before, Journal, SendPlan
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.plan import plan_more, plan_tasks
from sim_memory import Killed, Thing
from sim_world import Template, World, tables

SENT = 3
"""Samples that the run has at first; its template has more."""


class MemoryReader(LabelReader):
    """Reads the labels of a world."""

    def __init__(self, world: World, record: RunRecord) -> None:
        super().__init__(None, record.schema_)
        self._world = world

    def _labels(self, sample_ids: Sequence[str]) -> dict[str, list[tuple[str, list[Any]]]]:
        found: dict[str, list[tuple[str, list[Any]]]] = {key: [] for key in sample_ids}
        for place in self._places:
            for key, held in self._world.labels.read(place, sample_ids).items():
                found[key].append((place.name, list(held.labels.values())))
        return found


class GrowingWorld(World):
    """A dataset with more samples than the run has, and a server."""

    def _reset(self, template: Template) -> None:
        store = self.box.store
        for task in [task for task in store.tasks.values() if task.id > 1]:
            for job in task.jobs.values():
                for rows in tables(self.box):
                    rows.forget(job)
                del store.jobs[job.id]
            del store.tasks[task.id]
            store.task("1").project.tasks.pop(task.id, None)
        store.background_requests.clear()
        store._counters["task"] = itertools.count(2)
        store._counters["job"] = itertools.count(max(store.jobs) + 1)
        super()._reset(template)

    # what a person does in CVAT

    @property
    def starts(self) -> dict[int, int]:
        """The number of the first frame of each task."""
        found, start = {}, 0
        for task in self.box.store.tasks.values():
            found[task.id] = start
            start += max((job.stop_frame + 1 for job in task.jobs.values()), default=0)
        return found

    @property
    def complete(self) -> range:
        """The frames that can be loaded."""
        return range(sum(task.frames for task in self.record.complete_tasks))

    def job_of(self, frame: int) -> Any:
        starts = self.starts
        jobs = [job for task in self.box.store.tasks.values() for job in task.jobs.values()]
        return next(job for job in jobs if job.start_frame <= frame - starts[job.task.id] <= job.stop_frame)

    def things(self, kind: str = "shapes") -> list[Thing]:
        found = []
        for task_id, start in self.starts.items():
            for job in self.box.store.tasks[task_id].jobs.values():
                own = [thing for _, thing in sorted(getattr(job, kind).items())]
                found += [{**thing, "frame": thing["frame"] + start} for thing in own]
        return found

    def write(self, action: str, *things: Thing) -> None:
        starts = self.starts
        for frame in {thing["frame"] for thing in things}:
            job = self.job_of(frame)
            mine = [{**thing, "frame": frame - starts[job.task.id]} for thing in things if thing["frame"] == frame]
            body = {
                "version": 0,
                "tags": [thing for thing in mine if "points" not in thing],
                "shapes": [thing for thing in mine if "points" in thing],
                "tracks": [],
            }
            self.call("PATCH", f"/api/jobs/{job.id}/annotations", params={"action": action}, json=body)

    def add_class(self, name: str) -> int:
        self.call("PATCH", "/api/projects/1", json={"labels": [{"name": name, "attributes": []}]})
        return max(self.box.store.task("1").used_labels)

    # what the plugin does

    def extend(self, count: int) -> dict[str, Any] | None:
        """Adds the next samples that the run lacks; ``None`` if it has all."""
        record = self.record
        new = self.sample_ids[record.samples : record.samples + count]
        if not new:
            return None
        number = first_number(self.store, record)  # type: ignore[arg-type]
        frames = [self._frame(sample_id) for sample_id in new]
        tasks = plan_more(plan_tasks(frames, "sim / run", 1), "sim / run", number)
        facts = {"samples": record.samples, "labels": record.labels, "left_out": record.left_out}
        before = Before(first=number, tasks=record.tasks, **facts)
        request = SendRequest(
            anno_key="run",
            label_schema={name: {} for name in record.schema_.fields},
            segment_size=2,
            project_id=record.project_id,
            media_source="share",
            media_map={"/pictures": ""},
        )
        plan = SendPlan(
            request=request, tasks=len(tasks), images=len(new), bytes=0, labels=0, project_found=True, before=before
        )
        sending = record.model_copy(update={"status": "sending", "samples": record.samples + len(new), "problem": ""})
        with self._run(sending, plan, resumed=False) as run:
            run.begin_growing(tasks, record)
            return run.carry_out(None)

    def go_on(self, wanted: int) -> dict[str, Any] | None:
        """Adds them after an interruption, until the run has so many samples."""
        journal = Journal(self.store)  # type: ignore[arg-type]
        if self.record.status == "sent":
            journal.finish()
            return self.extend(wanted - self.record.samples)
        plan = journal.plan()
        assert plan is not None, "what is going to be done is kept before the record says so"
        with self._run(self.record, plan, resumed=True) as run:
            return run.carry_out(None)

    def _frame(self, sample_id: str) -> Frame:
        name = f"{self.sample_ids.index(sample_id)}.png"
        return Frame(sample_id=sample_id, name=name, path=f"/pictures/{name}", size=1, server_path=name)

    @contextmanager
    def _run(self, record: RunRecord, plan: SendPlan, *, resumed: bool) -> Iterator[grow_run.GrowRun]:
        """The plugin's own growth, one thing after the other, of a dataset in memory."""
        dataset = SimpleNamespace(name="sim", load_annotation_view=lambda key: None, select=lambda ids: None)
        dataset._root_dataset = dataset
        known = SimpleNamespace(update=self._note_record, stages_of=lambda view: None)
        with (
            patch.multiple(
                send_run,
                RunStore=lambda *_: self.store,
                class_colors=lambda *_: {},
                reader_of=lambda *_, **__: MemoryReader(self, self.record),
                records=known,
                JOBS_AT_ONCE=1,
            ),
            patch.object(grow_run, "records", known),
            patch.object(task_labels, "JOBS_AT_ONCE", 1),
            patch.object(task_pool, "TASKS_AT_ONCE", 1),
        ):
            yield grow_run.GrowRun(dataset, record, plan, {}, self.client, ProgressReporter(), resumed=resumed)

    def _note_record(self, dataset: Any, key: str, record: RunRecord) -> None:
        self.clock.tick()
        self.record = record

    def killed(self, at: int, act: Callable[[], Any]) -> bool:
        """Does something that ends after so many writes and requests; whether it did."""
        call = self.call

        def counted(method: str, path: str, **given: Any) -> Any:
            self.clock.tick()
            answer = call(method, path, **given)
            self.clock.tick()
            return answer

        self.client.session.request = counted  # type: ignore[assignment,method-assign]
        self.clock.writes, self.clock.last = 0, at
        try:
            act()
        except Killed:
            return True
        finally:
            self.clock.last, self.clock.dead = None, False
            self.client.session.request = call  # type: ignore[assignment,method-assign]
        return False
