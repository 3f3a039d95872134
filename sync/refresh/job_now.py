"""A job as CVAT has it when a refresh looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...cvat import Annotations, Job
from ...labels.vocabulary import Vocabulary
from ..runs.refreshes import LabelKey


@dataclass(frozen=True)
class JobNow:
    """A job as CVAT has it now.

    Args:
        job: the job
        date: its date
        annotations: what it has
        removed: the frames of its task that were removed
        vocabulary: what the task's labels mean
        drawing: the words with which labels are drawn, see :func:`labels.drawing.drawing_words`
        shared: frames that an earlier job has, too
        told: those of them whose labels are counted there
        touched_elsewhere: labels that another job has, too, and that were touched there: why nothing is written of them
    """

    job: Job
    date: str
    annotations: Annotations
    removed: frozenset[int]
    vocabulary: Vocabulary
    drawing: Vocabulary
    shared: frozenset[int]
    told: frozenset[int]
    touched_elsewhere: Mapping[LabelKey, str] = field(default_factory=dict)
