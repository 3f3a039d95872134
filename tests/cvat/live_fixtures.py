"""A client and a stand-in server together, and a task in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cvat import (
    AttributeSpec,
    Client,
    Credentials,
    LabelSpec,
    RetryPolicy,
    Task,
    UploadFile,
)
from sandbox import Sandbox

__all__ = ["box", "cvat", "task"]

CAR = LabelSpec(
    name="car",
    attributes=(
        AttributeSpec(name="make", default_value="unknown"),
        AttributeSpec(name="parked", mutable=True, input_type="checkbox", default_value="false", values=("false",)),
    ),
)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    box.faults.clear()
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        client.check()
        yield client
    box.faults.clear()
    assert box.crashes == []


@pytest.fixture
def task(cvat: Client, images: Callable[..., list[UploadFile]]) -> Task:
    """A task of five frames in jobs of two."""
    made = cvat.create_task("live", labels=[CAR, LabelSpec(name="night", type="tag")], segment_size=2)
    rq_id = cvat.upload(made.id, images(*(f"{index}.png" for index in range(5))))
    return cvat.wait_for_creation(made.id, rq_id, deadline=10)
