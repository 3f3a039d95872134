"""Uploads through proxies with small limits, and to servers that say odd things of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat import Client, Credentials, CvatError, LabelSpec, RetryPolicy, TooLarge, UploadFile
from cvat.tus import MOST_ANNOUNCEMENTS, SMALLEST_CHUNK, ChunkSize
from sandbox import Sandbox


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0, unsettled_replies=False) as made:
        yield made


@pytest.fixture
def cvat(box: Sandbox, hasty: RetryPolicy) -> Iterator[Client]:
    with Client(Credentials(url=box.url, username="admin", password="admin"), timeout=5, retry=hasty) as client:
        client.check()
        yield client
    box.settings.max_body = None
    assert box.crashes == []


@pytest.mark.parametrize("limit", [700_000, 300_000, 64_000, 20_000])
def test_parts_become_as_small_as_a_proxy_wants_them(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]], limit: int
) -> None:
    large = images("large 0.png", "large 1.png", "large 2.png", size=(500, 400))
    small = images("small 0.png", "small 1.png")
    assert large[0].size > 500_000
    task_id = cvat.create_task("t", labels=[LabelSpec(name="car")]).id
    box.settings.max_body = limit
    rq_id = cvat.upload(task_id, [*large, *small], connections=1)
    assert cvat.wait_for_creation(task_id, rq_id, deadline=10).size == 5
    sent = [entry for entry in box.log if f"/tasks/{task_id}/data" in entry.path]
    assert max(entry.bytes for entry in sent if entry.status < 300) <= limit
    refused = [entry for entry in sent if entry.status == 413]
    assert len(refused) <= 10, "what one file has found out holds for the others"


def test_below_a_sensible_size_it_is_an_error(
    box: Sandbox, cvat: Client, images: Callable[..., list[UploadFile]]
) -> None:
    task_id = cvat.create_task("t", labels=[LabelSpec(name="car")]).id
    box.settings.max_body = SMALLEST_CHUNK // 2
    with pytest.raises(TooLarge, match=r"a part of 16 kB of large\.png; smaller ones are not sent"):
        cvat.upload(task_id, images("large.png", size=(100, 100)))


def test_sizes_of_parts() -> None:
    chunks = ChunkSize(1 << 30)
    assert chunks.size == 32 << 20
    assert chunks.halve(1 << 20, 1_000) and chunks.size == 1 << 19
    assert chunks.halve(1 << 21, 1_000) and chunks.size == 1 << 19, "a larger one has been refused before"
    assert chunks.halve(1_500, 1_000) and chunks.size == 1_000
    assert not chunks.halve(1_000, 1_000) and chunks.size == 1_000


PLACE = {"Location": "http://elsewhere.example/api/tasks/5/data/1_0d0d0d0d-aaaa"}


@pytest.fixture
def one_file(tmp_path: Path) -> list[UploadFile]:
    (tmp_path / "a.png").write_bytes(b"0123456789")
    return [UploadFile("a.png", tmp_path / "a.png", 10)]


ODD: dict[str, Callable[[Any, Any], Any]] = {
    "an offset that stands": lambda answer, seen: answer(204, headers={"Upload-Offset": "0"}),
    "an offset that goes back": lambda answer, seen: answer(204, headers={"Upload-Offset": "-1"}),
    "an offset beyond the end": lambda answer, seen: answer(204, headers={"Upload-Offset": "99"}),
    "no place any more": lambda answer, seen: answer(404),
    "another offset": lambda answer, seen: answer(409),
    "a failure": lambda answer, seen: answer(500),
    "too large": lambda answer, seen: answer(413),
}
HEADS: dict[str, dict[str, str]] = {
    "nothing": {},
    "the beginning": {"Upload-Offset": "0", "Upload-Length": "10"},
    "five": {"Upload-Offset": "5", "Upload-Length": "10"},
    "all": {"Upload-Offset": "10", "Upload-Length": "10"},
    "superscripts": {"Upload-Offset": "²", "Upload-Length": "10"},
    "a long number": {"Upload-Offset": "9" * 5_000, "Upload-Length": "10"},
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("odd", ODD)
def test_a_server_that_never_has_the_file_is_given_up(
    server: Any, answer: Any, client: Client, one_file: list[UploadFile], odd: str, head: str
) -> None:
    def script(seen: Any) -> Any:
        if seen.method == "PATCH":
            return ODD[odd](answer, seen)
        if seen.method == "HEAD":
            return answer(200, headers=HEADS[head])
        return answer(201, headers=PLACE) if "Tus-Resumable" in seen.headers else answer(202)

    server.script = script
    with pytest.raises(CvatError):
        client.upload(5, one_file, group_bytes=1)
    assert len(server.seen) < 60
    announced = [seen for seen in server.seen if seen.method == "POST" and "Upload-Length" in seen.headers]
    assert len(announced) <= MOST_ANNOUNCEMENTS + 1


@pytest.mark.parametrize("place", ["", "/", "..", ".", "%2e%2e", "a b", "²", "x" * 9_000, "a?b=c", "-"])
def test_a_place_that_is_none(server: Any, answer: Any, client: Client, one_file: list[UploadFile], place: str) -> None:
    server.script = lambda seen: (
        answer(201, headers={"Location": f"http://h/api/tasks/5/data/{place}".encode().decode("latin-1")})
        if "Tus-Resumable" in seen.headers
        else answer(202)
    )
    with pytest.raises(CvatError, match=r"did not say where to send a\.png|cannot"):
        client.upload(5, one_file, group_bytes=1)
    assert [seen.method for seen in server.seen] == ["POST", "POST"]
