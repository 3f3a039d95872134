"""Frames of videos as images: which frames a frames view has, and the videos whose labels it shows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import fiftyone.core.video as fov
from bson import ObjectId

from ..errors import Refused
from .clips import Clip, is_clips
from .media import VideoFrame
from .samples import FRAMES
from .source_views import videos_of_clips, with_labels_of


def is_frames(target: Any) -> bool:
    """Whether the samples of a collection are frames of videos, as images."""
    return bool(getattr(target._dataset, "_is_frames", False))


def without_patches(target: Any) -> Any:
    """A frames view in place of a view of patches of frames: the frames, with the labels that are shown."""
    source = getattr(target, "_source_collection", None)
    if not getattr(target._dataset, "_is_patches", False) or source is None or not is_frames(source):
        return target
    paths = [target._get_label_field_path(name, "id")[1] for name in target._label_fields]
    ids = [label_id for path in paths for label_id in target.values(path, unwind=True)]
    return source.select_labels(ids=ids, fields=target._label_fields)


def videos_of_frames(view: Any) -> Any:
    """The videos of a frames view, each once, with the labels that the view shows on their frames.

    Raises:
        Refused: if it has no images, or what it shows can't be said in terms of the videos
    """
    if not isinstance(view, fov.FramesView):
        raise Refused("This is the dataset of a frames view; send the view.")
    if (view._frames_stage.config or {}).get("sample_frames") == "dynamic":
        raise Refused("This frames view has no images. Make it by `to_frames(sample_frames=True)`, or send the videos.")
    if view._is_dynamic_groups:
        raise Refused("This view groups its frames by a field; send the frames without that grouping, or the videos.")
    source = view._source_collection
    videos = videos_of_clips(source) if is_clips(source) else source
    ids = dict.fromkeys(map(str, view.values("sample_id")))
    return with_labels_of(view._stages, videos.select(list(ids), ordered=True), FRAMES)


def find_images(view: Any) -> dict[str, VideoFrame]:
    """The frames of a frames view, by the ids of their documents.

    Raises:
        Refused: if the dataset lacks some of these documents
    """
    ids, samples, numbers = view.values(["id", "sample_id", "frame_number"])
    frames = view._root_dataset._frame_collection
    there = frames.count_documents({"_id": {"$in": [*map(ObjectId, set(ids))]}})
    if there < len(set(ids)):
        raise Refused(
            f"Of the {len(set(ids)):,} frames of this view, the dataset has {there:,} only: it changed since. Make the "
            "view anew, and send that."
        )
    found = zip(ids, samples, numbers, strict=True)
    return {own: VideoFrame(sample_id=str(sample), number=number) for own, sample, number in found}


def runs_of_frames(frames: Iterable[VideoFrame]) -> Mapping[str, Sequence[Clip]]:
    """The frames of each video, as clips."""
    numbers: dict[str, set[int]] = {}
    for frame in frames:
        numbers.setdefault(frame.sample_id, set()).add(frame.number)
    return {sample_id: _runs(sorted(own)) for sample_id, own in numbers.items()}


def _runs(numbers: Sequence[int]) -> list[Clip]:
    starts = [number for place, number in enumerate(numbers) if not place or numbers[place - 1] < number - 1]
    ends = [
        number for place, number in enumerate(numbers) if place + 1 == len(numbers) or numbers[place + 1] > number + 1
    ]
    return [Clip(first=first, last=last, leads=False) for first, last in zip(starts, ends, strict=True)]
