"""Uploading one large file in chunks, by the tus protocol as CVAT speaks it."""

from __future__ import annotations

import base64
from collections.abc import Callable

from .bodies import FileSlice, UploadFile
from .errors import AmbiguousOutcome, Conflict, CvatError, NotFound, ServerFault, TooLarge
from .session import UPLOAD_TIMEOUT, Session

CHUNK = 32 << 20
"""Bytes of a chunk at most."""

SMALLEST_CHUNK = 1 << 20
"""Bytes below which a chunk is not halved any more when a proxy finds it too large."""

MOST_SETBACKS = 5
"""Times that a file may be interrupted without a byte of progress in between."""

_TUS = {"Tus-Resumable": "1.0.0"}


def send_by_tus(
    session: Session, task_id: int, file: UploadFile, *, watch: Callable[[int], None], chunk: int = CHUNK
) -> None:
    """Uploads a file into a task whose upload has been started.

    An interrupted chunk goes on where the server says it ended. When the server does not know the upload any
    more, creating it again tells whether the file is complete: the name of a complete file is refused.

    Args:
        session: The session.
        task_id: The task.
        file: The file.
        watch: Is told of the bytes sent so far.
        chunk: Bytes in a request.

    Raises:
        CvatError: The server refused, or the connection broke too often.
    """
    chunk = min(chunk, CHUNK)
    place = _create(session, task_id, file)
    offset = setbacks = 0
    while place is not None and offset < file.size:
        length = min(chunk, file.size - offset)
        try:
            offset = _send(session, place, file, offset, length, watch)
            setbacks = 0
            continue
        except TooLarge:
            if chunk <= SMALLEST_CHUNK:
                raise
            chunk = max(chunk // 2, SMALLEST_CHUNK)
            continue
        except (AmbiguousOutcome, Conflict, NotFound, ServerFault):
            setbacks += 1
            if setbacks > MOST_SETBACKS:
                raise
        known = _offset(session, place)
        if known is None:
            place, known = _create(session, task_id, file), 0
        offset = known


def _create(session: Session, task_id: int, file: UploadFile) -> str | None:
    """Announces a file and returns the path for its chunks, or None if a file of this name is complete."""
    name = base64.b64encode(file.name.encode()).decode()
    # Without the slash at the end the id would replace the last part of the path in the answer, and without
    # an Origin CVAT fails. It builds Location from it, so the host there means nothing.
    response = session.request(
        "POST",
        f"/api/tasks/{task_id}/data/",
        headers={
            **_TUS,
            "Upload-Length": str(file.size),
            "Upload-Metadata": f"filename {name}",
            "Origin": session.credentials.origin,
        },
        expect=(409,),
        repeatable=True,
    )
    if response.status_code == 409:
        return None
    upload_id = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    if not upload_id:
        raise CvatError(f"CVAT did not say where to send {file.name}", path=f"/api/tasks/{task_id}/data/")
    return f"/api/tasks/{task_id}/data/{upload_id}"


def _send(
    session: Session, place: str, file: UploadFile, offset: int, length: int, watch: Callable[[int], None]
) -> int:
    """Sends one chunk and returns the offset after it."""
    body = FileSlice(file, offset, length, lambda done: watch(offset + done))
    response = session.request(
        "PATCH",
        place,
        data=body,
        headers={**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"},
        timeout=UPLOAD_TIMEOUT,
    )
    reached = response.headers.get("Upload-Offset", "")
    return int(reached) if reached.isdigit() else offset + length


def _offset(session: Session, place: str) -> int | None:
    """How much of a file is there; None if the server does not know the upload (any more)."""
    try:
        response = session.request("HEAD", place, headers=_TUS)
    except (NotFound, ServerFault):
        # Older versions answer 500 once an upload is complete.
        return None
    offset = response.headers.get("Upload-Offset", "")
    return int(offset) if offset.isdigit() else None
