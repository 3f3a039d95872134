"""How to log in to CVAT: who says it, in which order, and to which address a login may go."""

import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    "App's server, or of your program; or the same under `backends.cvat` in FiftyOne's annotation config."
)

Login = Mapping[str, str]


@dataclass(frozen=True, repr=False)
class _Source:
    """Somebody who says how to log in.

    Attributes:
        name: for a person
        values: what is said, by the names of :class:`cvat.Credentials`
        address: the only one that the login may go to
    """

    name: str
    values: Login
    address: str

    @property
    def login(self) -> Login:
        return {name: self.values[name] for name in LOGIN if name in self.values}


def find_credentials(
    explicit: Mapping[str, str | None] | None = None,
    secret: Callable[[str], str | None] = os.environ.get,
    *,
    ask: bool = False,
    server: str | None = None,
) -> Credentials:
    """Finds out how to log in.

    The first that says it counts: what the caller gives, plugin secrets or the environment (``FIFTYONE_CVAT_URL``,
    ``_TOKEN``, ``_USERNAME``, ``_EMAIL``, ``_PASSWORD``, ``_ORGANIZATION``), FiftyOne's annotation config
    (``backends["roundtrip"]``, then ``backends["cvat"]``), a prompt.

    A login of the environment or the config goes to the address that is configured with it, and to no other that a
    program or a run names. Without any address configured it goes to ``https://app.cvat.ai``.

    Args:
        explicit: what the caller gives, by the names of :class:`cvat.Credentials`; an empty ``organization`` is the
            personal workspace
        secret: looks up a plugin secret or an environment variable
        ask: whether to ask on the terminal, if there is one
        server: the address of a run that is to be worked on, for the message if no address is configured

    Raises:
        NoCredentials: if nobody says it, or it can't be used
    """
    own = _given(fo.annotation_config.backends.get("roundtrip") or {})
    config = _given(fo.annotation_config.backends.get("cvat") or {})
    environment = _given({name: secret(PREFIX + name.upper()) for name in NAMES})
    program = _given(explicit or {})
    configured = environment.get("url") or own.get("url") or config.get("url") or DEFAULT_URL
    url = program.get("url", configured)
    if server is not None and _is_same(url, DEFAULT_URL) and not _is_same(server, DEFAULT_URL):
        raise NoCredentials(_unconfigured(_shown(server)))
    sources = [
        _Source("what the program gives", program, url),
        _Source("the environment", environment, configured),
        _Source("`backends.roundtrip` of FiftyOne's annotation config", own, own.get("url", configured)),
        _Source("FiftyOne's annotation config", config, config.get("url", configured)),
    ]
    login = _login([source.login for source in sources if _is_same(source.address, url)])
    if not _is_complete(login):
        if not (ask and sys.stdin is not None and sys.stdin.isatty()):
            raise NoCredentials(_missing(sources, url))
        login = {**login, **_ask(login, url)}
    organization = environment.get("organization") or own.get("organization") or config.get("organization")
    if explicit is not None and explicit.get("organization") is not None:
        organization = explicit["organization"]
    return _checked({**login, "url": url, "organization": organization})


def connect(credentials: Credentials, organization: str | None = None, *, hasty: bool = False) -> Client:
    """A client for a server; nothing is sent yet. A login of this process is used again.

    Args:
        credentials: how to log in
        organization: the slug of an organization, or an empty string for the personal workspace, if it is not that of
            the credentials
        hasty: whether to give up soon, because a person waits for a form

    Raises:
        NoCredentials: if the organization is none
    """
    if organization is not None:
        try:
            credentials = credentials.within(organization)
        except ValidationError as error:
            raise NoCredentials(_unusable(error, credentials.url)) from None
    if hasty:
        return Client.kept(credentials, timeout=HASTE, retry=RetryPolicy(attempts=1, connect_attempts=1))
    return Client.kept(credentials)


def _given(values: Mapping[str, Any]) -> Login:
    """What is said at all. FiftyOne makes numbers of texts that look like one."""
    texts = {name: str(value) for name, value in values.items() if name in NAMES and isinstance(value, (str, int))}
    return {name: text for name, text in texts.items() if text.strip()}


def _login(logins: Sequence[Login]) -> Login:
    """The first complete login.

    A name of an earlier source goes with a password of a later one, but never with a secret that may be another
    person's: that of a source which names somebody else, or a token of nobody in particular.
    """
    login: dict[str, str] = {}
    for source in logins:
        given = dict(source)
        who = {name: given[name] for name in ("username", "email") if name in given}
        if "username" in login or "email" in login:
            if who and not who.items() & login.items():
                continue
            if not who:
                given.pop("token", None)
        login = {**given, **login}
        if _is_complete(login):
            break
    return login


def _is_complete(login: Login) -> bool:
    return bool(login.get("token") or (login.get("password") and (login.get("username") or login.get("email"))))


def _is_same(first: str, second: str) -> bool:
    """Whether two addresses are one; what is no address is only itself."""
    return _bare(first) == _bare(second)


def _bare(url: str) -> str:
    try:
        url = Credentials(url=url).url
    except ValidationError:
        return url
    return url.removesuffix(":443") if url.startswith("https:") else url.removesuffix(":80")


def _shown(url: str) -> str:
    """An address without the user name and password that somebody put into it, wherever they end."""
    before, at, after = url.strip().rpartition("@")
    return f"{before.partition('//')[0]}//{after}" if at and "//" in before else after


def _missing(sources: Sequence[_Source], url: str) -> str:
    """Says that there is no login for an address, and for which there is one."""
    sentence = f"There are no credentials for CVAT at {_shown(url)}."
    for source in sources:
        if _is_complete(source.login) and not _is_same(source.address, url):
            variables = " and ".join(PREFIX + name.upper() for name in source.login)
            what = f"{source.name} ({variables})" if source.name == "the environment" else source.name
            sentence += (
                f" The login in {what} is for {_shown(source.address)} and is not sent elsewhere; if it is meant for "
                f"{_shown(url)}, set {PREFIX}URL to that."
            )
    return f"{sentence} {HOW}"


def _unconfigured(server: str) -> str:
    return (
        f"This run is in CVAT at {server}, but no address is configured, which means {DEFAULT_URL}. Set {PREFIX}URL to "
        f"{server}. {HOW}"
    )


def _ask(login: Login, url: str) -> Login:
    print(f"Log in to CVAT at {_shown(url)}. ({HOW})", file=sys.stderr)
    username = login.get("username") or login.get("email") or input("Username: ")
    return {"username": username, "password": getpass.getpass("Password: ")}


def _checked(values: Mapping[str, str | None]) -> Credentials:
    try:
        return Credentials(**values)
    except ValidationError as error:
        raise NoCredentials(_unusable(error, values["url"] or "")) from None


def _unusable(error: ValidationError, url: str) -> str:
    """Says what is wrong with a value, without the value."""
    problem = error.errors(include_url=False, include_input=False)[0]
    what = problem["loc"][0] if problem["loc"] else "url"
    if what == "url":
        return f"The CVAT address '{_shown(url)}' can't be used: {problem['msg']}."
    return f"The {what} for CVAT at {_shown(url)} can't be used: {problem['msg']}."
