"""The journal of a send: what it is going to do, and every step that is done. All of it is in the run's store."""

import threading
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..dataset.media import BadFile, Frame
from ..dataset.sequences import ImageSequence
from ..request import SendRequest
from ..runs.run_record import TaskRecord
from ..runs.store import RunStore, parsed
from .attempts import KEPT
from .plan import Segment, TaskPlan

Stage = Literal["made", "uploaded", "ready", "written"]


class Before(BaseModel):
    """What a run had before samples were added to it.

    Args:
        first: the number of the first task that is added
        tasks: the tasks that it had
        samples, labels, left_out: its numbers, as its record had them
        already: how many of the samples that were to be added it had
        stages: the view that is added, as FiftyOne stores it; ``None`` for the whole dataset
        at: when that began, an ISO date in UTC
    """

    model_config = ConfigDict(frozen=True)

    first: int
    tasks: tuple[TaskRecord, ...]
    samples: int
    labels: dict[str, int]
    left_out: dict[str, int]
    already: int = 0
    stages: tuple[str, ...] | None = None
    at: str = ""


class SendPlan(BaseModel):
    """What a send is going to do, but for the frames of its tasks.

    Args:
        request: what the person asked for
        tasks: how many tasks there are to make
        images, bytes, labels: how many there are to send, for the progress; images are videos, if these are sent
        bad: the files that are left out
        project_found: whether the project was there before
        before: what the run had, if samples are added to it
        left_out: what was known to stay behind before anything was added
    """

    model_config = ConfigDict(frozen=True)

    request: SendRequest
    tasks: int
    images: int
    bytes: int
    labels: int
    bad: tuple[BadFile, ...] = ()
    project_found: bool = False
    before: Before | None = None
    left_out: dict[str, int] = {}

    @property
    def first(self) -> int:
        """The number of the first task that is made."""
        return self.before.first if self.before else 0

    @property
    def numbers(self) -> range:
        """The numbers of the tasks that are made."""
        return range(self.first, self.first + self.tasks)


NO_TASK = 0
"""The id of a task that is not made, as none of its images can be sent."""


class TaskStep(BaseModel):
    """How far a task is.

    Args:
        task_id, name: the task in CVAT
        frames: how many frames it has
        stage: ``"made"``; ``"uploaded"``: CVAT was asked to make frames of the images; ``"ready"``: they are compared
            with what was sent, and its jobs are known; ``"written"``: its labels are there
        created_date: when CVAT made it
        rq_id: of the request that makes the frames
        vocabulary: what its labels mean
        segments: its jobs
        labels: how many labels were written into each job, by field
        left_out: what was left out, counted by sentence
        notices: what else there is to say of labels, counted by sentence
        tracked, keyframes: how many labels are in tracks, and how many keyframes these have
    """

    model_config = ConfigDict(frozen=True)

    task_id: int
    name: str
    frames: int
    stage: Stage = "made"
    created_date: str = ""
    rq_id: str = ""
    vocabulary: dict[str, Any] = {}
    segments: tuple[Segment, ...] = ()
    labels: tuple[dict[str, int], ...] = ()
    left_out: dict[str, int] = {}
    notices: dict[str, int] = {}
    tracked: int = 0
    keyframes: int = 0

    @property
    def is_made(self) -> bool:
        """Whether there is a task in CVAT."""
        return self.task_id != NO_TASK

    @property
    def label_count(self) -> int:
        """How many labels were written."""
        return sum(sum(counts.values()) for counts in self.labels)


class PlannedTask(BaseModel):
    """A :class:`sync.send.plan.TaskPlan` as it is kept."""

    model_config = ConfigDict(frozen=True)

    name: str
    frames: tuple[Frame, ...]
    sequence: ImageSequence | None = None


class Journal:
    """The journal of one run.

    Args:
        store: the run's store
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def save_plan(self, plan: SendPlan, tasks: Sequence[TaskPlan]) -> None:
        """Keeps what is going to be done, the whole of it last."""
        for task in tasks:
            self.save_task(task)
        self._store.save("plan", plan.model_dump_json())

    def plan(self) -> SendPlan | None:
        """What is going to be done; ``None`` if the send ended before it was planned to its end."""
        text = self._store.load("plan")
        return None if text is None else parsed("plan", SendPlan.model_validate_json, text)

    def save_task(self, task: TaskPlan) -> None:
        """Keeps what is going to be in a task."""
        planned = PlannedTask(name=task.name, frames=task.frames, sequence=task.sequence)
        self._store.save(f"plan/{task.number}", planned.model_dump_json(exclude_defaults=True))

    def task(self, number: int) -> TaskPlan:
        """What is going to be in a task."""
        text = self._store.load(f"plan/{number}") or b""
        planned = parsed(f"plan/{number}", PlannedTask.model_validate_json, text)
        return TaskPlan(number, planned.name, planned.frames, planned.sequence)

    def save_step(self, number: int, step: TaskStep) -> None:
        """Keeps how far a task is."""
        self._store.save(f"step/{number}", step.model_dump_json())

    def step(self, number: int) -> TaskStep | None:
        """How far a task is; ``None`` if nobody knows whether it was made."""
        text = self._store.load(f"step/{number}")
        return None if text is None else parsed(f"step/{number}", TaskStep.model_validate_json, text)

    def uploads(self, number: int) -> "UploadNotes":
        """What was uploaded into a task."""
        return UploadNotes(self._store, number)

    def forget_task(self, number: int) -> None:
        """Forgets all that was done for a task, because it is going to be made anew.

        The step goes last: without it, what is left of the others would count as done for the new task.
        """
        self._store.drop(*(f"{start}{number}/" for start in ("up/", "drawn/", "saved/", *KEPT)))
        self._store.forget(f"step/{number}")

    def keep_request(self, request: SendRequest) -> None:
        """Keeps what the person asked for: samples that are added later are sent in the same way."""
        self._store.save("request", request.model_dump_json())

    def kept_request(self) -> SendRequest | None:
        """What the person asked for when the run was sent; ``None`` if an earlier version sent it."""
        text = self._store.load("request")
        return None if text is None else parsed("request", SendRequest.model_validate_json, text)

    def finish(self) -> None:
        """Forgets what a complete run does not need any more."""
        self._store.drop("plan", "step/", "up/", *KEPT)


class UploadNotes:
    """What was uploaded into a task; a :class:`cvat.Checkpoint`.

    Args:
        store: the run's store
        number: the task's place in the run
    """

    def __init__(self, store: RunStore, number: int) -> None:
        self._store = store
        self._start = f"up/{number}/"
        self._lock = threading.Lock()
        self._stored: set[str] = set()
        self._places: dict[str, str] = {}
        self._count = 0

    def read(self) -> "UploadNotes":
        """Reads what an earlier process noted; this object."""
        names = sorted(self._store.names(self._start))
        for name in names:
            note = self._store.noted(name) or {}
            self._stored.update(note.get("stored", ()))
            self._places.update([note["place"]] if "place" in note else [])
        self._count = len(names)
        return self

    def is_stored(self, name: str) -> bool:
        """Whether a file is known to be in CVAT."""
        return name in self._stored

    def stored(self, names: Sequence[str]) -> None:
        """Notes files that are in CVAT."""
        self._note({"stored": list(names)})
        self._stored.update(names)

    def place(self, name: str) -> str | None:
        """Where an unfinished file is being received."""
        return self._places.get(name)

    def placed(self, name: str, place: str) -> None:
        """Notes where a file is being received."""
        self._note({"place": [name, place]})
        self._places[name] = place

    def _note(self, facts: dict[str, Any]) -> None:
        with self._lock:
            number = self._count
            self._count += 1
        self._store.note(f"{self._start}{number:06d}", facts)
