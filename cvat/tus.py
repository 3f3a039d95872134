"""Uploading one large file in chunks, by the tus protocol as CVAT speaks it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

from .bodies import FileSlice, UploadFile
from .checkpoint import ANNOUNCED, Checkpoint
from .errors import AmbiguousOutcome, Conflict, CvatError, NotFound, PermissionDenied, ServerFault, TooLarge
from .session import UPLOAD_TIMEOUT, Session

CHUNK = 32 << 20
"""Bytes of a chunk at most."""

SMALLEST_CHUNK = 1 << 20
"""Bytes below which a chunk is not halved any more when it is too large for a proxy, or takes it too long."""

MOST_SETBACKS = 5
"""Times that a file may be interrupted without a byte of progress in between, when chunks cannot shrink."""

_TUS = {"Tus-Resumable": "1.0.0"}


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
        chunk: int = CHUNK,
    ) -> None:
        """
        Args:
            session: The session.
            task_id: The task.
            file: The file.
            checkpoint: Knows where an earlier process was sending it, and learns where this one does.
            watch: Is told of the bytes sent so far.
            chunk: Bytes in a request.
        """
        self._session, self._task_id, self._file = session, task_id, file
        self._checkpoint, self._watch = checkpoint, watch
        self._chunk = min(chunk, CHUNK)

    def run(self) -> None:
        """Sends the file, or what the server lacks of it.

        An interrupted chunk goes on where the server says it ended. When the server does not know the upload
        (any more), announcing it again tells whether the file is complete: the name of a complete file is
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
            try:
                offset = self._send(place, offset)
                setbacks = 0
                continue
            except TooLarge:
                if not self._shrink():
                    raise
                continue
            except (AmbiguousOutcome, Conflict, NotFound, ServerFault):
                setbacks += 1
                # A break may be chance; breaks in a row may be a proxy's way to say that it takes too long.
                shrunk = setbacks > 1 and self._shrink()
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
        offset, length = response.headers.get("Upload-Offset", ""), response.headers.get("Upload-Length", "")
        # All bytes and not yet gone: the last chunk is being worked on, or was given up. Announcing tells.
        if not offset.isdigit() or length != str(self._file.size) or int(offset) >= self._file.size:
            return None, 0
        return place, int(offset)

    def _announce(self) -> str | None:
        """Announces the file and returns the place for its chunks; None if a file of this name is complete."""
        file, checkpoint = self._file, self._checkpoint
        if checkpoint.place(file.name) is None:
            checkpoint.placed(file.name, ANNOUNCED)
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
        place = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if not place:
            raise CvatError(f"CVAT did not say where to send {file.name}", path=path)
        checkpoint.placed(file.name, place)
        return place

    def _send(self, place: str, offset: int) -> int:
        """Sends one chunk and returns the offset after it."""
        length = min(self._chunk, self._file.size - offset)
        body = FileSlice(self._file, offset, length, lambda done: self._watch(offset + done))
        response = self._session.request(
            "PATCH",
            self._path(place),
            data=body,
            headers={**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
            timeout=UPLOAD_TIMEOUT,
        )
        reached = response.headers.get("Upload-Offset", "")
        return int(reached) if reached.isdigit() else offset + length

    def _shrink(self) -> bool:
        """Makes the next chunks half as large, if they are not small already."""
        if self._chunk <= SMALLEST_CHUNK:
            return False
        self._chunk = max(self._chunk // 2, SMALLEST_CHUNK)
        return True

    def _path(self, place: str) -> str:
        return f"/api/tasks/{self._task_id}/data/{quote(place, safe='')}"
