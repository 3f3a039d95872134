"""Sending requests: connections, time limits, careful repetition, redirects."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from .answers import error_for
from .bodies import Body
from .errors import AmbiguousOutcome, Cancelled, CvatError, Redirected
from .failures import Request, explain, is_lasting, never_sent
from .limits import EXCHANGE_TIMEOUTS, HEAD_BYTES, LONGEST_EXCHANGE, USUAL_ANSWER
from .redirects import refusal, same_origin, target_of
from .responses import Response, read_response
from .retry import RetryPolicy, retry_after
from .waiting import Stopped, holding, never, pause
from .wire import Exchange, LimitedAdapter, keeping_to
from .words import action

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection, if the request has no less."""

IDLE = 45.0
"""Seconds after which idle connections are closed before the next request: a gateway may have dropped them silently."""

MOST_REDIRECTS = 5

GATEWAY_LOST = frozenset({502, 504, 520, 521, 522, 523, 524})
"""Statuses of a gateway that got no answer to the request: they say nothing about what was done."""

LATER = frozenset({429, 503}) | GATEWAY_LOST
"""Statuses that ask to try again."""


@dataclass(frozen=True)
class Outgoing:
    """A request that can be sent again as it is.

    Attributes:
        timeout: Seconds to wait for the server's next byte.
        changes_data: Whether it is more than a question.
        repeatable: Whether doing it twice is the same as once, though it changes data.
        expect: Statuses that the caller wants to see at once.
        most: Bytes of the answer at most.
        into: A file that is to take the answer; memory if None.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None
    headers: Mapping[str, str]
    body: bytes | Body | None
    timeout: float
    changes_data: bool
    repeatable: bool = False
    expect: Collection[int] = ()
    most: int = USUAL_ANSWER.bytes
    into: BinaryIO | None = None

    @property
    def harmless(self) -> bool:
        """Whether it can be sent again although it may have been done."""
        return self.repeatable or not self.changes_data


@dataclass(frozen=True)
class SendPolicy:
    """How requests are sent: repetition, parallelism, and a way to stop.

    Attributes:
        retry: How often to repeat.
        places: Bounds the number of requests at the same time.
        stopped: Called in every wait; True stops the request.
    """

    retry: RetryPolicy
    places: threading.Semaphore
    stopped: Stopped = never


@dataclass(frozen=True)
class _Attempt:
    """How one sending of a request ended.

    Attributes:
        result: An answer of any status, or what went wrong.
        again: Whether another attempt does no harm and may help.
        most: How many attempts there are for this kind of end.
        asked: Seconds that the server asks to wait before the next attempt.
    """

    result: Response | CvatError
    again: bool = False
    most: int = 1
    asked: float | None = None

    def outcome(self) -> Response:
        """Gives the answer back, or raises."""
        if isinstance(self.result, CvatError):
            raise self.result
        return self.result


class Transport:
    """Keep-alive connections with one server, for several threads; a forked process makes its own.

    Attributes:
        bytes_sent: Bytes of request bodies that were answered.
        bytes_received: Bytes of answer bodies, decompressed.
        requests_made: Requests, repetitions included.
    """

    def __init__(self, url: str, *, connections: int) -> None:
        """
        Args:
            url: The server, without a trailing slash.
            connections: How many are kept open.
        """
        self.bytes_sent = 0
        self.bytes_received = 0
        self.requests_made = 0
        self._url = url
        self._connections = connections
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._busy = 0
        self._last = time.monotonic()
        self._http = requests.Session()
        # With a session cookie CVAT would ask for CSRF tokens: the header alone authenticates.
        self._http.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._http.headers.update(
            {"Accept": "application/vnd.cvat+json", "Accept-Encoding": "gzip", "User-Agent": "roundtrip-cvat"}
        )
        self._adapter = LimitedAdapter(pool_connections=1, pool_maxsize=self._connections)

    def close(self) -> None:
        """Closes the connections."""
        self._adapter.close()

    def send(self, request: Outgoing, auth: AuthBase, policy: SendPolicy) -> Response:
        """Sends a request, again if that is harmless, until there is an answer to give back.

        Args:
            request: The request.
            auth: Who asks.
            policy: How to send it.

        Returns:
            An answer of any status.

        Raises:
            Unreachable: The server surely did nothing.
            AmbiguousOutcome: It may have changed data.
            Redirected: It points elsewhere.
            AnswerTooLarge: The answer is beyond all bounds.
            Cancelled: The caller wanted to stop.
        """
        retry, number, waited, in_doubt = policy.retry, 0, 0.0, False
        while True:
            number += 1
            attempt = self._attempt(request, auth, policy, in_doubt)
            in_doubt |= isinstance(attempt.result, AmbiguousOutcome)
            left = retry.patience - waited
            length = retry.pause(number, attempt.asked)
            too_long = length > left or (attempt.asked is not None and attempt.asked > left)
            if not attempt.again or number >= attempt.most or too_long:
                return attempt.outcome()
            waited += length
            try:
                pause(length, policy.stopped)
            except Cancelled:
                raise self._cancelled(request, in_doubt) from None

    def _attempt(self, request: Outgoing, auth: AuthBase, policy: SendPolicy, in_doubt: bool) -> _Attempt:
        """Sends once.

        Args:
            in_doubt: Whether an earlier attempt may have changed data.
        """
        longest = min(EXCHANGE_TIMEOUTS * request.timeout, LONGEST_EXCHANGE)
        exchange = Exchange(
            timeout=request.timeout, longest=longest, most=request.most + HEAD_BYTES, stopped=policy.stopped
        )
        try:
            with holding(policy.places, policy.stopped), self._in_use():
                response = self._send_once(request, auth, exchange)
        except Cancelled:
            raise self._cancelled(request, in_doubt or (request.changes_data and exchange.sent)) from None
        except CvatError:
            raise
        except Exception as error:  # of requests, of urllib3, and of what they use
            unsent = never_sent(error, exchange)
            in_doubt |= request.changes_data and not unsent
            again = (request.harmless or unsent) and not is_lasting(error, exchange)
            asked = Request(self._url, request.method, request.path)
            sentence = explain(error, asked, exchange, in_doubt=in_doubt)
            most = policy.retry.connect_attempts if unsent else policy.retry.attempts
            return _Attempt(sentence, again, most)
        return self._evaluate(request, response, policy.retry)

    def _evaluate(self, request: Outgoing, response: Response, retry: RetryPolicy) -> _Attempt:
        """Decides whether an answer is worth another attempt."""
        status, asked = response.status_code, retry_after(response.header("Retry-After"))
        if status not in LATER or status in request.expect:
            return _Attempt(response)
        surely_not_done = status == 429 or (status == 503 and asked is not None)
        result: Response | CvatError = response
        if request.changes_data and status in GATEWAY_LOST:
            failure = error_for(response, url=self._url, with_token=False)
            result = failure.recast(AmbiguousOutcome, f"{failure}; whether that was done is not known")
        return _Attempt(result, request.harmless or surely_not_done, retry.attempts, asked)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """While a request is sent. Idle connections are closed, those of the process before a fork forgotten."""
        if self._process != os.getpid():
            self._open()
        with self._lock:
            if not self._busy and time.monotonic() - self._last > IDLE:
                self._adapter.close()
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._last = time.monotonic()

    def _send_once(self, request: Outgoing, auth: AuthBase, exchange: Exchange) -> Response:
        """Sends once, following redirects on the same server for requests that only read."""
        url, params = self._url + request.path, request.params
        for _ in range(MOST_REDIRECTS):
            with self._lock:
                self.requests_made += 1
            with keeping_to(exchange):
                response = self._exchange(request, url, params, auth)
            with self._lock:
                self.bytes_sent += len(request.body) if request.body is not None else 0
                self.bytes_received += response.size or len(response.content)
            place = target_of(response, url)
            if place is None:
                return response
            if request.changes_data or not same_origin(place, self._url):
                raise refusal(self._url, place, response)
            url, params = place, None
        raise Redirected(
            f"CVAT at {self._url} redirects without end; check its url", method=request.method, path=request.path
        )

    def _exchange(self, request: Outgoing, url: str, params: Mapping[str, Any] | None, auth: AuthBase) -> Response:
        """One request and its answer. ``requests`` itself would follow, or at least parse, redirects."""
        prepared = self._http.prepare_request(
            requests.Request(request.method, url, request.headers, data=request.body, params=params, auth=auth)
        )
        settings = self._http.merge_environment_settings(prepared.url, {}, True, None, None)
        timeouts = (min(CONNECT_TIMEOUT, request.timeout), request.timeout)
        answer = self._adapter.send(
            prepared,
            stream=True,
            timeout=timeouts,
            verify=settings["verify"] or True,
            cert=settings["cert"],
            proxies=settings["proxies"],
        )
        path = urlsplit(url).path
        return read_response(answer, request.method, path, most=request.most, into=request.into)

    def _cancelled(self, request: Outgoing, in_doubt: bool) -> Cancelled:
        doing = action(request.method, request.path)
        sentence = f"Stopped while CVAT was asked to {doing}" + ("; it may have done so" if in_doubt else "")
        return Cancelled(sentence, method=request.method, path=request.path, may_be_done=in_doubt)
