"""Reading CVAT's answers: error bodies of every shape, and the exception each status stands for."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import requests

from .errors import (
    Conflict,
    CvatError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    ServerFault,
    TooLarge,
)

LONGEST = 300
"""Characters of CVAT's own message that an error sentence shows."""

MOST_KEPT = 4000
"""Characters of it that an exception keeps in ``detail``."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})


def error_text(response: requests.Response) -> str:
    """Flattens an error body to a short text.

    CVAT answers errors in five shapes: ``{"detail"}``, ``{"field": [..]}``, ``[".."]``, a JSON string, and
    plain text or an HTML page.
    """
    body = response.text.strip()
    if "html" in response.headers.get("Content-Type", "") and "<" in body:
        return shorten(_page_title(body), MOST_KEPT)
    try:
        value = json.loads(body)
    except ValueError:
        return shorten(_page_title(body) if body[:1] == "<" else body, MOST_KEPT)
    return shorten(_flatten(value), MOST_KEPT)


def shorten(text: str, longest: int = LONGEST) -> str:
    """Puts a text on one line of at most so many characters."""
    text = " ".join(text[: 2 * longest].split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def error_for(response: requests.Response, *, url: str, with_token: bool) -> CvatError:
    """Builds the exception for an error answer.

    Args:
        response: An answer with a status of 400 or more.
        url: The server, for the sentence.
        with_token: Whether an access token (not a password) authenticated the request.
    """
    status, detail = response.status_code, error_text(response)
    method, path = request_line(response)
    doing, told = action(method, path), f": {shorten(detail)}" if detail else ""
    kind: type[CvatError]
    if status == 401:
        credential = "access token; it may be expired or revoked" if with_token else "login"
        kind, sentence = NotAuthenticated, f"CVAT at {url} did not accept the {credential}"
    elif status == 403:
        kind, sentence = PermissionDenied, f"CVAT does not let this user {doing}{told}"
        if with_token and method not in READS:
            sentence += " If the access token is read-only, use one that may write."
    elif status == 404:
        kind, sentence = NotFound, f"CVAT could not {doing}{told or ': it does not exist'}"
        if match := re.fullmatch(r"(.*) organization does not exist\.", detail):
            sentence = f"CVAT at {url} has no organization '{shorten(match[1])}'"
    elif status == 409:
        kind, sentence = Conflict, f"CVAT could not {doing}, because that is already there or under way{told}"
    elif status == 413:
        kind, sentence = TooLarge, f"CVAT, or a proxy before it, found the request to {doing} too large{told}"
    elif status == 429:
        kind, sentence = Refused, f"CVAT is receiving too many requests and did not {doing}{told}"
    elif status in (502, 503, 504):
        kind, sentence = ServerFault, f"CVAT was not available ({status}) when asked to {doing}{told}"
    elif status >= 500:
        kind, sentence = (
            ServerFault,
            f"CVAT failed with an internal error ({status}) when asked to {doing}{told}",
        )
    else:
        kind, sentence = Refused, f"CVAT refused to {doing}{told}"
    return kind(sentence, status=status, method=method, path=path, detail=detail)


def request_line(response: requests.Response) -> tuple[str, str]:
    """The method and the path, without the query, of the request that was answered."""
    request = response.request
    return request.method or "", (request.path_url or "").partition("?")[0]


_VERBS = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}
_OBJECT = re.compile(r"/api/(task|project|job|issue|label|user|organization)s/(\d+)(?:/(.*?))?/?$")
_PARTS = {"annotations": "the annotations of ", "data/meta": "the frame list of "}
_PLACES = {
    "/auth/login": "log in",
    "/server/about": "see its version",
    "/users/self": "see who is logged in",
    "/requests/": "see how far it is",
    "/server/share": "list its file share",
    "/cloudstorages": "look into its cloud storages",
}


def action(method: str, path: str) -> str:
    """Says in plain words what a request asks for, such as ``read the annotations of job 5``."""
    for place, words in _PLACES.items():
        if f"/api{place}" in path:
            return words
    verb = _VERBS.get(method, "create")
    if match := _OBJECT.search(path):
        kind, number, part = match[1], match[2], match[3] or ""
        if part.startswith("data") and part not in _PARTS:
            return f"{'read' if method in READS else 'take'} the files of {kind} {number}"
        return f"{verb} {_PARTS.get(part, '')}{kind} {number}"
    if match := re.search(r"/api/(\w+?)s?/?$", path):
        return f"list its {match[1]}s" if method in READS else f"{verb} a {match[1]}"
    return f"{verb} {path}"


def _page_title(page: str) -> str:
    """The words that matter of an HTML page: its title, or else its text."""
    if match := re.search(r"<title[^>]*>(.*?)</title>", page, re.IGNORECASE | re.DOTALL):
        return html.unescape(match[1])
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def _flatten(value: Any, where: str = "") -> str:
    if isinstance(value, dict):
        parts = [_flatten(item, _inside(where, str(key))) for key, item in value.items()]
        return "; ".join(part for part in parts if part)
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return _say(where, " ".join(value))
        parts = [_flatten(item, f"{where}[{index}]") for index, item in enumerate(value)]
        return "; ".join(part for part in parts if part)
    return _say(where, "" if value is None else str(value))


def _inside(where: str, key: str) -> str:
    if not where and key in ("detail", "non_field_errors"):
        return ""
    return f"{where}.{key}" if where else key


def _say(where: str, text: str) -> str:
    return f"{where}: {text}" if where and text else text
