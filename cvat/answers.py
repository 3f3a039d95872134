"""Error answers of CVAT: bodies of every shape as a short text, and the exception that each status stands for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from .errors import (
    Conflict,
    CvatError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Refused,
    ServerFault,
    TooLarge,
    UnsupportedServer,
)
from .limits import KEPT_TEXT, PAGE_TEXT
from .responses import Response
from .retry import come_back, retry_after
from .words import READS, action, shorten

DEEPEST = 8
"""Levels of an error's JSON that are looked at."""


def error_text(response: Response) -> str:
    """Flattens an error body to a short text.

    CVAT answers errors in five shapes: ``{"detail"}``, ``{"field": [..]}``, ``[".."]``, a JSON string, and
    plain text or an HTML page.
    """
    body = bytes(response.content).decode("utf-8", "replace").strip()
    if "html" in response.header("Content-Type") and "<" in body:
        return shorten(_page_text(body), KEPT_TEXT)
    try:
        value = from_json(body)
    except ValueError:
        return shorten(_page_text(body) if body[:1] == "<" else body, KEPT_TEXT)
    return shorten(_joined(_flatten(value)), KEPT_TEXT)


def error_for(response: Response, *, url: str, with_token: bool) -> CvatError:
    """Builds the exception for an answer whose status is none of success.

    Args:
        response: The answer.
        url: The server, for the sentence.
        with_token: Whether an access token (not a password) authenticated the request.
    """
    status, detail = response.status_code, error_text(response)
    doing, why = action(response.method, response.path), f": {shorten(detail)}" if detail else ""
    kind, sentence = _kind(status), ""
    if status == 401:
        credential = "access token; it may be expired or revoked" if with_token else "login"
        sentence = f"CVAT at {url} did not accept the {credential}"
    elif status == 403:
        sentence = f"CVAT does not let this user {doing}{why}"
        if with_token and response.method not in READS:
            sentence = f"{sentence.rstrip('.')}. If the access token is read-only, use one that may write"
    elif status == 404:
        sentence = f"CVAT could not {doing}{why or ': it does not exist'}"
        if match := re.fullmatch(r"(.*) organization does not exist\.", detail):
            sentence = f"CVAT at {url} has no organization '{shorten(match[1])}'"
    elif status == 409:
        sentence = f"CVAT could not {doing}, because that is already there or under way{why}"
    elif status == 413:
        sentence = f"CVAT, or a proxy before it, found the request to {doing} too large{why}"
    elif status == 429:
        sentence = f"CVAT is receiving too many requests and did not {doing}{why}"
    elif status in (502, 503, 504):
        sentence = f"CVAT was not available ({status}) when asked to {doing}{why}"
    elif status >= 500:
        sentence = f"CVAT failed with an internal error ({status}) when asked to {doing}{why}"
    elif status >= 400:
        sentence = f"CVAT refused to {doing}{why}"
    else:
        sentence = f"What answers at {url} does not answer as CVAT does (status {status} when asked to {doing})"
    asked = retry_after(response.header("Retry-After")) if status in (429, 503) else None
    if asked is not None:
        sentence = f"{sentence.rstrip('.')}. Try again {come_back(asked)}"
    return kind(
        sentence,
        status=status,
        method=response.method,
        path=response.path,
        detail=detail,
        may_be_done=not 300 <= status < 500 and asked is None and response.method not in READS,
        retry_after=asked,
    )


def not_cvat(response: Response, problem: str, url: str) -> UnsupportedServer:
    """The error for an answer that CVAT would not give.

    Args:
        response: The answer.
        problem: What is wrong with it.
        url: The server, for the sentence.
    """
    return UnsupportedServer(
        f"What answers at {url} does not answer {response.path} as CVAT does ({shorten(problem)}); check its url",
        status=response.status_code,
        method=response.method,
        path=response.path,
        detail=problem,
        may_be_done=response.method not in READS,
    )


_KINDS: dict[int, type[CvatError]] = {
    401: NotAuthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


def _kind(status: int) -> type[CvatError]:
    if status >= 500:
        return ServerFault
    return _KINDS.get(status, Refused if status >= 400 else UnsupportedServer)


def _page_text(page: str) -> str:
    """The words that matter of an HTML page: its title, or else its text. Only its beginning is looked at."""
    page = page[:PAGE_TEXT]
    lower = page.lower()
    start = lower.find(">", lower.find("<title")) if "<title" in lower else -1
    end = lower.find("</title", start)
    if 0 <= start < end:
        return html.unescape(page[start + 1 : end])
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^<>]*>", " ", page))


def _joined(parts: Iterator[str]) -> str:
    """The parts that are not empty, up to the length that is kept."""
    text = ""
    for part in parts:
        if part:
            text += f"; {part}" if text else part
        if len(text) > 2 * KEPT_TEXT:
            break
    return text


def _flatten(value: Any, where: str = "", depth: int = 0) -> Iterator[str]:
    """The texts in a JSON value with their places, such as ``shapes[1].points: bad``."""
    if depth > DEEPEST:
        yield _say(where, "…")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _flatten(item, _inside(where, str(key)), depth + 1)
    elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
        for index, item in enumerate(value):
            yield from _flatten(item, f"{where}[{index}]", depth + 1)
    else:
        text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        yield _say(where, text)


def _inside(where: str, key: str) -> str:
    if not where and key in ("detail", "non_field_errors"):
        return ""
    return f"{where}.{key}" if where else key


def _say(where: str, text: str) -> str:
    return f"{where}: {text}" if where and text else text
