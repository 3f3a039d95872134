"""Which labels on the frames of a video are one object: by ``instance``, else by ``index``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..codec import Document
from ..shapes import Size

WHO = ("label", "index", "instance", "keyframe")
"""What of a label's document has a say in which tracks are made, beside what is drawn."""


@dataclass(frozen=True, slots=True)
class FrameLabel:
    """A label on a frame of a video.

    Args:
        frame: the frame's number in its task
        label_id: the label's own id
        document: the label; once it is drawn only :data:`WHO` is kept of it
        size: of the frame, in pixels
    """

    frame: int
    label_id: str
    document: Document
    size: Size

    @property
    def key(self) -> LabelKey:
        return self.frame, self.label_id


LabelKey = tuple[int, str]
"""A label of a field in a video: its frame and its own id."""


@dataclass(frozen=True)
class Identity:
    """What says in FiftyOne that labels on several frames are one object.

    Args:
        index: the label's number
        instance: the id of the label's instance
    """

    index: int | None = None
    instance: str | None = None

    @classmethod
    def of(cls, document: Document) -> Identity:
        """The identity of a label; empty if it has none that makes sense."""
        index, instance = document.get("index"), document.get("instance")
        own = instance.get("_id", instance.get("id")) if isinstance(instance, Mapping) else instance
        number = int(index) if isinstance(index, int) and not isinstance(index, bool) else None
        return cls(number, str(own) if own else None)

    def __bool__(self) -> bool:
        return self.index is not None or self.instance is not None


@dataclass(frozen=True)
class Objects:
    """The objects of a field in a video.

    Args:
        numbers: for each label, the number of its object; ``None`` if it has no identity
        disagreeing: the labels whose index is another one than their instance has elsewhere, or whose instance is
            another one than their index has elsewhere among labels of their class
    """

    numbers: tuple[int | None, ...]
    disagreeing: tuple[FrameLabel, ...]


def find_objects(labels: Sequence[FrameLabel]) -> Objects:
    """Groups labels by object.

    Labels of one instance are one object, whatever their index. A label with an index alone is of the instance that
    has this index, if there is one only; else the labels of one index are one object. Classes don't matter.

    Args:
        labels: of one field in one video
    """
    identities = [Identity.of(label.document) for label in labels]
    instances: dict[int, set[str]] = {}
    for found in identities:
        if found.index is not None and found.instance is not None:
            instances.setdefault(found.index, set()).add(found.instance)
    numbers: dict[Hashable, int] = {}
    return Objects(
        tuple(numbers.setdefault(_key(found, instances), len(numbers)) if found else None for found in identities),
        _disagreeing(labels, identities),
    )


def _key(identity: Identity, instances: Mapping[int, set[str]]) -> Hashable:
    if identity.instance is not None or identity.index is None:
        return identity.instance
    owners = instances.get(identity.index, set())
    return next(iter(owners)) if len(owners) == 1 else ("index", identity.index)


def _disagreeing(labels: Sequence[FrameLabel], identities: Sequence[Identity]) -> tuple[FrameLabel, ...]:
    both = [
        (label, one) for label, one in zip(labels, identities, strict=True) if None not in (one.index, one.instance)
    ]
    by_instance: dict[Any, Counter[Any]] = {}
    by_index: dict[Any, Counter[Any]] = {}
    for label, one in both:
        by_instance.setdefault(one.instance, Counter())[one.index] += 1
        by_index.setdefault((label.document.get("label"), one.index), Counter())[one.instance] += 1
    usual_index = {instance: found.most_common(1)[0][0] for instance, found in by_instance.items()}
    usual_instance = {index: found.most_common(1)[0][0] for index, found in by_index.items()}
    return tuple(
        label
        for label, one in both
        if usual_index[one.instance] != one.index
        or usual_instance[label.document.get("label"), one.index] != one.instance
    )


def shared_identity(labels: Sequence[FrameLabel]) -> Identity:
    """The identity of an object: the index and the instance that most of its labels have."""
    identities = [Identity.of(label.document) for label in labels]
    indexes = Counter(found.index for found in identities if found.index is not None)
    instances = Counter(found.instance for found in identities if found.instance is not None)
    return Identity(
        indexes.most_common(1)[0][0] if indexes else None, instances.most_common(1)[0][0] if instances else None
    )
