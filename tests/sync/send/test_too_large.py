"""A label that is larger than what a proxy in front of CVAT takes: it is named, and holds back nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator

import fiftyone as fo
import pytest
from sync_loop import Loop

LIMIT = 200_000
"""Bytes of a request body that the proxy takes."""


def line(label: str, points: int) -> fo.Polyline:
    """A line around the middle of the image, of so many points, none of which can be left out."""
    corners = [(0.5 + 0.4 * math.cos(n), 0.5 + 0.4 * math.sin(n)) for n in range(points)]
    return fo.Polyline(label=label, points=[corners])


def large(label: str) -> fo.Polyline:
    """A line that takes more than the limit on the wire."""
    return line(label, LIMIT // 10)


@pytest.fixture
def behind_proxy(loop: Loop) -> Iterator[Loop]:
    """Two images with lines, two of them too large, behind a proxy with a limit."""
    loop.fill(
        fo.Polylines(polylines=[line("lane", 9), large("coast"), line("lane", 20)]),
        fo.Polylines(polylines=[large("border"), line("kerb", 500)]),
    )
    loop.box.settings.max_body = LIMIT
    yield loop
    loop.box.settings.max_body = None


def test_it_is_named_by_label_sample_and_limit_and_the_rest_goes(behind_proxy: Loop) -> None:
    loop = behind_proxy
    first, second = loop.dataset.values("id")
    run = loop.send()
    assert (run["labels"], len(loop.cvat.objects())) == (3, 3)
    assert [item["count"] for item in run["left_out"]] == [1, 1]
    assert sorted(item["what"] for item in run["left_out"]) == [
        f"gt: the label '{name}' of sample {sample}, of 0.7 MB, is too large for CVAT or a proxy before it, which "
        "refused 0.7 MB at once"
        for name, sample in (("border", second), ("coast", first))
    ]
    before = loop.documents()
    report = loop.load()
    assert (report["unchanged"], report["deleted"], report["added"]) == (3, 0, 0)
    assert loop.documents() == before


def test_a_resume_does_not_send_what_was_deleted_meanwhile(behind_proxy: Loop) -> None:
    """The label was journaled, the send was interrupted, and then the label was deleted in FiftyOne."""
    loop = behind_proxy
    loop.box.faults.add("status", "PATCH", "/annotations", status=500, times=None)
    with pytest.raises(Exception, match="Resume the run"):
        loop.send()
    loop.box.faults.clear()
    for sample in loop.dataset:
        sample.gt.polylines = [kept for kept in sample.gt.polylines if kept.label not in ("coast", "border")]
        sample.save()
    loop.box.settings.max_body = None
    run = loop.send(resume=True)
    assert (run["labels"], len(loop.cvat.objects())) == (3, 3)
    assert loop.load()["unchanged"] == 3
