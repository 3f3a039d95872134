"""What a load says of frames of a video or sequence: their numbers, and ranges where it says the same of many."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..runs.report import Counts
from .video_frames import TaskFrameImages, TaskVideo, Timeline


def name_frames(tally: Counts, timeline: Timeline) -> None:
    """Says which frames conflicts are on, by FiftyOne's numbers, or CVAT's of a sequence; once."""
    if isinstance(timeline, TaskVideo):
        _name_video(tally, timeline)
        return
    if isinstance(timeline, TaskFrameImages):
        _name_frame_images(tally, timeline)
        return
    for conflict in tally.conflicts:
        conflict["sequence"] = timeline.name
        conflict["step"] = 1


def _name_video(tally: Counts, video: TaskVideo) -> None:
    """Names the video instead of the documents of its frames, and frames by FiftyOne's numbers; once."""
    tally.samples = {video.sample_id: None} if tally.samples else {}
    for left in tally.objects.left.values():
        left.samples = {video.sample_id: None} if left.samples else {}
    for conflict in tally.conflicts:
        conflict["sample_id"] = video.sample_id
        if conflict.get("frame") is not None and "step" not in conflict:
            conflict["step"] = video.span.step
            conflict["frame"] = video.span.number_of(conflict["frame"])


def _name_frame_images(tally: Counts, images: TaskFrameImages) -> None:
    """Names the videos instead of the documents of their frames, and frames by FiftyOne's numbers; once."""
    videos = images.videos
    tally.samples = {videos.get(own, own): None for own in tally.samples}
    for left in tally.objects.left.values():
        left.samples = {videos.get(own, own): None for own in left.samples}
    for conflict in tally.conflicts:
        if conflict["sample_id"] in videos:
            conflict["sample_id"] = videos[conflict["sample_id"]]
            conflict["frame"] = images.number_of(conflict["frame"])


def frame_ranges(conflicts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Conflicts of the same part of the same track as one for each range of frames.

    Args:
        conflicts: as a load, or :func:`sync.load.resolve.conflicts`, lists them

    Returns:
        for each range ``field``, ``sample_id`` (of a sequence, that of the first frame), ``track``, ``part``,
        ``outcome``, the first and the last of its ``frames``, the ``label_ids``, and a ``text`` such as
        ``"frames 30-41: box"``, of a sequence with its name; conflicts of labels that are on no frame, or no track,
        are not among them
    """
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for conflict in conflicts:
        if conflict.get("track") is not None:
            key = tuple(conflict.get(name) for name in ("field", "track", "part", "outcome"))
            groups.setdefault(key, []).append(conflict)
    found = []
    for key, group in groups.items():
        run: list[Mapping[str, Any]] = []
        for conflict in sorted(group, key=lambda item: int(item["frame"])):
            if run and conflict["frame"] - run[-1]["frame"] > conflict.get("step", 1):
                found.append(_range(key, run))
                run = []
            run.append(conflict)
        found.append(_range(key, run))
    return sorted(found, key=lambda item: (item["sample_id"], item["frames"], item["track"], item["part"]))


def _range(key: tuple[Any, ...], run: list[Mapping[str, Any]]) -> dict[str, Any]:
    field, track, part, outcome = key
    first, last = run[0]["frame"], run[-1]["frame"]
    named = "box" if part == "geometry" and "bounding_box" in (run[0].get("base") or {}) else part
    which = f"frame {first}" if first == last else f"frames {first}-{last}"
    if sequence := run[0].get("sequence"):
        which += f" of {sequence}"
    return {
        "field": field,
        "sample_id": run[0]["sample_id"],
        "track": track,
        "part": part,
        "outcome": outcome,
        "frames": [first, last],
        "label_ids": [conflict["label_id"] for conflict in run],
        "text": f"{which}: {named}",
    }
