"""Downloading frames."""

from __future__ import annotations

from typing import BinaryIO

from .calls import Calls
from .limits import FRAME_BYTES, AnswerLimit

FRAME_LIMIT = AnswerLimit(bytes=FRAME_BYTES, values=0)

FRAME_TIMEOUT = 120.0
"""Seconds for the first byte: a frame of a long video has to be decoded first."""


class Frames(Calls):
    """The pictures of a task."""

    def download_frame(self, task_id: int, number: int, into: BinaryIO, *, quality: str = "original") -> str:
        """Downloads one frame of a task into a file, piece by piece.

        Args:
            task_id: The task.
            number: The task frame number. The frame is served although an annotator removed it.
            into: A file that is open for writing and can be sought; what it has is replaced.
            quality: ``original`` gives the bytes that were uploaded (TIFF is encoded again; a frame of a video is PNG),
                ``compressed`` what annotators see.

        Returns:
            The content type, such as ``image/png``.

        Raises:
            Refused: There is no such frame.
            ServerFault: CVAT's own file is gone.
            AnswerTooLarge: It is larger than any frame.
            UnwritableFile: The file can't be written.
        """
        return self._download(task_id, "frame", number, into, quality)

    def download_chunk(self, task_id: int, number: int, into: BinaryIO) -> str:
        """Downloads a chunk of a task into a file, piece by piece: many frames in one answer.

        Args:
            task_id: The task.
            number: The number of the chunk; each has as many frames as ``data/meta`` says, the last one those that
                are left.
            into: A file that is open for writing and can be sought; what it has is replaced.

        Returns:
            The content type: ``application/zip`` for images, which has them as they were uploaded (TIFF is encoded
            again) in the order of their names; ``video/mp4`` for a video, encoded again.

        Raises:
            Refused: There is no such chunk.
            ServerFault: CVAT can't make it.
            AnswerTooLarge: It is larger than a frame may be.
            UnwritableFile: The file can't be written.
        """
        return self._download(task_id, "chunk", number, into, "original")

    def _download(self, task_id: int, kind: str, number: int, into: BinaryIO, quality: str) -> str:
        response = self.session.request(
            "GET",
            f"/api/tasks/{task_id}/data",
            params={"type": kind, "number": number, "quality": quality},
            timeout=max(self.session.timeout, FRAME_TIMEOUT),
            limit=FRAME_LIMIT,
            into=into,
        )
        return response.header("Content-Type").partition(";")[0].strip()
