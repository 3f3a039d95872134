"""Writing into one job: create, update (an upsert), delete, replace, clear."""

from __future__ import annotations

from typing import Any

from ..models import Job
from ..responses import server_error
from ..store import Store
from .rows import Transaction

Data = dict[str, list[dict[str, Any]]]


class Writer:
    """Changes the annotations of one job inside a transaction.

    The methods take checked data, write the new ids into it, and return whether there was anything to
    do: only then the date of the job changes.

    Args:
        store: where the ids are.
        job: the job to write to.
        transaction: undoes everything if the request fails later.
    """

    def __init__(self, store: Store, job: Job, transaction: Transaction) -> None:
        self.store = store
        self.job = job
        self.transaction = transaction

    def create(self, data: Data) -> bool:
        """Store new objects; ids that are given are taken."""
        for tag in data["tags"]:
            self._insert(self.store.tag_rows, tag)
            self.transaction.put(self.job.tags, tag["id"], tag)
        for shape in data["shapes"]:
            self._insert_shape(shape)
        for track in data["tracks"]:
            self._insert_track(track)
            track["elements"] = track.get("elements", [])
            for element in track["elements"]:
                self._insert_track(element)
            self.transaction.put(self.job.tracks, track["id"], track)
        return _is_something(data)

    def update(self, data: Data) -> bool:
        """Replace objects by id; what is not there is created with its id."""
        self.delete(data)
        return self.create(data)

    def delete(self, data: Data) -> bool:
        """Remove this job's objects with these ids; other ids do no harm."""
        for tag in data["tags"]:
            if tag.get("id") in self.job.tags:
                self._remove_tag(tag["id"])
        for shape in data["shapes"]:
            if shape.get("id") in self.job.shapes:
                self._remove_shape(shape["id"])
        for track in data["tracks"]:
            if track.get("id") in self.job.tracks:
                self._remove_track(track["id"])
        return _is_something(data)

    def clear(self) -> bool:
        """Remove everything."""
        found = bool(self.job.tags or self.job.shapes or self.job.tracks)
        for ident in list(self.job.tags):
            self._remove_tag(ident)
        for ident in list(self.job.shapes):
            self._remove_shape(ident)
        for ident in list(self.job.tracks):
            self._remove_track(ident)
        return found

    def replace(self, data: Data) -> bool:
        """Remove everything, then create."""
        cleared = self.clear()
        return self.create(data) or cleared

    def _insert(self, rows: Any, thing: dict[str, Any]) -> None:
        thing["id"] = self.transaction.insert(rows, self.job, thing.get("id"))

    def _insert_shape(self, shape: dict[str, Any]) -> None:
        self._insert(self.store.shape_rows, shape)
        shape["elements"] = shape.get("elements", [])
        for element in shape["elements"]:
            self._insert(self.store.shape_rows, element)
        self.transaction.put(self.job.shapes, shape["id"], shape)

    def _insert_track(self, track: dict[str, Any]) -> None:
        keyframes = track["shapes"]
        if not keyframes:
            raise server_error()
        first = min(keyframe["frame"] for keyframe in keyframes)
        if track["frame"] < first:
            hidden = {**keyframes[0], "frame": track["frame"], "outside": True, "id": None}
            keyframes.append(hidden)
        track["frame"] = min(first, track["frame"])
        self._insert(self.store.track_rows, track)
        for keyframe in keyframes:
            self._insert(self.store.keyframe_rows, keyframe)

    def _remove_tag(self, ident: int) -> None:
        self.transaction.pop(self.job.tags, ident)
        self.transaction.delete(self.store.tag_rows, self.job, ident)

    def _remove_shape(self, ident: int) -> None:
        shape = self.transaction.pop(self.job.shapes, ident)
        for thing in (shape, *shape["elements"]):
            self.transaction.delete(self.store.shape_rows, self.job, thing["id"])

    def _remove_track(self, ident: int) -> None:
        track = self.transaction.pop(self.job.tracks, ident)
        for part in (track, *track["elements"]):
            self.transaction.delete(self.store.track_rows, self.job, part["id"])
            for keyframe in part["shapes"]:
                self.transaction.delete(self.store.keyframe_rows, self.job, keyframe["id"])


def _is_something(data: Data) -> bool:
    return bool(data["tags"] or data["shapes"] or data["tracks"])
