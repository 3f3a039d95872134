"""Labels that CVAT does not take: too large for a proxy, or refused. What is known of them, in sentences."""

from ...cvat import CvatError, TooLarge, encode_objects
from ...cvat import Refused as CvatRefused
from ...labels.base import BaseLabel
from ..runs.outbox import Batch
from .attempts import Refusal
from .batch import wire
from .send_progress import megabytes

TOO_MANY_REQUESTS = 429


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


def refusal_of(label: BaseLabel, size: int, error: CvatError, sizes: Sizes) -> Refusal:
    """A label that is left out, by its class, its sample and the reason."""
    who = _who(label)
    if isinstance(error, TooLarge):
        limit = f"refused {megabytes(sizes.refused or size)} at once"
        limit += f" and took {megabytes(sizes.taken)}" if sizes.taken else ""
        sentence = f"{who}, of {megabytes(size)}, is too large for CVAT or a proxy before it, which {limit}"
    else:
        sentence = f"{who} was refused by CVAT: {error.detail or 'it gave no reason'}"
    return _refusal(label, sentence)


def unstorable(label: BaseLabel) -> Refusal | None:
    """A label that would harm its job for good, and why; ``None`` if it would not."""
    try:
        encode_objects(*wire(Batch.model_construct(labels=(label,), dropped={})))
    except ValueError as error:
        return _refusal(label, f"{_who(label)} can't be stored by CVAT: {error}")
    return None


def _who(label: BaseLabel) -> str:
    name = label.parts.get("label") or label.field
    return f"{label.field}: the label '{name}' of sample {label.sample_id}"


def _refusal(label: BaseLabel, sentence: str) -> Refusal:
    return Refusal(field=label.field, sample_id=label.sample_id, label_id=label.label_id, sentence=sentence)
