"""Sending requests: connections, time limits, careful repetition, redirects."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from .answers import READS, error_for
from .bodies import Body
from .errors import AmbiguousOutcome, CvatError, Redirected
from .failures import explain, is_lasting, never_sent
from .retry import RetryPolicy, retry_after

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection, if the request has no less."""

MOST_REDIRECTS = 5

LATER = frozenset({429, 502, 503, 504})
"""Statuses that ask to try again."""

GATEWAY_LOST = frozenset({502, 504})
"""Statuses of a gateway that sent the request on and got no answer: they say nothing about what was done."""


@dataclass(frozen=True)
class Outgoing:
    """A request that can be sent again as it is.

    Attributes:
        timeout: Seconds to wait for the server's next byte.
        repeatable: Whether doing it twice is the same as once, though it changes data.
        expect: Statuses that the caller wants to see at once.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None
    headers: Mapping[str, str]
    body: bytes | Body | None
    timeout: float
    repeatable: bool = False
    expect: Collection[int] = ()

    @property
    def changes_data(self) -> bool:
        """Whether it is more than a question."""
        return self.method not in READS


class Transport:
    """Keep-alive connections with one server, for several threads.

    Attributes:
        bytes_sent: Bytes of request bodies that were answered.
        bytes_received: Bytes of answer bodies, decompressed.
        requests_made: Requests, repetitions included.
    """

    def __init__(self, url: str, *, connections: int, retry: RetryPolicy) -> None:
        """
        Args:
            url: The server, without a trailing slash.
            connections: How many there are at most; who needs one more waits. They are kept open.
            retry: How often to repeat.
        """
        self.bytes_sent = 0
        self.bytes_received = 0
        self.requests_made = 0
        self._url = url
        self._retry = retry
        self._lock = threading.Lock()
        if connections < 1:
            raise ValueError(f"connections must be at least 1, not {connections}")
        self._turn = threading.BoundedSemaphore(connections)
        self._http = requests.Session()
        # With a session cookie CVAT would ask for CSRF tokens: the header alone authenticates.
        self._http.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._http.headers.update({"Accept": "application/vnd.cvat+json", "User-Agent": "roundtrip-cvat"})
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._http.mount("https://", adapter)
        self._http.mount("http://", adapter)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send(self, request: Outgoing, auth: AuthBase) -> requests.Response:
        """Sends a request, again if that is harmless, until there is an answer to give back.

        Returns:
            An answer of any status.

        Raises:
            Unreachable: The server surely did nothing.
            AmbiguousOutcome: It may have changed data.
            Redirected: It points elsewhere.
        """
        harmless = request.repeatable or not request.changes_data
        in_doubt = False
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            most, wish = self._retry.attempts, None
            result: requests.Response | CvatError
            try:
                result = response = self._send_once(request, auth)
            except requests.RequestException as error:
                unsent = never_sent(error)
                in_doubt |= request.changes_data and not unsent
                again = (harmless or unsent) and not is_lasting(error)
                most = self._retry.connect_attempts if unsent else most
                result = explain(error, url=self._url, method=request.method, path=request.path, in_doubt=in_doubt)
                result.__cause__ = error
            else:
                status, wish = response.status_code, retry_after(response.headers)
                if status not in LATER or status in request.expect:
                    return response
                surely_not_done = status == 429 or (status == 503 and wish is not None)
                again = harmless or surely_not_done
                if request.changes_data and status in GATEWAY_LOST:
                    in_doubt, result = True, self._lost_behind_gateway(response)
            pause = self._retry.pause(attempt, wish)
            if not again or attempt >= most or waited + pause > self._retry.patience:
                if isinstance(result, CvatError):
                    raise result
                return result
            waited += pause
            time.sleep(pause)

    def _send_once(self, request: Outgoing, auth: AuthBase) -> requests.Response:
        """Sends once, following redirects on the same server for requests that only read."""
        url, params = self._url + request.path, request.params
        for _ in range(MOST_REDIRECTS):
            with self._lock:
                self.requests_made += 1
            with self._turn:
                response = self._http.request(
                    request.method,
                    url,
                    params=params,
                    data=request.body,
                    headers=request.headers,
                    auth=auth,
                    timeout=(min(CONNECT_TIMEOUT, request.timeout), request.timeout),
                    allow_redirects=False,
                )
            with self._lock:
                self.bytes_sent += len(request.body) if request.body is not None else 0
                self.bytes_received += len(response.content)
            if not response.is_redirect:
                return response
            url, params = self._redirected(response, request), None
        raise Redirected(
            f"CVAT at {self._url} redirects without end; check its url", method=request.method, path=request.path
        )

    def _redirected(self, response: requests.Response, request: Outgoing) -> str:
        """Where a redirect leads, if it may be followed."""
        target = urlsplit(urljoin(response.url, response.headers["Location"]))
        if _origin(target.geturl()) != _origin(self._url):
            hint = "set the url to that address if it is right"
            if target.scheme == "https" and self._url.startswith("http:"):
                hint = "its url may have to begin with https://"
        elif request.changes_data:
            hint = "the url of CVAT may be incomplete"
        else:
            return target.geturl()
        place = f"{target.scheme}://{target.netloc}"
        raise Redirected(
            f"CVAT at {self._url} redirects to {place}, which is not followed; {hint}",
            status=response.status_code,
            method=request.method,
            path=request.path,
            detail=place,
        )

    def _lost_behind_gateway(self, response: requests.Response) -> CvatError:
        failure = error_for(response, url=self._url, with_token=False)
        return failure.recast(AmbiguousOutcome, f"{failure}; whether that was done is not known")


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port
