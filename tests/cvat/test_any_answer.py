"""Any answer to any call gives a value or an error of ours, in bounded time."""

from __future__ import annotations

import gzip
import io
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_server import RawServer

from cvat import (
    Annotations,
    AttributeSpec,
    Client,
    Credentials,
    CvatError,
    DataOptions,
    LabelSpec,
    RetryPolicy,
    Shape,
    Tag,
    Track,
    TrackedShape,
    UploadFile,
    encode_objects,
)
from cvat.redaction import Secret

LONGEST = 15.0
"""Seconds that one call may take here, where nothing is waited for longer than 0.2 s."""

RECORDED = json.loads((Path(__file__).resolve().parent / "recorded.json").read_text(encoding="utf-8"))
BOX = {"type": "rectangle", "frame": 0, "label_id": 1, "points": [1.0, 2.0, 3.0, 4.0], "attributes": []}
SHAPE = Shape(id=1, type="rectangle", frame=0, label_id=1, points=(1.0, 2.0, 3.0, 4.0))
TRACK = Track(id=2, frame=0, label_id=1, shapes=(TrackedShape(type="rectangle", frame=0, points=(1.0, 2.0, 3.0, 4.0)),))
BOTH = Annotations(shapes=(SHAPE,), tracks=(TRACK,), tags=(Tag(id=3, frame=0, label_id=1),))

CALLS: dict[str, Callable[[Client, list[UploadFile]], Any]] = {
    "check": lambda client, files: client.check(),
    "version": lambda client, files: client.version,
    "users": lambda client, files: client.users("a"),
    "search_users": lambda client, files: client.search_users("a", 2),
    "search_projects": lambda client, files: client.search_projects("a", 2),
    "search_tasks": lambda client, files: client.search_tasks("", 2),
    "find_user": lambda client, files: client.find_user("ann"),
    "organizations": lambda client, files: client.organizations(),
    "workspace_id": lambda client, files: client.within("team").workspace_id(),
    "projects": lambda client, files: client.projects(),
    "find_projects": lambda client, files: client.find_projects("p"),
    "project": lambda client, files: client.project(5),
    "create_project": lambda client, files: client.create_project("p", [LabelSpec(name="car")]),
    "delete_project": lambda client, files: client.delete_project(5),
    "labels": lambda client, files: [label.spec() for label in client.labels(task_id=5)],
    "add_labels": lambda client, files: client.add_labels([LabelSpec(name="car")], project_id=5),
    "add_attributes": lambda client, files: client.add_attributes(5, 6, [AttributeSpec(name="a")]),
    "create_task": lambda client, files: client.create_task("t", labels=[LabelSpec(name="car")]),
    "task": lambda client, files: client.task(5),
    "tasks": lambda client, files: client.tasks(name="t"),
    "update_task": lambda client, files: client.update_task(5, name="t"),
    "delete_task": lambda client, files: client.delete_task(5),
    "task_meta": lambda client, files: client.task_meta(5).step,
    "download_frame": lambda client, files: client.download_frame(5, 0, io.BytesIO()),
    "download_chunk": lambda client, files: client.download_chunk(5, 0, io.BytesIO()),
    "upload at once": lambda client, files: client.upload(5, files),
    "upload in groups": lambda client, files: client.upload(5, files, group_files=1),
    "upload in chunks": lambda client, files: client.upload(5, files, group_bytes=1),
    "upload sorted": lambda client, files: client.upload(
        5, files, options=DataOptions(sorting="natural"), group_files=1
    ),
    "resume an upload": lambda client, files: client.upload(5, files, resume=True),
    "attach": lambda client, files: client.attach(5, ["a.png"]),
    "attach again": lambda client, files: client.attach(5, ["a.png"], resume=True),
    "creation": lambda client, files: client.creation(5, "r"),
    "wait_for_creation": lambda client, files: client.wait_for_creation(5, "r", deadline=0.3),
    "jobs": lambda client, files: client.jobs(5),
    "jobs of many": lambda client, files: client.jobs(task_ids=[5, 6]),
    "listed_tasks": lambda client, files: client.listed_tasks([5, 6]),
    "job": lambda client, files: client.job(7),
    "update_job": lambda client, files: client.update_job(7, stage="validation", assignee=None),
    "job_meta": lambda client, files: client.job_meta(7),
    "annotations": lambda client, files: client.annotations(7).count,
    "stable_annotations": lambda client, files: client.stable_annotations(7),
    "stable_job": lambda client, files: client.stable_job(7),
    "create_annotations": lambda client, files: client.create_annotations(7, BOTH),
    "create_objects": lambda client, files: client.create_objects(7, encode_objects([], [BOX])),
    "update_annotations": lambda client, files: client.update_annotations(7, BOTH),
    "delete_annotations": lambda client, files: client.delete_annotations(7, BOTH),
    "issues": lambda client, files: client.issues(7),
    "comments": lambda client, files: client.comments(8),
    "issues_of": lambda client, files: client.issues_of([7, 8]),
    "comments_of": lambda client, files: client.comments_of([7]),
    "webhooks": lambda client, files: client.webhooks(5),
    "create_webhook": lambda client, files: client.create_webhook(
        "http://h", Secret("s"), project_id=5, description="d"
    ),
    "delete_webhook": lambda client, files: client.delete_webhook(9),
    "share_files": lambda client, files: client.share_files("a"),
    "cloud_storages": lambda client, files: [storage.prefix for storage in client.cloud_storages()],
    "cloud_storage": lambda client, files: client.cloud_storage(9),
    "cloud_files": lambda client, files: list(client.cloud_files(9)),
}

# Answers

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8),
    st.sampled_from([2**31, 10**30, -1, 0, 1.5, -0.0, 1e308]),
    st.sampled_from(["²", "\x00", "‮x", "http://[::1", "9" * 5_000, "x" * 20_000, "../..", "<title>", "action=create"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
ANSWERED = [exchange["json"] for exchange in RECORDED if exchange.get("json") is not None]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A JSON value with another one at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def pattern(line: str) -> str:
    """A request line without numbers and query."""
    return re.sub(r"\d+", "N", line.partition("?")[0])


FITTING: dict[str, list[Any]] = {}
"""What a real CVAT answered, by request line."""
for exchange in RECORDED:
    if exchange["status"] < 300 and exchange.get("json") is not None:
        FITTING.setdefault(pattern(f"{exchange['method']} {exchange['path']}"), []).append(exchange["json"])


@dataclass(frozen=True)
class Bent:
    """What a real CVAT answered to the same request, with something else in one place.

    Attributes:
        which: Of the answers.
        where: Of the places; right if even.
        new: What is there.
    """

    which: int
    where: int
    new: Any

    def answer(self, line: str) -> bytes:
        values = FITTING.get(pattern(line), ANSWERED)
        value = values[self.which % len(values)]
        if self.where % 2:
            found = list(places(value))
            value = replaced(value, found[self.where % len(found)], self.new)
        body = json.dumps(value).encode()
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


BODIES = st.one_of(
    st.sampled_from(ANSWERED).map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.sampled_from([b"", b"[" * 5_000, b"\xff\xfe", b"<title>" * 3_000, b"<html><body>log in</body></html>", b"{"]),
)
STATUSES = st.one_of(
    st.sampled_from([200, 200, 200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 429, 500, 502, 503, 504]),
    st.integers(100, 599).filter(lambda status: status != 100),
)
NASTY = st.sampled_from(
    ["", "0", "999999", "-1", "²", "٣", "9" * 400, "1e9", "http://[::1", "http://host:port/", "//evil.example/",
     "/api/x",
     "text/html", "gzip", "br", "chunked", "x" * 3_000, "\x7f", "a\tb", ";;;", "1, 2", "Thu, 01 Jan 1970 00:00:00 GMT"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Location", "Retry-After", "Set-Cookie",
     "Upload-Offset", "Upload-Length", "Connection", "WWW-Authenticate", "X-Y", "Tus-Resumable", "Content-Range"]
)  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """The bytes of an answer, right or wrong in any part."""
    body = draw(BODIES)
    headers = draw(st.dictionaries(NAMES, NASTY, max_size=3))
    headers.setdefault("Content-Type", "application/vnd.cvat+json")
    if draw(st.booleans()):
        headers.setdefault("Content-Length", str(len(body)))
    if draw(st.integers(0, 9)) == 0:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    head = f"HTTP/1.1 {draw(STATUSES)} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    whole = head.encode("utf-8") + b"\r\n" + body
    return whole[: draw(st.integers(0, len(whole)))] if draw(st.integers(0, 9)) == 0 else whole


class Talker:
    """Gives some answers in turn, again and again."""

    def __init__(self, said: list[bytes | Bent]) -> None:
        self.said, self.count = said, 0

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        said = self.said[self.count % len(self.said)]
        self.count += 1
        line = request.partition(b" HTTP/")[0].decode("latin-1")
        connection.sendall(said.answer(line) if isinstance(said, Bent) else said)


BENT = st.builds(Bent, st.integers(0, 99), st.integers(0, 9_999), VALUES)


@pytest.fixture(scope="module")
def talking() -> Iterator[RawServer]:
    server = RawServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[UploadFile]:
    place = tmp_path_factory.mktemp("files")
    for name in ("a.png", "b.png"):
        (place / name).write_bytes(b"123")
    return [UploadFile(name, place / name, 3) for name in ("a.png", "b.png")]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("uploads.PAUSES", (0.0,)), ("creation.FIRST_PAUSE", 0.01), ("creation.LONGEST_PAUSE", 0.02)):
        monkeypatch.setattr(f"cvat.{name}", value)
    monkeypatch.setattr("cvat.server_media.PAGES", 30)
    monkeypatch.setattr("cvat.lists.PAGES", 30)


RETRY = RetryPolicy(attempts=2, connect_attempts=2, first_pause=0.0, longest_pause=0.0, patience=0.1)
LOGINS: list[dict[str, str]] = [{"token": "abcdefgh." + "x" * 32}, {"username": "ann", "password": "secret-word"}]


def test_all_calls_are_here() -> None:
    """Each public method of a client, but for views and what sends nothing."""
    quiet = {"close", "kept", "within", "stopping_when", "task_url", "job_url", "url", "session", "find_tasks", "pause"}
    public = {name for name in dir(Client) if not name.startswith("_")} - quiet
    named = {name.split()[0] for name in CALLS} | {"upload", "attach", "jobs"}
    assert public <= named, public - named


@settings(max_examples=130, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    call=st.sampled_from(list(CALLS)),
    login=st.sampled_from(LOGINS),
    said=st.lists(answers() | BENT | BENT, min_size=1, max_size=4),
)
def test_any_answer_gives_a_value_or_an_error_of_ours(
    talking: RawServer, files: list[UploadFile], call: str, login: dict[str, str], said: list[bytes | Bent]
) -> None:
    talker = talking.reply = Talker(said)
    start = time.monotonic()
    with Client(Credentials(url=talking.url, **login), timeout=0.2, retry=RETRY) as client:
        try:
            CALLS[call](client, files)
        except CvatError as error:
            assert str(error)
            assert len(str(error)) < 2_000
            assert error.__cause__ is None or isinstance(error.__cause__, CvatError)
            assert isinstance(error.may_be_done, bool)
    assert time.monotonic() - start < LONGEST
    assert talker.count < 300
