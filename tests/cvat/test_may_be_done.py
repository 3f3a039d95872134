"""Errors say whether what was asked may have been done: who writes has to look before doing it again, or need not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from raw_server import RawServer, answer, say

from cvat import (
    AmbiguousOutcome,
    Client,
    Conflict,
    Credentials,
    CvatError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    RetryPolicy,
    ServerFault,
    TooLarge,
    Unreachable,
    UnsupportedServer,
    encode_objects,
)

BOX = {"type": "rectangle", "frame": 0, "label_id": 1, "points": [1.0, 2.0, 3.0, 4.0], "attributes": []}
WRITES: dict[str, Callable[[Client], Any]] = {
    "a task": lambda client: client.create_task("t"),
    "objects": lambda client: client.create_objects(7, encode_objects([], [BOX])),
    "a project": lambda client: client.create_project("p"),
}

SURELY_NOT = {
    400: Refused, 401: NotAuthenticated, 402: Refused, 403: PermissionDenied, 404: NotFound, 405: Refused, 406: Refused,
    409: Conflict, 410: Refused, 413: TooLarge, 414: Refused, 415: Refused, 422: Refused, 429: Refused, 431: Refused,
    451: Refused,
}  # fmt: skip
PERHAPS = {
    500: ServerFault, 501: ServerFault, 502: AmbiguousOutcome, 503: ServerFault, 504: AmbiguousOutcome,
    507: ServerFault, 520: AmbiguousOutcome, 522: AmbiguousOutcome, 524: AmbiguousOutcome, 599: ServerFault,
}  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(("status", "kind"), SURELY_NOT.items())
def test_what_the_server_refused_was_surely_not_done(
    server: Any, answer: Any, client: Client, write: str, status: int, kind: type[CvatError]
) -> None:
    server.answers(answer(status, json={"detail": "no"}, headers={"Retry-After": "0"}))
    with pytest.raises(CvatError) as caught:
        WRITES[write](client)
    assert type(caught.value) is kind
    assert caught.value.may_be_done is False
    assert caught.value.status == status


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(("status", "kind"), PERHAPS.items())
def test_what_a_server_or_gateway_failed_at_may_be_done(
    server: Any, answer: Any, client: Client, write: str, status: int, kind: type[CvatError]
) -> None:
    server.answers(answer(status, body=b"<title>Oops</title>"))
    with pytest.raises(CvatError) as caught:
        WRITES[write](client)
    assert type(caught.value) is kind
    assert caught.value.may_be_done is True
    assert len(server.seen) == 1, "it must not be sent again"


@pytest.mark.parametrize("status", [*SURELY_NOT, *PERHAPS])
def test_reading_leaves_nothing_in_doubt(server: Any, answer: Any, client: Client, status: int) -> None:
    server.answers(answer(status, headers={"Retry-After": "0"}))
    with pytest.raises(CvatError) as caught:
        client.task(5)
    assert caught.value.may_be_done is False


OTHER_ENDS: dict[str, tuple[bytes, type[CvatError]]] = {
    "no answer": (b"", AmbiguousOutcome),
    "half a head": (b"HTTP/1.1 201 Cre", UnsupportedServer),
    "half a body": (b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", AmbiguousOutcome),
    "damaged gzip": (answer(b"nonsense", "201 Created", "Content-Encoding: gzip"), AmbiguousOutcome),
    "another coding": (answer(b"nonsense", "201 Created", "Content-Encoding: br"), AmbiguousOutcome),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", AmbiguousOutcome),
    "no JSON": (answer(b"done", "201 Created"), UnsupportedServer),
    "something else": (answer(b'{"results": []}', "201 Created"), UnsupportedServer),
    "a page": (answer(b"<html>", "200 OK", "Content-Type: text/html"), UnsupportedServer),
    "half a refusal": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n{", PermissionDenied),
    "a damaged refusal": (answer(b"nonsense", "400 Bad Request", "Content-Encoding: gzip"), Refused),
}


@pytest.mark.parametrize("case", OTHER_ENDS)
def test_an_answer_that_cannot_be_read(raw: RawServer, impatient: Client, case: str) -> None:
    said, kind = OTHER_ENDS[case]
    raw.reply = say(said)
    with pytest.raises(CvatError) as caught:
        impatient.create_task("t")
    assert type(caught.value) is kind
    assert caught.value.may_be_done is (kind not in (PermissionDenied, Refused))
    assert len(raw.heads) == 1


def test_a_login_that_is_lost_leaves_nothing_in_doubt(raw: RawServer, hasty: RetryPolicy) -> None:
    """The password is sent before what is asked: of that, nothing was sent."""
    raw.reply = say(b"")
    client = Client(Credentials(url=raw.url, username="ann", password="secret-word"), retry=hasty)
    with pytest.raises(Unreachable) as caught:
        client.create_task("t")
    assert not caught.value.may_be_done
    assert set(raw.heads) == {"POST /api/auth/login HTTP/1.1"}


def test_no_connection_leaves_nothing_in_doubt(hasty: RetryPolicy) -> None:
    client = Client(Credentials(url="http://127.0.0.1:9", token="a.b"), retry=hasty)
    with pytest.raises(Unreachable) as caught:
        client.create_task("t")
    assert not caught.value.may_be_done


def test_a_proxy_that_refuses_leaves_nothing_in_doubt(
    raw: RawServer, hasty: RetryPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes to a proxy to open a connection is not the request."""
    raw.reply = say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("https_proxy", raw.url)
    with pytest.raises(Unreachable, match="the proxy that the environment names does not let this through") as caught:
        Client(Credentials(url="https://cvat.example", token="a.b"), retry=hasty).create_task("t")
    assert not caught.value.may_be_done
    assert raw.heads[0].startswith("CONNECT cvat.example:443")


def test_another_sentence_keeps_the_facts() -> None:
    error = ServerFault("x", status=500, method="POST", path="/p", detail="d", may_be_done=True, retry_after=3.0)
    for kind in (ServerFault, AmbiguousOutcome, Refused):
        other = error.recast(kind, "y")
        assert {**vars(other)} == {**vars(error)}
