"""Stop: ask whoever is at a run to end."""

import time
from collections.abc import Mapping
from typing import Any

from ..errors import Refused, database_context
from . import record as records
from .lease import Doing, ask_to_stop, read_heartbeat
from .status import status_of
from .store import RunStore

STOPPABLE: Mapping[Doing, str] = {
    "loaded": "stops being loaded within some seconds. What was loaded so far is kept; load again to go on.",
    "refreshed": "stops being refreshed within some seconds. What CVAT has by then stays; send again to go on.",
}
"""What can be stopped besides a send, and what is said of that."""


@database_context("Ask again when it is back.")
def stop(dataset: Any, key: str) -> dict[str, Any]:
    """Asks the process that sends, loads or refreshes a run, wherever it runs, to stop. It does so within some seconds.

    Args:
        dataset: the dataset
        key: the run's key

    Returns:
        ``anno_key``, and a ``text`` for the person

    Raises:
        RunMissing: if there is no such run
        Refused: if nobody is at it, or what is done with it ends by itself at once
    """
    record = records.find(dataset, key)
    store, state = RunStore(dataset, record.run_id), status_of(dataset, record).state
    heartbeat = read_heartbeat(store)
    if state != "sending" and heartbeat is not None and heartbeat.is_alive(time.time()):
        if heartbeat.doing not in STOPPABLE:
            raise Refused(f"The run '{key}' is being {heartbeat.action} at this moment; wait for its end.")
        ask_to_stop(store)
        return {"anno_key": key, "text": f"The run '{key}' {STOPPABLE[heartbeat.doing]}"}
    if state == "sent":
        raise Refused(f"The run '{key}' is sent; there is nothing to stop.")
    if state == "interrupted":
        raise Refused(f"The run '{key}' is not being sent; it was interrupted. Resume or delete it.")
    ask_to_stop(store)
    text = f"The run '{key}' stops within some seconds. What was sent is kept: resume it later, or delete it."
    return {"anno_key": key, "text": text}
