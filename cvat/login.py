"""Logging in with a password."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .answers import error_for, error_text, not_cvat
from .credentials import Credentials
from .errors import CvatError, NotAuthenticated
from .limits import HEADER_TEXT, USUAL_ANSWER
from .parsing import Unreadable, read_json
from .redaction import Secret
from .responses import Response
from .transport import Outgoing
from .words import shorten

NO_CVAT = (404, 405)
"""Statuses of a login where there is no CVAT."""

TOKEN_HINT = (
    "If this account logs in to CVAT through Google, GitHub or single sign-on, it has no password there: make an "
    "access token in CVAT and use it instead"
)


def log_in(credentials: Credentials, send: Callable[[Outgoing], Response], timeout: float) -> Secret:
    """Sends the password and returns the API key.

    Args:
        credentials: A user and a password.
        send: Sends a request without credentials.
        timeout: Seconds to wait for the server's next byte.

    Raises:
        NotAuthenticated: The server does not accept them.
        UnsupportedServer: The server is no CVAT.
    """
    password = credentials.password.get_secret_value() if credentials.password else ""
    name = {"username": credentials.username} if credentials.username else {"email": credentials.email}
    body = json.dumps({**name, "password": password}).encode()
    head = {"Content-Type": "application/json"}
    response = send(Outgoing("POST", "/api/auth/login", None, head, body, timeout, changes_data=False))
    if response.status_code in NO_CVAT:
        raise not_cvat(response, error_text(response), credentials.url)
    if response.is_error:
        raise _failure(credentials, response)
    key = _key(response)
    if key is None:
        raise not_cvat(response, "no key in the answer to a login", credentials.url)
    return Secret(key)


def _key(response: Response) -> str | None:
    try:
        answer: Any = read_json(response.content, USUAL_ANSWER)
    except Unreadable:
        return None
    key = answer.get("key") if isinstance(answer, dict) else None
    valid = isinstance(key, str) and key.isascii() and key.isalnum() and len(key) <= HEADER_TEXT
    return key if valid else None


def _failure(credentials: Credentials, response: Response) -> CvatError:
    failure = error_for(response, url=credentials.url, with_token=False)
    if response.status_code not in (400, 401):
        return failure
    sentence = str(failure)
    if "Unable to log" in failure.detail:
        user = shorten(credentials.user)
        sentence = f"CVAT at {credentials.url} did not accept the password of '{user}'. {TOKEN_HINT}"
    elif "verif" in failure.detail.lower():
        sentence = f"{sentence.rstrip('.')}. Open the link that CVAT sent to this e-mail address, then try again"
    return failure.recast(NotAuthenticated, sentence)
