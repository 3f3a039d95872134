"""The views that a run was sent with, one for each time that samples were added: each may have hidden labels."""

from pydantic import BaseModel, ConfigDict, TypeAdapter

from .store import Store, parsed


class SentBatch(BaseModel):
    """Samples that were sent together.

    Args:
        stages: their view, as FiftyOne stores it; ``None`` if it was the whole dataset
        at: when they were sent, an ISO date in UTC
        tasks: the ids of their tasks
    """

    model_config = ConfigDict(frozen=True)

    stages: tuple[str, ...] | None
    at: str
    tasks: tuple[int, ...]


_BATCHES = TypeAdapter(tuple[SentBatch, ...])


class SentViews:
    """The views of a run that has grown; nothing is kept of others, whose view FiftyOne keeps.

    Args:
        store: the run's store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def batches(self) -> tuple[SentBatch, ...]:
        """What was sent, in this order."""
        text = self._store.load("sent_views")
        return () if text is None else parsed("sent_views", _BATCHES.validate_json, text)

    def add(self, first: SentBatch, more: SentBatch) -> None:
        """Keeps what is added to a run; it can be kept twice.

        Args:
            first: what the run had, should this be the first time
            more: what is added
        """
        kept = self.batches() or (first,)
        if more.tasks not in [item.tasks for item in kept]:
            self._store.save("sent_views", _BATCHES.dump_json((*kept, more)))
