"""Answers of the server, read within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import requests
from urllib3.exceptions import HTTPError

from .errors import AnswerTooLarge, UnwritableFile
from .headers import whole_number
from .limits import ERROR_BYTES, HEADER_TEXT
from .wire import LimitReached
from .words import READS, action, megabytes

PIECE = 1 << 16
"""Bytes that are decompressed at a time."""


class BrokenAnswer(Exception):
    """An answer ended early, or is not compressed as it says."""


@dataclass(frozen=True)
class Response:
    """An answer whose body has been read.

    Attributes:
        method: Of the request.
        path: Of the request, without its query.
        content: The body, decompressed; of an error only its beginning. Empty if it went into a file.
        size: Bytes of the whole body that were read, decompressed.
    """

    status_code: int
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes | bytearray
    size: int = 0

    def header(self, name: str) -> str:
        """A header without spaces around it; empty if it is absent or absurdly long."""
        value = self.headers.get(name, "")
        return "" if len(value) > HEADER_TEXT else value.strip()

    @property
    def is_error(self) -> bool:
        """Whether the status is none of success."""
        return not 200 <= self.status_code < 300


def read_response(answer: requests.Response, method: str, path: str, *, most: int, into: BinaryIO | None) -> Response:
    """Reads the body of an answer and closes it.

    Args:
        answer: An answer whose body was not touched.
        method: Of the request.
        path: Of the request.
        most: Bytes of the body at most, decompressed.
        into: A file that is to take the body of a successful answer, in place of what it has; memory if None.

    Raises:
        AnswerTooLarge: The body is larger.
        BrokenAnswer: It ended early.
        UnwritableFile: The file can't be written.
    """
    status, body, size = answer.status_code, bytearray(), 0
    try:
        if status < 200:  # a provisional answer: what follows on this connection is no answer to the next request
            return Response(status, method, path, answer.headers, b"")
        if status >= 300:
            return Response(status, method, path, answer.headers, _beginning(answer))
        for piece in _decompressed(answer):
            size += len(piece)
            if size > most:
                raise _too_large(method, path, most)
            if into is None:
                body += piece
            else:
                _write(into, piece, first=size == len(piece))
        return Response(status, method, path, answer.headers, body, size)
    finally:
        answer.close()


def _beginning(answer: requests.Response) -> bytes:
    """What there is of an error's body: the status alone says what became of the request."""
    body = bytearray()
    try:
        for piece in _decompressed(answer):
            body += piece[: ERROR_BYTES - len(body)]
            if len(body) >= ERROR_BYTES:
                break
    except (HTTPError, OSError, BrokenAnswer, LimitReached):
        return bytes(body)
    return bytes(body)


def _write(into: BinaryIO, piece: bytes, *, first: bool) -> None:
    try:
        if first:
            into.seek(0)
            into.truncate()
        into.write(piece)
    except OSError as error:  # it would be taken for a broken connection
        reason = error.strerror or type(error).__name__
        raise UnwritableFile(f"What CVAT sends cannot be written into the file: {reason}") from None


def _decompressed(answer: requests.Response) -> Iterator[bytes]:
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    pieces = _whole(answer)
    if encoding in ("", "identity"):
        yield from pieces
    elif encoding in ("gzip", "x-gzip"):
        yield from _unzipped(pieces)
    else:
        raise BrokenAnswer("its answer is packed in a way that nobody asked for")


def _whole(answer: requests.Response) -> Iterator[bytes]:
    """The body as it was sent. Older versions of ``urllib3`` do not miss what is missing."""
    announced, size = whole_number(answer.headers.get("Content-Length", "")), 0
    for piece in answer.raw.stream(PIECE, decode_content=False):
        size += len(piece)
        yield piece
    has_length = announced is not None and "Transfer-Encoding" not in answer.headers
    if has_length and size < (announced or 0) and answer.request.method != "HEAD" and answer.status_code != 204:
        raise BrokenAnswer("its answer ended early")


def _unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompresses in pieces of bounded size, however much a few bytes stand for."""
    decoder, empty = zlib.decompressobj(16 + zlib.MAX_WBITS), True
    for packed in pieces:
        empty = False
        while packed:
            if decoder.eof:
                raise BrokenAnswer("its answer goes on after its end")
            try:
                yield decoder.decompress(packed, PIECE)
            except zlib.error:
                raise BrokenAnswer("its answer is damaged") from None
            packed = decoder.unconsumed_tail or decoder.unused_data
    if not empty and not decoder.eof:
        raise BrokenAnswer("its answer ended early")


def _too_large(method: str, path: str, most: int) -> AnswerTooLarge:
    return AnswerTooLarge(
        f"What CVAT answers when asked to {action(method, path)} is larger than {megabytes(most)} and was not used",
        method=method,
        path=path,
        may_be_done=method not in READS,
    )
