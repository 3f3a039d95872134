"""A stop ends every wait of a client within two seconds, and says what may have been done."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raw_server import RawServer, Reply, endless, say, silent

from cvat import (
    Cancelled,
    Client,
    Credentials,
    CvatError,
    LabelSpec,
    Refused,
    RetryPolicy,
    ServerFault,
    UploadFile,
)
from cvat.retry import come_back, retry_after
from sandbox import Sandbox

SOON = 2.0
"""Seconds within which a stop must have its effect."""

TOKEN = "abcdefgh." + "x" * 32


class Stop:
    """A person who wants to stop after a while."""

    def __init__(self, after: float = 0.3) -> None:
        self.at = time.monotonic() + after

    def __call__(self) -> bool:
        return time.monotonic() >= self.at

    @property
    def late(self) -> float:
        """Seconds since they wanted to."""
        return time.monotonic() - self.at


@contextlib.contextmanager
def stopped_soon(stop: Stop) -> Iterator[Any]:
    """Asserts that what is done here ends with ``Cancelled``, after the stop and soon."""
    with pytest.raises(Cancelled) as caught:
        yield caught
    assert 0 <= stop.late < SOON


CALLS: dict[str, Callable[[Client], Any]] = {
    "reading": lambda client: client.task(5),
    "a list": lambda client: client.users(),
    "writing": lambda client: client.create_task("t"),
    "deleting": lambda client: client.delete_task(5),
}

WAITS: dict[str, tuple[Reply, bool]] = {
    # what the server does, and whether the request may have been done by then
    "no answer": (silent(), True),
    "a slow head": (endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), True),
    "a slow body": (endless(b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.05), True),
    "later, in 11 days": (say(b"HTTP/1.1 429 Later\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n"), False),
    "later, in a minute": (say(b"HTTP/1.1 429 Later\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"), False),
    "later, at an unknown time": (say(b"HTTP/1.1 429 Later\r\nContent-Length: 0\r\n\r\n"), False),
    "a gateway that is lost": (say(b"HTTP/1.1 504 Later\r\nContent-Length: 0\r\n\r\n"), True),
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("call", CALLS)
def test_every_wait_ends(raw: RawServer, wait: str, call: str) -> None:
    raw.reply, in_doubt = WAITS[wait]
    retry = RetryPolicy(attempts=99, first_pause=30.0, longest_pause=30.0, patience=1e9)
    stop = Stop()
    client = Client(Credentials(url=raw.url, token=TOKEN), retry=retry).stopping_when(stop)
    if wait == "a gateway that is lost" and call == "writing":
        with pytest.raises(CvatError) as lost:
            CALLS[call](client)
        assert lost.value.may_be_done, "it is not repeated, so nothing is waited for"
        return
    with stopped_soon(stop) as caught:
        CALLS[call](client)
    changes = call in ("writing", "deleting")
    assert caught.value.may_be_done == (in_doubt and changes)
    assert ("it may have done so" in str(caught.value)) == (in_doubt and changes)


def test_a_server_that_takes_no_bytes(raw: RawServer, tmp_path: Path) -> None:
    """A connection whose other end reads nothing: the sending stands still."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    (tmp_path / "large.png").write_bytes(b"0" * (24 << 20))
    file = UploadFile("large.png", tmp_path / "large.png", 24 << 20)
    stop = Stop()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener, stopped_soon(stop):
        Client(Credentials(url=url, token=TOKEN)).stopping_when(stop).upload(5, [file])


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: held.wait(20) and [])
    stop = Stop()
    with stopped_soon(stop) as caught:
        Client(Credentials(url="http://cvat.example", token=TOKEN)).stopping_when(stop).create_task("t")
    assert not caught.value.may_be_done
    held.set()


def test_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue of connections is full, so that no connection is ever made."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(address)
    stop = Stop()
    client = Client(Credentials(url=f"http://127.0.0.1:{address[1]}", token=TOKEN)).stopping_when(stop)
    with listener, stopped_soon(stop) as caught:
        client.create_task("t")
    assert not caught.value.may_be_done
    for filler in fillers:
        filler.close()


def test_a_place_that_others_hold(raw: RawServer) -> None:
    raw.reply = silent()
    client = Client(Credentials(url=raw.url, token=TOKEN), connections=1)
    other_stop = Stop(after=1.5)
    other = threading.Thread(target=_cancelled, args=(client.stopping_when(other_stop).task, 5))
    other.start()
    while not raw.heads:
        time.sleep(0.01)
    stop = Stop()
    with stopped_soon(stop) as caught:
        client.stopping_when(stop).create_task("t")
    assert not caught.value.may_be_done
    other.join(5)
    assert not other.is_alive()
    assert len(raw.heads) == 1


def test_a_login_of_another_thread(raw: RawServer) -> None:
    raw.reply = silent()
    client = Client(Credentials(url=raw.url, username="ann", password="secret-word"))
    first, second = Stop(after=1.5), Stop()
    other = threading.Thread(target=_cancelled, args=(client.stopping_when(first).task, 5))
    other.start()
    while not raw.heads:
        time.sleep(0.01)
    with stopped_soon(second):
        client.stopping_when(second).task(5)
    other.join(5)
    assert raw.heads == ["POST /api/auth/login HTTP/1.1"]


def _cancelled(call: Callable[..., Any], *args: Any) -> None:
    with pytest.raises(Cancelled):
        call(*args)


@pytest.fixture(scope="module")
def slow_box() -> Iterator[Sandbox]:
    with Sandbox(port=0, anonymous_rate=None, creation_delay=0.0) as made:
        yield made


def test_a_creation_that_takes_long(slow_box: Sandbox, images: Callable[..., list[UploadFile]]) -> None:
    client = Client(Credentials(url=slow_box.url, username="admin", password="admin"))
    task = client.create_task("t", labels=[LabelSpec(name="car")])
    with slow_box.hold_creations():
        rq_id = client.upload(task.id, images("a.png"))
        for stop in (Stop(), Stop(1.0)):
            with stopped_soon(stop) as caught:
                client.wait_for_creation(task.id, rq_id, cancelled=stop)
            assert str(caught.value) == f"Stopped waiting for task {task.id}; CVAT goes on creating it"
        stop = Stop()
        with stopped_soon(stop):
            client.stopping_when(stop).wait_for_creation(task.id, rq_id)


def test_an_upload_that_is_told_to_come_back(slow_box: Sandbox, images: Callable[..., list[UploadFile]]) -> None:
    client = Client(Credentials(url=slow_box.url, username="admin", password="admin"))
    task = client.create_task("t", labels=[LabelSpec(name="car")])
    headers = {"Retry-After": "100"}
    slow_box.faults.add("status", method="POST", path=r"/data", status=429, headers=headers, nth=2, times=None)
    stop = Stop(0.5)
    with stopped_soon(stop) as caught:
        client.upload(task.id, images("a.png", "b.png", "c.png"), group_files=1, cancelled=stop)
    assert str(caught.value) == "The upload was stopped when 0 of 3 files were sent"
    slow_box.faults.clear()


def test_views_share_the_login_and_stop_apart(raw: RawServer) -> None:
    raw.reply = say(b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"id": 5, "name": "t"}')
    client = Client(Credentials(url=raw.url, token=TOKEN))
    stopped = client.stopping_when(lambda: True)
    for view in (stopped, stopped.within("team"), stopped.stopping_when(lambda: False)):
        with pytest.raises(Cancelled):
            view.task(5)
    assert raw.heads == []
    assert client.within("").task(5).id == 5
    with stopped:
        pass
    assert client.task(5).id == 5


# A server that asks for patience

WISHES = {
    "999999": "Try again in 12 days (after ",
    "1" + "0" * 17: "Try again in more than a thousand years",
    "Fri, 31 Dec 2199 23:59:59 GMT": "(after 2199-12-31 23:59 UTC)",
    "100": "Try again in 100 s (after ",
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(("status", "kind"), [(429, Refused), (503, ServerFault)])
def test_a_wish_for_more_than_the_patience_says_when_to_come_back(
    server: Any, answer: Any, wish: str, status: int, kind: type[CvatError]
) -> None:
    server.answers(answer(status, headers={"Retry-After": wish}))
    client = Client(Credentials(url=server.url, token=TOKEN), retry=RetryPolicy(patience=90.0))
    for call in CALLS.values():
        start = time.monotonic()
        with pytest.raises(kind) as caught:
            call(client)
        assert time.monotonic() - start < 1
        assert WISHES[wish] in str(caught.value)
        assert caught.value.retry_after is not None and caught.value.retry_after > 90
        assert not caught.value.may_be_done
    assert len(server.seen) == len(CALLS)


def test_patience_is_for_all_waits_together(server: Any, answer: Any) -> None:
    server.answers(*[answer(429, headers={"Retry-After": "0.3"})] * 2, answer(429, headers={"Retry-After": "1"}))
    client = Client(Credentials(url=server.url, token=TOKEN), retry=RetryPolicy(patience=0.9, first_pause=0.2))
    with pytest.raises(Refused, match=r"Try again in 1 s \(after "):
        client.task(5)


ODD_WISHES = [
    "²",
    "1e3",
    "-5",
    "٣",
    "9" * 50,
    "1.5",
    "0x10",
    "Thu, 99 Foo 99999999999 99:99:99 +9999999",
    ";" * 5000,
    "\x00",
]


@pytest.mark.parametrize("wish", ODD_WISHES, ids=lambda wish: ascii(wish)[:12])
def test_an_unreadable_wish_is_none(wish: str) -> None:
    assert retry_after(wish) is None


def test_when_to_come_back() -> None:
    assert come_back(30).startswith("in 30 s (after ")
    assert come_back(600).startswith("in 10 minutes (after ")
    assert come_back(1e308) == come_back(float("inf")) == "in more than a thousand years"
