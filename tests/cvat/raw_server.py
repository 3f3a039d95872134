"""A server that sends whatever bytes a test wants, and a client that does not wait long for them."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cvat import Client, Credentials, RetryPolicy

__all__ = ["impatient", "raw"]

Reply = Callable[[socket.socket, bytes], None]
"""Answers one request, whose head and body are given; the connection is closed when it returns."""


class RawServer:
    """Answers each request with bytes, one connection each.

    Attributes:
        reply: Answers.
        heads: First lines of the requests that came.
    """

    def __init__(self) -> None:
        self.reply: Reply = say(b"HTTP/1.1 404 Not Found\r\n\r\n")
        self.heads: list[str] = []
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._open = False
        self._listener.close()

    def _listen(self) -> None:
        while self._open:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = read_request(connection)
            self.heads.append(request.partition(b"\r\n")[0].decode("latin-1"))
            self.reply(connection, request)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)


def read_request(connection: socket.socket) -> bytes:
    """The head and the body of a request."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65536)
        if not piece:
            return request
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")),
        0,
    )
    while len(body) < length and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


def say(answer: bytes) -> Reply:
    """Answers with these bytes."""
    return lambda connection, request: connection.sendall(answer)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer of JSON with a length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/vnd.cvat+json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def endless(start: bytes, piece: bytes, pause: float = 0.0) -> Reply:
    """Begins an answer and goes on for ever."""

    def reply(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return reply


def silent(seconds: float = 30.0) -> Reply:
    """Says nothing for a while."""
    return lambda connection, request: time.sleep(seconds)


@pytest.fixture
def raw() -> Iterator[RawServer]:
    """A server of raw bytes."""
    server = RawServer()
    yield server
    server.close()


@pytest.fixture
def impatient(raw: RawServer) -> Iterator[Client]:
    """A client of it that waits 0.3 s for the next byte, 3 s for an answer, and tries everything twice."""
    retry = RetryPolicy(attempts=2, connect_attempts=2, first_pause=0.01, longest_pause=0.01, patience=1.0)
    with Client(Credentials(url=raw.url, token="abcdefgh." + "x" * 32), timeout=0.3, retry=retry) as client:
        yield client
