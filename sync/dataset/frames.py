"""The documents of the frames of videos. FiftyOne numbers them from 1, and makes them only where it needs them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from bson import ObjectId

from .clips import Clips
from .samples import FRAMES, Document, FieldPlace, read_samples

FRAMES_AT_ONCE = 200
"""Frames whose documents are in memory at a time; the database would send 16 MB of them, which are 80 MB here."""


def read_frames(
    view: Any, sample_id: str, paths: Sequence[str], numbers: tuple[int, int] | None = None
) -> Iterator[Document]:
    """The raw documents of the frames of one video as a view has them, in order.

    Args:
        view: it may hide labels
        sample_id: the video
        paths: what to read of each document, beside ``_id`` and ``frame_number``
        numbers: the first and the last frame to read, from 1; by default all
    """
    wanted = dict.fromkeys(["frame_number", *(path.removeprefix(FRAMES) for path in paths)], True)
    stages = [{"$project": wanted}]
    support = None if numbers is None else list(numbers)
    chosen = view.select(sample_id)
    pipeline = chosen._pipeline(frames_only=True, support=support, post_pipeline=stages)
    yield from chosen._dataset._sample_collection.aggregate(pipeline, allowDiskUse=True, batchSize=FRAMES_AT_ONCE)


def read_some_frames(view: Any, ids: Sequence[str], paths: Sequence[str]) -> Iterator[Document]:
    """The raw documents of some frames as a view has them, in no order.

    Args:
        view: it may hide labels
        ids: the documents
        paths: what to read of each, beside ``_id``
    """
    match = {"_id": {"$in": [*map(ObjectId, ids)]}}
    found = view._root_dataset._frame_collection.find(match, {"_sample_id": True, "frame_number": True})
    places = [(str(frame["_sample_id"]), frame["frame_number"]) for frame in found]
    if places:
        numbers = [number for _, number in places]
        wanted = dict.fromkeys((path.removeprefix(FRAMES) for path in paths), True)
        stages = [{"$match": match}, {"$project": wanted}]
        yield from view.select(list({video for video, _ in places}))._aggregate(
            frames_only=True, support=[min(numbers), max(numbers)], post_pipeline=stages
        )


def videos_of_frames(dataset: Any, ids: Iterable[str]) -> dict[str, str]:
    """The videos of some frames' documents, by the ids of both."""
    match = {"_id": {"$in": [*map(ObjectId, ids)]}}
    found = dataset._frame_collection.find(match, {"_sample_id": True})
    return {str(frame["_id"]): str(frame["_sample_id"]) for frame in found}


def read_videos(view: Any, paths: Sequence[str]) -> Iterator[list[Document]]:
    """The raw documents of the frames of all videos of a view, video by video."""
    wanted = dict.fromkeys(["_sample_id", "frame_number", *(path.removeprefix(FRAMES) for path in paths)], True)
    found = view._aggregate(frames_only=True, post_pipeline=[{"$project": wanted}])
    for _, frames in groupby(found, lambda frame: frame["_sample_id"]):
        yield list(frames)


def read_holders(view: Any, places: Sequence[FieldPlace], clips: Clips | None = None) -> Iterator[Document]:
    """The raw documents that hold fields, those of samples before those of frames.

    Args:
        view: it may hide labels
        places: the fields
        clips: the only frames that are read of videos, each once; ``None`` for all
    """
    if samples := [place.path for place in places if not place.on_frames]:
        yield from read_samples(view, samples)
    frames = [place.path for place in places if place.on_frames]
    if frames and clips is not None:
        for sample_id, own in clips.items():
            for clip in own if frames else ():
                yield from read_frames(view, sample_id, frames, clip.own) if clip.own[0] <= clip.own[1] else ()
    elif frames:
        wanted = dict.fromkeys(frames, True)
        yield from view._aggregate(frames_only=True, post_pipeline=[{"$project": wanted}])


def some_frames(dataset: Any, place: FieldPlace, most: int) -> Iterator[Document]:
    """The raw documents of some frames that hold a field."""
    yield from dataset._frame_collection.find({place.path: {"$ne": None}}, {place.path: True}).limit(most)


def frame_ids(dataset: Any, sample_id: str, numbers: Iterable[int]) -> dict[int, str]:
    """The ids of the documents of frames of a video, by FiftyOne's frame number; frames without one are absent."""
    which = {"_sample_id": ObjectId(sample_id), "frame_number": {"$in": list(numbers)}}
    found = dataset._frame_collection.find(which, {"frame_number": True})
    return {frame["frame_number"]: str(frame["_id"]) for frame in found}


def last_frame(dataset: Any, sample_id: str) -> int:
    """The number of the last frame of a video that has a document, from 1; 0 if none has."""
    found = dataset._frame_collection.find_one(
        {"_sample_id": ObjectId(sample_id)}, {"frame_number": True}, sort=[("frame_number", -1)]
    )
    return int(found["frame_number"]) if found else 0


def frame_total(dataset: Any, sample_id: str) -> int | None:
    """How many frames a video has, as far as FiftyOne knows: its metadata."""
    found = dataset._sample_collection.find_one({"_id": ObjectId(sample_id)}, {"metadata.total_frame_count": True})
    total = ((found or {}).get("metadata") or {}).get("total_frame_count")
    return total if isinstance(total, int) and total > 0 else None
