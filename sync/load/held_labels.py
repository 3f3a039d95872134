"""The labels that a track stood for when both sides last agreed."""

from collections.abc import Iterable, Iterator, Sequence

from ...labels.base import BaseLabel
from ..runs.packed_labels import PackedLabels


class HeldLabels:
    """The labels of a track, one a frame.

    Args:
        labels: those that are what the base's track is on their frame
        waiting: those that are something else there

    Attributes:
        ids: their ids by frame, ascending
    """

    def __init__(self, labels: Iterable[BaseLabel], waiting: Sequence[BaseLabel]) -> None:
        packed = PackedLabels.of(labels)
        if not packed.is_ascending:
            packed = PackedLabels(label for _, label in sorted({label.frame: label for label in packed}.items()))
        known = set(packed.frames) if waiting else ()
        self.packed = packed
        self.waiting = {label.frame: label for label in waiting if label.frame not in known}
        ids = {frame: label.label_id for frame, label in self.waiting.items()}
        ids.update(packed.keys)
        self.ids = dict(sorted(ids.items())) if waiting else ids

    def __iter__(self) -> Iterator[BaseLabel]:
        if not self.waiting:
            return iter(self.packed)
        return iter(sorted((*self.waiting.values(), *self.packed), key=lambda label: label.frame))

    def on(self, frame: int) -> BaseLabel:
        """The label on a frame."""
        found = self.waiting.get(frame) or self.packed.on(frame)
        assert found is not None, "only frames with a label are asked for"
        return found
