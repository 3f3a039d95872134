"""Uploading one large file in chunks, by the tus protocol as CVAT speaks it."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from urllib.parse import quote

from .bodies import FileSlice, UploadFile
from .checkpoint import ANNOUNCED, Checkpoint
from .errors import (
    AmbiguousOutcome,
    Conflict,
    CvatError,
    NotFound,
    PermissionDenied,
    ServerFault,
    TooLarge,
    UnsupportedServer,
)
from .headers import whole_number
from .session import UPLOAD_TIMEOUT, Session
from .words import megabytes, shorten

CHUNK = 32 << 20
"""Bytes of a chunk at most."""

SMALLEST_CHUNK = 16 << 10
"""Bytes below which a chunk is not halved any more when a proxy refuses it as too large."""

SMALLEST_SLOW_CHUNK = 1 << 20
"""Bytes below which a chunk is not halved any more because connections break: smaller ones only cost time."""

MOST_SETBACKS = 5
"""Times that a file may be interrupted without a byte of progress in between, when chunks cannot shrink."""

MOST_ANNOUNCEMENTS = 10
"""Times that a file is begun anew because the server does not know its beginning any more."""

_TUS = {"Tus-Resumable": "1.0.0"}


class ChunkSize:
    """How large chunks may be: what one file has found out holds for all files of an upload."""

    def __init__(self, size: int) -> None:
        """
        Args:
            size: Bytes.
        """
        self._lock = threading.Lock()
        self._size = max(1, min(size, CHUNK))

    @property
    def size(self) -> int:
        """Bytes of the next chunk at most."""
        return self._size

    def halve(self, refused: int, smallest: int) -> bool:
        """Makes chunks smaller than one that did not get through.

        Args:
            refused: Bytes of that chunk.
            smallest: Bytes below which it makes no sense.

        Returns:
            Whether smaller chunks are worth a try.
        """
        if refused <= smallest:
            return False
        with self._lock:
            self._size = min(self._size, max(refused // 2, smallest))
        return True


class TusUpload:
    """One file on its way into a task whose upload has been started."""

    def __init__(
        self,
        session: Session,
        task_id: int,
        file: UploadFile,
        *,
        checkpoint: Checkpoint,
        watch: Callable[[int], None],
        chunks: ChunkSize,
    ) -> None:
        """
        Args:
            session: The session.
            task_id: The task.
            file: The file.
            checkpoint: Knows where an earlier process was sending it, and learns where this one does.
            watch: Called with the bytes sent so far.
            chunks: How large chunks may be.
        """
        self._session, self._task_id, self._file = session, task_id, file
        self._checkpoint, self._watch, self._chunks = checkpoint, watch, chunks
        self._announcements = 0

    def run(self) -> None:
        """Sends the file, or what the server lacks of it.

        An interrupted chunk goes on where the server says it ended. When the server does not know the upload
        (any more), announcing it again shows whether the file is complete: the name of a complete file is
        refused.

        Raises:
            CvatError: The server refused, or the connection broke too often.
        """
        place, offset = self._known()
        setbacks = 0
        while True:
            if place is None:
                place, offset = self._announce(), 0
            if place is None or offset >= self._file.size:
                return
            length = min(self._chunks.size, self._file.size - offset)
            try:
                offset = self._send(place, offset, length)
                setbacks = 0
                continue
            except TooLarge as refusal:
                if not self._chunks.halve(length, SMALLEST_CHUNK):
                    raise self._too_large(refusal, length) from None
                continue
            except (AmbiguousOutcome, Conflict, NotFound, ServerFault):
                setbacks += 1
                # A break may be chance; breaks in a row may be a proxy's way to say that it takes too long.
                shrunk = setbacks > 1 and self._chunks.halve(length, SMALLEST_SLOW_CHUNK)
                if setbacks > MOST_SETBACKS and not shrunk:
                    raise
            place, offset = self._reached(place)

    def _known(self) -> tuple[str | None, int]:
        """The place that an earlier process used, if the server knows it, and how much is there."""
        place = self._checkpoint.place(self._file.name)
        return (None, 0) if place in (None, ANNOUNCED) else self._reached(str(place))

    def _reached(self, place: str) -> tuple[str | None, int]:
        """A place and how much of the file is there; no place if the server does not know it (any more)."""
        try:
            response = self._session.request("HEAD", self._path(place), headers=_TUS)
        except (NotFound, PermissionDenied, ServerFault):
            # Older versions answer 500 once an upload is complete; 403 is another user's.
            return None, 0
        offset, length = (whole_number(response.header(name)) for name in ("Upload-Offset", "Upload-Length"))
        # All bytes and not yet gone: the last chunk is being worked on, or was given up. Announcing it again shows.
        if offset is None or length != self._file.size or offset >= self._file.size:
            return None, 0
        return place, offset

    def _announce(self) -> str | None:
        """Announces the file and returns the place for its chunks; None if a file of this name is complete."""
        file, checkpoint = self._file, self._checkpoint
        if checkpoint.place(file.name) is None:
            checkpoint.placed(file.name, ANNOUNCED)
        self._announcements += 1
        name = base64.b64encode(file.name.encode()).decode()
        # Without the slash at the end the id would replace the last part of the path in the answer, and without
        # an Origin CVAT fails. It builds Location from it, so the host there means nothing.
        path = f"/api/tasks/{self._task_id}/data/"
        response = self._session.request(
            "POST",
            path,
            headers={
                **_TUS,
                "Upload-Length": str(file.size),
                "Upload-Metadata": f"filename {name}",
                "Origin": self._session.credentials.origin,
            },
            expect=(409,),
            repeatable=True,
        )
        if response.status_code == 409:
            return None
        place = response.header("Location").rstrip("/").rpartition("/")[2]
        if place == "data" or not re.fullmatch(r"\w[\w.+-]{0,199}", place, re.ASCII):
            raise UnsupportedServer(f"CVAT did not say where to send {file.name}", method="POST", path=path)
        if self._announcements > MOST_ANNOUNCEMENTS:
            raise ServerFault(f"CVAT forgets again and again what it has received of {file.name}", path=path)
        checkpoint.placed(file.name, place)
        return place

    def _send(self, place: str, offset: int, length: int) -> int:
        """Sends one chunk and returns the offset after it."""
        body = FileSlice(self._file, offset, length, lambda done: self._watch(offset + done))
        path = self._path(place)
        response = self._session.request(
            "PATCH",
            path,
            data=body,
            headers={**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
            timeout=UPLOAD_TIMEOUT,
        )
        value = response.header("Upload-Offset")
        reached = whole_number(value) if value else offset + length
        if reached is None or not offset < reached <= offset + length:
            raise Conflict(f"CVAT says that it has {shorten(value, 20)} bytes of {self._file.name}", path=path)
        return reached

    def _too_large(self, refusal: TooLarge, length: int) -> CvatError:
        return refusal.recast(
            TooLarge, f"{refusal} (a part of {megabytes(length)} of {self._file.name}; smaller ones are not sent)"
        )

    def _path(self, place: str) -> str:
        return f"/api/tasks/{self._task_id}/data/{quote(place, safe='')}"
