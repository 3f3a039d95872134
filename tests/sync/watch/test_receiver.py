"""What comes to a webhook from anybody: only what CVAT signed wakes a watcher, and nothing harms it."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
import requests
from fiftyone.plugins.orgs.roundtrip.cvat.cvat.redaction import Secret
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Refused
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch import receiver as module
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.alarm import Alarm
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.delivery import MOST_BYTES, Verdict, judge, size_of
from fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.receiver import Receiver

SECRET = Secret("mysecret")
JOB = {"event": "update:job", "job": {"id": 172, "task_id": 158, "state": "completed"}, "webhook_id": 9}
"""As CVAT sends it, shortened."""


def signed(body: bytes, secret: str = "mysecret") -> str:
    """The signature that CVAT sends."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def dumped(**changes: Any) -> bytes:
    """A delivery about a job, with something else in it."""
    return json.dumps({**JOB, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (dumped(), Verdict(200, 158)),
        (dumped(event="ping", job=None), Verdict(200)),
        (dumped(event="update:task"), Verdict(200)),
        (dumped(job=None), Verdict(200)),
        (dumped(job={"task_id": "158"}), Verdict(400)),
        (dumped(job={"task_id": 1.5}), Verdict(400)),
        (dumped(job=[1]), Verdict(400)),
        (dumped(event=["update:job"]), Verdict(400)),
        (b"", Verdict(400)),
        (b"null", Verdict(400)),
        (b"\xff\xfe", Verdict(400)),
        (b"[" * 100_000, Verdict(400)),
        (b'{"event":' * 20_000, Verdict(400)),
        (b'{"event": "update:job", "job": {"task_id": ' + b"9" * 100_000 + b"}}", Verdict(400)),
    ],
    ids=range(14),
)
def test_what_is_signed(body: bytes, verdict: Verdict) -> None:
    assert judge(SECRET, signed(body), body) == verdict


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        signed(dumped(), "another"),
        signed(dumped()).upper(),
        signed(dumped())[:-1],
        signed(dumped()).removeprefix("sha256="),
        "sha1=" + hmac.new(b"mysecret", dumped(), "sha1").hexdigest(),
        "sha256=\udcff²",
        "x" * 60_000,
        signed(dumped() + b" "),
    ],
    ids=range(11),
)
def test_what_is_not_signed(signature: str) -> None:
    assert judge(SECRET, signature, dumped()) == Verdict(401)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Content-Length": "5", "X-Signature-256": "x"}, 5),
        ({"content-length": "5", "x-signature-256": "x"}, 5),
        ({"Content-Length": "5"}, Verdict(401)),
        ({"Content-Length": str(MOST_BYTES + 1), "X-Signature-256": "x"}, Verdict(413)),
        ({"Content-Length": "9" * 20, "X-Signature-256": "x"}, Verdict(413)),
        ({"Content-Length": "9" * 5_000, "X-Signature-256": "x"}, Verdict(411)),
        ({"Content-Length": "-1", "X-Signature-256": "x"}, Verdict(411)),
        ({"Content-Length": "²", "X-Signature-256": "x"}, Verdict(411)),
        ({"X-Signature-256": "x"}, Verdict(411)),
        ({"Content-Length": "5", "Transfer-Encoding": "chunked", "X-Signature-256": "x"}, Verdict(411)),
    ],
    ids=range(10),
)
def test_how_much_is_read(headers: dict[str, str], found: int | Verdict) -> None:
    message = Message()
    for name, value in headers.items():
        message[name] = value
    assert size_of(message) == found


class Ears:
    """A receiver that listens, and what it rang for."""

    def __init__(self, receiver: Receiver, rung: list[int]) -> None:
        self.rung = rung
        self.port = receiver.port

    def deliver(self, body: bytes, signature: str | None = None, **how: Any) -> int:
        """Delivers something; the status of the answer."""
        headers = {"X-Signature-256": signed(body) if signature is None else signature}
        url = f"http://127.0.0.1:{self.port}/any"
        return requests.request(how.get("method", "POST"), url, data=body, headers=headers, timeout=30).status_code

    def connect(self, said: bytes) -> socket.socket:
        """A connection that says something and waits."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(said)
        return connection


@pytest.fixture
def ears() -> Iterator[Ears]:
    rung: list[int] = []
    with Receiver(SECRET, rung.append) as receiver:
        yield Ears(receiver, rung)


def test_a_delivery_rings_once(ears: Ears) -> None:
    assert ears.deliver(dumped()) == 200 and ears.rung == [158]
    assert [ears.deliver(dumped()) for _ in range(3)] == [200] * 3 and ears.rung == [158], "a replay rings nothing"
    assert ears.deliver(dumped(webhook_id=10)) == 200 and ears.rung == [158, 158]
    assert ears.deliver(dumped(event="ping")) == 200 and len(ears.rung) == 2


def test_nothing_else_rings(ears: Ears) -> None:
    assert ears.deliver(dumped(), "sha256=" + "0" * 64) == 401
    assert ears.deliver(b"{") == 400
    assert ears.deliver(b"x" * (MOST_BYTES + 1)) == 413
    assert ears.deliver(dumped(), method="GET") == 501
    assert ears.rung == []
    assert ears.deliver(dumped()) == 200 and ears.rung == [158]


@pytest.mark.parametrize(
    "said",
    [b"", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\nX-Signature-256: x\r\n\r\nabc"],
    ids=["silent", "a head", "half a body"],
)
def test_who_comes_slowly_is_not_waited_for(ears: Ears, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    with ears.connect(said) as connection:
        assert connection.recv(100) == b"", "it is closed, and not answered"
    assert ears.deliver(dumped()) == 200


@pytest.mark.parametrize("said", [b"\x00" * 70_000, b"GET " + b"/" * 70_000, b"POST / HTTP/9\r\n\r\n", b"\r\n\r\n"])
def test_what_is_no_http_is_ended(ears: Ears, said: bytes) -> None:
    with ears.connect(said) as connection:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4_096):
            pass
    assert ears.deliver(dumped()) == 200


def test_many_connections_do_not_take_all(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight that say nothing are kept, as long as they may; more are closed, and threads do not grow in number."""
    monkeypatch.setattr(module, "PATIENCE", 600.0)
    before = threading.active_count()
    connections = [ears.connect(b"POST / HTTP/1.1\r\n") for _ in range(20)]
    kept, ends = list(connections), time.monotonic() + 60
    while len(kept) > module.MOST_CONNECTIONS and time.monotonic() < ends:
        kept = [connection for connection in kept if not _is_closed(connection)]
    assert len(kept) == module.MOST_CONNECTIONS
    assert threading.active_count() <= before + module.MOST_CONNECTIONS
    for connection in connections:
        connection.close()
    ends = time.monotonic() + 60
    while not _taken(ears):
        assert time.monotonic() < ends


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.02)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def _taken(ears: Ears) -> bool:
    try:
        return ears.deliver(dumped()) == 200
    except requests.ConnectionError:  # not all that hung up are noticed yet
        time.sleep(0.05)
        return False


def test_it_listens_for_this_machine_only_and_says_if_it_can_not(ears: Ears) -> None:
    assert module.LOOPBACK == "127.0.0.1"
    for port in (ears.port, 70_000):
        with pytest.raises(Refused, match=rf"Nothing can listen at 127.0.0.1, port {port}"):
            Receiver(SECRET, ears.rung.append, port)


def test_hints_in_a_row_wake_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiftyone.plugins.orgs.roundtrip.cvat.sync.watch.alarm.GAP", 0.0)
    alarm = Alarm()
    for _ in range(100):
        alarm.ring()
    alarm.wait(60)
    waited: list[bool] = []
    thread = threading.Thread(target=lambda: waited.append(alarm.wait(60) is None))
    thread.start()
    assert not waited
    alarm.end()
    thread.join(30)
    assert waited == [True] and alarm.stop.is_set()
    alarm.wait(60)
