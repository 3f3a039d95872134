"""Never more connections than allowed, whoever asks; and requests of background creations under any id."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cvat import Client, CreationFailed, Credentials, LabelSpec, RetryPolicy, UploadFile
from sandbox import Sandbox


class Crowd:
    """Answers a script slowly, and counts who is inside at the same time."""

    def __init__(self, script: Callable[[Any], Any]) -> None:
        self.script, self.lock = script, threading.Lock()
        self.inside = self.most = 0

    def __call__(self, seen: Any) -> Any:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.003)
        with self.lock:
            self.inside -= 1
        return self.script(seen)


@pytest.mark.parametrize("most", [1, 3])
def test_uploads_of_many_threads_share_the_connections(
    server: Any, answer: Any, images: Callable[..., list[UploadFile]], most: int
) -> None:
    files = images(*(f"{index}.png" for index in range(6)))
    crowd = server.script = Crowd(lambda seen: answer(202, json={"rq_id": "r"}))
    with (
        Client(Credentials(url=server.url, token="a.b"), connections=most) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda task_id: client.upload(task_id, files, group_files=1), range(1, 9)))
    assert len(server.seen) == 8 * (1 + 6 + 1)
    assert crowd.most == most


def test_a_pause_before_a_repetition_holds_no_connection(server: Any, answer: Any) -> None:
    def script(seen: Any) -> Any:
        first = seen.path == "/api/tasks/1" and server.lines.count("GET /api/tasks/1") == 1
        return answer(503, headers={"Retry-After": "1"}) if first else answer(json={"id": 1, "name": "t"})

    server.script = script
    with Client(Credentials(url=server.url, token="a.b"), connections=1) as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.task, 1)
        while not server.seen:
            time.sleep(0.005)
        client.task(2)
        assert not waiting.done()
        assert waiting.result().id == 1


def test_there_must_be_a_connection() -> None:
    with pytest.raises(ValueError, match="connections"):
        Client(Credentials(url="http://localhost", token="a.b"), connections=0)


# Creations whose id is not the one of CVAT 2.54

OLD = "create:task-5"


def older(states: list[str], answer: Any, *, size: int = 1) -> Callable[[Any], Any]:
    """A server that gives requests other ids; each look finds the next state, none when they are used up."""

    def script(seen: Any) -> Any:
        if seen.path == "/api/requests":
            assert "task_id=5" in seen.query and "action=create" in seen.query and "target=task" in seen.query
            found = [{"id": OLD, "status": states.pop(0), "message": "no media"}] if states else []
            return answer(json={"count": len(found), "next": None, "previous": None, "results": found})
        if seen.path.startswith("/api/requests/"):
            if OLD.replace(":", "%3A") in seen.path:
                return answer(json={"id": OLD, "status": states.pop(0), "message": "no media"})
            return answer(404, body=b"There is no request with specified id")
        return answer(json={"id": 5, "name": "t", "size": size if not states else 0})

    return script


def test_a_creation_is_found_under_another_id(
    server: Any, answer: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvat.creation.FIRST_PAUSE", 0.01)
    server.script = older(["queued"] * 3 + ["started"] * 4 + ["finished"], answer)
    told: list[str] = []
    task = client.wait_for_creation(
        5, "action=create&target=task&target_id=5", deadline=30, progress=lambda state: told.append(state.status)
    )
    assert task.size == 1
    assert told == ["queued"] * 3 + ["started"] * 4 + ["finished"]


def test_a_failure_is_found_under_another_id(server: Any, answer: Any, client: Client) -> None:
    server.script = older(["failed"], answer)
    with pytest.raises(CreationFailed, match="no media"):
        client.wait_for_creation(5, "action=create&target=task&target_id=5", deadline=30)


def test_an_upload_that_was_finished_is_known_under_another_id(
    server: Any, answer: Any, client: Client, images: Callable[..., list[UploadFile]]
) -> None:
    server.script = older(["queued"], answer)
    assert client.upload(5, images("a.png"), resume=True) == OLD
    assert [line for line in server.lines if line.startswith("POST")] == []


def test_an_upload_whose_request_expired_is_known_by_its_task(
    server: Any, answer: Any, client: Client, images: Callable[..., list[UploadFile]]
) -> None:
    server.script = older([], answer)
    assert client.upload(5, images("a.png"), resume=True) == "action=create&target=task&target_id=5"
    assert [line for line in server.lines if line.startswith("POST")] == []


def test_the_end_of_an_upload_is_not_said_twice(
    server: Any, answer: Any, client: Client, images: Callable[..., list[UploadFile]]
) -> None:
    """Older versions would create the task twice."""
    known = older(["queued"], answer)

    def script(seen: Any) -> Any:
        if seen.method == "POST":
            return answer(None if "Upload-Finish" in seen.headers else 202)
        return known(seen)

    server.script = script
    assert client.upload(5, images("a.png", "b.png"), group_files=1) == OLD
    assert [seen.method for seen in server.seen if "Upload-Finish" in seen.headers] == ["POST"]


# What a gateway does not take becomes smaller


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0, unsettled_replies=False) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    box.faults.clear()
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as made:
        made.check()
        yield made
    assert box.crashes == []


@pytest.mark.parametrize("status", [413, 502, 504])
def test_a_group_that_a_gateway_gives_up_on_is_split(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]], status: int
) -> None:
    names = [f"{index}.png" for index in range(8)]
    task_id = cvat.create_task("t", labels=[LabelSpec(name="car")]).id
    # The start is the first; then the group of four twice, or once if it was found too large
    box.faults.add("html", method="POST", path=f"/tasks/{task_id}/data", status=status, nth=2, times=2)
    rq_id = cvat.upload(task_id, images(*names), group_files=4, connections=1)
    assert cvat.wait_for_creation(task_id, rq_id, deadline=10).size == 8
    assert [frame.name for frame in cvat.task_meta(task_id).frames] == names
    sent = [entry.bytes for entry in box.log if f"/tasks/{task_id}/data" in entry.path and entry.method == "POST"]
    assert sent[3] < 0.6 * sent[1]


@pytest.mark.parametrize("status", [413, 502, 504])
def test_chunks_that_a_gateway_gives_up_on_become_smaller(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for smallest in ("SMALLEST_CHUNK", "SMALLEST_SLOW_CHUNK"):
        monkeypatch.setattr(f"cvat.tus.{smallest}", 500)
    large = images("large.png", size=(60, 60))
    task_id = cvat.create_task("t", labels=[LabelSpec(name="car")]).id
    box.faults.add("html", method="PATCH", path=f"/tasks/{task_id}/data", status=status, nth=2, times=3)
    rq_id = cvat.upload(task_id, large, group_bytes=4_000)
    assert cvat.wait_for_creation(task_id, rq_id, deadline=10).size == 1
    sent = [entry.bytes for entry in box.log if f"/tasks/{task_id}/data" in entry.path and entry.method == "PATCH"]
    assert sent[0] == sent[1] == 4_000
    assert max(sent[4:]) == {413: 500, 502: 1_000, 504: 1_000}[status]


def test_what_was_found_too_large_is_not_tried_again(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]]
) -> None:
    files = images(*(f"{index:02d}.png" for index in range(64)))
    box.settings.max_body = 3 * files[0].size + 1_000
    task_id = cvat.create_task("t", labels=[LabelSpec(name="car")]).id
    try:
        rq_id = cvat.upload(task_id, files, group_files=16, connections=1)
    finally:
        box.settings.max_body = None
    assert cvat.wait_for_creation(task_id, rq_id, deadline=10).size == 64
    answers = [entry.status for entry in box.log if entry.path == f"/api/tasks/{task_id}/data"]
    assert answers.count(413) == 3  # sixteen, eight, four
    assert answers.count(200) == 32
