"""Documents of frames as a load needs them: made where there are none, tagged, and taken away when they are empty."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import fiftyone.core.fields as fof
import fiftyone.core.frame as fofr
import fiftyone.core.sample as fos
from bson import ObjectId
from pymongo import UpdateOne

from ..errors import LoadFailed
from .samples import FRAMES, Document, FieldPlace


@dataclass(frozen=True)
class MissingFrame:
    """A frame of a video that has no document.

    Args:
        sample_id: the video
        number: of the frame, from 1
    """

    sample_id: str
    number: int

    @property
    def own_id(self) -> str:
        """The id that its document gets: the same whenever it is asked for."""
        return hashlib.sha256(f"{self.sample_id}/{self.number}".encode()).hexdigest()[:24]


def make_frames(dataset: Any, missing: Mapping[str, MissingFrame]) -> None:
    """Makes documents of frames, by the ids that they get.

    Raises:
        LoadFailed: if something else made one meanwhile
    """
    if not missing:
        return
    now = _now()
    facts = {"_dataset_id": dataset._doc.id, "created_at": now, "last_modified_at": now}
    updates = [
        UpdateOne(
            {"_sample_id": ObjectId(frame.sample_id), "frame_number": frame.number},
            {"$setOnInsert": {"_id": ObjectId(own_id), **facts}},
            upsert=True,
        )
        for own_id, frame in missing.items()
    ]
    dataset._frame_collection.bulk_write(updates, ordered=False)
    made = dataset._frame_collection.count_documents({"_id": {"$in": [*map(ObjectId, missing)]}})
    if made < len(missing):
        raise LoadFailed("Something else makes frames of the same video at the same time. Load again when it is done.")


def drop_frames(dataset: Any, ids: Collection[str]) -> None:
    """Takes documents of frames away that :func:`make_frames` made, but for those that hold anything."""
    if not ids:
        return
    own = {"_id", "_sample_id", "_dataset_id", "frame_number", "created_at", "last_modified_at"}
    found = dataset._frame_collection.find({"_id": {"$in": [*map(ObjectId, ids)]}})
    empty = [
        frame["_id"]
        for frame in found
        if all(frame[name] is None for name in frame.keys() - own)
        and MissingFrame(str(frame["_sample_id"]), frame["frame_number"]).own_id == str(frame["_id"])
    ]
    if empty:
        dataset._frame_collection.delete_many({"_id": {"$in": empty}})


def videos_of(dataset: Any, frames: Iterable[Document]) -> dict[Any, str]:
    """The files of the videos of frames, by the frames' ids."""
    videos = {frame["_id"]: frame["_sample_id"] for frame in frames}
    match = {"_id": {"$in": list(set(videos.values()))}}
    paths = {sample["_id"]: sample["filepath"] for sample in dataset._sample_collection.find(match, {"filepath": True})}
    return {frame: paths.get(video, "") for frame, video in videos.items()}


def tag_frames(dataset: Any, ids: Collection[str], tag: str) -> None:
    """Tags frames, if they have tags: FiftyOne's frames have none of their own."""
    if _taggable(dataset, ids):
        match = {"_id": {"$in": [*map(ObjectId, ids)]}}
        dataset._frame_collection.update_many({**match, "tags": None}, {"$set": {"tags": []}})
        change = {"$push": {"tags": tag}, "$set": {"last_modified_at": _now()}}
        dataset._frame_collection.update_many({**match, "tags": {"$ne": tag}}, change)
        fofr.Frame._reload_docs(dataset._frame_collection_name, frame_ids=list(ids))


def untag_frames(dataset: Any, ids: Collection[str], tag: str) -> None:
    """Takes a tag from frames, if they have tags."""
    if _taggable(dataset, ids):
        match = {"_id": {"$in": [*map(ObjectId, ids)]}, "tags": tag}
        change = {"$pull": {"tags": tag}, "$set": {"last_modified_at": _now()}}
        dataset._frame_collection.update_many(match, change)
        fofr.Frame._reload_docs(dataset._frame_collection_name, frame_ids=list(ids))


def _taggable(dataset: Any, ids: Collection[str]) -> bool:
    return bool(ids) and isinstance(dataset.get_field(f"{FRAMES}tags"), fof.ListField)


def indexes_of(dataset: Any, place: FieldPlace, sample_id: str) -> set[int]:
    """The indexes that the labels of a field have on the frames of a video."""
    found = dataset._frame_collection.distinct(f"{place.root}.index", {"_sample_id": ObjectId(sample_id)})
    return {index for index in found if isinstance(index, int) and not isinstance(index, bool)}


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def reload_holders(dataset: Any, place: FieldPlace, ids: Iterable[str]) -> None:
    """Makes samples, or frames, that are in memory follow what was written."""
    if place.on_frames:
        fofr.Frame._reload_docs(dataset._frame_collection_name, frame_ids=sorted(ids))
    else:
        fos.Sample._reload_docs(dataset._sample_collection_name, sample_ids=sorted(ids))
