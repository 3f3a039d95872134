"""Labels that CVAT does not take: too large for a proxy, or refused. What is known of them, in sentences."""

from ...cvat import CvatError, TooLarge, encode_objects
from ...cvat import Refused as CvatRefused
from ...labels.base import BaseLabel
from ..readable import readable
from ..runs.outbox import Batch, TrackLabels, each_label
from .attempts import Refusal
from .batch import wire
from .send_progress import megabytes

TOO_MANY_REQUESTS = 429

WORTH_SAYING = 100_000
"""Bytes from which on the largest request that was taken says something about the limit."""


def is_about_labels(error: CvatError) -> bool:
    """Whether fewer or other labels may be taken where these were not."""
    return isinstance(error, TooLarge) or (isinstance(error, CvatRefused) and error.status != TOO_MANY_REQUESTS)


class Sizes:
    """What is known of the sizes of requests that a server takes: bytes.

    Attributes:
        refused: the smallest that was too large; ``None`` if none was
        taken: the largest that was not
    """

    def __init__(self) -> None:
        self.refused: int | None = None
        self.taken = 0

    def check(self, size: int) -> None:
        """Spares a request that is as large as one that was too large.

        Raises:
            TooLarge: if so
        """
        if self.refused is not None and size >= self.refused:
            raise TooLarge(f"A request of {megabytes(size)} is too large for CVAT, or for a proxy before it")

    def learn(self, size: int, error: CvatError | None = None) -> None:
        """Takes how a request ended."""
        if error is None:
            self.taken = max(self.taken, size)
        elif isinstance(error, TooLarge):
            self.refused = min(self.refused or size, size)


def refusals_of(entry: BaseLabel | TrackLabels, size: int, error: CvatError, sizes: Sizes) -> list[Refusal]:
    """The labels that are left out, by class, sample and the reason: one, or those of a track."""
    who = _who(entry)
    if isinstance(error, TooLarge):
        limit = f"refused {megabytes(sizes.refused or size)} at once"
        limit += f" and took {megabytes(sizes.taken)}" if sizes.taken >= WORTH_SAYING else ""
        sentence = f"{who}, of {megabytes(size)}, is too large for CVAT or a proxy before it, which {limit}"
    else:
        sentence = f"{who} was refused by CVAT: {error.detail or 'it gave no reason'}"
    return _refusals(entry, sentence)


def without_harm(batch: Batch) -> tuple[Batch, list[Refusal]]:
    """What of a batch would not harm its job, and why the rest would."""
    try:
        encode_objects(*wire(batch))
    except ValueError:
        found = [unstorable(entry) for entry in batch.labels]
        kept = [place for place, refusals in enumerate(found) if not refusals]
        return batch.part(kept), [refusal for refusals in found for refusal in refusals]
    return batch, []


def unstorable(entry: BaseLabel | TrackLabels) -> list[Refusal]:
    """Labels that would harm their job for good, and why; none if they would not."""
    try:
        encode_objects(*wire(Batch.model_construct(labels=(entry,), dropped={})))
    except ValueError as error:
        return _refusals(entry, f"{_who(entry)} can't be stored by CVAT: {error}")
    return []


def _who(entry: BaseLabel | TrackLabels) -> str:
    if isinstance(entry, TrackLabels):
        first, last = entry.labels[0], entry.labels[-1]
        name = first.parts.get("label") or entry.field
        return f"{entry.field}: the track of '{name}' on the task's frames {first.frame} to {last.frame}"
    name = entry.parts.get("label") or entry.field
    return f"{entry.field}: the label '{name}' of sample {entry.sample_id}"


def _refusals(entry: BaseLabel | TrackLabels, sentence: str) -> list[Refusal]:
    sentence = readable(sentence)
    return [
        Refusal(field=label.field, sample_id=label.sample_id, label_id=label.label_id, sentence=sentence)
        for label in each_label([entry])
    ]
