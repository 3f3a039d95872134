"""What a server may send is bounded: bytes, values, pages and time; and what patterns see of it, too."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from raw_server import RawServer, Reply, answer, endless, say

from cvat import (
    AmbiguousOutcome,
    Annotations,
    AnswerTooLarge,
    Client,
    Credentials,
    CvatError,
    DataMeta,
    PermissionDenied,
    ServerFault,
    Task,
    Unreachable,
    UnsupportedServer,
    User,
    redact,
)
from cvat.answers import error_for, error_text
from cvat.creation import clean_message
from cvat.limits import ERROR_BYTES, KEPT_TEXT, AnswerLimit
from cvat.parsing import Unreadable, read_json, read_model
from cvat.responses import Response

from .conftest import Answer

ROOT = Path(__file__).resolve().parents[2]
TASK = json.dumps({"id": 5, "name": "t"}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SMALL = AnswerLimit(bytes=100_000, values=1_000)


def bomb(size: int) -> bytes:
    """Zeros that decompress to so many bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = b"0" * (1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


TOO_MUCH: dict[str, Reply] = {
    "a length": say(HEAD + b"Content-Length: 200000\r\n\r\n" + b"0" * 200_000),
    "an absurd length": endless(HEAD + b"Content-Length: 99999999999999\r\n\r\n", b" " * 9_000),
    "no length": endless(HEAD + b"\r\n", b" " * 9_000),
    "chunks": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 0x1000 + b"\r\n"),
    "gzip": say(answer(bomb(16 << 20), "200 OK", "Content-Encoding: gzip")),
    "gzip in chunks": endless(
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%b\r\n" % (len(bomb(4 << 20)), bomb(4 << 20)),
    ),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_body_without_end_is_given_up(raw: RawServer, impatient: Client, case: str) -> None:
    raw.reply = TOO_MUCH[case]
    start = time.monotonic()
    with pytest.raises(
        AnswerTooLarge, match="when asked to read task 5 is larger than 97 kB and was not used"
    ) as caught:
        impatient.session.read(Task, "/api/tasks/5", limit=SMALL)
    assert not caught.value.may_be_done
    assert time.monotonic() - start < 2
    assert len(raw.heads) == 1
    with pytest.raises(AnswerTooLarge) as caught:
        impatient.session.request("POST", "/api/tasks", json={}, limit=SMALL)
    assert caught.value.may_be_done


ENDLESS_HEADS: dict[str, Reply] = {
    "one header": endless(HEAD + b"X: ", b"x" * 9_000),
    "many headers": endless(HEAD, b"X: y\r\n"),
    "the status": endless(b"HTTP/1.1 200 ", b"OK" * 9_000),
    "provisional answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "the length of a chunk": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 9_000),
    "what follows the last chunk": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 900),
}


@pytest.mark.parametrize("case", ENDLESS_HEADS)
def test_what_is_around_a_body_has_an_end_too(raw: RawServer, impatient: Client, case: str) -> None:
    raw.reply = ENDLESS_HEADS[case]
    start = time.monotonic()
    with pytest.raises((Unreachable, UnsupportedServer)):
        impatient.session.read(Task, "/api/tasks/5", limit=SMALL)
    with pytest.raises(AmbiguousOutcome):
        impatient.session.request("POST", "/api/tasks", json={}, limit=SMALL)
    assert time.monotonic() - start < 4


DRIPS: dict[str, Reply] = {
    "the status": endless(b"", b"H", 0.05),
    "headers": endless(HEAD, b"X: y\r\n", 0.05),
    "the body": endless(HEAD + b"Content-Length: 100000\r\n\r\n", b" ", 0.05),
    "chunks": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05),
    "an error": endless(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\n", b" ", 0.05),
}


@pytest.mark.parametrize("case", DRIPS)
def test_one_byte_now_and_then_is_not_waited_for(raw: RawServer, case: str) -> None:
    """The time limit is for the next byte, which always comes in time; the whole has a limit, too."""
    raw.reply = DRIPS[case]
    client = Client(Credentials(url=raw.url, token="a.b"), timeout=0.25)
    start = time.monotonic()
    with pytest.raises((Unreachable, PermissionDenied)) as caught:
        client.task(5)
    assert 2.4 < time.monotonic() - start < 5
    assert len(raw.heads) == 1, "what takes too long once takes too long again"
    assert isinstance(caught.value, PermissionDenied) == (case == "an error"), "a status alone says enough"
    assert case == "an error" or "not complete after 2 s" in str(caught.value)


def test_an_error_page_is_read_at_its_beginning_only(raw: RawServer, impatient: Client) -> None:
    page = b"<html><title>Sorry</title>" + b"<p>" * ERROR_BYTES
    raw.reply = endless(b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\n\r\n", page)
    with pytest.raises(ServerFault, match=r"internal error \(500\) when asked to read task 5: Sorry$"):
        impatient.task(5)


def test_a_packed_error_page_is_no_bomb(raw: RawServer, impatient: Client) -> None:
    raw.reply = say(answer(bomb(16 << 20), "500 Oops", "Content-Encoding: gzip"))
    with pytest.raises(ServerFault) as caught:
        impatient.task(5)
    assert len(caught.value.detail) <= KEPT_TEXT


PAGES: dict[str, str] = {
    "titles": "<title>" * 60_000,
    "titles that end": "<title></title" * 40_000,
    "scripts": "<html>" + "<script>" * 60_000,
    "brackets": "<" * 420_000,
    "entities": "<p>" + "&amp;" * 90_000,
    "spaces": "<html>" + " " * 420_000,
    "urls": "x://" * 100_000,
    "secrets": "token " * 70_000,
    "assignments": "password=" * 50_000,
    "quotes": "'." * 200_000,
    "paths": "'/" * 200_000,
    "words": "Aa." * 140_000,
}


@pytest.mark.parametrize("case", PAGES)
def test_no_pattern_sees_more_than_it_can_bear(case: str) -> None:
    """A page of 420 kB of ``<title>`` once froze the process."""
    page = PAGES[case]
    start = time.process_time()
    for kind in ("text/html", "application/json"):
        response = Response(500, "GET", "/api/tasks/5", {"Content-Type": kind}, page.encode())
        assert len(error_text(response)) <= KEPT_TEXT
        assert len(str(error_for(response, url="u", with_token=False))) < 500
    reason, file = clean_message(page)
    assert len(reason) <= 1_000 and len(file or "") <= 1_000
    redact(page)
    assert time.process_time() - start < 1.5


NESTED = b"[" * 200_000
ODD_JSON: dict[str, bytes] = {
    "nothing": b"", "no text": b"\xff\xfe", "nested": NESTED, "nested objects": b'{"a":' * 200_000,
    "a number of 5000 digits": b'{"id": ' + b"9" * 5_000 + b"}", "half a character": b'{"name": "\\ud800"}',
    "a list": b"[]", "null": b"null", "a number": b"7", "a text": b'"text"', "infinity": b'{"id": 1e999}',
}  # fmt: skip


@pytest.mark.parametrize("body", ODD_JSON.values(), ids=ODD_JSON)
def test_json_that_is_not_cvats(raw: RawServer, impatient: Client, body: bytes) -> None:
    raw.reply = say(answer(body))
    with pytest.raises(UnsupportedServer, match="does not answer /api/tasks/5 as CVAT does"):
        impatient.task(5)
    with pytest.raises(UnsupportedServer):
        impatient.users()
    raw.reply = say(answer(body, "400 Bad Request"))
    with pytest.raises(CvatError, match="CVAT refused to read task 5"):
        impatient.task(5)


@pytest.mark.parametrize("status", ["400 Bad", "500 Oops"])
def test_an_error_whose_json_is_deep(raw: RawServer, impatient: Client, status: str) -> None:
    raw.reply = say(answer(b'{"a":[' * 90 + b'"deep"' + b"]}" * 90, status))
    with pytest.raises(CvatError) as caught:
        impatient.task(5)
    assert len(caught.value.detail) < 100


MANY: dict[str, Callable[[int], bytes]] = {
    "numbers": lambda count: b'{"x": [' + b"0," * count + b"0]}",
    "lists": lambda count: b'{"x": ' + b"[" * 50 + b"[]," * count + b"[]" + b"]" * 50 + b"}",
    "objects": lambda count: b'{"x": [' + b"{}," * count + b"{}]}",
}


@pytest.mark.parametrize("case", MANY)
def test_a_small_body_of_many_values_is_not_read(case: str) -> None:
    limit = AnswerLimit(bytes=1 << 20, values=10_000)
    assert read_json(MANY[case](1_000), limit)
    for read in (lambda: read_json(MANY[case](20_000), limit), lambda: read_model(User, MANY[case](20_000), limit)):
        with pytest.raises(Unreadable, match="more than 10000 values"):
            read()


@pytest.mark.parametrize("model", [Annotations, DataMeta], ids=lambda model: model.__name__)
def test_the_first_of_many_wrong_values_is_enough(model: Any) -> None:
    """An error for each would take more memory than the values."""
    names = {"shapes": [0] * 100_000, "frames": [0] * 100_000, "deleted_frames": ["x"] * 100_000}
    limit = AnswerLimit(bytes=1 << 24, values=1 << 20)
    start = time.process_time()
    with pytest.raises(Unreadable):
        read_model(model, json.dumps(names).encode(), limit)
    assert time.process_time() - start < 0.5


def endless_list(make_next: Callable[[int], Any], items: int = 1) -> Callable[[Any], Any]:
    """A script of a list whose every page names another one."""
    pages = iter(range(10**9))

    def script(seen: Any) -> Any:
        page = {"next": make_next(next(pages)), "results": [{"id": 1, "username": "u"}] * items}
        return Answer(json=page)

    return script


def test_a_list_without_end_is_given_up(server: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script = endless_list(lambda number: f"http://elsewhere.example/api/users?page={number}")
    monkeypatch.setattr("cvat.lists.PAGES", 20)
    with pytest.raises(UnsupportedServer, match="a list that has no end after 20 objects"):
        client.users()
    assert len(server.seen) == 20
    assert all(seen.headers["Host"] in server.url for seen in server.seen)
    monkeypatch.setattr("cvat.lists.LIST_ITEMS", 50)
    server.script = endless_list(lambda number: f"?page={number}", items=30)
    with pytest.raises(UnsupportedServer, match="after 60 objects"):
        client.users()
    monkeypatch.setattr("cvat.lists.LIST_SECONDS", -1.0)
    with pytest.raises(UnsupportedServer, match="after 30 objects"):
        client.users()


@pytest.mark.parametrize(
    "following", ["http://[::1/?page=2", "?" + "a=1&" * 2_000, {"page": 2}, 7, ["?page=2"]], ids=str
)
def test_a_next_page_that_is_none(server: Any, client: Client, following: Any) -> None:
    server.script = endless_list(lambda number: following)
    with pytest.raises(UnsupportedServer, match="does not answer /api/users as CVAT does"):
        client.users()
    assert len(server.seen) == 1


def test_a_bucket_without_end_is_given_up(server: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvat.server_media.PAGES", 5)
    numbers = iter(range(10**9))
    server.script = lambda seen: Answer(json={"content": [], "next": str(next(numbers))})
    with pytest.raises(UnsupportedServer, match="no end"):
        list(client.cloud_files(3))


CHILD = """
import resource, sys
from cvat import Client, Credentials, CvatError
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
client = Client(Credentials(url=sys.argv[1], token="a.b"), timeout=20)
for call in (lambda: client.users(), lambda: client.annotations(5)):
    try:
        call()
    except CvatError as error:
        print(type(error).__name__)
# `getrusage` counts what the process that started this one had, too.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024)
"""


def test_a_process_survives_bombs(raw: RawServer) -> None:
    """Hundreds of megabytes in one; the child has a ceiling."""
    packed = bomb(300 << 20)
    assert len(packed) < 2 << 20
    raw.reply = say(answer(packed, "200 OK", "Content-Encoding: gzip"))
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CHILD), raw.url], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 0, child.stderr
    *errors, peak = child.stdout.split()
    assert errors == ["AnswerTooLarge"] * 2
    assert int(peak) < 700
