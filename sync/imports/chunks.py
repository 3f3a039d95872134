"""Chunks: the archives in which CVAT gives many images at once."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ...cvat.limits import FRAME_BYTES
from .linking import NamedFrame
from .survey import FoundTask

PIXEL_BYTES = 4
"""Bytes of a pixel at most: a chunk whose images could be larger than one answer may be is not asked for."""
ENTRY_BYTES = 1_024
"""Bytes that the directory of an archive needs for a file at most."""

_END = b"PK\x05\x06"
_END_BYTES = 22

UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a broken archive ends in."""


@dataclass(frozen=True)
class Portion:
    """Frames that are fetched together.

    Args:
        frames: the frames
        chunk: the chunk of their task that has them all; ``None`` if there is none, or one frame alone is wanted
        first: the first frame of that chunk
        count: how many frames it has
    """

    frames: tuple[NamedFrame, ...]
    chunk: int | None = None
    first: int = 0
    count: int = 0


def portions_of(frames: Sequence[NamedFrame], tasks: Mapping[int, FoundTask]) -> list[Portion]:
    """Puts frames together that one request can bring.

    Chunks of images have the files as they were uploaded (a TIFF encoded again, as if it were asked for alone). Those
    of videos are videos, encoded again: decoded elsewhere, their frames need not be what annotators saw. So each frame
    of a video is asked for alone, and CVAT decodes it.

    Args:
        frames: what is wanted
        tasks: what is known of their tasks
    """
    chunks: dict[tuple[int, int], list[NamedFrame]] = {}
    for number, frame in enumerate(frames):
        found = tasks.get(frame.task)
        size = found.meta.chunk_size or 0 if found and not found.is_video else 0
        key = (frame.task, frame.number // size) if size > 1 else (-1, number)
        chunks.setdefault(key, []).append(frame)
    return [portion for key, own in chunks.items() for portion in _portions(key, own, tasks)]


def _portions(key: tuple[int, int], frames: Sequence[NamedFrame], tasks: Mapping[int, FoundTask]) -> list[Portion]:
    alone = [Portion((frame,)) for frame in frames]
    if len(frames) < 2:
        return alone
    chunk, meta = key[1], tasks[key[0]].meta
    size = meta.chunk_size or 1
    images = meta.frames[chunk * size : (chunk + 1) * size]
    if sum(image.width * image.height for image in images) * PIXEL_BYTES > FRAME_BYTES:
        return alone
    return [Portion(tuple(frames), chunk, chunk * size, len(images))]


def files_in(archive: BinaryIO, count: int) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Opens a chunk: its files, in the order of the frames.

    Args:
        archive: what the server sent
        count: how many files it has to have

    Raises:
        zipfile.BadZipFile: if it is no archive of so many files, or one that is larger than it need be
    """
    archive.seek(0, 2)
    total = archive.tell()
    archive.seek(max(0, total - _END_BYTES))
    end = archive.read(_END_BYTES)
    told, directory = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if not end.startswith(_END) or told != count or directory > count * ENTRY_BYTES:  # before it is read into memory
        raise zipfile.BadZipFile("not what a chunk looks like")
    found = zipfile.ZipFile(archive)
    files = sorted(found.infolist(), key=lambda file: file.filename)
    if len(files) != count or any(file.file_size > FRAME_BYTES or file.is_dir() for file in files):
        raise zipfile.BadZipFile("not what a chunk looks like")
    return found, files
