"""Jobs that share images: their labels are in both jobs, and counted once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fiftyone as fo
import pytest
from sync_failures import Failures
from sync_loop import Loop

NAMES = ["cat", "dog", "cow", "hen", "pig"]
SPANS = {
    (2, 1): [(0, 1), (1, 2), (2, 3), (3, 4)],
    (4, 2): [(0, 3), (2, 4)],
    (4, 1): [(0, 3), (3, 4)],
    (3, 0): [(0, 2), (3, 4)],
}


@pytest.fixture
def five(loop: Loop) -> Loop:
    """Five images with a label each, one of them without a class, which stays behind."""
    labels = [[fo.Detection(label=name, bounding_box=[0.1, 0.1, 0.2, 0.2])] for name in NAMES]
    labels[1].append(fo.Detection(bounding_box=[0.1, 0.1, 0.2, 0.2]))
    loop.fill(*(fo.Detections(detections=boxes) for boxes in labels))
    return loop


def objects(loop: Loop, job: int) -> list[Any]:
    return list(loop.cvat.call("GET", f"jobs/{job}/annotations")["shapes"])


def frames(loop: Loop) -> list[list[int]]:
    return [[shape["frame"] for shape in objects(loop, job["id"])] for job in loop.cvat.jobs()]


@pytest.mark.parametrize(("segment_size", "overlap"), SPANS)
def test_labels_are_in_both_jobs_and_counted_once(five: Loop, segment_size: int, overlap: int) -> None:
    params = {"segment_size": segment_size, "overlap": overlap}
    seen = five.send(dry_run=True, **params)
    run = five.send(**params)
    spans = SPANS[segment_size, overlap]
    assert [(job["start_frame"], job["stop_frame"]) for job in five.cvat.jobs()] == spans
    assert frames(five) == [list(range(start, stop + 1)) for start, stop in spans]
    assert (seen["jobs"], seen["labels"], seen["left_out"]) == (len(spans), 5, run["left_out"])
    assert (run["labels"], run["left_out"]) == (5, [{"what": "gt: labels without a class", "count": 1}])
    before = five.documents()
    report = five.load()
    assert (report["unchanged"], report["added"], report["deleted"]) == (5, 0, 0)
    assert five.documents() == before


def test_an_edit_in_one_of_two_jobs(five: Loop) -> None:
    five.send(segment_size=2, overlap=1)
    (first,) = [shape for shape in objects(five, 1) if shape["frame"] == 1]
    five.cvat.write("update", {**first, "points": [64.0, 24.0, 128.0, 72.0]}, job=1)
    before = five.documents()
    assert five.load()["changed"] == 1
    assert five.since(before).keys() == {"1/gt/detections/0/bounding_box"}
    before = five.documents()
    assert five.load()["changed"] == 0 and five.documents() == before


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_resume_of_jobs_that_share_images(five: Loop, failures: Failures, nth: int) -> None:
    five.box.faults.add("status", "PATCH", "/annotations", nth=nth, status=500)
    failures.send(segment_size=2, overlap=1)
    run = five.send(resume=True)
    assert (run["labels"], sum(item["count"] for item in run["left_out"])) == (5, 1)
    assert Counter(frame for job in frames(five) for frame in job) == {0: 1, 1: 2, 2: 2, 3: 2, 4: 1}
    assert five.load()["unchanged"] == 5


def test_an_overlap_needs_jobs(five: Loop) -> None:
    with pytest.raises(
        Exception, match="'overlap' is wrong: it needs a `segment_size` that is at least twice as large"
    ):
        five.send(overlap=1)


DIFFER = "changed differently in two jobs that have their frame: the change of the earlier job counts"


@pytest.mark.parametrize("order", [(1, 2), (2, 1), None])
def test_two_jobs_that_disagree(five: Loop, order: tuple[int, ...] | None) -> None:
    five.send(segment_size=2, overlap=1)
    for job, moved in ((1, [64.0, 24.0, 128.0, 72.0]), (2, [0.0, 0.0, 32.0, 24.0])):
        (box,) = [shape for shape in objects(five, job) if shape["frame"] == 1]
        five.cvat.write("update", {**box, "points": moved}, job=job)
    reports = [five.load(jobs=[job]) for job in order] if order else [five.load()]
    sample = five.dataset.skip(1).first()
    assert sample.gt.detections[0].bounding_box[0] > 0.1  # where the earlier job put it
    assert sum(report["fields"]["gt"]["refused"].get(DIFFER, 0) for report in reports) == 1
    for report in reports:
        counts = report["objects"]
        assert counts["found"] == counts["unchanged"] + counts["applied"] + counts["left"]
