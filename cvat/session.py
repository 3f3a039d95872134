"""What the calls of a client go through: authenticated requests, errors as sentences, answers as models."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
from pydantic import BaseModel, ValidationError

from .answers import error_for, error_text, shorten
from .auth import Authenticator, NoAuth
from .bodies import Body
from .credentials import Credentials
from .errors import NotAuthenticated, UnsupportedServer
from .models import AnyResource
from .retry import USUAL, RetryPolicy
from .transport import Outgoing, Transport

AnyModel = TypeVar("AnyModel", bound=BaseModel)

READ_TIMEOUT = 60.0
"""Seconds to wait for the server's next byte."""

CONNECTIONS = 8
"""Requests at the same time at most. More hardly hide any more of the network's delay."""

UPLOAD_TIMEOUT = 600.0
"""Seconds. A server answers an upload only after it has stored the files."""


class Session:
    """One keep-alive session with a CVAT server. Usable from several threads; no request in the constructor.

    Requests that only read are repeated when the network or the server asks for it. Requests that change data
    are repeated only if the server surely did not process them, or if the caller says that repeating is
    harmless; otherwise a lost answer raises ``AmbiguousOutcome``.
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
        self._auth = Authenticator(credentials, self._log_in)
        self.connections = connections
        self._transport = Transport(credentials.url, connections=connections, retry=retry)

    @property
    def url(self) -> str:
        """The server, without a trailing slash."""
        return self.credentials.url

    @property
    def bytes_sent(self) -> int:
        """Bytes of request bodies so far."""
        return self._transport.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of answer bodies so far, decompressed."""
        return self._transport.bytes_received

    @property
    def requests_made(self) -> int:
        """Requests so far, repetitions included."""
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
            ValueError: ``json`` has a NaN or an infinity, after which CVAT might not read the job again.
        """
        head = dict(headers or {})
        if json is not None:
            data = jsonlib.dumps(json, allow_nan=False, separators=(",", ":")).encode()
            head["Content-Type"] = "application/json"
        if self.credentials.organization is not None:
            head["X-Organization"] = self.credentials.organization
        sent = Outgoing(method, path, params, head, data, timeout or self.timeout, repeatable, expect)
        auth = self._auth.current()
        response = self._transport.send(sent, auth)
        if response.status_code == 401 and self._auth.renew(auth):
            response = self._transport.send(sent, self._auth.current())
        if response.status_code >= 400 and response.status_code not in expect:
            raise error_for(response, url=self.url, with_token=self._auth.with_token)
        return response

    def read(self, model: type[AnyModel], path: str, params: Mapping[str, Any] | None = None) -> AnyModel:
        """Reads one object."""
        return self.parse(model, self.request("GET", path, params=params))

    def read_all(
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
            f"What answers at {self.url} does not answer {path} as CVAT does ({shorten(problem)}); check its url",
            method="GET",
            path=path,
            detail=problem,
        )

    def _log_in(self) -> str:
        """Sends the password; returns the API key."""
        who = self.credentials
        password = who.password.get_secret_value() if who.password else ""
        name = {"username": who.username} if who.username else {"email": who.email}
        body = jsonlib.dumps({**name, "password": password}).encode()
        path, head = "/api/auth/login", {"Content-Type": "application/json"}
        sent = Outgoing("POST", path, None, head, body, self.timeout, repeatable=True)
        response = self._transport.send(sent, NoAuth())
        if response.status_code in (404, 405):
            raise self._not_cvat(path, error_text(response))
        if response.status_code >= 400:
            failure = error_for(response, url=self.url, with_token=False)
            if "Unable to log in" in failure.detail:
                sentence = f"CVAT at {self.url} did not accept the password of '{who.user}'"
                raise failure.recast(NotAuthenticated, sentence)
            if failure.status == 400:
                raise failure.recast(NotAuthenticated, str(failure))
            raise failure
        answer = self.json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("key"), str):
            raise self._not_cvat(path, "no key in the answer to a login")
        return str(answer["key"])


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
