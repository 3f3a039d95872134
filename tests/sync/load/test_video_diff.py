"""Whatever is stored in a job of a video: each label has one fate, each object is counted once, and nothing raises."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Label, Track
from fiftyone.plugins.orgs.roundtrip.cvat.labels.base import BaseLabel
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.interpolate import interpolate
from fiftyone.plugins.orgs.roundtrip.cvat.labels.vocabulary import Vocabulary
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.diff import JobDiff
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.label_tracks import nest, on_tracks, told_apart
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.track_diff import VideoJob
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.video_diff import diff_video
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.video_frames import VideoFrames
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import FrameRecord, TaskBase
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.outbox import TrackLabels, each_label
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.video import VideoSpan
from hypothesis import given
from hypothesis import strategies as st

FIELD = "frames.gt"
SPAN = VideoSpan(start=3, step=2, count=12)
SCHEMA = LabelSchema.model_validate({"fields": {FIELD: {"type": "detections", "classes": ["car", "van"]}}})
WORDS = Vocabulary.bind(SCHEMA, [Label(id=1, name="car", type="any"), Label(id=2, name="van", type="any")])
KNOWN = TaskBase(
    frames=(FrameRecord(sample_id="a" * 24, name="clip.mp4", width=640, height=480),),
    vocabulary=WORDS.dump(),
    video=SPAN,
)
FRAMES = VideoFrames(KNOWN, SPAN, {SPAN.number_of(frame): f"{frame:024x}" for frame in range(SPAN.count)})


def track_of(track_id: int, start: int, stop: int, y: float, end: int) -> Track:
    """A box that moves to the right, and is gone from a frame on."""
    shapes = [
        {"type": "rectangle", "frame": f, "points": (9.0 * f, y, 9.0 * f + 40, y + 40), "outside": f == end}
        for f in sorted({start, stop, end})
    ]
    return Track.model_validate({"id": track_id, "frame": start, "label_id": 1, "shapes": shapes})


def known(track: Track, origin: int) -> TrackLabels:
    """A track with a label on each of its frames."""
    labels = tuple(
        BaseLabel(
            field=FIELD,
            sample_id=FRAMES.holder(FIELD, frame),
            frame=frame,
            label_id=f"{origin:012x}{frame:012x}",
            parts={"label": "car", "bounding_box": [0.1, 0.1, 0.1, 0.1]},
            objects=(),
        )
        for frame in interpolate(track, range(SPAN.count)).frames
    )
    return TrackLabels(field=FIELD, origin=origin, index=origin + 1, track=track, labels=labels)


BASE = [known(track_of(7, 0, 5, 10.0, 12), 0), known(track_of(8, 2, 6, 200.0, 9), 1)]

numbers = st.sampled_from([0.0, 10.0, -5.0, 1e9, 1e99, 300.5])
keyframes = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["rectangle", "rectangle", "polygon", "mask", "skeleton", "points", "ellipse", "rope"]),
        "frame": st.sampled_from([-3, 0, 2, 3, 3, 5, 11, 12, 10**6]),
        "points": st.lists(numbers, max_size=7),
        "outside": st.booleans(),
        "rotation": st.sampled_from([0.0, 359.0, -7.0, 1e9]),
    }
)
corrupt = st.fixed_dictionaries(
    {
        "id": st.sampled_from([None, 7, 8, 20, 21, 21]),
        "frame": st.sampled_from([-3, 0, 3, 11, 12, 10**6]),
        "label_id": st.sampled_from([1, 2, 99]),
        "shapes": st.lists(keyframes, max_size=4),
        "elements": st.just([]),
    }
)
plain = st.builds(
    lambda track_id, start, length, y: track_of(track_id, start, start + length, y, start + length + 1).model_dump(),
    st.sampled_from([7, 8, 30, 31]),
    st.integers(0, 8),
    st.integers(1, 5),
    st.sampled_from([10.0, 11.0, 200.0, 300.0]),
)
unchanged = st.sampled_from([item.track.model_dump() for item in BASE])


def diff(now: list[Any], removed: set[int], base: list[TrackLabels], singles: list[BaseLabel]) -> JobDiff:
    annotations = Annotations.model_validate({"tracks": now})
    job = VideoJob(singles, base, annotations, FRAMES, range(SPAN.count), removed, {1, 2}, "run")
    return diff_video(job, WORDS)


def fates(found: JobDiff) -> Counter[str]:
    labels = [*each_label(found.tracks), *found.kept, *found.deleted, *(edited.base for edited in found.edited)]
    return Counter(label.label_id for label in labels)


@given(st.lists(corrupt | plain | unchanged, max_size=4), st.sets(st.integers(0, 13), max_size=4))
def test_each_label_has_one_fate_and_each_object_is_counted(now: list[Any], removed: set[int]) -> None:
    found = diff(now, removed, BASE, [])
    assert fates(found) == Counter(label.label_id for label in each_label(BASE))
    counts = found.objects
    assert counts is not None
    pending = sum(len(item.objects) for item in (*(edit.read() for edit in found.edited), *found.new))
    assert counts.found == counts.unchanged + counts.left_count + pending
    assert not {label.frame for label in found.deleted} & removed and not {new.frame for new in found.new} & removed
    assert all(new.sample_id == FRAMES.holder(FIELD, new.frame) for new in found.new)


@given(st.lists(corrupt | plain | unchanged, max_size=4), st.sets(st.integers(0, 13), max_size=4))
def test_the_base_afterwards_finds_nothing_new(now: list[Any], removed: set[int]) -> None:
    """Deleted labels are gone, edited ones agreed, and new ones taken: then the same job has nothing to be loaded."""
    found = diff(now, removed, BASE, [])
    read = [edit.read() for edit in found.edited]
    edited = [item.base.model_copy(update={"objects": item.objects}) for item in read]
    new = [
        item.as_label().model_copy(update={"field": FIELD, "label_id": f"new{number}", "parts": item.drawn.parts})
        for number, item in enumerate(found.new)
        if item.drawn.field == FIELD
    ]
    ignored = [item for item in found.new if item.drawn.field != FIELD]
    present = {**found.present, **on_tracks(shape for item in read for shape in item.objects)}
    singles, joined = told_apart([*found.kept, *edited, *new], {item.track.id for item in found.tracks}, present)
    tracks = nest(found.tracks, joined)
    again = diff(now, removed, list(tracks), list(singles))
    assert (again.edited, again.deleted, len(again.new)) == ([], [], len(ignored))
    assert fates(again) == Counter(label.label_id for label in (*singles, *each_label(tracks)))
    later = diff(now, set(), list(tracks), list(singles))
    assert {item.base.frame for item in later.edited} <= removed


@given(st.lists(plain | unchanged, max_size=4), st.lists(plain | unchanged, max_size=4))
def test_what_was_undone_comes_again(now: list[Any], later: list[Any]) -> None:
    """An undo puts labels back with what they were; a load finds the same changes once more, whatever came later."""
    found = diff(now, set(), BASE, [])
    back = [*found.kept, *found.deleted, *(edit.read().base for edit in found.edited)]
    again = diff(now, set(), list(found.tracks), back)
    assert fates(again) == Counter(label.label_id for label in each_label(BASE))
    assert {item.base.label_id for item in again.edited} == {item.base.label_id for item in found.edited}
    assert {label.label_id for label in again.deleted} == {label.label_id for label in found.deleted}
    assert len(again.new) == len(found.new)
    assert fates(diff(later, set(), list(found.tracks), back)) == fates(found)
