"""Redirects: which are followed, and what is wrong with the others."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .errors import Redirected
from .responses import Response
from .words import shorten

STATUSES = frozenset({301, 302, 303, 307, 308})

UNREADABLE = ""
"""Stands for an address that can't be read."""


def target_of(response: Response, url: str) -> str | None:
    """Where an answer sends the client.

    Args:
        response: Any answer.
        url: What was asked.

    Returns:
        The address, ``UNREADABLE`` if it is none, or None if the answer is no redirect.
    """
    if response.status_code not in STATUSES:
        return None
    try:
        place = urljoin(url, response.header("Location"))
        parts = urlsplit(place)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return UNREADABLE
    return place if valid and response.header("Location") else UNREADABLE


def same_origin(first: str, second: str) -> bool:
    """Whether two readable addresses are on one server."""
    return first != UNREADABLE and _origin(first) == _origin(second)


def refusal(url: str, place: str, response: Response) -> Redirected:
    """Says what is wrong when a redirect is not followed.

    Args:
        url: The server as it is configured.
        place: What ``target_of`` said.
        response: The redirect.
    """
    if place == UNREADABLE:
        problem, shown = "to nowhere: what answers there may not be CVAT; check its url", ""
    else:
        base = _base(place, response.path[len(urlsplit(url).path) :])
        shown = shorten(base or "{0.scheme}://{0.netloc}".format(urlsplit(place)))
        problem = f"to {shown}, which is not followed; {_hint(url, place, base)}"
    return Redirected(
        f"CVAT at {url} redirects {problem}",
        status=response.status_code,
        method=response.method,
        path=response.path,
        detail=shown,
    )


def _hint(url: str, place: str, base: str) -> str:
    here, there = urlsplit(url), urlsplit(place)
    if (here.scheme, there.scheme) == ("http", "https") and here.hostname == there.hostname:
        return "its url may have to begin with https://"
    if base:
        return "set the url to that address if it is right"
    if here.hostname == there.hostname:
        return "it may want people to log in on a page first, or the url of CVAT may be incomplete"
    return "set the url to that address if it is right"


def _base(place: str, path: str) -> str:
    """The address of a server whose answer to ``path`` is at ``place``; empty if that is not known."""
    whole = place.partition("?")[0].partition("#")[0].rstrip("/")
    return whole[: -len(path.rstrip("/"))] if path and whole.endswith(path.rstrip("/")) else ""


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port
