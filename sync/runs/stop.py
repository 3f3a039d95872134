"""Stop: ask whoever is sending a run to end."""

from typing import Any

from ..errors import Refused, database_context
from . import record as records
from .lease import ask_to_stop
from .status import status_of
from .store import RunStore


@database_context("Ask again when it is back.")
def stop(dataset: Any, key: str) -> dict[str, Any]:
    """Asks the process that sends a run, wherever it runs, to stop. It does so within some seconds.

    Args:
        dataset: the dataset
        key: the run's key

    Returns:
        ``anno_key``, and a ``text`` for the person

    Raises:
        RunMissing: if there is no such run
        Refused: if it is not being sent
    """
    record = records.find(dataset, key)
    state = status_of(dataset, record).state
    if state == "sent":
        raise Refused(f"The run '{key}' is sent; there is nothing to stop.")
    if state == "interrupted":
        raise Refused(f"The run '{key}' is not being sent; it was interrupted. Resume or delete it.")
    ask_to_stop(RunStore(dataset, record.run_id))
    text = f"The run '{key}' stops within some seconds. What was sent is kept: resume it later, or delete it."
    return {"anno_key": key, "text": text}
