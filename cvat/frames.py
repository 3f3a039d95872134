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
        response = self.session.request(
            "GET",
            f"/api/tasks/{task_id}/data",
            params={"type": "frame", "number": number, "quality": quality},
            timeout=max(self.session.timeout, FRAME_TIMEOUT),
            limit=FRAME_LIMIT,
            into=into,
        )
        return response.header("Content-Type").partition(";")[0].strip()
