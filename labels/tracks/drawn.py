"""The labels of a field in a video, drawn one after the other: of each only that is kept which tracks are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..attributes import NotCarried
from ..encode import Encoded, encode_label
from ..vocabulary import Vocabulary
from .identity import WHO, FrameLabel, LabelKey

NOWHERE = "labels on frames that are in no job"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a label that has to be said.

    Args:
        reason: what, to be counted
        label: the label
    """

    reason: str
    label: FrameLabel


class DrawnLabels:
    """The labels of a field in a video, as they are drawn.

    Args:
        field: the field
        vocabulary: the run's words
        jobs: the frames of each job; they may overlap

    Attributes:
        by_frame: the numbers of the jobs of each frame
        labels: the labels that are drawn, with what says which object they are, and no more of their documents
        encoded: what was made of each
        left_out: labels that are not sent, and why
    """

    def __init__(self, field: str, vocabulary: Vocabulary, jobs: Sequence[range]) -> None:
        self.field, self.vocabulary, self.jobs = field, vocabulary, jobs
        self.by_frame = _jobs_by_frame(jobs)
        self.labels: list[FrameLabel] = []
        self.encoded: dict[LabelKey, Encoded] = {}
        self.left_out: list[Notice] = []

    def add(self, label: FrameLabel, group: int) -> int:
        """Draws a label; the largest CVAT group that is in use then.

        Args:
            label: the label, with the pixels of its mask; they come in the order of their frames
            group: the largest CVAT group that is in use
        """
        kept = replace(label, document={name: label.document[name] for name in WHO if name in label.document})
        if label.frame not in self.by_frame:
            self.left_out.append(Notice(NOWHERE, kept))
            return group
        try:
            drawn = encode_label(label.document, self.field, self.vocabulary, label.size, label.frame, group + 1)
        except NotCarried as error:
            self.left_out.append(Notice(str(error), kept))
            return group
        except Exception as error:  # whatever is in a document: it is this label that stays behind, and no other
            self.left_out.append(Notice(f"labels that can't be drawn ({type(error).__name__})", kept))
            return group
        self.labels.append(kept)
        self.encoded[kept.key] = drawn
        return group + (len(drawn.objects) > 1)


def draw_labels(
    labels: Iterable[FrameLabel], field: str, vocabulary: Vocabulary, jobs: Sequence[range], group: int = 0
) -> DrawnLabels:
    """Labels that are at hand, drawn; arguments as of :class:`DrawnLabels` and :meth:`DrawnLabels.add`."""
    drawn = DrawnLabels(field, vocabulary, jobs)
    for label in labels:
        group = drawn.add(label, group)
    return drawn


def _jobs_by_frame(jobs: Sequence[range]) -> dict[int, list[int]]:
    by_frame: dict[int, list[int]] = {}
    for number, frames in enumerate(jobs):
        for frame in frames:
            by_frame.setdefault(frame, []).append(number)
    return by_frame
