"""The law of a load: objects in CVAT = unchanged + applied + left for a reason, whatever is there and whatever here.

What CVAT has is generated: any type with any numbers, any class, any group, tracks of any keyframes, twins, objects on
other frames, unknown classes and attributes, ids that are there twice.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.cvat import Annotations, Job
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.models import Track, TrackedShape
from fiftyone.plugins.orgs.roundtrip.cvat.labels.objects import key_of
from fiftyone.plugins.orgs.roundtrip.cvat.labels.schema import LabelSchema
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load import job_objects
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.decide import concerned, decide
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.diff import JobDiff, diff_job
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.held_jobs import JobHolder, PackedJob, UnchangedJob
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.job_changes import JobChanges
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.merge_settings import MergeSettings
from fiftyone.plugins.orgs.roundtrip.cvat.sync.load.portions import portions
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import NO_SAMPLE, FrameRecord
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.change import JobPlan
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.report import Counts
from sync_odd_jobs import FRAMES, HEIGHT, SWITCHES, WIDTH, local_of, sample_of, world_of

CASES = int(os.environ.get("ROUNDTRIP_CASES", "50000" if os.environ.get("ROUNDTRIP_ALL") else "800"))
PARTS = 4


def owners(plan: JobPlan, world: dict[str, Any]) -> Counter[Any]:
    """How many labels the objects of CVAT belong to, but for labels that may keep what they have lost there."""
    annotations = world["annotations"]
    there = {key_of(item) for item in (*annotations.tags, *annotations.shapes) if item.id is not None}
    fields = world["vocabulary"].schema.fields
    strict = {name for name, item in fields.items() if all(getattr(item, switch) for switch in SWITCHES)}
    return Counter(
        key
        for label in plan.base
        if label.field in strict - world["read_only"] and label.frame not in world["removed"]
        for item in label.objects
        if (key := key_of(item)) in there
    )


ROOMS = {"polylines": "polylines", "instances": "instances", "keypoints": "keypoints", "detections": "boxes"}


def check(world: dict[str, Any]) -> None:
    vocabulary, base, annotations = world["vocabulary"], world["base"], world["annotations"]
    frames = [FrameRecord(sample_id=sample_of(n), name=f"{n}.jpg", width=WIDTH, height=HEIGHT) for n in range(FRAMES)]
    if world["no_sample"] is not None:
        frames[world["no_sample"]] = frames[world["no_sample"]].model_copy(update={"sample_id": NO_SAMPLE})
    diff = diff_job(base, annotations, frames, world["removed"], vocabulary)
    assert diff.objects is not None
    assert len(diff.kept) + len(diff.edited) + len(diff.deleted) == len(base), "each label is one of these"
    rooms = dict(ROOMS) if world["rooms"] else {}
    extra = {name: {"type": type_, "classes": [], "existing_field": False} for type_, name in rooms.items()}
    more = LabelSchema.model_validate({"fields": extra}).fields if extra else {}
    schema = LabelSchema(fields={**vocabulary.schema.fields, **more})
    terms = MergeSettings("run", schema, world["policy"], rooms=rooms, read_only=world["read_only"])
    local = local_of(world, concerned(diff, (), terms), schema)
    again = diff_job(base, annotations, frames, world["removed"], vocabulary) if world["in_portions"] else None
    plan = decide(diff, (), local, terms)
    if again is not None:
        check_portions(world, again, local, terms, plan)
    objects = plan.tally.objects

    tracks_least = len(annotations.tracks)
    assert objects.found >= len(annotations.tags) + len(annotations.shapes) + tracks_least
    if not annotations.tracks:
        assert objects.found == len(annotations.tags) + len(annotations.shapes)
    assert objects.found == objects.unchanged + objects.applied + objects.left_count
    assert all(item.reason and item.type and item.name for item in objects.left.values())
    assert all(item.frames or item.samples for item in objects.left.values())
    if not plan.open:
        twice = [key for key, count in owners(plan, world).items() if count > 1]
        assert not twice, f"objects that belong to two labels: {twice}"
    assert len({(change.field, change.label_id) for change in plan.changes}) == len(plan.changes)
    assert not {change.field for change in plan.changes} & world["read_only"]


def check_portions(world: dict[str, Any], diff: JobDiff, local: Any, terms: MergeSettings, plan: JobPlan) -> None:
    """Frame by frame, the same is decided as about all at once; nor does it matter how a job is held until then."""
    base, annotations = tuple(world["base"]), world["annotations"]
    whole = JobChanges(Job(id=1, task_id=1, stage="", state=""), "", diff, base, ())
    holder = JobHolder()
    held = holder.hold(
        whole.copy(), annotations, lambda again, _: replace(whole, emptied=repr(again) == repr(annotations))
    )
    if isinstance(held, PackedJob):
        assert held.whole(None).emptied is True, "what CVAT answered is kept as it is"  # type: ignore[arg-type]
    else:
        assert isinstance(held, UnchangedJob) and not plan.changes
    plans = [decide(part.diff, (), local, terms) for part in portions(whole)]
    tally = Counts()
    for item in plans:
        tally.add(item.tally)
    assert by_place(change for item in plans for change in item.changes) == by_place(plan.changes)
    assert by_place(label for item in plans for label in item.base) == by_place(plan.base)
    assert tally.model_dump(exclude={"samples", "conflicts"}) == plan.tally.model_dump(exclude={"samples", "conflicts"})


def by_place(items: Iterable[Any]) -> dict[tuple[str, str], str]:
    return {(item.field, item.label_id): repr(item) for item in items}


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[portions.__module__], "MOST_LABELS", 1)
    monkeypatch.setattr(sys.modules[JobHolder.__module__], "MOST_LABELS", 0)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_and_nothing_is_counted_twice(part: int) -> None:
    for number in range(part, CASES, PARTS):
        try:
            check(world_of(number))
        except Exception as error:
            raise AssertionError(f"case {number}: {error}") from error


def test_a_job_with_more_frames_of_tracks_than_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_objects, "MOST_TRACK_FRAMES", 10)
    shapes = [TrackedShape(type="rectangle", frame=0, points=(0, 0, 5, 5))]
    drawn = tuple(Track(id=number, frame=0, label_id=1, shapes=shapes) for number in range(1, 6))
    job = job_objects.list_objects(Annotations(tracks=drawn), range(FRAMES))
    assert (len(job.found), len(job.left), job.count) == (2 * FRAMES, 3, 2 * FRAMES + 3)
