"""Waiting until CVAT has made a task out of uploaded files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from . import waiting
from .background import creation_status, listed_creation
from .errors import Cancelled, CreationFailed, DeadlinePassed, Refused, ServerFault, Unreachable
from .limits import PAGE_TEXT
from .models import RequestStatus, Task
from .session import Session
from .words import shorten

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two looks, growing from the first to the longest."""

LOOKS_AT_EMPTY_TASK = 4
"""Looks after which a task without frames, whose request is gone, counts as failed."""

MOST_OF_A_REASON = 1_000
"""Characters of CVAT's reason that are looked at."""

LOOKS_AT_FAILURE = 3
"""Looks at a failed request for its lasting message; the first one may be empty or a traceback."""


def wait_for_creation(
    session: Session,
    task_id: int,
    rq_id: str,
    *,
    deadline: float,
    progress: Callable[[RequestStatus], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Task:
    """Polls until the task has its frames. See ``Client.wait_for_creation``."""
    session = session if cancelled is None else session.stopping_when(cancelled)
    try:
        return _wait(session, task_id, rq_id, deadline, progress)
    except Cancelled:
        raise Cancelled(f"Stopped waiting for task {task_id}; CVAT goes on creating it") from None


def _wait(
    session: Session,
    task_id: int,
    rq_id: str,
    deadline: float,
    progress: Callable[[RequestStatus], None] | None,
) -> Task:
    ends = time.monotonic() + deadline
    pause, empty_looks = FIRST_PAUSE, 0
    state = "nothing yet"
    while True:
        try:
            # The id may be a guess, made when the answer that named it was lost.
            status = creation_status(session, rq_id) or listed_creation(session, task_id)
            if status is None:
                state = "its request is gone"
                task = _task(session, task_id)
                if task.size > 0:
                    return task
                empty_looks += 1
                if empty_looks >= LOOKS_AT_EMPTY_TASK:
                    raise _without_frames(task_id, "its request is gone and the task has no frames")
            else:
                state, empty_looks = shorten(status.message or status.status), 0
                if progress is not None:
                    progress(status)
                if status.status == "failed":
                    raise _failed(task_id, _lasting(session, status.id or rq_id, status))
                if status.status == "finished":
                    task = _task(session, task_id)
                    if task.size > 0:
                        return task
                    raise _without_frames(task_id, "the task has no frames")
        except (Unreachable, ServerFault, Refused) as error:
            if isinstance(error, Refused) and error.status != 429:
                raise
            # The work goes on at the server; only our view of it is interrupted.
            state = str(error)
        if time.monotonic() + pause > ends:
            raise DeadlinePassed(
                f"CVAT has not finished creating task {task_id} within {deadline:.0f} s ({state}); "
                "it goes on, look later"
            )
        waiting.pause(pause, session.stopped)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _task(session: Session, task_id: int) -> Task:
    return session.read(Task, f"/api/tasks/{task_id}")


def _lasting(session: Session, rq_id: str, status: RequestStatus) -> RequestStatus:
    """Looks at a failed request again until its message is the one that stays."""
    for _ in range(LOOKS_AT_FAILURE):
        if status.message.strip() and not status.message.startswith("Traceback"):
            break
        waiting.pause(FIRST_PAUSE, session.stopped)
        status = creation_status(session, rq_id) or status
    return status


def _without_frames(task_id: int, reason: str) -> CreationFailed:
    return CreationFailed(f"CVAT did not create task {task_id}: {reason}", message=reason, path=f"/api/tasks/{task_id}")


def _failed(task_id: int, status: RequestStatus) -> CreationFailed:
    message, file = clean_message(status.message)
    reason = shorten(message) or "it gave no reason"
    return CreationFailed(
        f"CVAT could not create task {task_id}: {reason}",
        message=message,
        file=file,
        path=f"/api/tasks/{task_id}",
    )


def clean_message(message: str) -> tuple[str, str | None]:
    """Reduces CVAT's reason to what concerns the user.

    Args:
        message: The last line of a traceback, or a whole one.

    Returns:
        The reason without exception names and server directories, and the base name of the file it names, if
        any.
    """
    lines = [line.strip() for line in message[-PAGE_TEXT:].strip().splitlines() if line.strip()]
    reason = shorten(lines[-1], MOST_OF_A_REASON) if lines else ""
    reason = (
        re.sub(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|DoesNotExist|Warning)\b:?\s*", "", reason) or reason
    )
    reason = re.sub(r"(['\"])(?:<[^<>]*>|[A-Za-z]:)?[^'\"]*[/\\]([^'\"/\\]+)\1", r"\1\2\1", reason)
    # The outermost quotes: a name may hold an apostrophe.
    named = re.search(r"'(.+\.\w+)'|\"(.+\.\w+)\"", reason)
    return reason, (named[1] or named[2]) if named else None
