"""Videos: their frames as pictures, and parts of them. They are decoded with OpenCV."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_KEPT = 32


class VideoError(Exception):
    """The file can't be decoded."""


class OpenCVMissing(VideoError):
    """No video can be decoded here."""


class Video:
    """A video file.

    Args:
        content: its bytes.

    Attributes:
        sizes: width and height of each frame that can be decoded.

    Raises:
        VideoError: if there is no such frame, or (`OpenCVMissing`) nothing to decode it with.
    """

    def __init__(self, content: bytes) -> None:
        self._cv2 = _opencv()
        self._capture = _open(self._cv2, content)
        self._pictures: dict[int, bytes] = {}
        self._next = 0
        self.sizes: list[tuple[int, int]] = []
        while (image := self._read()) is not None:
            self.sizes.append((image.shape[1], image.shape[0]))
        if not self.sizes:
            raise VideoError("no frame can be decoded")

    def picture(self, number: int) -> bytes:
        """One frame as a PNG."""
        if number not in self._pictures:
            if len(self._pictures) >= _KEPT:
                self._pictures.pop(next(iter(self._pictures)))
            self._pictures[number] = self._cv2.imencode(".png", self._frame(number))[1].tobytes()
        return self._pictures[number]

    def clip(self, numbers: Iterable[int]) -> bytes:
        """Some frames as an MP4."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            code = self._cv2.VideoWriter_fourcc(*"mp4v")
            writer = self._cv2.VideoWriter(str(path), code, 25, self.sizes[0])
            for number in numbers:
                writer.write(self._frame(number))
            writer.release()
            return path.read_bytes()

    def _frame(self, number: int) -> Any:
        """Decode one frame: from where the last one was, or from the beginning."""
        if number < self._next:
            self._capture.set(self._cv2.CAP_PROP_POS_FRAMES, 0)
            self._next = 0
        while self._next < number:
            self._capture.grab()
            self._next += 1
        image = self._read()
        if image is None:
            raise VideoError(f"the video has no frame {number}")
        return image

    def _read(self) -> Any:
        found, image = self._capture.read()
        self._next += 1
        return image if found else None


def _opencv() -> Any:
    """The module; it is large, and only needed for videos."""
    try:
        import cv2
    except ImportError:
        raise OpenCVMissing("the sandbox needs opencv-python to decode videos") from None
    return cv2


def _open(cv2: Any, content: bytes) -> Any:
    """A decoder of a file that is already gone when this returns, where the system allows that."""
    with tempfile.NamedTemporaryFile(suffix=".video", delete=False) as file:
        file.write(content)
    capture = cv2.VideoCapture(file.name)
    with contextlib.suppress(PermissionError):
        Path(file.name).unlink()
    return capture
