"""The small world in memory with a video: labels on its frames, tracks in its jobs (see `sim_world.py`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Shape
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.samples import FieldPlace
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.writes import Writes
from sim_memory import Clock, MemoryLabels, Thing, duplicate
from sim_world import Template, World
from sync_loop import Loop

FRAMES_GT = FieldPlace.of("frames.gt", LABEL_TYPES["detections"])


class MemoryFrames(MemoryLabels):
    """The labels of a video's frames, each of which has a document."""

    def __init__(self, frames: Mapping[str, Thing], clock: Clock) -> None:
        super().__init__(frames, clock)
        self.numbers = {key: frame["frame_number"] for key, frame in frames.items()}

    def frames(self, sample_id: str, numbers: Collection[int]) -> dict[int, str]:
        wanted = set(numbers)
        return {number: key for key, number in self.numbers.items() if number in wanted}

    def drop_frames(self, ids: Collection[str]) -> None:
        """All frames had documents."""

    def indexes(self, place: FieldPlace, sample_id: str) -> set[int]:
        labels = (item for held in self.read(place, self.numbers).values() for item in held.labels.values())
        return {item["index"] for item in labels if item.get("index") is not None}

    def field_class(self, name: str) -> str | None:
        return {"frames.gt": "Detections"}.get(name)


def documents_of(loop: Loop, count: int) -> list[Thing]:
    """The documents of a video's frames, by number; those that are not there are made up."""
    found = {frame["frame_number"]: frame for frame in loop.dataset._frame_collection.find()}
    return [found.get(n, {"_id": ObjectId(f"{n:024x}"), "frame_number": n}) for n in range(1, count + 1)]


class VideoWorld(World):
    """A video and a server."""

    places = (FRAMES_GT,)

    def make_labels(self, template: Template) -> MemoryLabels:
        return MemoryFrames(template.samples, self.clock)

    # what a person does in CVAT

    @property
    def spans(self) -> dict[int, range]:
        """The frames of the jobs."""
        jobs = self.box.store.task("1").jobs.values()
        return {job.id: range(job.start_frame, job.stop_frame + 1) for job in jobs}

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

    # what a person does in FiftyOne

    def documents(self, place: FieldPlace = FRAMES_GT) -> dict[str, dict[str, Thing]]:
        return super().documents(place)

    def edit(self, sample_id: str, label_id: str, place: FieldPlace = FRAMES_GT, **values: Any) -> None:
        super().edit(sample_id, label_id, place, **values)

    def delete(self, sample_id: str, label_id: str, place: FieldPlace = FRAMES_GT) -> None:
        super().delete(sample_id, label_id, place)

    def add(self, sample_id: str, number: int, **values: Any) -> None:
        document = {"_id": ObjectId(f"{number:024x}"), "_cls": "Detection", "tags": [], **values}
        self.labels.write(FRAMES_GT, Writes(adds=[(sample_id, document)]))


def shapes_of(track: Track, span: range) -> Iterator[Shape]:
    """What a track is on the frames of its job."""
    found = interpolate(track, span)
    yield from (shape for frame in found.frames if (shape := found.shape(frame)))


def without_ids(things: Iterable[Thing]) -> list[Thing]:
    """Tracks as the web editor creates them."""
    made = []
    for thing in duplicate(list(things)):
        for item in (thing, *thing.get("shapes", ())):
            item.pop("id", None)
        made.append(thing)
    return made
