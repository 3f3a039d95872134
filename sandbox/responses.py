"""Answers: JSON in the server's media type, its plain texts, its HTML error pages, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MEDIA_TYPE = "application/vnd.cvat+json"

_PAGE = """
<!doctype html>
<html lang="en">
<head>
  <title>{title}</title>
</head>
<body>
  <h1>{title}</h1><p>{text}</p>
</body>
</html>
"""


class Response:
    """One HTTP answer.

    Args:
        data: what is sent as JSON; ignored when `body` is given.
        status: the HTTP status.
        headers: further headers, as pairs because `Set-Cookie` repeats.
        body: raw bytes instead of JSON (`b""` for none).
        content_type: the type of `body`.

    Attributes:
        pieces: what is sent instead of `body`, until the connection ends; None for nothing.
        bare: whether it comes from outside the API's own code, so that it has no `Allow` header.
    """

    __slots__ = ("bare", "body", "content_type", "headers", "pieces", "status")

    def __init__(
        self,
        data: Any = None,
        status: int = 200,
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> None:
        self.status = status
        self.headers = list(headers or [])
        self.body = encode(data) if body is None else body
        self.content_type = MEDIA_TYPE if body is None else content_type
        self.bare = False
        self.pieces: Iterable[bytes] | None = None


def encode(data: Any) -> bytes:
    """JSON bytes; like the real server it cannot write infinity, and raises ValueError."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def text(message: str, status: int, content_type: str = "text/html; charset=utf-8") -> Response:
    """An answer of plain text (the real server labels it HTML)."""
    return Response(status=status, body=message.encode(), content_type=content_type)


def empty(status: int, headers: list[tuple[str, str]] | None = None) -> Response:
    """An answer without a body."""
    return Response(status=status, headers=headers, body=b"")


def _page(title: str, sentence: str, status: int) -> Response:
    response = text(_PAGE.format(title=title, text=sentence), status)
    response.bare = True
    return response


def page_not_found() -> Response:
    """The HTML 404 of an address that is not part of the API."""
    return _page("Not Found", "The requested resource was not found on this server.", 404)


def server_error_page() -> Response:
    """The HTML 500 page that stands for an unhandled error."""
    return _page("Server Error (500)", "", 500)


class Refusal(Exception):
    """Raised by a handler to end the request with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refuse(status: int, data: Any, headers: list[tuple[str, str]] | None = None) -> Refusal:
    """A refusal with a JSON body."""
    return Refusal(Response(data, status, headers))


def detail(status: int, message: str, headers: list[tuple[str, str]] | None = None) -> Refusal:
    """A refusal of the shape `{"detail": message}`."""
    return refuse(status, {"detail": message}, headers)


def missing(kind: str) -> Refusal:
    """404 for an object of this kind that does not exist."""
    return detail(404, f"No {kind} matches the given query.")


def forbidden() -> Refusal:
    """403 for an object or an action that is not this user's."""
    return detail(403, "You do not have permission to perform this action.")


def invalid(errors: Any) -> Refusal:
    """400 with validation errors: an object by field, or a list of sentences."""
    return refuse(400, errors)


def server_error() -> Refusal:
    """500, where the real server is known to fall over."""
    return Refusal(server_error_page())
