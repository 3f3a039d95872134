"""What refreshes wrote into CVAT, label by label, so that they can be gone on with, and taken back."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ...cvat import Shape, Tag
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ..errors import Refused
from .lease import check_free
from .log import JobNote
from .outbox import TrackLabels
from .store import RunStore, Store, parsed

KEPT = 5
"""Refreshes of a run that can be taken back."""

LabelKey = tuple[str, str, str]
"""A label: its field, its sample and its own id."""

Kind = Literal["created", "changed", "deleted", "agreed"]
Status = Literal["applying", "applied", "undoing", "undone"]


class LabelWrite(BaseModel):
    """What is written of one label.

    Args:
        kind: what happens to it in CVAT; nothing of one that is ``"agreed"``, as both sides have the same by now
        before: its base; ``None`` of one that is created
        after: its base afterwards; ``None`` of one that is deleted. Its objects have ids if they stay the same objects
        objects: its tag or shapes in CVAT before
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    kind: Kind
    before: BaseLabel | None = None
    after: BaseLabel | None = None
    objects: tuple[Annotated[Shape | Tag, Field(union_mode="left_to_right")], ...] = ()

    @property
    def label(self) -> BaseLabel:
        """The label, before or after."""
        found = self.after or self.before
        assert found is not None, "a label is there before or after"
        return found

    @property
    def key(self) -> LabelKey:
        """Its field, its sample and its own id."""
        return key_of(self.label)

    @property
    def makes_objects(self) -> bool:
        """Whether it gets new objects in CVAT."""
        return self.kind in ("created", "changed") and any(item.id is None for item in self.label.objects)

    @property
    def drops_objects(self) -> bool:
        """Whether the objects that CVAT has of it go."""
        return self.kind == "deleted" or self.makes_objects or (self.kind == "changed" and not self.label.objects)


class TrackWrite(BaseModel):
    """What is written of one track.

    Args:
        kind: what happens to it in CVAT
        there: the track in CVAT before; ``None`` of one that is created
        track: as it is written; ``None`` of one that is deleted
        before: what the base has of it, with the labels that it holds
        after: the same afterwards
        waited, waiting: labels on it that the base has apart, before and afterwards: CVAT has something else there,
            which no load has brought yet
        touched: its labels that this creates, changes or deletes in CVAT: their fields, samples and ids
        as_written: whether the base's track is, afterwards, what CVAT has then
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    kind: Literal["created", "changed", "deleted"]
    there: Track | None = None
    track: Track | None = None
    before: TrackLabels | None = None
    after: TrackLabels | None = None
    waited: tuple[BaseLabel, ...] = ()
    waiting: tuple[BaseLabel, ...] = ()
    touched: tuple[tuple[str, str, str], ...] = ()
    as_written: bool = True

    @property
    def id(self) -> int | None:
        """Its id in CVAT; ``None`` of one that is not there yet."""
        return self.there.id if self.there else self.track.id if self.track else None

    @property
    def labels_before(self) -> tuple[BaseLabel, ...]:
        """The labels that it had."""
        return (*(self.before.labels if self.before else ()), *self.waited)

    @property
    def labels_after(self) -> tuple[BaseLabel, ...]:
        """The labels that it has."""
        return (*(self.after.labels if self.after else ()), *self.waiting)


class JobWrites(BaseModel):
    """What is written into a job.

    Args:
        job_id, task_id: the job
        date: the job's, when that was found out
        writes: its labels, but for those of tracks
        tracks: its tracks
        shared: frames that an earlier job has, too
        told: those of them whose labels are counted there, as that job is not left out
        settled: whether nothing waits in CVAT to be loaded from it
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    job_id: int
    task_id: int
    date: str = ""
    writes: tuple[LabelWrite, ...] = ()
    tracks: tuple[TrackWrite, ...] = ()
    shared: tuple[int, ...] = ()
    told: tuple[int, ...] = ()
    settled: bool = False

    @property
    def changes(self) -> Iterator[tuple[Kind, BaseLabel]]:
        """What becomes of each label in CVAT; of one that goes from one object to another, it is one change."""
        before: dict[LabelKey, BaseLabel] = {}
        after: dict[LabelKey, BaseLabel] = {}
        for write in self.writes:
            if write.kind == "agreed":
                yield "agreed", write.label
                continue
            before.update({write.key: write.before} if write.before else {})
            after.update({write.key: write.after} if write.after else {})
        for track in self.tracks:
            touched = set(track.touched)
            before.update({key_of(label): label for label in track.labels_before if key_of(label) in touched})
            after.update({key_of(label): label for label in track.labels_after if key_of(label) in touched})
        for key, label in {**before, **after}.items():
            yield "created" if key not in before else "deleted" if key not in after else "changed", label

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.writes and not self.tracks


def key_of(label: BaseLabel) -> LabelKey:
    """Which label it is: its field, its sample and its own id."""
    return label.field, label.sample_id, label.label_id


class RefreshRecord(BaseModel):
    """One refresh of a run.

    Args:
        number: counted from 1
        status: where it stands
        at: when it began, an ISO date in UTC
        user: who did it
        jobs: into which jobs
        notes: the same jobs with the people and states that they had, and how many labels of each
        created, changed, deleted: how many labels
    """

    model_config = ConfigDict(frozen=True)

    number: int
    status: Status = "applying"
    at: str = ""
    user: str = ""
    jobs: tuple[int, ...] = ()
    notes: tuple[JobNote, ...] = ()
    created: int = 0
    changed: int = 0
    deleted: int = 0


OUT = "refresh/out/"
"""What the names of the requests begin with that create objects."""

_RECORDS = TypeAdapter(tuple[RefreshRecord, ...])


class RefreshLog:
    """The refreshes of a run.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def records(self) -> tuple[RefreshRecord, ...]:
        """All of them, oldest first."""
        text = self._store.load("refreshes")
        return () if text is None else parsed("refreshes", _RECORDS.validate_json, text)

    def pending(self) -> RefreshRecord | None:
        """The one that was interrupted, if any was."""
        return next((record for record in self.records() if record.status in ("applying", "undoing")), None)

    def last(self) -> RefreshRecord | None:
        """The last one that was not taken back."""
        return next((record for record in reversed(self.records()) if record.status != "undone"), None)

    def save(self, record: RefreshRecord) -> None:
        """Keeps a record, in the place of what was known of this refresh."""
        others = [item for item in self.records() if item.number != record.number]
        kept = sorted([*others, record], key=lambda item: item.number)
        self._store.save("refreshes", _RECORDS.dump_json(tuple(kept)))

    def forget(self, number: int) -> None:
        """Forgets a refresh that wrote nothing."""
        kept = tuple(item for item in self.records() if item.number != number)
        self._store.save("refreshes", _RECORDS.dump_json(kept))

    def plan(self, job_id: int) -> JobWrites | None:
        """What is about to be written into a job, until that is done."""
        return self._read(f"refresh/plan/{job_id}")

    def planned(self) -> list[int]:
        """The jobs into which something is about to be written."""
        return sorted(int(name.rpartition("/")[2]) for name in self._store.names("refresh/plan/"))

    def save_plan(self, writes: JobWrites) -> None:
        """Keeps what is about to be written into a job, into which nothing else is."""
        self._store.drop(_requests(writes.job_id))  # of an earlier plan, if a process ended while it forgot them
        self._store.save(f"refresh/plan/{writes.job_id}", _dump(writes))

    def done(self, number: int, job_id: int) -> JobWrites | None:
        """What a refresh wrote into a job."""
        return self._read(f"refresh/done/{number}/{job_id}")

    def has_done(self, number: int) -> bool:
        """Whether what a refresh wrote is kept."""
        return bool(self._store.names(f"refresh/done/{number}/"))

    def save_done(self, number: int, writes: JobWrites) -> None:
        """Keeps what was written into a job."""
        self._store.save(f"refresh/done/{number}/{writes.job_id}", _dump(writes))

    def forget_plan(self, job_id: int) -> None:
        """Forgets what was about to be written into a job, and then the requests of that."""
        self._store.drop(f"refresh/plan/{job_id}")
        self._store.drop(_requests(job_id))

    def prune(self) -> None:
        """Forgets what can't be taken back any more, of old refreshes and of those that were, and requests of plans
        that are done."""
        records = self.records()
        live = [record.number for record in records if record.status != "undone"][-KEPT:]
        kept = {f"refresh/done/{number}" for number in live}
        for name in self._store.names("refresh/done/"):
            if name.rpartition("/")[0] not in kept:
                self._store.drop(name)
        jobs = {int(name.split("/")[2]) for name in self._store.names(OUT)}
        for job_id in jobs.difference(self.planned()):
            self._store.drop(_requests(job_id))

    def _read(self, name: str) -> JobWrites | None:
        text = self._store.load(name)
        return None if text is None else parsed(name, JobWrites.model_validate_json, text)


def _requests(job_id: int) -> str:
    """What the names of the requests of a job begin with."""
    return f"{OUT}{job_id}/"


def _dump(writes: JobWrites) -> str:
    return writes.model_dump_json(exclude_defaults=True)


def check_no_refresh(store: RunStore, key: str) -> None:
    """Checks that no refresh of a run was interrupted: nobody knows what of it is in CVAT.

    Raises:
        Refused: if one was, or is being done at this moment
    """
    pending = RefreshLog(store).pending()
    if pending is not None:
        check_free(store, key)
        is_sent = pending.status == "applying"
        again = "Send changed labels (`refresh_run`)" if is_sent else "Take back sent changes (`undo_refresh`)"
        raise Refused(
            f"A refresh of the run '{key}' was interrupted while it wrote into CVAT. Choose {again} again, which goes "
            "on from there; nothing is lost. Nothing was changed now."
        )


class Tally:
    """Counts labels over jobs, each once: one on a frame that jobs share may be written into both, or the later one."""

    def __init__(self) -> None:
        self._counted: set[LabelKey] = set()

    def new(self, writes: JobWrites) -> Iterator[tuple[Kind, BaseLabel]]:
        """What becomes of the labels of a job that no earlier job counted."""
        for kind, label in writes.changes:
            if label.frame in writes.told and (kind == "agreed" or key_of(label) in self._counted):
                continue
            if kind != "agreed":
                self._counted.add(key_of(label))
            yield kind, label

    def counts(self, writes: JobWrites) -> dict[str, int]:
        """How many of them were created, changed and deleted."""
        found = Counter(kind for kind, _ in self.new(writes))
        return {kind: found[kind] for kind in ("created", "changed", "deleted")}
