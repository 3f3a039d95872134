"""The videos of a run: are they there, and what are they called in CVAT."""

import stat
from collections.abc import Iterable
from pathlib import Path

from .media import BadFile, Frame, frame_names

VIDEO_SUFFIXES = frozenset((".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg"))
"""Suffixes that CVAT surely takes for videos. It drops files with an unknown one in silence, so others get one more."""


def find_videos(paths: Iterable[tuple[str, str | None]]) -> tuple[list[Frame], list[BadFile]]:
    """Looks at the files of a run. Whether they can be decoded is for CVAT to say: nothing here is sure to know.

    Args:
        paths: sample id and path, in the order of the run

    Returns:
        the files, each as one frame that stands for its video; and those that can't be sent
    """
    good: list[tuple[str, Path, int]] = []
    bad: list[BadFile] = []
    for sample_id, path in paths:
        try:
            good.append((sample_id, Path(path or ""), _size(path)))
        except ValueError as error:
            bad.append(BadFile(sample_id, path or "", str(error)))
    names = frame_names([(sample_id, path, _suffix(path)) for sample_id, path, _ in good])
    frames = [
        Frame(sample_id=sample_id, name=name, path=str(path), size=size, video=True)
        for (sample_id, path, size), name in zip(good, names, strict=True)
    ]
    return frames, bad


def video_again(frame: Frame) -> Frame:
    """A video with what its file is like now.

    Raises:
        ValueError: if it can't be sent any more; the message says why
    """
    return frame.model_copy(update={"size": _size(frame.path)})


def _suffix(path: Path) -> str:
    return path.suffix if path.suffix.lower() in VIDEO_SUFFIXES else ".mp4"


def _size(path: str | None) -> int:
    """The bytes of a file.

    Raises:
        ValueError: if it can't be sent; the message says why
    """
    if not path:
        raise ValueError("has no path")
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"can't be read ({getattr(error, 'strerror', None) or error})") from None
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("is not a file")
    if not found.st_size:
        raise ValueError("is empty")
    return found.st_size
