"""Request bodies that are read from files while they are sent, so that memory stays constant."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from .errors import CvatError

PIECE = 1 << 20
"""Bytes read and sent at a time."""

Watch = Callable[[int], None]
"""Called with the number of bytes of the body's files that were sent so far; may raise to stop the sending."""


class UnreadableFile(CvatError):
    """A file that was to be uploaded is missing, unreadable or was changed meanwhile."""


@dataclass(frozen=True)
class UploadFile:
    """A file to upload.

    Attributes:
        name: The name on the server: flat, unique in the task. CVAT drops directories.
        path: Where it is here.
        size: Bytes.
    """

    name: str
    path: Path
    size: int

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or "\\" in self.name:
            raise ValueError(f"the file name {self.name!r} must be one name without directories: CVAT drops them")
        if not self.name.isprintable():
            raise ValueError(f"the file name {self.name!r} must not have control characters")


def unreadable(file: UploadFile, problem: str) -> UnreadableFile:
    """The error for a file, named as its owner knows it.

    Args:
        file: The file.
        problem: What is wrong, such as ``cannot be read: Permission denied``.
    """
    return UnreadableFile(
        f"{file.path} {problem}. It was to be sent as {file.name}; CVAT has made no frames of this task yet. "
        "Put the file right and send again"
    )


def check_sizes(files: Sequence[UploadFile]) -> None:
    """Looks whether files are there and as long as announced.

    Raises:
        UnreadableFile: One is not.
    """
    for file in files:
        try:
            size = file.path.stat().st_size
        except OSError as error:
            raise unreadable(file, f"cannot be read: {error.strerror or type(error).__name__}") from error
        if size != file.size:
            raise unreadable(file, f"has {size} bytes, not the {file.size} that were announced")


class Body(Protocol):
    """A request body that is streamed, and can be streamed again from its beginning."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class FileSlice:
    """A part of a file as a body."""

    def __init__(self, file: UploadFile, start: int, length: int, watch: Watch | None = None) -> None:
        """
        Args:
            file: The file.
            start: First byte.
            length: Bytes.
            watch: Called with the bytes sent so far.
        """
        self._file, self._start, self._length, self._watch = file, start, length, watch

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        if self._watch:
            self._watch(0)
        for piece in _pieces(self._file, self._start, self._length):
            yield piece
            done += len(piece)
            if self._watch:
                self._watch(done)


class MultipartBody:
    """Fields and files as ``multipart/form-data``, with a length known in advance.

    The files are sent as ``client_files[0]``, ``client_files[1]`` and so on: CVAT ignores them without an
    index.
    """

    def __init__(self, fields: dict[str, str], files: Sequence[UploadFile], watch: Watch | None = None) -> None:
        """
        Args:
            fields: The form's other fields.
            files: The files, in the order of their index.
            watch: Called with the bytes sent so far.
        """
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._files, self._watch = files, watch
        self._head = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        )
        self._heads = [
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="client_files[{index}]"; {_filename(file.name)}\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode()
            for index, file in enumerate(files)
        ]
        self._tail = f"--{boundary}--\r\n".encode()
        sizes = sum(len(head) + file.size + len(b"\r\n") for head, file in zip(self._heads, files, strict=True))
        self._length = len(self._head) + sizes + len(self._tail)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        if self._watch:
            self._watch(0)
        yield self._head
        for head, file in zip(self._heads, self._files, strict=True):
            yield head
            for piece in _pieces(file, 0, file.size):
                yield piece
                done += len(piece)
                if self._watch:
                    self._watch(done)
            yield b"\r\n"
        yield self._tail


def _filename(name: str) -> str:
    """The file name parameter; names that are not plain go percent-encoded as UTF-8, which CVAT decodes."""
    if name.isascii() and '"' not in name:
        return f'filename="{name}"'
    return f"filename*=utf-8''{quote(name, safe='')}"


def _pieces(file: UploadFile, start: int, length: int) -> Iterator[bytes]:
    left = length
    try:
        with file.path.open("rb") as stream:
            stream.seek(start)
            while left:
                piece = stream.read(min(PIECE, left))
                if not piece:
                    raise unreadable(file, "became shorter while it was being sent")
                left -= len(piece)
                yield piece
    except OSError as error:
        # An OSError would be taken for a broken connection.
        raise unreadable(file, f"cannot be read: {error.strerror or type(error).__name__}") from error
