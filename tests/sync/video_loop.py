"""A video with labels on its frames, sent to a server as tracks, and an exact look at what becomes of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bson
import cv2
import fiftyone as fo
import numpy as np
from bson import ObjectId
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Client, UploadFile
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.shapes import Size
from fiftyone.plugins.orgs.roundtrip.cvat.labels.specs import label_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.identity import FrameLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.mutability import mutable_specs
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.send import SentVideo, send_video
from fiftyone.plugins.orgs.roundtrip.cvat.labels.types import LABEL_TYPES
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record as records
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore, FrameRecord, JobMark, TaskBase, count_fields
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import TrackLabels
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.record import RunRecord, TaskRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.video import VideoSpan
from sync_annotator import Annotator
from sync_loop import operator

from sandbox import Sandbox

WIDTH, HEIGHT = 320, 240
FIELD = "frames.gt"
Thing = dict[str, Any]


def write_clip(path: Path, frames: int) -> Path:
    """A clip of gray frames."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (WIDTH, HEIGHT))
    for number in range(frames):
        writer.write(np.full((HEIGHT, WIDTH, 3), number % 200, np.uint8))
    writer.release()
    return path


def box(x: float, label: str = "car", **more: Any) -> fo.Detection:
    """A box with its left side at a pixel."""
    return fo.Detection(label=label, bounding_box=[x / WIDTH, 0.25, 0.125, 0.25], **more)


class VideoLoop:
    """A dataset with a video, and a server.

    Args:
        dataset: an empty one
        server: the server
        folder: for the clip
    """

    def __init__(self, dataset: fo.Dataset, server: Sandbox, folder: Path) -> None:
        self.dataset, self.box, self.folder = dataset, server, folder
        self.cvat = Annotator(server)
        self.sample_id = ""

    def fill(self, count: int, make: Callable[[int], list[Any]], cls: Any = fo.Detections, field: str = "gt") -> None:
        """Adds a clip; ``make`` gives the labels of each frame, from 0. Frames without labels have no document."""
        sample = fo.Sample(str(write_clip(self.folder / "clip.mp4", count)))
        for number in range(count):
            if labels := make(number):
                sample.frames[number + 1] = fo.Frame(**{field: cls(**{cls._LABEL_LIST_FIELD: labels})})
        self.sample_id = self.dataset.add_sample(sample)

    def send(
        self,
        schema: Mapping[str, Any] | None = None,
        segment: int | None = None,
        overlap: int = 0,
        tolerance: float = 0.5,
    ) -> SentVideo:
        """Sends the clip as one task."""
        config = {"type": "detections", "classes": ["car", "van"], **(schema or {})}
        label_schema = LabelSchema.model_validate({"fields": {FIELD: config}})
        client = self._client()
        task = client.create_task("clip", labels=label_specs(label_schema), segment_size=segment, overlap=overlap)
        path = Path(self.dataset.first().filepath)
        client.wait_for_creation(
            task.id, client.upload(task.id, [UploadFile("clip.mp4", path, path.stat().st_size)]), deadline=30
        )
        labels, jobs = client.labels(task_id=task.id), sorted(client.jobs(task_ids=[task.id]), key=lambda job: job.id)
        count = client.task(task.id).size
        vocabulary = Vocabulary.bind(label_schema, labels)
        found = self._frame_labels(label_schema)
        spans = [range(job.start_frame, job.stop_frame + 1) for job in jobs]
        sent = send_video(found, FIELD, vocabulary, mutable_specs(labels), spans, tolerance)
        record = RunRecord(
            run_id="video-run", status="sent", server=client.url, media_type="video",
            label_schema=label_schema.as_annotate(), samples=1, created_at=records.now(),
            tasks=(TaskRecord(id=task.id, name="clip", url="", frames=count, jobs=tuple(job.id for job in jobs)),),
        )  # fmt: skip
        records.register(self.dataset.view(), "run", record)
        base = BaseStore(RunStore(self.dataset, record.run_id))
        frame = FrameRecord(sample_id=self.sample_id, name="clip.mp4", width=WIDTH, height=HEIGHT)
        base.save_task(task.id, TaskBase(frames=(frame,), vocabulary=vocabulary.dump(), video=VideoSpan(count=count)))
        marks = {}
        for number, job in enumerate(jobs):
            singles, tracks = self._write(client, job.id, number, sent, spans[number])
            base.save_labels(job.id, singles, tracks)
            date = client.job(job.id).updated_date
            marks[job.id] = JobMark(updated_date=date, labels=count_fields((*singles, *tracks)))
        base.save_marks(marks)
        return sent

    def _client(self) -> Client:
        return connect(find_credentials())

    def _frame_labels(self, schema: LabelSchema) -> list[FrameLabel]:
        cls = LABEL_TYPES[schema.fields[FIELD].type]
        path = FIELD.removeprefix("frames."), cls.list_path
        found = []
        for frame in self.dataset._frame_collection.find().sort("frame_number", 1):
            for label in (frame.get(path[0]) or {}).get(path[1]) or []:
                size = Size(WIDTH, HEIGHT)
                found.append(FrameLabel(frame["frame_number"] - 1, str(label["_id"]), label, size))
        return found

    def _write(
        self, client: Client, job: int, number: int, sent: SentVideo, frames_here: range
    ) -> tuple[tuple[BaseLabel, ...], tuple[TrackLabels, ...]]:
        frames = {f["frame_number"] - 1: str(f["_id"]) for f in self.dataset._frame_collection.find()}

        def label(key: tuple[int, str], objects: Any = ()) -> BaseLabel:
            parts = sent.encoded[key].parts
            return BaseLabel(
                field=FIELD, sample_id=frames[key[0]], frame=key[0], label_id=key[1], parts=parts, objects=objects
            )

        tracks = [track for track in sent.tracks if track.job == number]
        shapes = [one for one in sent.shapes if one.key[0] in frames_here]
        drawn = [item for one in shapes for item in sent.encoded[one.key].objects]
        saved = client.create_annotations(
            job, Annotations(shapes=tuple(drawn), tracks=tuple(track.track for track in tracks))
        )
        stored = client.annotations(job)
        by_id = {item.id: item for item in stored.shapes}
        by_track = {item.id: item for item in stored.tracks}
        singles = [label(one.key, (by_id[item.id],)) for one, item in zip(shapes, saved.shapes, strict=True)]
        kept = [
            TrackLabels(
                field=FIELD, origin=one.origin, index=one.identity.index, instance=one.identity.instance,
                track=by_track[item.id], labels=tuple(label(key) for key in one.held),
            )
            for one, item in zip(tracks, saved.tracks, strict=True)
        ]  # fmt: skip
        return tuple(singles), tuple(kept)

    def load(self, **params: Any) -> dict[str, Any]:
        """Loads the run; the few labels of a test may all be deleted."""
        return dict(operator("load_annotations")(self.dataset, "run", **{"confirm": True, **params}))

    # what a person does in CVAT

    def tracks(self, job: int | None = None) -> list[Thing]:
        """The tracks of a job, by default of all."""
        jobs = [item["id"] for item in self.cvat.jobs()] if job is None else [job]
        return [track for i in jobs for track in self.cvat.call("GET", f"jobs/{i}/annotations")["tracks"]]

    def write(self, action: str, *tracks: Thing, job: int = 1) -> list[Thing]:
        """Saves tracks as the web editor does."""
        body = {"version": 0, "tags": [], "shapes": [], "tracks": list(tracks)}
        return list(self.cvat.call("PATCH", f"jobs/{job}/annotations", body, action=action)["tracks"])

    def keyframe(self, track: Thing, frame: int, job: int = 1, **changes: Any) -> Thing:
        """Makes a keyframe, or changes it, as the web editor does when something is edited on a frame."""
        shapes = {shape["frame"]: shape for shape in track["shapes"]}
        if frame not in shapes:
            before = shapes[max(number for number in shapes if number < frame)]
            after = shapes.get(min((number for number in shapes if number > frame), default=-1), before)
            share = (frame - before["frame"]) / ((after["frame"] - before["frame"]) or 1)
            points = [a + (b - a) * share for a, b in zip(before["points"], after["points"], strict=True)]
            shapes[frame] = {**copy.deepcopy(before), "frame": frame, "points": points, "outside": False}
            shapes[frame]["attributes"] = []
            del shapes[frame]["id"]
        shapes[frame] = {**shapes[frame], **changes}
        changed = {**track, "shapes": [shapes[number] for number in sorted(shapes)]}
        return self.write("update", changed, job=job)[0]

    def drop_keyframe(self, track: Thing, frame: int, job: int = 1) -> Thing:
        """Removes a keyframe."""
        shapes = [shape for shape in track["shapes"] if shape["frame"] != frame]
        return self.write("update", {**track, "shapes": shapes}, job=job)[0]

    def delete_and_undo(self, track: Thing, job: int = 1) -> Thing:
        """Deletes a track and brings it back: it has new ids then."""
        self.write("delete", track, job=job)
        return self.write("create", without_ids(track), job=job)[0]

    # what the dataset has

    def documents(self) -> dict[str, bytes]:
        """The sample and the frames as the database has them, byte by byte."""
        found = [*self.dataset._sample_collection.find(), *self.dataset._frame_collection.find()]
        return {str(item["_id"]): bson.encode(item) for item in found}

    def changed_frames(self, before: Mapping[str, bytes]) -> list[int]:
        """The frames, from 0, whose labels differ from before."""
        now, frames = self.documents(), []
        for key in {*before, *now}:
            old, new = (bson.decode(item[key]) if key in item else {} for item in (before, now))
            number = (old or new).get("frame_number")
            if number is not None and bson.encode({"": old.get("gt")}) != bson.encode({"": new.get("gt")}):
                frames.append(number - 1)
        return sorted(frames)

    def labels(self, frame: int, field: str = "gt") -> list[Thing]:
        """The documents of the labels of a frame, from 0."""
        match = {"_sample_id": ObjectId(self.sample_id), "frame_number": frame + 1}
        value = (self.dataset._frame_collection.find_one(match) or {}).get(field) or {}
        return next((items for items in value.values() if isinstance(items, list)), [])

    def lefts(self, frame: int) -> list[float]:
        """The left sides of the boxes of a frame, in pixels."""
        return [round(label["bounding_box"][0] * WIDTH, 3) for label in self.labels(frame)]


def without_ids(track: Thing) -> Thing:
    """A track as the web editor creates it."""
    track = json.loads(json.dumps(track))
    for item in (track, *track["shapes"]):
        item.pop("id", None)
    return track
