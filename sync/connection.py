"""How to log in to CVAT: who says it, and in which order."""

import getpass
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import fiftyone as fo
from pydantic import ValidationError

from ..cvat import Client, Credentials, RetryPolicy
from .errors import NoCredentials

DEFAULT_URL = "https://app.cvat.ai"
PREFIX = "FIFTYONE_CVAT_"
NAMES = ("url", "token", "username", "email", "password", "organization")
LOGIN = ("token", "username", "email", "password")
HASTE = 5.0
"""Seconds that a form waits for an answer of CVAT."""

HOW = (
    f"Set {PREFIX}URL, and {PREFIX}TOKEN or {PREFIX}USERNAME and {PREFIX}PASSWORD, in the environment of the FiftyOne "
    "server, or the same under `backends.cvat` in FiftyOne's annotation config."
)


def find_credentials(
    explicit: Mapping[str, str | None] | None = None,
    secret: Callable[[str], str | None] = os.environ.get,
    *,
    ask: bool = False,
) -> Credentials:
    """Finds out how to log in.

    The first that says it counts: what the caller gives, plugin secrets or the environment (``FIFTYONE_CVAT_URL``,
    ``_TOKEN``, ``_USERNAME``, ``_EMAIL``, ``_PASSWORD``, ``_ORGANIZATION``), FiftyOne's annotation config, a prompt.
    Secrets that a source keeps for one address never go to another.

    Args:
        explicit: what the caller gives, by the names of :class:`cvat.Credentials`
        secret: looks up a plugin secret or an environment variable
        ask: whether to ask on the terminal, if there is one

    Raises:
        NoCredentials: if nobody says it, or the address is no address
    """
    sources = [
        dict(explicit or {}),
        {name: secret(PREFIX + name.upper()) for name in NAMES},
        dict(fo.annotation_config.backends.get("cvat") or {}),
    ]
    given: dict[str, Any] = {
        name: next((source[name] for source in sources if source.get(name)), None) for name in ("url", "organization")
    }
    given["url"] = given["url"] or DEFAULT_URL
    given.update(_login([source for source in sources if _is_for(source, given["url"])]))
    if not _complete(given):
        if not (ask and sys.stdin is not None and sys.stdin.isatty()):
            raise NoCredentials(f"There are no credentials for CVAT at {_shown(given['url'])}. {HOW}")
        given.update(_ask(given))
    try:
        return Credentials(**{name: given.get(name) for name in NAMES})
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise NoCredentials(f"The CVAT address '{_shown(given['url'])}' can't be used: {message}.") from None


def _login(sources: list[dict[str, Any]]) -> dict[str, Any]:
    """The first complete login.

    A name of an earlier source goes with a password of a later one, but never with a secret that may be another
    person's: that of a source which names somebody else, or a token of nobody in particular.
    """
    login: dict[str, Any] = {}
    for source in sources:
        given = {name: source[name] for name in LOGIN if source.get(name)}
        who = {name: given[name] for name in ("username", "email") if name in given}
        if "username" in login or "email" in login:
            if who and not who.items() & login.items():
                continue
            if not who:
                given.pop("token", None)
        login = {**given, **login}
        if _complete(login):
            break
    return login


def _is_for(source: Mapping[str, Any], url: str) -> bool:
    """Whether a source's secrets may go to an address: not those that it keeps for another."""
    return not source.get("url") or _bare(source["url"]) == _bare(url)


def _bare(url: str) -> str:
    return url.strip().lower().rstrip("/").removeprefix("https://")


def _shown(url: str) -> str:
    """An address without the user name and password that somebody put into it."""
    return re.sub(r"^([^/]*//)?[^/]*@", r"\1", url)


def _complete(login: Mapping[str, Any]) -> bool:
    return bool(login.get("token") or (login.get("password") and (login.get("username") or login.get("email"))))


def _ask(given: Mapping[str, Any]) -> dict[str, str]:
    print(f"Log in to CVAT at {_shown(given['url'])}. ({HOW})", file=sys.stderr)
    username = given.get("username") or given.get("email") or input("Username: ")
    return {"username": username, "password": getpass.getpass("Password: ")}


def connect(credentials: Credentials, organization: str | None = None, *, hasty: bool = False) -> Client:
    """A client for a server; nothing is sent yet.

    Args:
        credentials: how to log in
        organization: the slug of an organization, if it is not that of the credentials
        hasty: whether to give up soon, because a person waits for a form
    """
    if organization:
        credentials = credentials.model_copy(update={"organization": organization})
    if hasty:
        return Client(credentials, timeout=HASTE, retry=RetryPolicy(attempts=1, connect_attempts=1))
    return Client(credentials)
