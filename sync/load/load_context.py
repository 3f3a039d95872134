"""What a load works on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...cvat import Job
from ..dataset.labels import Labels
from ..request import LoadRequest
from ..runs.run_record import RunRecord
from ..runs.store import Store
from .copying import MappedSchema
from .dry_run import DryRunLabels, DryRunStore


@dataclass(frozen=True)
class LoadContext:
    """What a load works on.

    Args:
        labels: the dataset's labels
        store: the run's store
        record: the run
        mapped: its schema, under the names of the fields that are loaded into
        request: what was asked for
        user: who loads
        by_itself: whether nobody asked for it
        made: fields that runs made in this dataset
        keep: keeps a changed record of the run
        check: raises if the run is gone meanwhile
        review: brings the review comments up to date, given the jobs; their counts
    """

    labels: Labels
    store: Store
    record: RunRecord
    mapped: MappedSchema
    request: LoadRequest
    user: str
    keep: Callable[[RunRecord], None]
    by_itself: bool = False
    made: frozenset[str] = frozenset()
    check: Callable[[], None] = lambda: None
    review: Callable[[Sequence[Job]], dict[str, int]] = lambda jobs: {}

    def dry_run(self) -> "LoadContext":
        """The same to try things on."""
        labels, store = DryRunLabels(self.labels), DryRunStore(self.store)
        return replace(self, labels=labels, store=store, keep=lambda record: None)
