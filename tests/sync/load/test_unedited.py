"""Whatever nobody edits comes back to the last bit."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from sync_loop import Loop

THIRD = 1 / 3
ATTRIBUTES: dict[str, Any] = {
    "code": "002100",
    "score": 0.1 + 0.2,
    "whole": 3.0,
    "count": 7,
    "big": 2**53 + 1,
    "checked": True,
    "nothing": None,
    "empty": "",
    "spaced": "  two  spaces ",
    "lines": "one\ntwo",
    "words": ["a", "b"],
    "day": date(2024, 2, 29),
    "moment": datetime(2024, 2, 29, 12, 30),
    "endless": math.inf,
    "unknowable": math.nan,
    "emoji": "naïve ☃ 日本",
}
PATH = [[0.1, THIRD], [0.5, 0.25], [0.7000000000000001, 0.9]]
OTHER = [[0.2, 0.2], [0.3, 0.8], [-0.1, 1.2], [0.4, 0.4]]

LABELS: dict[str, Any] = {
    "classification": fo.Classification(label="sunny", confidence=0.1, logits=[0.5, 0.2], tags=["checked"], code="01"),
    "classifications": fo.Classifications(
        classifications=[fo.Classification(label="sunny", confidence=THIRD), fo.Classification(label="dry", tags=["x"])]
    ),
    "no classifications": fo.Classifications(classifications=[]),
    "detection": fo.Detection(label="cat", bounding_box=[THIRD, 0.1, 0.3, 0.2], **ATTRIBUTES),
    "detections": fo.Detections(
        detections=[
            fo.Detection(label="cat", bounding_box=[THIRD, 0.1, 0.3, 0.2], confidence=0.7, index=3, **ATTRIBUTES),
            fo.Detection(label="cat", bounding_box=[THIRD, 0.1, 0.3, 0.2]),
            fo.Detection(label="dog", bounding_box=[0, 0, 1, 1], tags=["seen"], checked=False),
            fo.Detection(label="dog", bounding_box=[-0.2, 0.9, 0.5, 0.5], instance=fo.Instance()),
            fo.Detection(label="a class with spaces", bounding_box=[0.5, 0.5, 0, 0]),
        ]
    ),
    "rotated": fo.Detections(
        detections=[fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.3, 0.2], rotation=r) for r in (0.25, 359, -30)]
    ),
    "masked": fo.Detections(
        detections=[
            fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.3, 0.2], mask=np.eye(4, dtype=bool)),
            fo.Detection(label="cat", bounding_box=[0.1, 0.1, 0.3, 0.2], mask_path="/nowhere.png"),
        ]
    ),
    "line": fo.Polyline(label="road", points=[PATH], closed=False, filled=False, **ATTRIBUTES),
    "lines": fo.Polylines(
        polylines=[
            fo.Polyline(label="road", points=[PATH, OTHER], closed=False, filled=False, confidence=0.5, index=1),
            fo.Polyline(label="road", points=[[[0.1, 0.1], [0.9, 0.9]]], closed=False, filled=False),
            fo.Polyline(label="kerb", points=[PATH], closed=True, filled=False),
            fo.Polyline(label="lawn", points=[PATH], closed=True, filled=True, tags=["green"]),
            fo.Polyline(label="lawn", points=[PATH, OTHER], closed=True, filled=True),
            fo.Polyline(label="lawn", points=[PATH], closed=False, filled=True),
        ]
    ),
    "areas": fo.Polylines(polylines=[fo.Polyline(label="lawn", points=[OTHER], closed=True, filled=True)]),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_an_unedited_load_leaves_every_bit(loop: Loop, labels: fo.Label) -> None:
    loop.fill(labels, None, labels.copy())
    before = loop.documents()
    run = loop.send(classes=["cat", "dog", "road", "kerb", "lawn", "sunny", "dry", "a class with spaces"])
    assert loop.documents() == before
    report = loop.load(run)
    assert loop.documents() == before
    assert report["unchanged"] == run["labels"]
    assert not any(report[name] for name in ("added", "changed", "deleted", "conflicts", "matched", "notes"))


def test_all_types_in_one_run(loop: Loop) -> None:
    """Also what the person does in FiftyOne meanwhile is left alone."""
    fields = {name.replace(" ", "_"): labels for name, labels in LABELS.items()}
    loop.fill(None, None)
    for sample in loop.dataset.iter_samples(autosave=True):
        for name, labels in fields.items():
            sample[name] = labels.copy()
    run = loop.send(label_schema={name: {} for name in fields} | {"no_classifications": {"classes": ["sunny"]}})
    sample = loop.dataset.first()
    sample.tags.append("mine")
    sample["detections"].detections[0].label = "dog"
    sample["detections"].detections[2].bounding_box = [0.2, 0.2, 0.2, 0.2]
    sample["line"].code = "3"
    sample["classification"] = None
    sample.save()
    before = loop.documents()
    report = loop.load(run)
    assert loop.documents() == before
    assert report["changed"] == report["added"] == report["deleted"] == 0


def test_what_is_left_out_is_counted_and_stays(loop: Loop) -> None:
    loop.fill(LABELS["detections"], LABELS["masked"])
    before = loop.documents()
    run = loop.send(label_schema={"gt": {"classes": ["cat"]}})
    assert run["labels"] == 3
    left = {item["what"]: item["count"] for item in run["left_out"]}
    assert left["gt: labels of class 'dog', which is not in the schema"] == 2
    assert left["gt: detections whose mask can't be read"] == 1
    for name in ("words", "day", "moment"):
        assert left[f"gt: values of attribute '{name}' that are no text, number or bool"] == 1
    loop.load(run)
    assert loop.documents() == before


def test_the_second_load_asks_next_to_nothing(loop: Loop) -> None:
    loop.fill(LABELS["detections"], LABELS["detections"].copy())
    run = loop.send()
    loop.load(run)
    before, clock = loop.documents(), loop.clock
    report = loop.load(run)
    assert loop.documents() == before
    assert report["jobs_read"] == 0
    assert len(loop.requests(clock)) <= 3, loop.requests(clock)
