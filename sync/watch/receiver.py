"""A small HTTP server that takes what a webhook of CVAT delivers."""

import io
import logging
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any

from ...cvat.redaction import Secret
from ..errors import Refused
from .delivery import SIGNATURE, Verdict, judge, size_of

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 8
"""Connections at the same time; a further one is closed at once."""
PATIENCE = 10.0
"""Seconds that a delivery may take, however slowly it comes."""
REMEMBERED = 1_000
"""Deliveries that are known again: a repeated one rings nothing."""


class Receiver:
    """Takes deliveries in threads of its own; a context manager.

    Args:
        secret: what they have to be signed with
        ring: told the task of a job that changed, in any thread
        port: where it listens; 0 for any that is free
        host: the address of this machine that it listens at: by default only programs of this machine reach it

    Raises:
        Refused: if it can't listen there
    """

    def __init__(self, secret: Secret, ring: Callable[[int], None], port: int = 0, host: str = LOOPBACK) -> None:
        try:
            self._server = _Server(secret, ring, host, port)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "no such port"
            raise Refused(f"Nothing can listen at {host}, port {port} ({why}); choose another one.") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="cvat-hook", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingMixIn, HTTPServer):
    """Bounded in connections, and in what it remembers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, secret: Secret, ring: Callable[[int], None], host: str, port: int) -> None:
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._secret = secret
        self._ring = ring
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """As it is, without asking a name server who this machine is."""
        socket_server_bind = super(HTTPServer, self).server_bind
        socket_server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection, if there are not too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be made
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Ends a connection in any case."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of who hangs up amid a delivery."""
        logger.debug("A delivery ended too early")

    def take(self, signature: str, body: bytes) -> Verdict:
        """Takes a delivery, and rings if it is news about a job."""
        verdict = judge(self._secret, signature, body)
        if verdict.task is not None and self._is_news(signature):
            self._ring(verdict.task)
        return verdict

    def _is_news(self, signature: str) -> bool:
        with self._lock:
            if signature in self._seen:
                return False
            self._seen[signature] = None
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return True


class _Handler(BaseHTTPRequestHandler):
    """One delivery in one connection."""

    server: _Server
    server_version, sys_version = "roundtrip", ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Patient(self.connection, time.monotonic() + PATIENCE))

    def do_POST(self) -> None:
        """Takes it."""
        found = size_of(self.headers)
        if isinstance(found, int):
            body = self.rfile.read(found)
            found = self.server.take(self.headers[SIGNATURE], body) if len(body) == found else Verdict(400)
        self._answer(found.status)

    def _answer(self, status: int) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what is no delivery, without a word of what came."""
        self._answer(code)

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing of what others send."""


class _Patient(io.RawIOBase):
    """Reads from a connection until its time is over."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection = connection
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
