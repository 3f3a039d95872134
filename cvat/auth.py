"""Authentication: which header proves who asks, and how it is renewed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import requests
from requests.auth import AuthBase

from .credentials import Credentials
from .errors import NotAuthenticated
from .redaction import Secret
from .waiting import Stopped, holding


class NoAuth(AuthBase):
    """Sends no credentials. Being an AuthBase, it also keeps ``requests`` from reading ``~/.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class HeaderAuth(AuthBase):
    """Sends a fixed ``Authorization`` header."""

    def __init__(self, scheme: str, secret: Secret) -> None:
        self._scheme, self._secret = scheme, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"{self._scheme} {self._secret.get_secret_value()}"
        return request

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeaderAuth) and (other._scheme, other._secret) == (self._scheme, self._secret)

    def __hash__(self) -> int:
        return hash((self._scheme, self._secret))


class Authenticator:
    """Gives the current credentials of a session, logging in when it has to. Safe to use from several
    threads.

    A user has one API key; any logout, also of a browser, deletes it for all their clients. So a key that
    stopped working is replaced by logging in once more, and nothing here ever logs out.

    Attributes:
        rejected: Whether the server did not accept what was given.
    """

    def __init__(self, credentials: Credentials) -> None:
        """
        Args:
            credentials: Who asks.
        """
        self.rejected = False
        self._credentials = credentials
        self._current: HeaderAuth | None = None
        self._lock = threading.Lock()

    @property
    def with_token(self) -> bool:
        """Whether an access token or API key was given, rather than a password."""
        return self._credentials.token is not None

    def current(self, log_in: Callable[[], Secret], stopped: Stopped) -> HeaderAuth:
        """The credentials to send now; logs in before the first request.

        Args:
            log_in: Sends the password and returns the API key.
            stopped: Called while another thread logs in; True stops the wait.

        Raises:
            NotAuthenticated: Nothing to authenticate with was given.
        """
        if self._current is not None:
            return self._current
        with holding(self._lock, stopped):
            if self._current is None:
                self._current = self._first(log_in)
            return self._current

    def renew(self, rejected: HeaderAuth, log_in: Callable[[], Secret], stopped: Stopped) -> bool:
        """Replaces credentials that the server rejected.

        Returns:
            Whether there are others now, so that the request is worth repeating.
        """
        if self.with_token:
            return False
        with holding(self._lock, stopped):
            if self._current == rejected:
                self._current = HeaderAuth("Token", log_in())
            return True

    def _first(self, log_in: Callable[[], Secret]) -> HeaderAuth:
        credentials = self._credentials
        if credentials.token is not None:
            return HeaderAuth(_scheme(credentials.token.get_secret_value()), credentials.token)
        if not credentials.user or credentials.password is None:
            raise NotAuthenticated(
                f"To use CVAT at {credentials.url}, give an access token, or a user name and a password"
            )
        return HeaderAuth("Token", log_in())


def _scheme(token: str) -> str:
    """API keys go by ``Token``, access tokens by ``Bearer``; each scheme rejects the other kind."""
    return "Token" if re.fullmatch(r"[0-9a-f]{40}", token) else "Bearer"
