"""What state a run is in, as a person should read it."""

import time
from dataclasses import dataclass
from typing import Any, Literal

from .lease import read_heartbeat
from .run_record import RunRecord
from .store import RunStore

State = Literal["sent", "sending", "interrupted"]


@dataclass(frozen=True)
class RunStatus:
    """The state of a run.

    Args:
        state: ``"sent"``; ``"sending"`` if a process is at it; ``"interrupted"`` if none is: it can be resumed
        text: how far it is, or why it ended
        done: the part that is done, 0 to 1, if that is known
    """

    state: State
    text: str = ""
    done: float | None = None


def status_of(dataset: Any, record: RunRecord) -> RunStatus:
    """The state of a run of a dataset."""
    if record.status == "sent":
        return RunStatus("sent", done=1.0)
    heartbeat = read_heartbeat(RunStore(dataset, record.run_id))
    if heartbeat is not None and heartbeat.doing != "sent":  # what is complete of it is being loaded
        heartbeat = None
    if heartbeat is not None and heartbeat.is_alive(time.time()):
        return RunStatus("sending", heartbeat.text, heartbeat.done)
    ended = "Its process ended before it was complete."
    return RunStatus("interrupted", record.problem or ended, heartbeat.done if heartbeat else None)
