"""A small world in memory for thousands of loads: the sandbox without sockets, a dataset without a database.

The server is the sandbox itself, called without a network. The dataset's labels are raw documents in memory, held to
what MongoDB does by `test_scratch.py`. All between is the plugin's own.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

import bson
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Client, Credentials
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.answers import error_for
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.responses import Response
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Writes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.choice import Choice
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.copying import map_fields
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.load import carry_out
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.load_context import LoadContext
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.resolve import apply_choices
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.undo import undo_last
from fiftyone.plugins.orgs.roundtrip.cvat.sync.progress import ProgressReporter
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.refresh import RefreshContext
from fiftyone.plugins.orgs.roundtrip.cvat.sync.refresh.undo import take_back
from fiftyone.plugins.orgs.roundtrip.cvat.sync.request import LoadRequest, RefreshRequest, UndoRefreshRequest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.run_record import RunRecord
from sim_memory import Clock, MemoryLabels, MemoryStore, Thing, duplicate

from sandbox import Sandbox

GT = FieldPlace.of("gt", LABEL_TYPES["detections"])
PRED = FieldPlace.of("pred", LABEL_TYPES["detections"])
SKY = FieldPlace.of("sky", LABEL_TYPES["classification"])


class Answer(NamedTuple):
    """What a client needs of a response."""

    status_code: int
    content: bytes
    url: str


class Direct:
    """The sandbox's application, called without a network."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    def __call__(
        self, method: str, path: str, *, params: Any = None, json: Any = None, data: bytes | None = None, **_: Any
    ) -> Answer:
        body = (data or b"") if json is None else _dump(json)
        reply = self.box._app(
            {
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(body),
                "REQUEST_METHOD": method,
                "SCRIPT_NAME": "",
                "PATH_INFO": path,
                "QUERY_STRING": urlencode(params or {}),
                "SERVER_NAME": "box",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": "application/json",
                "HTTP_ACCEPT": "*/*",
                "HTTP_AUTHORIZATION": "Basic YWRtaW46YWRtaW4=",
            }
        )
        if reply.status >= 400:
            raise error_for(Response(reply.status, method, path, {}, reply.body), url="http://box", with_token=False)
        return Answer(reply.status, reply.body, f"http://box{path}")


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


class TaskThen(NamedTuple):
    """A task as it was: the server's own things, and what changes of them."""

    task: Any
    project: Any
    jobs: dict[int, Any]
    own: dict[int, Any]
    labels: dict[int, Any]
    updated_date: str

    def put_back(self, store: Any) -> None:
        """Makes the task what it was, wherever it went."""
        task = self.task
        if task.project is not self.project and task.project is not None:
            task.project.tasks.pop(task.id, None)
        task.project, store.tasks[task.id] = self.project, task
        task.labels.update(self.own)
        store.labels.update(self.labels)
        task.used_labels.clear()
        task.used_labels.update(self.labels)
        task.jobs.update(self.jobs)
        store.jobs.update(self.jobs)
        task.data.deleted_frames = set()
        task.updated_date = self.updated_date


class Template(NamedTuple):
    """A run that was really sent: what the world begins as, again and again."""

    box: Sandbox
    record: RunRecord
    store: dict[str, bytes]
    samples: dict[str, Thing]
    tasks: dict[int, TaskThen]
    jobs: dict[int, tuple[dict[int, Thing], dict[int, Thing], dict[int, Thing], str]]
    labels: dict[int, Any]
    sequences: list[int]


def make_template(box: Sandbox, record: RunRecord, store: Any, samples: Iterable[Thing]) -> Template:
    """Remembers a run."""
    tasks = box.store.tasks.values()
    return Template(
        box=box,
        record=record,
        store={
            name: store.load(name)
            for name in store.names()
            if name.startswith(("task/", "marks", "job/", "drawn/", "saved/"))
        },
        samples={str(sample["_id"]): sample for sample in samples},
        tasks={
            t.id: TaskThen(t, t.project, dict(t.jobs), dict(t.labels), dict(t.used_labels), t.updated_date)
            for t in tasks
        },
        jobs={
            i: duplicate((job.shapes, job.tags, job.tracks, job.updated_date))
            for task in tasks
            for i, job in task.jobs.items()
        },
        labels=dict(box.store.task("1").used_labels),
        sequences=[rows._sequence for rows in tables(box)],
    )


def tables(box: Sandbox) -> tuple[Any, ...]:
    """Where a server keeps what is drawn."""
    store = box.store
    return store.shape_rows, store.tag_rows, store.track_rows, store.keyframe_rows


class World:
    """A dataset and a server, both as the template has them.

    Args:
        template: a run that was sent
    """

    places = (GT, PRED, SKY)

    def __init__(self, template: Template) -> None:
        self.template, self.box = template, template.box
        self.clock = Clock()
        self.labels = self.make_labels(template)
        self.store = MemoryStore(template.store, self.clock)
        self.record = template.record
        self.sample_ids = list(template.samples)
        self.call = Direct(template.box)
        self.client = Client(Credentials(url=template.record.server, username="admin", password="admin"))
        self.client.session.request = self.call  # type: ignore[assignment,method-assign]
        self._reset(template)

    def make_labels(self, template: Template) -> MemoryLabels:
        """The labels as the template has them."""
        return MemoryLabels(template.samples, self.clock)

    def _reset(self, template: Template) -> None:
        store = self.box.store
        for task in [task for task in store.tasks.values() if task.id not in template.tasks]:
            store.drop_task(task)
        for then in template.tasks.values():
            then.put_back(store)
            for job in then.task.jobs.values():
                self._put_back(job, *duplicate(template.jobs[job.id]))
        projects = {id(then.project) for then in template.tasks.values()}
        for project in [project for project in store.projects.values() if id(project) not in projects]:
            store.drop_project(project)
        for rows, sequence in zip(tables(self.box), template.sequences, strict=True):
            rows._sequence = sequence

    def _put_back(
        self, job: Any, shapes: dict[int, Thing], tags: dict[int, Thing], tracks: dict[int, Thing], date: str
    ) -> None:
        for rows in tables(self.box):
            rows.forget(job)
        job.shapes, job.tags, job.tracks, job.updated_date = shapes, tags, tracks, date
        job.revision = 0
        keyframes = [shape["id"] for track in tracks.values() for shape in track["shapes"]]
        for rows, things in zip(tables(self.box), (shapes, tags, tracks, keyframes), strict=True):
            for key in things:
                rows.insert(job, key)

    # what a person does in CVAT

    def job_of(self, frame: int) -> Any:
        return next(job for job in self.box.store.task("1").jobs.values() if job.start_frame <= frame <= job.stop_frame)

    def things(self, kind: str = "shapes") -> list[Thing]:
        """What is drawn, by id."""
        jobs = self.box.store.task("1").jobs.values()
        return [duplicate(thing) for job in jobs for _, thing in sorted(getattr(job, kind).items())]

    def write(self, action: str, *things: Thing) -> None:
        """One save of the web editor."""
        for frame in {thing["frame"] for thing in things}:
            mine = [thing for thing in things if thing["frame"] == frame]
            body = {
                "version": 0,
                "tags": [thing for thing in mine if "points" not in thing],
                "shapes": [thing for thing in mine if "points" in thing],
                "tracks": [],
            }
            self.call("PATCH", f"/api/jobs/{self.job_of(frame).id}/annotations", params={"action": action}, json=body)

    def remove_frames(self, frames: Iterable[int]) -> None:
        self.call("PATCH", "/api/tasks/1/data/meta", json={"deleted_frames": sorted(frames)})

    def add_class(self, name: str) -> int:
        """A new class of boxes; its id."""
        self.call("PATCH", "/api/tasks/1", json={"labels": [{"name": name, "attributes": []}]})
        return max(self.box.store.task("1").labels)

    # what a person does in FiftyOne

    def documents(self, place: FieldPlace = GT) -> dict[str, dict[str, Thing]]:
        """The labels of a field, by sample."""
        return {key: value.labels for key, value in self.labels.read(place, self.sample_ids).items()}

    def edit(self, sample_id: str, label_id: str, place: FieldPlace = GT, **values: Any) -> None:
        self.labels.write(place, Writes(edits=[(sample_id, label_id, values)]))

    def delete(self, sample_id: str, label_id: str, place: FieldPlace = GT) -> None:
        self.labels.write(place, Writes(deletes=[(sample_id, label_id)]))

    def add(self, sample_id: str, number: int, **values: Any) -> None:
        document = {"_id": ObjectId(f"{number:024x}"), "_cls": "Detection", "tags": [], **values}
        self.labels.write(GT, Writes(adds=[(sample_id, document)]))

    # what the plugin does

    def context(self, **params: Any) -> LoadContext:
        request = LoadRequest(anno_key="run", **{"confirm": True, **params})
        return LoadContext(
            self.labels, self.store, self.record, map_fields(self.record.schema_, None), request, "x", self._keep
        )

    def _keep(self, record: RunRecord) -> None:
        self.record = record.model_copy(update={"loaded_at": None})

    def load(self, **params: Any) -> dict[str, Any]:
        return carry_out(self.context(**params), self.client, ProgressReporter()).as_dict()

    def refresh(self, **params: Any) -> dict[str, Any]:
        request = RefreshRequest(anno_key="run", **{"confirm": True, **params})
        context = RefreshContext(self.labels, self.store, self.record, request, self.client)
        return context.run(ProgressReporter()).as_dict()

    def take_back(self) -> dict[str, Any]:
        return take_back(self.store, UndoRefreshRequest(anno_key="run"), self.client, ProgressReporter())

    def undo(self) -> dict[str, Any]:
        return undo_last(self.labels, self.store, "run")

    def resolve(self, *choices: Thing) -> dict[str, Any]:
        return apply_choices(self.context(policy="ask"), [Choice(**choice) for choice in choices])

    def dump(self) -> dict[str, Any]:
        """The dataset as bytes: labels in order, and the tags of samples."""
        shown: dict[str, Any] = {}
        for place in self.places:
            for key, value in self.labels.read(place, self.sample_ids).items():
                items = [bson.encode(dict(sorted(item.items()))) for item in value.labels.values()]
                shown[f"{place.name} of {self.sample_ids.index(key)}"] = (items, value.holder)
        tags = {self.sample_ids.index(key): sorted(tags) for key, tags in self.labels.tags.items() if tags}
        return {**shown, "tags": tags}

    def fork(self) -> World:
        """The same world, to be tried; the server is shared."""
        other = copy.copy(self)
        other.clock = Clock()
        other.labels = duplicate(self.labels)
        other.labels.clock = other.clock
        other.store = MemoryStore(self.store.contents, other.clock)
        return other
