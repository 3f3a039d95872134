"""What is kept of a run as a whole: its tasks, what was sent, and where it stands."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ...labels.schema import LabelSchema

BACKEND = "@roundtrip/cvat"
FORMAT = 1

Status = Literal["sending", "sent", "failed"]


class TaskRecord(BaseModel):
    """A task of a run.

    Args:
        id, name, url: of the task in CVAT
        frames: how many it has
        jobs: their ids
        complete: whether its labels are all there; of a run that is sent, those of every task are
    """

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    url: str
    frames: int
    jobs: tuple[int, ...] = ()
    complete: bool = False


class RunRecord(BaseModel):
    """The small facts of a run; the annotation run's config holds them.

    Args:
        run_id: the run's own id
        status: ``"sent"`` once it is complete, else ``"sending"``; see :func:`sync.runs.status.status_of`
        server: the address of the CVAT server
        organization: the CVAT organization, if one was given
        project_id, project_name: the CVAT project, if there is one
        project_made: whether the run made it
        created_by: the CVAT user
        media_type: what the samples of the run are
        of_frames: whether its images are frames of videos, whose labels are in fields of frames
        label_schema: the schema, with the keys of ``annotate()``
        samples, labels: how many were sent; labels by field
        left_out: what was not sent, and why: how many by sentence
        created_at, loaded_at: ISO dates in UTC
        problem: why it was interrupted
        notes: what else there is to know about it
        imported: whether its tasks were there before the run, see :func:`sync.imports.importing.import_from_cvat`
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    backend: str = BACKEND
    run_id: str
    status: Status = "sending"
    server: str
    organization: str | None = None
    project_id: int | None = None
    project_name: str | None = None
    project_made: bool = False
    created_by: str = ""
    media_type: Literal["image", "video"] = "image"
    of_frames: bool = False
    media_field: str = "filepath"
    label_schema: dict[str, Any]
    tasks: tuple[TaskRecord, ...] = ()
    samples: int = 0
    labels: dict[str, int] = {}
    left_out: dict[str, int] = {}
    created_at: str = ""
    loaded_at: str | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    imported: bool = False

    @property
    def schema_(self) -> LabelSchema:
        return LabelSchema.model_validate({"fields": self.label_schema}, context={"stored": True})

    @property
    def complete_tasks(self) -> tuple[TaskRecord, ...]:
        """The tasks that can be loaded: of a run that was interrupted, those that were complete by then."""
        return tuple(task for task in self.tasks if task.complete or self.status == "sent")

    def summary(self, key: str) -> dict[str, Any]:
        """The run as a plain dict, as a send returns it."""
        return {
            "anno_key": key,
            "server": self.server,
            "project": self.project_name,
            **({"project_made": True} if self.project_made else {}),
            "tasks": [task.model_dump(mode="json", exclude={"complete"}) for task in self.tasks],
            "samples": self.samples,
            "labels": sum(self.labels.values()),
            "labels_by_field": dict(self.labels),
            "left_out": [{"what": what, "count": count} for what, count in self.left_out.items()],
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"media_type": self.media_type} if self.media_type != "image" else {}),
        }
