"""What the calls of a client go through: authenticated requests, errors as sentences, answers as models."""

from __future__ import annotations

import copy
import json as jsonlib
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel
from requests.auth import AuthBase

from .answers import TOKEN_HINT, error_for, error_text
from .auth import Authenticator, NoAuth
from .bodies import Body
from .credentials import Credentials
from .errors import CvatError, NotAuthenticated, UnsupportedServer
from .limits import HEADER_TEXT, LIST_ITEMS, LIST_SECONDS, PAGES, USUAL_ANSWER, AnswerLimit
from .models import AnyResource
from .models.base import ListPage
from .parsing import Unreadable, read_json, read_model
from .redaction import Secret
from .responses import Response
from .retry import USUAL, RetryPolicy
from .transport import Caller, Outgoing, Transport
from .waiting import Stopped, either
from .words import READS, shorten

AnyModel = TypeVar("AnyModel", bound=BaseModel)

READ_TIMEOUT = 60.0
"""Seconds to wait for the server's next byte."""

CONNECTIONS = 8
"""Requests at the same time at most. More hardly hide any more of the network's delay."""

UPLOAD_TIMEOUT = 600.0
"""Seconds. A server answers an upload only after it has stored the files."""

KEPT_OPEN = 32
"""Connections that are kept open at most: several callers may share a session."""

NOT_CVAT = (404, 405)
"""Statuses of a login where there is no CVAT."""


@dataclass
class Known:
    """What a session has learned of its server.

    Attributes:
        version: Empty until it was asked.
    """

    version: str = ""


class Session:
    """A login at a CVAT server and its keep-alive connections. Usable from several threads; nothing is sent before
    the first request.

    Requests that only read are repeated when the network or the server asks for it. Requests that change data
    are repeated only if the server surely did not process them, or if the caller says that repeating is
    harmless; otherwise a lost answer raises ``AmbiguousOutcome``.

    ``within``, ``on_its_own`` and ``stopping_when`` give views: they share login and connections, and differ in what
    their names say.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = READ_TIMEOUT,
        connections: int = CONNECTIONS,
        retry: RetryPolicy = USUAL,
    ) -> None:
        """
        Args:
            credentials: Where and who.
            timeout: Seconds to wait for the server's next byte.
            connections: Requests at the same time at most, over all threads; others wait for their turn.
            retry: How often to repeat.
        """
        self.credentials = credentials
        self.timeout = timeout
        self.connections = connections
        self.known = Known()
        self._caller = _caller(connections, retry)
        self._auth = Authenticator(credentials)
        self._transport = Transport(credentials.url, connections=max(connections, KEPT_OPEN))

    def within(self, organization: str | None) -> Session:
        """A view of another workspace: an organization by its slug, the personal one by an empty string, and by None
        everything that the user may see.

        Raises:
            ValidationError: It is no slug.
        """
        view = copy.copy(self)
        view.credentials = self.credentials.within(organization)
        return view

    def on_its_own(self, *, timeout: float, connections: int, retry: RetryPolicy) -> Session:
        """A view for another caller, whose requests need not wait for those of others.

        Args:
            timeout: Seconds to wait for the server's next byte.
            connections: Requests of this caller at the same time at most.
            retry: How often to repeat.
        """
        view = copy.copy(self)
        view.timeout, view.connections, view._caller = timeout, connections, _caller(connections, retry)
        return view

    def stopping_when(self, stopped: Stopped) -> Session:
        """A view whose every wait ends with ``Cancelled`` soon after ``stopped()`` says True."""
        view = copy.copy(self)
        view._caller = replace(self._caller, stopped=either(self.stopped, stopped))
        return view

    @property
    def stopped(self) -> Stopped:
        """Says whether the caller wants to stop."""
        return self._caller.stopped

    @property
    def url(self) -> str:
        """The server, without a trailing slash."""
        return self.credentials.url

    @property
    def rejected(self) -> bool:
        """Whether the server did not accept the login."""
        return self._auth.rejected

    @property
    def bytes_sent(self) -> int:
        """Bytes of request bodies so far, of all views."""
        return self._transport.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of answer bodies so far, decompressed, of all views."""
        return self._transport.bytes_received

    @property
    def requests_made(self) -> int:
        """Requests so far, repetitions included, of all views."""
        return self._transport.requests_made

    def close(self) -> None:
        """Closes the connections. Does not log out: that would end other clients of this user."""
        self._transport.close()

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
        limit: AnswerLimit = USUAL_ANSWER,
        into: BinaryIO | None = None,
    ) -> Response:
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
            limit: How large the answer may be.
            into: A file that is to take the answer, in place of what it has.

        Raises:
            CvatError: One of its subclasses says what happened.
            ValueError: ``json`` has a NaN or an infinity, after which CVAT might not read the job again.
        """
        head = dict(headers or {})
        if json is not None:
            data = jsonlib.dumps(json, allow_nan=False, separators=(",", ":")).encode()
            head["Content-Type"] = "application/json"
        if self.credentials.organization is not None:
            head["X-Organization"] = self.credentials.organization
        changes_data = method not in READS
        sent = Outgoing(
            method,
            path,
            params,
            head,
            data,
            timeout or self.timeout,
            changes_data,
            repeatable,
            expect,
            limit.bytes,
            into,
        )
        response = self._send_authenticated(sent)
        if response.is_error and response.status_code not in expect:
            raise self._error(response)
        if "html" in response.header("Content-Type") and response.size:
            raise self._not_cvat(response, f"a page: {error_text(response)}" if response.content else "a page")
        return response

    def read(
        self,
        model: type[AnyModel],
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        limit: AnswerLimit = USUAL_ANSWER,
    ) -> AnyModel:
        """Reads one object."""
        return self.parse(model, self.request("GET", path, params=params, limit=limit), limit=limit)

    def read_all(
        self, model: type[AnyResource], path: str, params: Mapping[str, Any] | None = None
    ) -> list[AnyResource]:
        """Reads all objects of a list, ordered by id.

        ``page_size=all`` gives everything in one answer; a server that pages nevertheless is followed page by
        page, taking only the query of its ``next``: its host may be one that the client cannot or must not
        reach.

        Raises:
            UnsupportedServer: The list has another form, or no end.
        """
        return list(self._items(model, path, {**(params or {}), "page_size": "all", "sort": "id"}))

    def _items(self, model: type[AnyResource], path: str, query: Mapping[str, Any]) -> Iterator[AnyResource]:
        """The objects of a list, page by page, within bounds."""
        ends, count = time.monotonic() + LIST_SECONDS, 0
        seen: set[str] = set()
        for _ in range(PAGES):
            response = self.request("GET", path, params=query)
            page = self.parse(ListPage[model], response)  # type: ignore[valid-type]
            yield from page.results
            count += len(page.results)
            if not page.next or page.next in seen:
                return
            if count > LIST_ITEMS or time.monotonic() > ends:
                break
            seen.add(page.next)
            query = self._query_of(page.next, response)
        raise self._not_cvat(response, f"a list that has no end after {count} objects")

    def _query_of(self, following: str, response: Response) -> dict[str, str]:
        """The query of the address of the next page."""
        try:
            if len(following) > HEADER_TEXT:
                raise ValueError
            return dict(parse_qsl(urlsplit(following).query, keep_blank_values=True))
        except ValueError:
            raise self._not_cvat(response, "the address of the next page is none") from None

    def parse(self, model: type[AnyModel], response: Response, *, limit: AnswerLimit = USUAL_ANSWER) -> AnyModel:
        """Reads an answer's JSON as a model.

        Raises:
            UnsupportedServer: The answer has another form.
        """
        try:
            return read_model(model, response.content, limit)
        except Unreadable as error:
            raise self._not_cvat(response, str(error)) from None

    def json(self, response: Response, *, limit: AnswerLimit = USUAL_ANSWER) -> Any:
        """Reads an answer's JSON.

        Raises:
            UnsupportedServer: The answer is something else.
        """
        try:
            return read_json(response.content, limit)
        except Unreadable as error:
            raise self._not_cvat(response, str(error)) from None

    def _send_authenticated(self, sent: Outgoing) -> Response:
        """Sends, and once more after logging in again if the server does not know the login any more."""
        auth = self._auth.current(self._log_in, self.stopped)
        response = self._send(sent, auth)
        if response.status_code == 401 and self._auth.renew(auth, self._log_in, self.stopped):
            response = self._send(sent, self._auth.current(self._log_in, self.stopped))
        if response.status_code == 401:
            self._auth.rejected = True
        return response

    def _send(self, sent: Outgoing, auth: AuthBase) -> Response:
        return self._transport.send(sent, auth, self._caller)

    def _error(self, response: Response) -> CvatError:
        return error_for(response, url=self.url, with_token=self._auth.with_token)

    def _not_cvat(self, response: Response, problem: str) -> UnsupportedServer:
        return UnsupportedServer(
            f"What answers at {self.url} does not answer {response.path} as CVAT does ({shorten(problem)}); check its "
            "url",
            status=response.status_code,
            method=response.method,
            path=response.path,
            detail=problem,
            may_be_done=response.method not in READS,
        )

    def _log_in(self) -> Secret:
        """Sends the password; returns the API key."""
        who = self.credentials
        password = who.password.get_secret_value() if who.password else ""
        name = {"username": who.username} if who.username else {"email": who.email}
        body = jsonlib.dumps({**name, "password": password}).encode()
        head = {"Content-Type": "application/json"}
        sent = Outgoing("POST", "/api/auth/login", None, head, body, self.timeout, changes_data=False)
        response = self._send(sent, NoAuth())
        if response.status_code in NOT_CVAT:
            raise self._not_cvat(response, error_text(response))
        if response.is_error:
            raise self._login_failure(response)
        answer = self.json(response)
        key = answer.get("key") if isinstance(answer, dict) else None
        if not isinstance(key, str) or not key.isascii() or not key.isalnum() or len(key) > HEADER_TEXT:
            raise self._not_cvat(response, "no key in the answer to a login")
        return Secret(key)

    def _login_failure(self, response: Response) -> CvatError:
        failure = error_for(response, url=self.url, with_token=False)
        if response.status_code not in (400, 401):
            return failure
        self._auth.rejected = True
        sentence = str(failure)
        if "Unable to log" in failure.detail:
            sentence = (
                f"CVAT at {self.url} did not accept the password of '{shorten(self.credentials.user)}'. {TOKEN_HINT}"
            )
        elif "erif" in failure.detail:
            sentence = f"{sentence.rstrip('.')}. Open the link that CVAT sent to this e-mail address, then try again"
        return failure.recast(NotAuthenticated, sentence)


def _caller(connections: int, retry: RetryPolicy) -> Caller:
    if connections < 1:
        raise ValueError(f"connections must be at least 1, not {connections}")
    return Caller(retry, threading.BoundedSemaphore(connections))
