"""The documents of the frames of videos. FiftyOne numbers them from 1, and makes them only where it needs them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bson import ObjectId

from .samples import FRAMES, Document


def read_frames(view: Any, sample_id: str, paths: Sequence[str]) -> Iterator[Document]:
    """The raw documents of the frames of one video as a view has them, in order.

    Args:
        view: it may hide labels
        sample_id: the video
        paths: what to read of each document, beside ``_id`` and ``frame_number``
    """
    wanted = dict.fromkeys(["frame_number", *(path.removeprefix(FRAMES) for path in paths)], True)
    yield from view.select(sample_id)._aggregate(frames_only=True, post_pipeline=[{"$project": wanted}])


def frame_ids(dataset: Any, sample_id: str, numbers: Iterable[int]) -> dict[int, str]:
    """The ids of the documents of frames of a video, by FiftyOne's frame number; frames without one are absent."""
    which = {"_sample_id": ObjectId(sample_id), "frame_number": {"$in": list(numbers)}}
    found = dataset._frame_collection.find(which, {"frame_number": True})
    return {frame["frame_number"]: str(frame["_id"]) for frame in found}
