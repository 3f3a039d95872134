"""Connections that keep to the limits of the exchange under way: its time, its bytes, the caller's wish to stop.

``requests`` and ``urllib3`` know a time limit for the next byte only. A server that sends one byte now and then, or
headers without end, would hold a thread for as long as it likes. Here every wait for the network is cut into short
ones, and between them the limits are looked at.
"""

from __future__ import annotations

import contextvars
import io
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from .limits import REACTION
from .waiting import Stopped, check

READ_BUFFER = 1 << 16
"""Bytes that are asked of a socket at a time."""

_current: contextvars.ContextVar[Exchange | None] = contextvars.ContextVar("exchange", default=None)


class LimitReached(Exception):
    """A server went on beyond a limit; the text says which."""


class Exchange:
    """What one request and its answer may take. Belongs to one thread.

    Attributes:
        watched: Whether a connection of this module serves it; if not, ``sent`` says nothing.
        sent: Whether anything of the request was handed to the network.
    """

    def __init__(self, *, timeout: float, longest: float, most: int, stopped: Stopped) -> None:
        """
        Args:
            timeout: Seconds to wait for the next byte.
            longest: Seconds for everything.
            most: Bytes to receive at most.
            stopped: Called in every wait; True stops the exchange.
        """
        self.watched = self.sent = False
        self._timeout = timeout
        self._longest = longest
        self._ends = math.inf
        self._left = most
        self._stopped = stopped

    def begin(self) -> None:
        """Lets the time run, unless it does."""
        self._ends = min(self._ends, time.monotonic() + self._longest)

    def check(self) -> None:
        """Looks at time and caller.

        Raises:
            Cancelled: The caller wants to stop.
            LimitReached: The time is up.
        """
        check(self._stopped)
        if time.monotonic() > self._ends:
            raise LimitReached(f"its answer was not complete after {self._longest:.0f} s")

    def receive(self, sock: Any, buffer: Any) -> int:
        """Reads from a socket into a buffer, as ``recv_into`` does."""
        count = self._patiently(sock, partial(sock.recv_into, buffer))
        self._left -= count
        if self._left < 0:
            raise LimitReached("it sends more than any answer of CVAT has")
        return count

    def send(self, sock: Any, data: Any) -> None:
        """Writes all bytes to a socket, as ``sendall`` does."""
        self.watched = self.sent = True
        left = memoryview(data).cast("B")
        while left:
            left = left[self._patiently(sock, partial(sock.send, left)) :]

    def connect(self, connect: Callable[[], None], close: Callable[[], None]) -> None:
        """Connects in another thread, so that a slow name server can't hold this one.

        Args:
            connect: Makes the connection; has time limits of its own.
            close: Closes it, if it is made after this has given up.
        """
        self.watched = True
        done, given_up = threading.Event(), threading.Event()
        failures: list[BaseException] = []

        def run() -> None:
            try:
                connect()
            except BaseException as error:
                failures.append(error)
            done.set()
            if given_up.is_set():
                close()

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(run,), name="cvat-connect", daemon=True).start()
        try:
            while not done.wait(REACTION):
                self.check()
        except BaseException:
            given_up.set()
            if done.is_set():
                close()
            raise
        finally:
            self.sent = False  # what went to a proxy is not the request
        if failures:
            raise failures[0]

    def _patiently(self, sock: Any, act: Callable[[], int]) -> int:
        """Acts on a socket in short waits, up to the time limit for the next byte."""
        usual, ends = sock.gettimeout(), time.monotonic() + self._timeout
        try:
            while True:
                self.check()
                sock.settimeout(max(0.001, min(REACTION, ends - time.monotonic())))
                try:
                    return act()
                except TimeoutError:
                    if time.monotonic() >= ends:
                        raise
        finally:
            sock.settimeout(usual)


@contextmanager
def keeping_to(exchange: Exchange) -> Iterator[None]:
    """Lets the connections that this thread uses keep to the limits of an exchange."""
    exchange.begin()
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


class _Reader(io.RawIOBase):
    """A socket as a file that is read within the limits."""

    def __init__(self, sock: Any, file: Any) -> None:
        self._sock, self._file = sock, file  # an open file keeps the socket open

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        exchange = _current.get()
        return int(self._file.readinto(buffer)) if exchange is None else exchange.receive(self._sock, buffer)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _Response(HTTPResponse):
    """An answer that is read within the limits."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(sock, self.fp.detach()), READ_BUFFER)


class _PlainConnection(HTTPConnection):
    """A connection without TLS."""

    response_class = _Response

    def connect(self) -> None:
        _connect(super().connect, self.close)

    def send(self, data: Any) -> None:
        _send(self, data, super().send)


class _TlsConnection(HTTPSConnection):
    """A connection with TLS."""

    response_class = _Response

    def connect(self) -> None:
        _connect(super().connect, self.close)

    def send(self, data: Any) -> None:
        _send(self, data, super().send)


def _connect(connect: Callable[[], None], close: Callable[[], None]) -> None:
    exchange = _current.get()
    if exchange is None:
        connect()
    else:
        exchange.connect(connect, close)


def _send(connection: HTTPConnection, data: Any, usual: Callable[[Any], None]) -> None:
    exchange = _current.get()
    if exchange is None or not isinstance(data, (bytes, bytearray, memoryview)):
        usual(data)
        return
    if connection.sock is None:
        connection.connect()
    exchange.send(connection.sock, data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class LimitedAdapter(HTTPAdapter):
    """Sends requests over connections that keep to the limits, directly or through an HTTP proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes the connections of this module."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """The same through a proxy; connections through SOCKS are made elsewhere."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is ProxyManager:
            manager.pool_classes_by_scheme = _POOLS
        return manager
