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
        self.task = 1

    def fill(self, count: int, make: Callable[[int], list[Any]], cls: Any = fo.Detections, field: str = "gt") -> None:
        """Adds a clip; ``make`` gives the labels of each frame, from 0. Frames without labels have no document."""
        sample = fo.Sample(str(write_clip(self.folder / "clip.mp4", count)))
        for number in range(count):
            if labels := make(number):
                sample.frames[number + 1] = fo.Frame(**{field: cls(**{cls._LABEL_LIST_FIELD: labels})})
        self.sample_id = self.dataset.add_sample(sample)

    def send(self, schema: Mapping[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Sends the clip as one task."""
        config = {"type": "detections", "classes": ["car", "van"], **(schema or {})}
        return dict(operator("send_to_cvat")(self.dataset, anno_key="run", label_schema={FIELD: config}, **params))

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
        return self.write("update", with_keyframe(track, frame, **changes), job=job)[0]

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
        collections = (self.dataset._sample_collection, self.dataset._frame_collection)
        found = [item for collection in collections if collection is not None for item in collection.find()]
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


def with_keyframe(track: Thing, frame: int, **changes: Any) -> Thing:
    """A track with a keyframe, made of what it is there, or with a changed one."""
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
    return {**track, "shapes": [shapes[number] for number in sorted(shapes)]}


def without_ids(track: Thing) -> Thing:
    """A track as the web editor creates it."""
    track = json.loads(json.dumps(track))
    for item in (track, *track["shapes"]):
        item.pop("id", None)
    return track
