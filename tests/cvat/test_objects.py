"""Annotations written as plain JSON: ids in order, and nothing that would harm a job."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cvat import (
    AmbiguousOutcome,
    Annotations,
    AttributeSpec,
    Client,
    Credentials,
    CvatError,
    LabelSpec,
    Refused,
    RetryPolicy,
    Shape,
    Tag,
    TooLarge,
    UploadFile,
)
from cvat.models import AttributeValue
from cvat.objects import check_objects, encode_objects
from sandbox import Sandbox

CAR = LabelSpec(name="car", attributes=(AttributeSpec(name="make", input_type="text", mutable=False),))


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0, unsettled_replies=False) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    box.faults.clear()
    box.settings.max_body = None
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        yield client
    assert box.crashes == []


@pytest.fixture
def job(cvat: Client, images: Callable[..., list[UploadFile]]) -> tuple[int, int, int]:
    """A job, a label and an attribute of it."""
    task = cvat.create_task("objects", labels=[CAR])
    cvat.wait_for_creation(task.id, cvat.upload(task.id, images("a.png", "b.png")), deadline=10)
    label = cvat.labels(task_id=task.id)[0]
    spec_id = label.attributes[0].id
    assert spec_id is not None
    return cvat.jobs(task.id)[0].id, label.id, spec_id


def rectangle(label_id: int, frame: int = 0, x: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"type": "rectangle", "frame": frame, "label_id": label_id, "points": [x, 1.5, x + 10, 9.25], **more}


def test_ids_come_back_in_the_order_of_the_request(cvat: Client, job: tuple[int, int, int]) -> None:
    job_id, label_id, spec_id = job
    shapes = [
        rectangle(label_id, index % 2, index / 3, attributes=[{"spec_id": spec_id, "value": f"0{index}"}])
        for index in range(20)
    ]
    tags = [{"frame": 1, "label_id": label_id, "attributes": []}]
    saved_tags, saved_shapes, _ = cvat.create_objects(job_id, encode_objects(tags, shapes))
    assert [tag["frame"] for tag in saved_tags] == [1]
    assert [(shape["frame"], shape["points"]) for shape in saved_shapes] == [
        (shape["frame"], shape["points"]) for shape in shapes
    ]
    read = {shape.id: shape for shape in cvat.annotations(job_id).shapes}
    assert [read[shape["id"]].attributes[0].value for shape in saved_shapes] == [f"0{index}" for index in range(20)]


def test_both_ways_of_writing_leave_the_same(cvat: Client, box: Sandbox, job: tuple[int, int, int]) -> None:
    job_id, label_id, spec_id = job
    value = {"spec_id": spec_id, "value": "vw"}
    cvat.create_objects(
        job_id,
        encode_objects(
            [{"frame": 0, "label_id": label_id, "attributes": [value]}],
            [rectangle(label_id, 1, 0.1 + 0.2, rotation=33.3, z_order=-2, group=4, attributes=[value])],
        ),
    )
    plain = box.state()["tasks"][-1]["jobs"]
    cvat.delete_annotations(job_id, cvat.annotations(job_id))
    values = (AttributeValue(spec_id=spec_id, value="vw"),)
    points = (0.1 + 0.2, 1.5, 0.1 + 0.2 + 10, 9.25)
    shape = Shape(
        type="rectangle",
        frame=1,
        label_id=label_id,
        points=points,
        rotation=33.3,
        z_order=-2,
        group=4,
        attributes=values,
    )
    tag = Tag(frame=0, label_id=label_id, attributes=values)
    cvat.create_annotations(job_id, Annotations(tags=(tag,), shapes=(shape,)))
    assert box.state()["tasks"][-1]["jobs"] == plain


def test_nothing_to_write_sends_nothing(box: Sandbox, cvat: Client) -> None:
    before = len(box.log)
    assert cvat.create_objects(1, encode_objects([], [])) == ([], [], [])
    assert len(box.log) == before


def skeleton(**element: Any) -> dict[str, Any]:
    point = {"type": "points", "frame": 0, "label_id": 2, "points": [1.0, 2.0], **element}
    return {"type": "skeleton", "frame": 0, "label_id": 1, "points": [], "elements": [point]}


HARMFUL: dict[str, tuple[dict[str, Any], str]] = {
    "not a number": (rectangle(1, points=[1, 2, math.nan, 4]), r"shape 1 \(rectangle, frame 0\) has .* nan"),
    "infinite": (rectangle(1, points=[1, 2, math.inf, 4]), "coordinates inf"),
    "minus infinite": (rectangle(1, points=[1, 2, -math.inf, math.inf]), "coordinates -inf, inf"),
    "huge": (rectangle(1, points=[1, 2, 1e101, 4]), r"coordinates 1e\+101"),
    "a huge whole number": (rectangle(1, points=[1, 2, 10**400, 4]), "coordinates"),
    "rotation": (rectangle(1, rotation=math.nan), "rotation nan"),
    "score": (rectangle(1, score=math.inf), "score inf"),
    "group": (rectangle(1, group=2**31), "group 2147483648"),
    "negative group": (rectangle(1, group=-1), "group -1"),
    "z order": (rectangle(1, z_order=2**40), "z_order"),
    "frame": (rectangle(1, frame=-1), "frame -1"),
    "element": (skeleton(points=[math.nan, 1.0]), "an element with the coordinates nan"),
    "element elsewhere": (skeleton(frame=1), "an element on frame 1"),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_what_would_harm_the_job_is_not_sent(box: Sandbox, cvat: Client, name: str) -> None:
    shape, message = HARMFUL[name]
    before = len(box.log)
    with pytest.raises(ValueError, match=message):
        encode_objects([], [rectangle(1), shape])
    with pytest.raises(ValueError, match="tag 0"):
        encode_objects([{"frame": -1, "label_id": 1}], [])
    assert len(box.log) == before


def test_what_is_harmless_passes() -> None:
    check_objects(
        [{"frame": 2**31 - 1, "label_id": 1, "group": None}],
        [rectangle(1, points=[-1e9, 0, 1e9, 5], z_order=-5, score=None, rotation=0), skeleton(), {"frame": 0}],
    )


BOTH: dict[str, Callable[[Client, int, int], Any]] = {
    "objects": lambda client, job_id, label_id: client.create_objects(
        job_id, encode_objects([], [rectangle(label_id)])
    ),
    "annotations": lambda client, job_id, label_id: client.create_annotations(
        job_id,
        Annotations(shapes=(Shape(type="rectangle", frame=0, label_id=label_id, points=(1.0, 1.5, 11.0, 9.25)),)),
    ),
}
FAULTS: dict[str, tuple[dict[str, Any], type[CvatError], int]] = {
    "too large": ({"kind": "html", "status": 413}, TooLarge, 0),
    "bad gateway": ({"kind": "html", "status": 502}, AmbiguousOutcome, 0),
    "gateway timeout": ({"kind": "html", "status": 504}, AmbiguousOutcome, 0),
    "lost": ({"kind": "lost_reply"}, AmbiguousOutcome, 1),
    "half": ({"kind": "half_body"}, AmbiguousOutcome, 1),
    "reset": ({"kind": "reset", "at": "body"}, AmbiguousOutcome, 0),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", BOTH)
def test_what_became_of_a_write_is_said(
    box: Sandbox, cvat: Client, job: tuple[int, int, int], way: str, fault: str
) -> None:
    job_id, label_id, _ = job
    rule, error, written = FAULTS[fault]
    rule_added = box.faults.add(method="PATCH", path=f"/jobs/{job_id}/annotations", times=None, **rule)
    with pytest.raises(error):
        BOTH[way](cvat, job_id, label_id)
    assert rule_added.applied == 1
    assert cvat.annotations(job_id).count == written


@pytest.mark.parametrize("way", BOTH)
def test_writes_that_meet_are_sent_again(box: Sandbox, cvat: Client, job: tuple[int, int, int], way: str) -> None:
    job_id, label_id, _ = job
    met = b'["duplicate key value violates unique constraint"]'
    box.faults.add("status", method="PATCH", path="/annotations", status=400, body=met, times=2)
    BOTH[way](cvat, job_id, label_id)
    assert cvat.annotations(job_id).count == 1
    box.faults.add("status", method="PATCH", path="/annotations", status=400, body=met, times=3)
    with pytest.raises(Refused, match="duplicate key"):
        BOTH[way](cvat, job_id, label_id)


def test_a_refused_write_says_which_object(cvat: Client, job: tuple[int, int, int]) -> None:
    job_id, label_id, _ = job
    with pytest.raises(Refused, match=r"shapes\[1\].points: invalid length"):
        cvat.create_objects(job_id, encode_objects([], [rectangle(label_id), rectangle(label_id, points=[1.0, 2.0])]))
    assert cvat.annotations(job_id).count == 0


@pytest.mark.parametrize("told", [{}, {"tags": None, "shapes": []}, [], {"shapes": [{}, {}]}], ids=repr)
def test_an_answer_about_other_objects_is_not_believed(server: Any, answer: Any, client: Client, told: Any) -> None:
    server.answers(answer(json=told))
    with pytest.raises(AmbiguousOutcome, match=r"ead (the )?job (7 )?before adding"):
        client.create_objects(7, encode_objects([], [rectangle(1)]))
