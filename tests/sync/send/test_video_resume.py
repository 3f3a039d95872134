"""After any lost, late or refused answer each label of a video is in CVAT once, and a resume ends as a send does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.labels.tracks.compare import content_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs import record
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.base import BaseStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.runs.store import RunStore
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send import encode, patience
from sync_loop import Loop
from sync_videos import FIELD, Videos, box, video

WRITE = ("PATCH", "action=create")
COUNT = 60
UNDISTURBED: dict[str, Counter[Hashable]] = {}


@pytest.fixture
def clip(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> Videos:
    """A video in two jobs that overlap, with two objects and single boxes, which takes several requests."""
    monkeypatch.setattr(encode, "OBJECTS", 6)
    videos = Videos(loop)
    videos.add(video(20, lambda n: [box(0.02 * n, index=1), box(0.6 - 0.02 * n, 0.6, index=2), box(0.7)]))
    return videos


def send(clip: Videos, **params: Any) -> dict[str, Any]:
    return clip.send(segment_size=12, overlap=4, **params)


def content(clip: Videos) -> Counter[Hashable]:
    """What is in CVAT, but for ids."""
    found: Counter[Hashable] = Counter()
    for number, there in enumerate(clip.annotations()):
        found.update((number, content_of(track)) for track in there.tracks)
        found.update((number, shape.frame, shape.points) for shape in there.shapes)
    return found


def check(clip: Videos, said: dict[str, Any]) -> None:
    """Compares with a send that nothing disturbed; and a load has nothing to do."""
    clip.loop.box.settle()
    assert (said["labels"], said["left_out"]) == (COUNT, [])
    assert len(clip.loop.cvat.find("tasks")) == 1
    found = content(clip)
    assert found == UNDISTURBED.setdefault("content", found)
    assert max(found.values()) == 1
    before = clip.frames()
    report = clip.loop.load()
    assert (report["unchanged"], report["added"], report["changed"], report["deleted"]) == (COUNT, 0, 0, 0)
    assert clip.frames() == before


def test_a_send_that_nothing_disturbs(clip: Videos) -> None:
    check(clip, send(clip))


@pytest.mark.parametrize("nth", [1, 2, 4])
@pytest.mark.parametrize("kind", ["lost_reply", "late"])
def test_an_answer_is_lost(clip: Videos, monkeypatch: pytest.MonkeyPatch, kind: str, nth: int) -> None:
    """What was written is found again, a track by its keyframes; or it comes while it is looked for."""
    if kind == "late":
        monkeypatch.setattr(patience, "LEAST", 3.0)
        fault = clip.loop.box.faults.add("gateway", *WRITE, nth=nth, status=504, later=0.4)
    else:
        fault = clip.loop.box.faults.add("lost_reply", *WRITE, nth=nth)
    said = send(clip)
    assert fault.applied == 1
    check(clip, said)


@pytest.mark.parametrize("later", [0.25, 0.8])
def test_labels_that_come_late(clip: Videos, monkeypatch: pytest.MonkeyPatch, later: float) -> None:
    monkeypatch.setattr(patience, "LEAST", 2.0)
    fault = clip.loop.box.faults.add("gateway", *WRITE, nth=1, status=504, later=later)
    said = send(clip)
    assert fault.applied == 1
    check(clip, said)


POINTS = {
    "the task": ("POST", r"/api/tasks(\?|$)", 1),
    "the upload": ("POST", "/data", 1),
    "the frames": ("GET", "/data/meta", 1),
    "the jobs": ("GET", "/api/jobs", 1),
    **{f"labels {nth}": (*WRITE, nth) for nth in (1, 2, 3, 5, 7)},
}


@pytest.mark.parametrize("point", POINTS)
def test_a_resume_ends_as_a_send_does(clip: Videos, point: str) -> None:
    *step, nth = POINTS[point]
    clip.loop.box.faults.add("status", *step, nth=nth, status=500, times=9)
    with pytest.raises(Exception, match=r"Resume the run|you can send again"):
        send(clip)
    clip.loop.box.faults.clear()
    said = send(clip, resume=True) if "run" in clip.dataset.list_annotation_runs() else send(clip)
    check(clip, said)


def test_a_resume_after_labels_changed(clip: Videos) -> None:
    """What is in CVAT stays as it was sent; what is not is sent as it is now. No object gets the number of another."""
    clip.loop.box.faults.add("status", *WRITE, nth=3, status=500, times=9)
    with pytest.raises(Exception, match="Resume the run"):
        send(clip)
    clip.loop.box.faults.clear()
    sample = clip.dataset.first()
    for number in range(1, 21):
        labels = [*sample.frames[number].gt.detections, box(0.1, 0.1, index=9)]
        if number > 15:
            labels[0].bounding_box = [0.0, 0.0, 0.5, 0.5]
        sample.frames[number].gt = fo.Detections(detections=labels[::-1])
    sample.save()
    said = send(clip, resume=True)
    assert (said["labels"], said["left_out"]) == (COUNT + 20, [])
    run = record.find(clip.dataset, "run")
    base = BaseStore(RunStore(clip.dataset, run.run_id))
    tracks = [track for job in run.tasks[0].jobs for track in base.tracks(job)]
    assert len({(track.index, track.origin) for track in tracks}) == 3 == len({track.origin for track in tracks})
    report = clip.loop.load()
    assert (report["added"], report["deleted"], report["unchanged"]) == (0, 0, COUNT + 20)


def test_a_track_that_cvat_does_not_take_stays_behind(clip: Videos) -> None:
    """With all of its labels, each counted; the others are written."""
    sample = clip.dataset.first()
    for number in (2, 3):
        sample.frames[number].gt.detections.append(box(1e200, index=7))
    sample.save()
    said = send(clip)
    assert said["labels"] == COUNT
    assert sum(item["count"] for item in said["left_out"]) == 2
    assert all(FIELD in item["what"] for item in said["left_out"])
