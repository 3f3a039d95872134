"""The share, the cloud storages and tasks made of their files, against the stand-in server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat import (
    AmbiguousOutcome,
    Client,
    CreationFailed,
    Credentials,
    LabelSpec,
    NotFound,
    PermissionDenied,
    Refused,
    RetryPolicy,
    ServerFault,
)
from sandbox import Sandbox

NAMES = ("b.png", "a.png", "day/2.png", "day/10.png", "day/notes.txt", "ü #1/%20.png")


@pytest.fixture
def box(tmp_path: Path, images: Callable[..., Any]) -> Iterator[Sandbox]:
    for name, file in zip(NAMES, images(*(name.replace("/", "_") for name in NAMES)), strict=True):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        file.path.rename(path)
    with Sandbox(share=tmp_path / "files", creation_delay=0.0, bucket_page=2) as made:
        made.add_cloud_storage("bucket", tmp_path / "files")
        yield made
        assert made.crashes == []


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        client.check()
        yield client


def names(files: Any) -> list[str]:
    return [file.name for file in files]


def test_share(cvat: Client) -> None:
    assert names(cvat.share_files()) == ["day", "ü #1", "a.png", "b.png"]
    assert names(cvat.share_files("ü #1")) == ["%20.png"]
    day = cvat.share_files("day", begins="1")
    assert [(file.name, file.type, file.is_image) for file in day] == [("10.png", "REG", True)]
    assert [file.is_image for file in cvat.share_files("day", begins="n")] == [False]
    with pytest.raises(NotFound, match="CVAT's file share has no directory 'night'"):
        cvat.share_files("night")


def test_cloud_storages(cvat: Client, box: Sandbox, tmp_path: Path) -> None:
    box.add_cloud_storage("other", tmp_path, prefix="a b/c&d", owner="annotator1")
    assert [item.display_name for item in cvat.cloud_storages()] == ["bucket", "other"]
    assert cvat.cloud_storage(1).prefix == ""
    assert cvat.cloud_storage(2).prefix == "a b/c&d"
    with pytest.raises(NotFound):
        cvat.cloud_storage(9)
    credentials = Credentials(url=box.url, username="annotator1", password="annotator1")
    with Client(credentials) as other, pytest.raises(PermissionDenied, match="look into its cloud storages"):
        other.cloud_storage(1)


def test_a_bucket_is_read_page_by_page_as_far_as_wanted(cvat: Client, box: Sandbox) -> None:
    files = cvat.cloud_files(1, "day/")
    before = len(box.log)
    assert [next(files).name, next(files).name] == ["10.png", "2.png"]
    assert len(box.log) == before + 1
    assert names(files) == ["notes.txt"]
    assert len(box.log) == before + 2
    assert names(cvat.cloud_files(1, "ü #1/%")) == ["%20.png"]
    assert names(cvat.cloud_files(1, "night/")) == []


ORDER = ["day/2.png", "ü #1/%20.png", "b.png", "day/10.png", "a.png"]


@pytest.mark.parametrize("storage", [None, 1], ids=["share", "bucket"])
def test_frames_are_in_the_order_given(cvat: Client, storage: int | None) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    cvat.wait_for_creation(task.id, cvat.attach(task.id, ORDER, storage_id=storage))
    assert names(cvat.task_meta(task.id).frames) == ORDER


@pytest.mark.parametrize("kind", ["lost_reply", "half_body", "html", "reset"])
@pytest.mark.parametrize("held", [True, False], ids=["while it runs", "when it is ready"])
def test_a_lost_answer_makes_no_second_creation(cvat: Client, box: Sandbox, kind: str, held: bool) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    if held:
        box.hold("started")
    box.faults.add(kind, "POST", f"/api/tasks/{task.id}/data")
    rq_id = cvat.attach(task.id, ORDER)
    box.release()
    assert cvat.wait_for_creation(task.id, rq_id).size == len(ORDER)
    assert len(box.store.background_requests) == 1
    assert names(cvat.task_meta(task.id).frames) == ORDER


@pytest.mark.parametrize("expired", [True, False])
def test_attaching_again_is_harmless(cvat: Client, box: Sandbox, expired: bool) -> None:
    """Another process does not know whether it has asked before."""
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    cvat.wait_for_creation(task.id, cvat.attach(task.id, ORDER, resume=True))
    if expired:
        box.expire_requests()
    for resume in (True, False):
        cvat.wait_for_creation(task.id, cvat.attach(task.id, ORDER, resume=resume))
    assert names(cvat.task_meta(task.id).frames) == ORDER
    assert len(cvat.jobs(task_id=task.id)) == 1


def test_how_a_creation_failed_is_still_told_after_a_resume(cvat: Client) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    rq_id = cvat.attach(task.id, ["a.png", "gone.png"])
    for _ in range(2):
        with pytest.raises(CreationFailed, match=r"gone\.png"):
            cvat.wait_for_creation(task.id, rq_id)
        rq_id = cvat.attach(task.id, ["a.png", "gone.png"], resume=True)


def test_how_a_creation_failed_is_still_told_after_a_lost_answer(cvat: Client, box: Sandbox) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    box.faults.add("lost_reply", "POST", f"/api/tasks/{task.id}/data")
    second = box.faults.add("delay", "POST", f"/api/tasks/{task.id}/data", nth=2, seconds=0.3)
    with pytest.raises(CreationFailed, match=r"gone\.png"):
        cvat.wait_for_creation(task.id, cvat.attach(task.id, ["a.png", "gone.png"]))
    assert second.applied == 0


def test_attaching_ends_if_no_answer_ever_comes(cvat: Client, box: Sandbox) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    box.faults.add("reset", "POST", f"/api/tasks/{task.id}/data", times=None)
    with pytest.raises(AmbiguousOutcome):
        cvat.attach(task.id, ORDER)
    box.faults.clear()
    box.faults.add("status", "POST", f"/api/tasks/{task.id}/data", times=None, status=500)
    with pytest.raises(ServerFault):
        cvat.attach(task.id, ORDER)
    assert cvat.task(task.id).size == 0


def test_what_cvat_refuses_is_refused(cvat: Client) -> None:
    task = cvat.create_task("t", labels=[LabelSpec(name="car")])
    with pytest.raises(Refused, match="CloudStorage matching query does not exist"):
        cvat.attach(task.id, ORDER, storage_id=9)
