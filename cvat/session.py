"""HTTP with a CVAT server: authentication, time limits, careful repetition, errors as sentences."""

from __future__ import annotations

import json as jsonlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from .answers import READS, error_for, error_text, shorten
from .auth import Authenticator, NoAuth
from .credentials import Credentials
from .errors import (
    AmbiguousOutcome,
    CvatError,
    NotAuthenticated,
    NotFound,
    Redirected,
    Refused,
    UnsupportedServer,
)
from .models import AnyResource
from .retry import USUAL, RetryPolicy, retry_after
from .transport import explain, is_lasting, never_sent

AnyModel = TypeVar("AnyModel", bound=BaseModel)

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
UPLOAD_TIMEOUT = 600.0
"""Seconds. A server answers an upload only after it has stored the files."""

MOST_REDIRECTS = 5
LATER = frozenset({429, 502, 503, 504})
"""Statuses that ask to try again."""


class Body(Protocol):
    """A request body that is streamed, and can be streamed again from its beginning."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class Session:
    """One keep-alive session with a CVAT server. Usable from several threads; no request in the constructor.

    Requests that only read are repeated when the network or the server asks for it. Requests that change data
    are repeated only if the server surely did not process them, or if the caller says that repeating is
    harmless; otherwise a lost answer raises ``AmbiguousOutcome``.

    Attributes:
        bytes_sent: Bytes of request bodies so far.
        bytes_received: Bytes of answer bodies so far, decompressed.
        requests_made: Requests so far, repetitions included.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = READ_TIMEOUT,
        pool: int = 8,
        retry: RetryPolicy = USUAL,
    ) -> None:
        """
        Args:
            credentials: Where and who.
            timeout: Seconds to wait for the server's next byte.
            pool: Connections kept open.
            retry: How often to repeat.
        """
        self.credentials = credentials
        self.timeout = timeout
        self.bytes_sent = 0
        self.bytes_received = 0
        self.requests_made = 0
        self._retry = retry
        self._lock = threading.Lock()
        self._auth = Authenticator(credentials, self._log_in)
        self._http = requests.Session()
        # With a session cookie CVAT would ask for CSRF tokens: the header alone authenticates.
        self._http.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._http.headers.update({"Accept": "application/vnd.cvat+json", "User-Agent": "roundtrip-cvat"})
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=pool)
        self._http.mount("https://", adapter)
        self._http.mount("http://", adapter)

    @property
    def url(self) -> str:
        """The server, without a trailing slash."""
        return self.credentials.url

    def close(self) -> None:
        """Closes the connections. Does not log out: that would end other clients of this user."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Body | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
        repeatable: bool = False,
        timeout: float | None = None,
    ) -> requests.Response:
        """Sends a request and returns the answer, whose body has been read.

        Args:
            method: The HTTP method.
            path: The path on the server, beginning with ``/api/``.
            params: The query.
            json: A body to send as JSON.
            data: A body to send as it is.
            headers: More headers.
            expect: Error statuses that the caller wants to see itself.
            repeatable: Whether doing this twice is the same as once, though it changes data.
            timeout: Seconds to wait for the server's next byte, if not the usual.

        Raises:
            CvatError: One of its subclasses says what happened.
        """
        sent = _Sent(method, path, params, dict(headers or {}), data, timeout or self.timeout)
        if json is not None:
            # One line, so that a NaN is refused here and not by a server that may store it.
            sent.body = jsonlib.dumps(json, allow_nan=False, separators=(",", ":")).encode()
            sent.headers["Content-Type"] = "application/json"
        if self.credentials.organization is not None:
            sent.headers["X-Organization"] = self.credentials.organization
        auth = self._auth.current()
        response = self._send_patiently(sent, auth, repeatable=repeatable, expect=expect)
        if response.status_code == 401 and self._auth.renew(auth):
            response = self._send_patiently(sent, self._auth.current(), repeatable=repeatable, expect=expect)
        if response.status_code >= 400 and response.status_code not in expect:
            raise error_for(response, url=self.url, with_token=self._auth.with_token)
        return response

    def get(self, model: type[AnyModel], path: str, params: Mapping[str, Any] | None = None) -> AnyModel:
        """Reads one object."""
        return self.parse(model, self.request("GET", path, params=params))

    def list(
        self, model: type[AnyResource], path: str, params: Mapping[str, Any] | None = None
    ) -> list[AnyResource]:
        """Reads all objects of a list, ordered by id.

        ``page_size=all`` gives everything in one answer; a server that pages nevertheless is followed page by
        page, taking only the query of its ``next``: its host may be one that the client cannot or must not
        reach.
        """
        query = {**(params or {}), "page_size": "all", "sort": "id"}
        found: list[AnyResource] = []
        seen: set[str] = set()
        while True:
            page = self.json(self.request("GET", path, params=query))
            if not isinstance(page, dict) or not isinstance(page.get("results"), list):
                raise self._not_cvat(path, "a list was expected")
            found.extend(self._validated(model, item, path) for item in page["results"])
            following = str(page.get("next") or "")
            if not following or following in seen:
                return found
            seen.add(following)
            query = dict(parse_qsl(urlsplit(following).query, keep_blank_values=True))

    def parse(self, model: type[AnyModel], response: requests.Response) -> AnyModel:
        """Reads an answer's JSON as a model.

        Raises:
            UnsupportedServer: The answer has another form.
        """
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise self._not_cvat(urlsplit(response.url).path, _first_problem(error)) from error

    def json(self, response: requests.Response) -> Any:
        """Reads an answer's JSON.

        Raises:
            UnsupportedServer: The answer is something else.
        """
        try:
            return jsonlib.loads(response.content)
        except ValueError as error:
            raise self._not_cvat(urlsplit(response.url).path, "no JSON") from error

    def _validated(self, model: type[AnyResource], item: Any, path: str) -> AnyResource:
        try:
            return model.model_validate(item)
        except ValidationError as error:
            raise self._not_cvat(path, _first_problem(error)) from error

    def _not_cvat(self, path: str, problem: str) -> UnsupportedServer:
        return UnsupportedServer(
            f"What answers at {self.url} does not answer {path} as CVAT does ({shorten(problem)}); "
            "check its url",
            method="GET",
            path=path,
            detail=problem,
        )

    def _log_in(self) -> str:
        """Sends the password; returns the API key."""
        who = self.credentials
        password = who.password.get_secret_value() if who.password else ""
        name = {"username": who.username} if who.username else {"email": who.email}
        sent = _Sent(
            "POST", "/api/auth/login", None, {"Content-Type": "application/json"}, None, self.timeout
        )
        sent.body = jsonlib.dumps({**name, "password": password}).encode()
        response = self._send_patiently(sent, NoAuth(), repeatable=True, expect=())
        if response.status_code == 400 and "Unable to log in" in error_text(response):
            raise NotAuthenticated(
                f"CVAT at {self.url} did not accept the password of '{who.user}'",
                status=400, method="POST", path=sent.path, detail=error_text(response),
            )  # fmt: skip
        if response.status_code in (404, 405):
            raise self._not_cvat(sent.path, error_text(response))
        if response.status_code >= 400:
            failure = error_for(response, url=self.url, with_token=False)
            kind = NotAuthenticated if isinstance(failure, (Refused, NotFound)) else type(failure)
            raise kind(
                str(failure), status=failure.status, method="POST", path=sent.path, detail=failure.detail
            )
        answer = self.json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("key"), str):
            raise self._not_cvat(sent.path, "no key in the answer to a login")
        return str(answer["key"])

    def _send_patiently(
        self, sent: _Sent, auth: AuthBase, *, repeatable: bool, expect: Collection[int]
    ) -> requests.Response:
        """Sends until there is an answer to give back, as often as policy and kind of request allow."""
        harmless = repeatable or sent.method in READS
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            wish: float | None = None
            failure: CvatError | None = None
            again = False
            most = self._retry.attempts
            try:
                response = self._send(sent, auth)
            except requests.RequestException as error:
                unsent = never_sent(error)
                again = (harmless or unsent) and not is_lasting(error)
                most = self._retry.connect_attempts if unsent else most
                failure = explain(
                    error, url=self.url, method=sent.method, path=sent.path,
                    processed=sent.method not in READS and not unsent,
                )  # fmt: skip
                failure.__cause__ = error
            else:
                status, wish = response.status_code, retry_after(response.headers)
                if status not in LATER or status in expect:
                    return response
                surely_not_done = status == 429 or (status == 503 and wish is not None)
                again = harmless or surely_not_done
                if not again and status in (502, 504):
                    failure = self._lost_behind_proxy(response, sent)
            pause = self._retry.pause(attempt, wish)
            if again and attempt < most and waited + pause <= self._retry.patience:
                waited += pause
                time.sleep(pause)
            elif failure is not None:
                raise failure
            else:
                return response

    def _lost_behind_proxy(self, response: requests.Response, sent: _Sent) -> CvatError:
        """A gateway that lost its server says nothing about what the server did."""
        failure = error_for(response, url=self.url, with_token=self._auth.with_token)
        return AmbiguousOutcome(
            f"{failure}; whether that was done is not known",
            status=failure.status, method=sent.method, path=sent.path, detail=failure.detail,
        )  # fmt: skip

    def _send(self, sent: _Sent, auth: AuthBase) -> requests.Response:
        """Sends once, following redirects of this origin for requests that read."""
        url, params = self.url + sent.path, sent.params
        for _ in range(MOST_REDIRECTS):
            response = self._http.request(
                sent.method, url, params=params, data=sent.body, headers=sent.headers, auth=auth,
                timeout=(CONNECT_TIMEOUT, sent.timeout), allow_redirects=False,
            )  # fmt: skip
            with self._lock:
                self.requests_made += 1
                self.bytes_sent += len(sent.body) if sent.body is not None else 0
                self.bytes_received += len(response.content)
            if not response.is_redirect:
                return response
            url, params = self._redirected(response, sent), None
        raise Redirected(
            f"CVAT at {self.url} redirects without end; check its url", method=sent.method, path=sent.path
        )

    def _redirected(self, response: requests.Response, sent: _Sent) -> str:
        """Where a redirect leads, if it may be followed."""
        target = urlsplit(urljoin(response.url, response.headers["Location"]))
        place = f"{target.scheme}://{target.netloc}"
        if _origin(target.geturl()) == _origin(self.url) and sent.method in READS:
            return target.geturl()
        hint = "set the url to that address if it is right"
        if _origin(target.geturl()) == _origin(self.url):
            hint = "the url of CVAT may be incomplete"
        elif target.scheme == "https" and self.url.startswith("http:"):
            hint = "its url may have to begin with https://"
        raise Redirected(
            f"CVAT at {self.url} redirects to {place}, which is not followed; {hint}",
            status=response.status_code, method=sent.method, path=sent.path, detail=place,
        )  # fmt: skip


@dataclass
class _Sent:
    """A request that can be sent again as it is."""

    method: str
    path: str
    params: Mapping[str, Any] | None
    headers: dict[str, str]
    body: bytes | Body | None
    timeout: float


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
