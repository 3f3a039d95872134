"""Answers of a server that means harm, and shapes that an annotator can draw to do harm.

Each of `ANSWERS` is what `Faults.add` takes to replace an answer; each of `CHANGES` changes the JSON of one:

    box.faults.add(method="GET", path="/annotations", times=None, **ANSWERS["gzip bomb"])
    box.faults.add("change", "GET", "/annotations", change=CHANGES["mask of 10,000,000 x 10,000,000 pixels"])
"""

from __future__ import annotations

import json
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Json = Any

_JSON = {"Content-Type": "application/vnd.cvat+json"}
_BLOCK = b" " * (1 << 20)


def endless(address: str) -> Iterator[bytes]:
    """The beginning of a JSON list, and then blanks for ever."""
    yield b'{"count":1,"next":null,"previous":null,"results":['
    while True:
        yield _BLOCK


def slow(seconds: float = 0.2) -> Callable[[str], Iterator[bytes]]:
    """The beginning of a JSON list, and then one byte now and then."""

    def pieces(address: str) -> Iterator[bytes]:
        yield b'{"count":1,"next":null,"previous":null,"results":['
        while True:
            time.sleep(seconds)
            yield b" "

    return pieces


def gzip_bomb(megabytes: int = 4096) -> Callable[[str], Iterator[bytes]]:
    """A valid JSON object among many blanks, packed a thousandfold."""

    def pieces(address: str) -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
        check = 0
        yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
        for _ in range(megabytes):
            check = zlib.crc32(_BLOCK, check)
            yield packed
        size = megabytes * len(_BLOCK) + 2
        yield packer.compress(b"{}") + packer.flush()
        yield struct.pack("<II", zlib.crc32(b"{}", check), size & 0xFFFFFFFF)

    return pieces


def nested(depth: int = 200_000) -> bytes:
    """JSON of lists in lists."""
    return b'{"count":1,"next":null,"previous":null,"results":' + b"[" * depth + b"]" * depth + b"}"


def endless_pages(*results: Json) -> Callable[[str], bytes]:
    """A page of a list that always names a next one."""

    def page(address: str) -> bytes:
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        query["page"] = [str(int(query.get("page", ["1"])[0]) + 1)]
        following = parts._replace(query=urlencode(query, doseq=True)).geturl()
        answer = {"count": 1_000_000_000, "next": following, "previous": None, "results": list(results)}
        return json.dumps(answer).encode()

    return page


ANSWERS: dict[str, dict[str, Any]] = {
    "endless body": {"kind": "status", "status": 200, "headers": _JSON, "body": endless},
    "one byte now and then": {"kind": "status", "status": 200, "headers": _JSON, "body": slow()},
    "gzip bomb": {
        "kind": "status",
        "status": 200,
        "headers": {**_JSON, "Content-Encoding": "gzip"},
        "body": gzip_bomb(),
    },
    "deeply nested JSON": {"kind": "status", "status": 200, "headers": _JSON, "body": nested()},
    "a number of a million digits": {"kind": "status", "status": 200, "headers": _JSON, "body": b"1" * 1_000_000},
    "NaN": {"kind": "status", "status": 200, "headers": _JSON, "body": b'{"id": NaN, "updated_date": Infinity}'},
    "not UTF-8": {"kind": "status", "status": 200, "headers": _JSON, "body": b'{"name": "\xff\xfe\x00"}'},
    "JSON of another shape": {"kind": "status", "status": 200, "headers": _JSON, "body": b'[null, true, "x", {}]'},
    "nothing": {"kind": "status", "status": 200, "headers": _JSON},
    "420 kB of <title>": {
        "kind": "status",
        "status": 502,
        "headers": {"Content-Type": "text/html"},
        "body": b"<title>" * 60_000,
    },
    "endless error page": {"kind": "status", "status": 500, "headers": {"Content-Type": "text/html"}, "body": endless},
    "endless pages": {"kind": "status", "status": 200, "headers": _JSON, "body": endless_pages()},
    "redirect to a broken address": {"kind": "status", "status": 302, "headers": {"Location": "http://[::1"}},
    "redirect to a bad port": {"kind": "status", "status": 302, "headers": {"Location": "http://127.0.0.1:99999/"}},
    "redirect in a circle": {"kind": "status", "status": 302, "headers": {"Location": "/api/users/self"}},
    "Retry-After of 11 days": {"kind": "status", "status": 429, "headers": {"Retry-After": "999999"}},
    "Retry-After as a superscript": {"kind": "status", "status": 429, "headers": {"Retry-After": "\u00b2"}},
    "Retry-After of a long past": {
        "kind": "status",
        "status": 503,
        "headers": {"Retry-After": "Mon, 01 Jan 1900 00:00:00 GMT"},
    },
}


def _each(kind: str, **values: Json) -> Callable[[Json], Json]:
    """Changes every object of a list of annotations."""

    def change(answer: Json) -> Json:
        for thing in answer.get(kind, ()):
            thing.update(values)
        return answer

    return change


def _each_keyframe(**values: Json) -> Callable[[Json], Json]:
    """Changes every keyframe of every track."""

    def change(answer: Json) -> Json:
        for track in answer.get("tracks", ()):
            for keyframe in track["shapes"]:
                keyframe.update(values)
        return answer

    return change


def _top(**values: Json) -> Callable[[Json], Json]:
    """Changes an object, or each result of a list."""

    def change(answer: Json) -> Json:
        for thing in answer["results"] if isinstance(answer, dict) and "results" in answer else [answer]:
            thing.update(values)
        return answer

    return change


CHANGES: dict[str, Callable[[Json], Json]] = {
    # of annotations
    "mask of 100,000 x 100,000 pixels": _each("shapes", type="mask", points=[5, 5, 0, 0, 99_999, 99_999]),
    "mask of 10,000,000 x 10,000,000 pixels": _each("shapes", type="mask", points=[5, 5, 0, 0, 9_999_999, 9_999_999]),
    "mask inside out": _each("shapes", type="mask", points=[0, 10, 9, 9, 0, 0]),
    "mask with runs beyond its box": _each("shapes", type="mask", points=[0, 999_999_999, 0, 0, 9, 9]),
    "points of 1e308": _each("shapes", type="polygon", points=[1e308, 0, 0, 1e308, -1e308, 5]),
    "frame 1,000,000,000": _each("shapes", frame=1_000_000_000),
    "frame -1": _each("shapes", frame=-1),
    # of annotations that are tracks
    "track of points of 1e308": _each_keyframe(points=[1e308, 0, -1e308, 5]),
    "track without points": _each_keyframe(points=[]),
    "track of an odd number of coordinates": _each_keyframe(points=[1, 2, 3]),
    "track on frame 1,000,000,000": _each_keyframe(frame=1_000_000_000),
    "track with all keyframes on one frame": _each_keyframe(frame=0),
    "track that is nowhere": _each_keyframe(outside=True),
    "track without keyframes": _each("tracks", shapes=[]),
    "skeleton track without elements": _each("tracks", shapes=[], elements=[]),
    # of jobs and of data/meta
    "stop_frame of 10,000,000,000": _top(stop_frame=10_000_000_000),
    "start_frame below zero": _top(start_frame=-1),
    "size of 10,000,000,000": _top(size=10_000_000_000),
}
