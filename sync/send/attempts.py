"""What a send remembers of requests that went wrong: which may still come, which were late, what CVAT refused."""

from pydantic import BaseModel, ConfigDict

from ..runs.outbox import Batch, JobPlace, numbered
from ..runs.store import NoteStore, damaged


class Attempt(BaseModel):
    """The last request that was to write a batch into its job.

    Args:
        at: when it was sent, in seconds since the epoch
        lasted: seconds until its answer was lost; 0 if nobody knows
        over: whether the server answered, so that nothing of it can come later
    """

    model_config = ConfigDict(frozen=True)

    at: float = 0.0
    lasted: float = 0.0
    over: bool = False


class Refusal(BaseModel):
    """A label that CVAT does not take, and the sentence that says so."""

    model_config = ConfigDict(frozen=True)

    field: str
    sample_id: str
    label_id: str
    sentence: str


class Attempts:
    """What is remembered of the requests of a run.

    Args:
        store: the run's store
    """

    def __init__(self, store: NoteStore) -> None:
        self._store = store

    def of(self, place: JobPlace, number: int) -> Attempt | None:
        """The last request that was to write a batch of a job; ``None`` if it was never sent."""
        found = self._store.noted(f"attempt/{place}/{number}")
        with damaged(f"attempt/{place}"):
            return None if found is None else Attempt.model_validate(found)

    def note(self, place: JobPlace, number: int, attempt: Attempt) -> None:
        """Keeps it: before it is sent, and again when it is known how it ended if there is no answer to keep."""
        self._store.note(f"attempt/{place}/{number}", attempt.model_dump())

    def refusals(self, place: JobPlace) -> list[Refusal]:
        """The labels that CVAT does not take into a job."""
        with damaged(f"refused/{place}"):
            return [Refusal.model_validate_json(text) for _, text in numbered(self._store, f"refused/{place}")]

    def refuse(self, place: JobPlace, number: int, refusal: Refusal) -> None:
        """Keeps one of them.

        Args:
            place: the job
            number: how many there were before
            refusal: the label
        """
        self._store.save(f"refused/{place}/{number}", refusal.model_dump_json())

    def give_up(self, place: JobPlace, batch: Batch) -> None:
        """Keeps a batch that was not found: should its request be late after all, its labels are known again."""
        number = sum(1 for _ in numbered(self._store, f"late/{place}"))
        self._store.save(f"late/{place}/{number}", batch.model_dump_json(exclude_defaults=True))

    def given_up(self, place: JobPlace) -> list[Batch]:
        """The batches of a job that may be late."""
        with damaged(f"late/{place}"):
            return [Batch.model_validate_json(text) for _, text in numbered(self._store, f"late/{place}")]

    def places_given_up(self) -> list[JobPlace]:
        """The jobs into which something may be written late."""
        names = (name.split("/") for name in self._store.names("late/"))
        return sorted({JobPlace(int(name[1]), int(name[2])) for name in names}, key=str)


KEPT = ("attempt/", "refused/", "late/")
"""What the names of all this begin with."""
