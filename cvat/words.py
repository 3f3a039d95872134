"""Requests and texts of the server in words for a person."""

from __future__ import annotations

import re

from .limits import SHOWN_TEXT

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

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
    """Says what a request asks for, such as ``read the annotations of job 5``."""
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


def shorten(text: str, longest: int = SHOWN_TEXT) -> str:
    """Puts a text on one line of at most so many characters, without control characters."""
    text = " ".join("".join(_visible(character) for character in text[: 2 * longest]).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _visible(character: str) -> str:
    return character if character.isprintable() else " " if character.isspace() else ""


def duration(seconds: float) -> str:
    """A time span in one unit, such as ``12 days``."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{max(1, round(seconds))} s"


def megabytes(size: int) -> str:
    """A number of bytes, such as ``256 MB``."""
    if size >= 1 << 20:
        return f"{size >> 20} MB"
    return f"{size >> 10} kB" if size >= 1 << 10 else f"{size} bytes"
