"""What the calls of a client go through: authenticated requests, errors as sentences, answers as models."""

from __future__ import annotations

import copy
import json as jsonlib
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel
from requests.auth import AuthBase

from .answers import error_for, error_text, not_cvat
from .auth import Authenticator, NoAuth
from .bodies import Body
from .credentials import Credentials
from .errors import CvatError, NotAuthenticated, UnsupportedServer
from .limits import USUAL_ANSWER, AnswerLimit
from .lists import ListReader
from .login import log_in
from .models import AnyResource
from .models.base import ListPage
from .parsing import Unreadable, read_json, read_model
from .redaction import Secret
from .responses import Response
from .retry import USUAL, RetryPolicy
from .transport import Outgoing, SendPolicy, Transport
from .waiting import Stopped, either
from .words import READS

AnyModel = TypeVar("AnyModel", bound=BaseModel)

READ_TIMEOUT = 60.0
"""Seconds to wait for the server's next byte."""

CONNECTIONS = 8
"""Requests at the same time at most. More hardly hide any more of the network's delay."""

UPLOAD_TIMEOUT = 600.0
"""Seconds. A server answers an upload only after it has stored the files."""

KEPT_OPEN = 32
"""Connections that are kept open at most: several callers may share a session."""


@dataclass
class ServerFacts:
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
            connections: Requests at the same time at most, over all threads; others wait.
            retry: How often to repeat.
        """
        self.credentials = credentials
        self.timeout = timeout
        self.connections = connections
        self.known = ServerFacts()
        self._policy = _policy(connections, retry)
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
        """A view whose requests need not wait for those of others.

        Args:
            timeout: Seconds to wait for the server's next byte.
            connections: Requests of this view at the same time at most.
            retry: How often to repeat.
        """
        view = copy.copy(self)
        view.timeout, view.connections, view._policy = timeout, connections, _policy(connections, retry)
        return view

    def stopping_when(self, stopped: Stopped) -> Session:
        """A view whose every wait ends with ``Cancelled`` soon after ``stopped()`` says True."""
        view = copy.copy(self)
        view._policy = replace(self._policy, stopped=either(self.stopped, stopped))
        return view

    @property
    def stopped(self) -> Stopped:
        """Says whether the caller wants to stop."""
        return self._policy.stopped

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

        ``page_size=all`` gives everything in one answer; a server that pages nevertheless is followed page by page.

        Raises:
            UnsupportedServer: The list has another form, or no end.
        """
        query: Mapping[str, Any] | None = {**(params or {}), "page_size": "all", "sort": "id"}
        reader, found = ListReader(), list[AnyResource]()
        while query is not None:
            response = self.request("GET", path, params=query)
            page = self.parse(ListPage[model], response)  # type: ignore[valid-type]
            found.extend(page.results)
            try:
                query = reader.next_query(len(page.results), page.next)
            except Unreadable as error:
                raise self._not_cvat(response, str(error)) from None
        return found

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
        return self._transport.send(sent, auth, self._policy)

    def _error(self, response: Response) -> CvatError:
        return error_for(response, url=self.url, with_token=self._auth.with_token)

    def _not_cvat(self, response: Response, problem: str) -> UnsupportedServer:
        return not_cvat(response, problem, self.url)

    def _log_in(self) -> Secret:
        try:
            return log_in(self.credentials, lambda sent: self._send(sent, NoAuth()), self.timeout)
        except NotAuthenticated:
            self._auth.rejected = True
            raise


def _policy(connections: int, retry: RetryPolicy) -> SendPolicy:
    if connections < 1:
        raise ValueError(f"connections must be at least 1, not {connections}")
    return SendPolicy(retry, threading.BoundedSemaphore(connections))
