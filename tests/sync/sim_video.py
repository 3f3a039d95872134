"""The small world in memory with videos or sequences: labels on frames, tracks in jobs (see `sim_world.py`)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.sequences import ImageSequence
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Writes
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.video_frames import frames_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from sim_memory import Clock, MemoryLabels, Thing, duplicate
from sim_world import GT, Template, World
from sync_loop import Loop

from sandbox.transfers import copy_task

FRAMES_GT = FieldPlace.of("frames.gt", LABEL_TYPES["detections"])


class MemoryFrames(MemoryLabels):
    """The labels of the frames of videos, each of which has a document."""

    def __init__(self, frames: Mapping[str, Thing], clock: Clock) -> None:
        super().__init__(frames, clock)
        self.numbers = {key: (str(frame["_sample_id"]), frame["frame_number"]) for key, frame in frames.items()}

    def frames(self, sample_id: str, numbers: Collection[int]) -> dict[int, str]:
        wanted = set(numbers)
        own = ((number, key) for key, (video, number) in self.numbers.items() if video == sample_id)
        return {number: key for number, key in own if number in wanted}

    def drop_frames(self, ids: Collection[str]) -> None:
        """All frames had documents."""

    def indexes(self, place: FieldPlace, sample_id: str) -> set[int]:
        return self.indexes_of(place, [key for key, (video, _) in self.numbers.items() if video == sample_id])

    def field_class(self, name: str) -> str | None:
        return {"frames.gt": "Detections"}.get(name)


class MemorySequences(MemoryLabels):
    """The labels of samples that are images of sequences."""

    def sequence_indexes(self, place: FieldPlace, sequence: ImageSequence, sample_ids: Collection[str]) -> set[int]:
        return self.indexes_of(place, sample_ids)


def documents_of(loop: Loop, count: int) -> list[Thing]:
    """The documents of the frames of videos, by number; those that are not there are made up."""
    found = {(frame["_sample_id"], frame["frame_number"]): frame for frame in loop.dataset._frame_collection.find()}
    videos = [sample["_id"] for sample in loop.dataset._sample_collection.find().sort("_id")]
    return [
        found.get((video, n), {"_id": ObjectId(f"{1000 * place + n:024x}"), "_sample_id": video, "frame_number": n})
        for place, video in enumerate(videos)
        for n in range(1, count + 1)
    ]


class Spot(NamedTuple):
    """A frame of a job.

    Args:
        task, job: of which
        frame: the frame, in the task's numbering
        holder: what holds its labels
    """

    task: int
    job: int
    frame: int
    holder: str


class VideoWorld(World):
    """Videos, or image sequences, and a server."""

    places = (FRAMES_GT,)

    def make_labels(self, template: Template) -> MemoryLabels:
        self.places = (FRAMES_GT if template.record.media_type == "video" or template.record.of_frames else GT,)
        return (MemoryFrames if self.places[0].on_frames else MemorySequences)(template.samples, self.clock)

    @cached_property
    def spots(self) -> list[Spot]:
        """All frames of all jobs."""
        base = BaseStore(self.store)
        found = []
        for task_id, then in self.template.tasks.items():
            if (known := base.task(task_id)) is None:
                continue
            frames = frames_of(known, self.labels)
            for job in then.jobs.values():
                numbers = range(job.start_frame, job.stop_frame + 1)
                found += [Spot(task_id, job.id, frame, frames[frame].sample_id) for frame in numbers]
        return found

    # what a person does in CVAT

    @property
    def spans(self) -> dict[int, range]:
        """The frames of the jobs of the run."""
        tasks = (self.box.store.tasks.get(task_id) for task_id in self.template.tasks)
        jobs = [job for task in tasks if task for job in task.jobs.values()]
        return {job.id: range(job.start_frame, job.stop_frame + 1) for job in jobs}

    def classes(self, job: int) -> dict[str, Any]:
        """The labels of a job, by name."""
        return {label.name: label for label in self.box.store.jobs[job].task.used_labels.values()}

    def in_job(self, job: int, kind: str = "tracks") -> list[Thing]:
        """What a job has, by id."""
        return [duplicate(thing) for _, thing in sorted(getattr(self.box.store.jobs[job], kind).items())]

    def save(self, job: int, action: str, *things: Thing) -> list[Thing]:
        """One save of the web editor: of tracks, shapes and tags."""
        body = {
            "version": 0,
            "tags": [thing for thing in things if not {"shapes", "points"} & thing.keys()],
            "shapes": [thing for thing in things if "points" in thing],
            "tracks": [thing for thing in things if "shapes" in thing],
        }
        answer = self.call("PATCH", f"/api/jobs/{job}/annotations", params={"action": action}, json=body)
        return list(Annotations.model_validate_json(answer.content).model_dump()["tracks"])

    def shown(self, job: int) -> Iterator[Shape]:
        """What the tracks of a job are on its frames."""
        for track in Annotations.model_validate({"tracks": self.in_job(job)}).tracks:
            yield from shapes_of(track, self.spans[job])

    def remove_frames(self, frames: Iterable[int], task: int = 1) -> None:
        self.call("PATCH", f"/api/tasks/{task}/data/meta", json={"deleted_frames": sorted(frames)})

    def move_to_a_project(self, task_id: int) -> None:
        """Then all its labels have new ids, and its jobs their old dates."""
        labels = [
            {
                "name": label.name,
                "attributes": [
                    {**_only(spec, "name", "mutable", "input_type", "default_value"), "values": list(spec.values)}
                    for spec in label.attributes
                ],
            }
            for label in self.box.store.tasks[task_id].used_labels.values()
        ]
        answer = self.call("POST", "/api/projects", json={"name": "other", "labels": labels})
        project = json.loads(answer.content)["id"]
        self.call("PATCH", f"/api/tasks/{task_id}", json={"project_id": project})

    def copy_task(self, task_id: int) -> None:
        """What a restored backup makes: another task, which looks like the first."""
        task = self.box.store.tasks[task_id]
        copy_task(self.box.store, task, task.owner)

    # what a person does in FiftyOne

    def documents(self, place: FieldPlace | None = None) -> dict[str, dict[str, Thing]]:
        return super().documents(place or self.places[0])

    def edit(self, sample_id: str, label_id: str, place: FieldPlace | None = None, **values: Any) -> None:
        super().edit(sample_id, label_id, place or self.places[0], **values)

    def delete(self, sample_id: str, label_id: str, place: FieldPlace | None = None) -> None:
        super().delete(sample_id, label_id, place or self.places[0])

    def add(self, sample_id: str, number: int, **values: Any) -> None:
        document = {"_id": ObjectId(f"{number:024x}"), "_cls": "Detection", "tags": [], **values}
        self.labels.write(self.places[0], Writes(adds=[(sample_id, document)]))


def _only(thing: Any, *names: str) -> Thing:
    return {name: getattr(thing, name) for name in names}


def shapes_of(track: Track, span: range) -> Iterator[Shape]:
    """What a track is on the frames of its job."""
    found = interpolate(track, span)
    shapes = (shape for frame in found.frames if (shape := found.shape(frame)))
    yield from (shape.model_copy(update={"track": track.id}) for shape in shapes)


def without_ids(things: Iterable[Thing]) -> list[Thing]:
    """Tracks as the web editor creates them."""
    made = []
    for thing in duplicate(list(things)):
        for item in (thing, *thing.get("shapes", ())):
            item.pop("id", None)
        made.append(thing)
    return made
