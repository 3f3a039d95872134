"""Authentication: which header proves who asks, and how it is renewed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import requests
from requests.auth import AuthBase

from .credentials import Credentials
from .errors import NotAuthenticated


class NoAuth(AuthBase):
    """Sends no credentials. Being an AuthBase, it also keeps ``requests`` from reading ``~/.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class HeaderAuth(AuthBase):
    """Sends a fixed ``Authorization`` header."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeaderAuth) and other._header == self._header

    def __hash__(self) -> int:
        return hash(self._header)


class Authenticator:
    """Gives the current credentials of a session, logging in when it has to. Safe to use from several
    threads.

    A user has one API key; any logout, also of a browser, deletes it for all their clients. So a key that
    stopped working is replaced by logging in once more, and nothing here ever logs out.
    """

    def __init__(self, credentials: Credentials, log_in: Callable[[], str]) -> None:
        """
        Args:
            credentials: Who asks.
            log_in: Sends the password and returns the API key.
        """
        self._credentials = credentials
        self._log_in = log_in
        self._current: HeaderAuth | None = None
        self._lock = threading.Lock()

    @property
    def with_token(self) -> bool:
        """Whether an access token or API key was given, rather than a password."""
        return self._credentials.token is not None

    def current(self) -> HeaderAuth:
        """The credentials to send now; logs in before the first request.

        Raises:
            NotAuthenticated: Nothing to authenticate with was given.
        """
        with self._lock:
            if self._current is None:
                self._current = self._first()
            return self._current

    def renew(self, rejected: HeaderAuth) -> bool:
        """Replaces credentials that the server rejected.

        Returns:
            Whether there are others now, so that the request is worth repeating.
        """
        if self.with_token:
            return False
        with self._lock:
            if self._current == rejected:
                self._current = HeaderAuth(f"Token {self._log_in()}")
            return True

    def _first(self) -> HeaderAuth:
        credentials = self._credentials
        if credentials.token is not None:
            return HeaderAuth(_token_header(credentials.token.get_secret_value().strip()))
        if not credentials.user or credentials.password is None:
            raise NotAuthenticated(
                f"To use CVAT at {credentials.url}, give an access token, or a user name and a password"
            )
        return HeaderAuth(f"Token {self._log_in()}")


def _token_header(token: str) -> str:
    """API keys go by ``Token``, access tokens by ``Bearer``; each scheme rejects the other kind."""
    is_api_key = re.fullmatch(r"[0-9a-f]{40}", token) is not None
    return f"{'Token' if is_api_key else 'Bearer'} {token}"
