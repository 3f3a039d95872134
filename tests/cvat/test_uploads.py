"""Uploads into the stand-in server, also when everything goes wrong."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat import (
    Cancelled,
    Client,
    Credentials,
    CvatError,
    DataOptions,
    LabelSpec,
    Refused,
    RetryPolicy,
    ServerFault,
    UnreadableFile,
    UploadFile,
)
from sandbox import Sandbox

NAMES = ("b 2.png", "a#1.png", "käse ☃.png", "x%20&y;+.png", "o'x.png")
WAYS: dict[str, dict[str, Any]] = {
    "at once": {},
    "in groups": {"group_files": 2},
    "in chunks": {"group_bytes": 500},
}
DATA = r"/api/tasks/\d+/data"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0, unsettled_replies=False) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    box.faults.clear()
    box.settings.max_body = None
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        client.check()
        yield client
    assert box.crashes == []


@pytest.fixture
def files(images: Callable[..., list[UploadFile]]) -> list[UploadFile]:
    return images(*NAMES)


def new_task(client: Client) -> int:
    return client.create_task("upload", labels=[LabelSpec(name="car")]).id


def complete(client: Client, task_id: int, rq_id: str, names: tuple[str, ...] = NAMES) -> None:
    """Asserts that the task has exactly these frames, in this order."""
    task = client.wait_for_creation(task_id, rq_id, deadline=10)
    assert task.size == len(names)
    assert [frame.name for frame in client.task_meta(task_id).frames] == list(names)
    assert [job.frame_count for job in client.jobs(task_id)] == [len(names)]


def uploads(box: Sandbox, task_id: int) -> list[Any]:
    return [entry for entry in box.log if f"/tasks/{task_id}/data" in entry.path and entry.method != "GET"]


@pytest.mark.parametrize("way", WAYS)
def test_three_ways_give_the_same_task(box: Sandbox, cvat: Client, files: list[UploadFile], way: str) -> None:
    task_id = new_task(cvat)
    told: list[tuple[int, int]] = []
    rq_id = cvat.upload(task_id, files, progress=lambda *now: told.append(now), **WAYS[way])
    complete(cvat, task_id, rq_id)
    assert rq_id == f"action=create&target=task&target_id={task_id}"
    assert told == sorted(told)
    assert told[-1] == (sum(file.size for file in files), len(files))
    requests = uploads(box, task_id)
    assert len(requests) == {"at once": 1, "in groups": 5}.get(way, len(requests))


def test_order_is_kept_over_many_groups(cvat: Client, images: Callable[..., list[UploadFile]]) -> None:
    names = tuple(f"{(37 * index) % 60:02d}.png" for index in range(60))
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, images(*names), group_files=7, connections=4), names)


def test_large_and_small_files_together(cvat: Client, images: Callable[..., list[UploadFile]]) -> None:
    mixed = [*images("z.png", "y.png"), *images("large.png", size=(200, 150)), *images("a.png")]
    task_id = new_task(cvat)
    rq_id = cvat.upload(task_id, mixed, group_bytes=20_000, group_files=2)
    complete(cvat, task_id, rq_id, ("z.png", "y.png", "large.png", "a.png"))


FAULTS: dict[str, dict[str, Any]] = {
    "lost reply": {"kind": "lost_reply"},
    "half an answer": {"kind": "half_body"},
    "reset before": {"kind": "reset"},
    "reset amid": {"kind": "reset", "at": "body"},
    "bad gateway": {"kind": "html", "status": 502},
    "busy": {"kind": "status", "status": 503, "headers": {"Retry-After": "0"}},
    "throttled": {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", WAYS)
def test_any_request_may_fail_once(box: Sandbox, cvat: Client, files: list[UploadFile], way: str, fault: str) -> None:
    probe = new_task(cvat)
    cvat.upload(probe, files[:3], **WAYS[way])
    for nth in range(1, len(uploads(box, probe)) + 1):
        task_id = new_task(cvat)
        rule = box.faults.add(**FAULTS[fault], method="", path=rf"/tasks/{task_id}/data", nth=nth)
        rq_id = cvat.upload(task_id, files[:3], **WAYS[way])
        assert rule.applied == 1, nth
        complete(cvat, task_id, rq_id, NAMES[:3])


@pytest.mark.parametrize("way", WAYS)
def test_every_first_answer_may_be_lost(box: Sandbox, cvat: Client, files: list[UploadFile], way: str) -> None:
    for nth in range(1, 12, 2):
        box.faults.add("lost_reply", path=DATA, nth=nth)
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, files, connections=1, **WAYS[way]))


def test_groups_that_are_too_large_are_split(box: Sandbox, cvat: Client, files: list[UploadFile]) -> None:
    box.settings.max_body = 2 * files[0].size + 600
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, files))
    assert max(entry.bytes for entry in uploads(box, task_id) if entry.status == 200) <= box.settings.max_body


def test_a_file_that_is_too_large_for_a_form_goes_in_chunks(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]]
) -> None:
    large = images("large.png", size=(1000, 800))
    box.settings.max_body = 2 << 20
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, large), ("large.png",))


def test_a_connection_that_keeps_breaking_gets_smaller_groups(
    box: Sandbox, cvat: Client, files: list[UploadFile]
) -> None:
    box.faults.add("reset", method="POST", path=DATA, at="body", nth=2, times=2)
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, files[:4], group_files=3, connections=1), NAMES[:4])


def test_a_server_that_always_fails_is_an_error(box: Sandbox, cvat: Client, files: list[UploadFile]) -> None:
    box.faults.add("html", method="POST", path=DATA, status=500, times=None)
    with pytest.raises(ServerFault):
        cvat.upload(new_task(cvat), files)
    with pytest.raises(ServerFault):
        cvat.upload(new_task(cvat), files, group_files=2)


def test_groups_that_failed_are_sent_again_when_the_server_misses_them(
    box: Sandbox, cvat: Client, files: list[UploadFile]
) -> None:
    box.faults.add("html", method="POST", path=DATA, status=500, nth=2, times=2)
    task_id = new_task(cvat)
    complete(cvat, task_id, cvat.upload(task_id, files, group_files=2, connections=1))


def test_a_task_with_data_is_refused(cvat: Client, files: list[UploadFile]) -> None:
    task_id = new_task(cvat)
    cvat.wait_for_creation(task_id, cvat.upload(task_id, files))
    for limits in ({}, {"group_files": 2}):
        with pytest.raises(Refused, match="Adding more data is not supported"):
            cvat.upload(task_id, files, **limits)  # type: ignore[arg-type]


def stop_after(files: int) -> tuple[dict[str, Any], Callable[[], int]]:
    """Options for an upload that stops when so many files are sent."""
    sent = [0]

    def tell(done_bytes: int, done_files: int) -> None:
        sent[0] = done_files

    return {"progress": tell, "cancelled": lambda: sent[0] >= files}, lambda: sent[0]


@pytest.mark.parametrize("first", [{"group_files": 2}, {"group_bytes": 500}], ids=["groups", "chunks"])
@pytest.mark.parametrize("then", WAYS)
@pytest.mark.parametrize("done", [1, 3, 4])
def test_an_interrupted_upload_is_taken_up(
    cvat: Client, files: list[UploadFile], first: dict[str, Any], then: str, done: int
) -> None:
    task_id = new_task(cvat)
    stopping, sent = stop_after(done)
    with pytest.raises(Cancelled, match=r"stopped when \d of 5 files were sent"):
        cvat.upload(task_id, files, connections=1, **first, **stopping)
    assert done <= sent() < 5
    complete(cvat, task_id, cvat.upload(task_id, files, resume=True, **WAYS[then]))


def test_taking_up_what_is_complete_sends_nothing(box: Sandbox, cvat: Client, files: list[UploadFile]) -> None:
    task_id = new_task(cvat)
    with box.hold_creations():
        rq_id = cvat.upload(task_id, files, group_files=2)
        before = len(uploads(box, task_id))
        assert cvat.upload(task_id, files, resume=True) == rq_id
        assert len(uploads(box, task_id)) == before
    complete(cvat, task_id, rq_id)
    assert cvat.upload(task_id, files, resume=True) == rq_id


def test_taking_up_an_upload_of_other_files_is_refused(
    cvat: Client, files: list[UploadFile], images: Callable[..., list[UploadFile]]
) -> None:
    task_id = new_task(cvat)
    stopping, _ = stop_after(2)
    with pytest.raises(Cancelled):
        cvat.upload(task_id, files, group_files=2, connections=1, **stopping)
    with pytest.raises(Refused, match="extra"):
        cvat.upload(task_id, images("other.png"), resume=True)


@pytest.mark.parametrize("way", WAYS)
def test_cancelling(cvat: Client, files: list[UploadFile], way: str) -> None:
    with pytest.raises(Cancelled):
        cvat.upload(new_task(cvat), files, cancelled=lambda: True, **WAYS[way])


def test_the_first_failure_stops_the_rest(box: Sandbox, cvat: Client, files: list[UploadFile]) -> None:
    task_id = new_task(cvat)
    box.faults.add("status", method="POST", path=DATA, status=403, nth=2, times=None)
    with pytest.raises(CvatError, match="does not let this user"):
        cvat.upload(task_id, files, group_files=1, connections=1)
    assert len(uploads(box, task_id)) <= 3


@pytest.mark.parametrize("name", ["", "a/b.png", "a\\b.png", "a\nb.png"])
def test_names_that_would_not_be_kept_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        UploadFile(name, Path("x.png"), 1)


def test_names_must_be_unique(cvat: Client, images: Callable[..., list[UploadFile]]) -> None:
    with pytest.raises(ValueError, match=r"two files are to be named 'a\.png'"):
        cvat.upload(1, images("a.png", "b.png", "a.png"))
    with pytest.raises(ValueError, match="no files"):
        cvat.upload(1, [])


def test_files_that_are_not_as_announced(cvat: Client, files: list[UploadFile], tmp_path: Path) -> None:
    task_id = new_task(cvat)
    with pytest.raises(UnreadableFile, match=r"none\.png cannot be read: .* sent as a\.png"):
        cvat.upload(task_id, [UploadFile("a.png", tmp_path / "none.png", 5)])
    with pytest.raises(UnreadableFile, match="bytes, not the 5 that were announced"):
        cvat.upload(task_id, [UploadFile("a.png", files[0].path, 5)])


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_shrinks_while_it_is_sent(
    cvat: Client, files: list[UploadFile], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvat.uploads.check_sizes", lambda files: None)
    longer = UploadFile("long.png", files[0].path, files[0].size + 7)
    with pytest.raises(UnreadableFile, match=r"became shorter .* sent as long.png"):
        cvat.upload(new_task(cvat), [longer, *files], **WAYS[way])


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_goes_away_is_named_as_its_owner_knows_it(
    cvat: Client, images: Callable[..., list[UploadFile]], way: str
) -> None:
    files = images(*NAMES)

    def remove(*_: int) -> None:
        files[-1].path.unlink(missing_ok=True)

    with pytest.raises(UnreadableFile) as caught:
        cvat.upload(new_task(cvat), files, progress=remove, connections=1, **WAYS[way])
    told = str(caught.value)
    assert told.startswith(f"{files[-1].path} cannot be read: No such file or directory")
    assert files[-1].name in told and "send again" in told


class Sink:
    """Takes every request, forgets its body piece by piece, and says 202; parts of a file are to go to a place."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.received = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = bytearray(1 << 16)
        with connection, connection.makefile("rb") as stream:
            while stream.readline():
                left = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        left = int(line.partition(b":")[2])
                while left:
                    got = stream.readinto(memoryview(buffer)[: min(left, len(buffer))])
                    left -= got
                    self.received += got
                head = b"HTTP/1.1 202 Accepted\r\nLocation: /api/tasks/1/data/place\r\nContent-Length: 14\r\n\r\n"
                connection.sendall(head + b'{"rq_id": "r"}')


@pytest.mark.parametrize(
    "limits", [{}, {"group_files": 1}, {"group_bytes": 9 << 20}], ids=["at once", "in groups", "in parts"]
)
def test_memory_stays_constant(tmp_path: Path, limits: dict[str, int]) -> None:
    sink = Sink()
    path = tmp_path / "large.bin"
    with path.open("wb") as stream:
        stream.truncate(24 << 20)
    files = [UploadFile(f"{index}.png", path, path.stat().st_size) for index in range(4)]
    client = Client(Credentials(url=sink.url, token="a.b"))
    tracemalloc.start()
    try:
        client.upload(1, files, **{"group_bytes": 200 << 20, **limits})  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        sink.listener.close()
    assert sink.received > 96 << 20
    assert peak < 12 << 20


def test_a_lost_group_leaves_no_doubt_without_an_order(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]]
) -> None:
    names = ("a.png", "b.png", "c.png", "d.png")
    box.faults.add("lost_reply", method="POST", path=DATA, nth=2)
    box.faults.add("html", method="POST", path=DATA, status=500, nth=4)
    task_id = new_task(cvat)
    rq_id = cvat.upload(
        task_id, images(*names), group_files=2, connections=1, options=DataOptions(sorting="lexicographical")
    )
    complete(cvat, task_id, rq_id, names)
