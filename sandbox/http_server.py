"""HTTP/1.1 with keep-alive over sockets: reads requests, applies faults, writes answers, keeps the log."""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from .faults import Fault, Faults, proxy_page
from .responses import MEDIA_TYPE, Response
from .settings import Settings


class LogEntry(NamedTuple):
    """One line of the log. `status` is None when no answer was sent."""

    method: str
    path: str
    query: str
    status: int | None
    bytes: int


class ConnectionReset(Exception):
    """The connection is gone on purpose."""


class Server(ThreadingHTTPServer):
    """Serves one application.

    Args:
        address: host and port.
        app: makes the answer to a WSGI environment.
        settings: latency and the limit of bodies.
        faults: the rules to apply.

    Attributes:
        log: all requests so far.
        late: how many handlers run, or will run, after their request was answered.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        app: Callable[[dict[str, Any]], Response],
        settings: Settings,
        faults: Faults,
    ) -> None:
        self.app = app
        self.settings = settings
        self.faults = faults
        self.log: list[LogEntry] = []
        self.late = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without asking name servers what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def answer_later(self, fault: Fault, environ: dict[str, Any]) -> None:
        """Run a handler behind a gateway that does not wait for it."""

        def work() -> None:
            fault.wait()
            self.app(environ)
            with self._lock:
                self.late -= 1

        with self._lock:
            self.late += 1
        threading.Thread(target=work, daemon=True).start()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    def drop_connections(self) -> None:
        """Close idle keep-alive connections, so that nobody talks to a server that has ended."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news; anything else is printed."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def serve(self) -> None:
        """Answer one request."""
        path, _, self._query = self.path.partition("?")
        self._path = unquote_to_bytes(path).decode("utf-8", "replace")
        self._received = 0
        target = f"{self._path}?{self._query}" if self._query else self._path
        try:
            self._answer(self.server.faults.applied_to(self.command, target))
        except ConnectionReset:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def _note(self, status: int | None) -> None:
        """Write the log before the client can see the answer."""
        self.server.log.append(LogEntry(self.command, self._path, self._query, status, self._received))

    def _answer(self, applied: list[Fault]) -> None:
        time.sleep(self.server.settings.latency + sum(f.seconds for f in applied if f.kind == "delay"))
        fault = next((f for f in applied if f.kind != "delay"), None)
        if fault and fault.kind == "reset":
            self._reset(halfway=fault.at == "body")
        body = self._read_body()
        if "json" in self.headers.get("Content-Type", ""):
            time.sleep(self._received / 1e6 * self.server.settings.seconds_per_megabyte)
        if body is None:
            self.close_connection = True
            self._send(_proxy_reply(413))
        elif fault is None:
            self._send(self.server.app(self._environ(body)))
        else:
            self._send_fault(fault, self._environ(body))

    def _send_fault(self, fault: Fault, environ: dict[str, Any]) -> None:
        """Answer as a rule says."""
        if fault.kind == "html":
            return self._send(_proxy_reply(fault.status))
        if fault.kind == "status":
            return self._send(_plain_reply(fault, f"http://{self.headers.get('Host')}{self.path}"))
        if fault.kind == "gateway":
            self.server.answer_later(fault, environ)
            time.sleep(fault.seconds)
            return self._send(_proxy_reply(fault.status))
        response = self.server.app(environ)
        if fault.kind == "lost_reply":
            self._note(None)
            raise ConnectionReset
        if fault.kind == "late_html":
            response = _proxy_reply(fault.status)
        elif fault.kind == "change" and response.content_type == MEDIA_TYPE:
            response.body = json.dumps(fault.change(json.loads(response.body))).encode()
        return self._send(response, half=fault.kind == "half_body")

    def _read_body(self) -> bytes | None:
        """The whole body; None when it is larger than allowed (it is read and thrown away)."""
        limit = self.server.settings.max_body
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = self._read_chunks()
        else:
            length = int(self.headers.get("Content-Length") or 0)
            if limit is not None and length > limit:
                self._skip(length)
                return None
            body = self.rfile.read(length)
        self._received = len(body)
        return None if limit is not None and len(body) > limit else body

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    def _skip(self, length: int) -> None:
        while self._received < length:
            part = self.rfile.read(min(1 << 20, length - self._received))
            if not part:
                break
            self._received += len(part)

    def _environ(self, body: bytes) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": self._path.encode("utf-8").decode("latin-1"),
            "QUERY_STRING": self._query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = value
            elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):  # the body is complete already
                environ[f"HTTP_{key}"] = value
        return environ

    def _send(self, response: Response, half: bool = False) -> None:
        self._note(response.status)
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.content_type and (response.body or self.command == "HEAD"):
            self.send_header("Content-Type", response.content_type)
        self.close_connection = self.close_connection or response.pieces is not None
        if response.status != HTTPStatus.NO_CONTENT and response.pieces is None:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if response.pieces is not None:
            self._send_pieces(response.pieces)
        elif self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if half else response.body)
        self.wfile.flush()
        self.close_connection = self.close_connection or half

    def _send_pieces(self, pieces: Iterable[bytes]) -> None:
        """Send until there is nothing more, or the client has enough."""
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def _reset(self, halfway: bool) -> None:
        """Send RST instead of an orderly end."""
        if halfway:
            self._received = int(self.headers.get("Content-Length") or 0) // 2
            self.rfile.read(self._received)
        self._note(None)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The buffered files keep the socket open; closing its descriptor is what resets it.
        os.close(self.connection.detach())
        raise ConnectionReset

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed; `Server.log` has it all."""


def _proxy_reply(status: int) -> Response:
    page = proxy_page(status, HTTPStatus(status).phrase)
    return Response(status=status, body=page, content_type="text/html")


def _plain_reply(fault: Fault, address: str) -> Response:
    body = fault.body(address) if callable(fault.body) else fault.body
    response = Response(status=fault.status, body=b"", headers=list(fault.headers.items()))
    response.content_type = None if "Content-Type" in fault.headers else "text/plain"
    if isinstance(body, bytes):
        response.body = body
    else:
        response.pieces = body
    return response
