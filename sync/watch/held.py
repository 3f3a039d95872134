"""The runs that a watcher has to itself, so that no run is watched twice."""

import logging
import uuid

from ..runs.store import RunStore
from .sign import SIGN, Sign, as_sign, new_sign

logger = logging.getLogger(__name__)


class HeldRuns:
    """The runs of one watcher; their stores hold its sign of life."""

    def __init__(self) -> None:
        self._owner = uuid.uuid4().hex
        self._stores: dict[str, RunStore] = {}

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the runs."""
        return frozenset(self._stores)

    def take(self, run_id: str, store: RunStore, now: float, until: float, trouble: str = "") -> Sign | None:
        """Takes a run, or keeps it.

        Args:
            run_id: the run
            store: its store
            now: the time, in seconds since the epoch
            until: when it is looked at next
            trouble: what is wrong with it

        Returns:
            the sign of whoever else has it; ``None`` if nobody has
        """
        found = store.noted(SIGN)
        other = as_sign(found)
        if other is None or other.owner == self._owner or not other.is_alive(now):
            sign = new_sign(self._owner, now, until, trouble)
            if store.exchange(SIGN, found, sign.model_dump()):
                self._stores[run_id] = store
                return None
            other = as_sign(store.noted(SIGN))
        self._stores.pop(run_id, None)
        return other

    def breathe(self, now: float, until: float) -> None:
        """Gives all runs a new sign, while something takes long."""
        for run_id, store in list(self._stores.items()):
            mine = as_sign(store.noted(SIGN))
            self.take(run_id, store, now, until, mine.trouble if mine else "")

    def leave(self, run_id: str, trouble: str = "") -> None:
        """Leaves a run to others; when it was looked at last stays known.

        Args:
            run_id: the run; nothing happens if it is not held
            trouble: why, if something is wrong
        """
        store = self._stores.pop(run_id, None)
        found = store.noted(SIGN) if store else None
        mine = as_sign(found)
        if store and mine and mine.owner == self._owner:
            store.exchange(SIGN, found, mine.model_copy(update={"ended": True, "trouble": trouble}).model_dump())

    def leave_all(self, trouble: str = "") -> None:
        """Leaves all runs, as far as their dataset and the database are still there."""
        for run_id in list(self._stores):
            try:
                self.leave(run_id, trouble)
            except Exception as error:  # nobody is left to be told: the sign ages by itself
                logger.debug("A run is left without a word: %s", type(error).__name__)
