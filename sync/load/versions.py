"""A label that is in conflict as it is drawn: what it was, what it is here, and what it is in CVAT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...labels.attributes import NotCarried
from ...labels.objects import Object, shape_of
from ...labels.schema import FieldSchema
from ...labels.shapes import CvatShape, Size
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..dataset.labels import DatasetLabels
from ..dataset.mask_files import with_pixels
from ..dataset.samples import FieldPlace
from ..errors import database_context
from ..request import parse
from ..runs import record as records
from ..runs.base import BaseStore, OpenConflict, TaskBase
from ..runs.store import RunStore
from .choice import Choice
from .video_frames import timeline_of

Shapes = tuple[CvatShape, ...]


@dataclass(frozen=True)
class Versions:
    """The three versions of a label as they are drawn, in pixels; nothing where the label is not, or not drawn.

    Args:
        media: the file of its sample
        number: which frame of a video, from 1; ``None`` of an image
        size: of the frame in CVAT
        base: what it was when both sides last agreed
        local: what it is in the dataset
        remote: what it is in CVAT
    """

    media: str
    number: int | None
    size: Size
    base: Shapes = ()
    local: Shapes = ()
    remote: Shapes = ()


@database_context("Nothing was changed.")
def find_versions(dataset: Any, key: str, decision: Mapping[str, Any]) -> Versions | None:
    """The versions of a label that is in conflict.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key
        decision: as of :class:`.choice.Choice`; the first label that it is about is meant

    Returns:
        ``None`` if the label is not in conflict any more

    Raises:
        RunMissing: if there is no such run
        StateUnreadable: if what is kept of the run is damaged
    """
    dataset = dataset._root_dataset
    record = records.find(dataset, key)
    store = BaseStore(RunStore(dataset, record.run_id))
    tasks = {job_id: task.id for task in record.tasks for job_id in task.jobs}
    choice = parse(Choice, decision)
    for job_id, mark in store.marks().items():
        task = store.task(tasks.get(job_id, 0)) if mark.open else None
        timeline = timeline_of(task)
        for conflict in store.open(job_id) if mark.open else ():
            if choice.concerns(conflict.base, timeline):
                return None if task is None else _versions(dataset, conflict, task, task.words(record.schema_))
    return None


def _versions(dataset: Any, conflict: OpenConflict, task: TaskBase, vocabulary: Vocabulary) -> Versions:
    base, size, of = conflict.base, task.size_of(conflict.base.frame), task.place_of(conflict.base.frame)
    schema = vocabulary.schema.fields[base.field]
    place = FieldPlace.of(base.field, LABEL_TYPES[schema.type])
    held = DatasetLabels(dataset).read(place, [base.sample_id]).get(base.sample_id)
    document = held.labels.get(base.label_id) if held else None
    return Versions(
        media=held.media if held else "",
        number=of.number if of else None,
        size=size,
        base=_shapes(base.objects, vocabulary),
        local=drawn(with_pixels(document, held.media, held.own), size, schema) if held and document else (),
        remote=_shapes(conflict.objects, vocabulary) if conflict.remote is not None else (),
    )


def _shapes(objects: Sequence[Object], vocabulary: Vocabulary) -> Shapes:
    shapes = (shape_of(item, vocabulary) for item in objects)
    return tuple(shape for shape in shapes if shape.type != "tag")


def drawn(document: Any, size: Size, schema: FieldSchema) -> Shapes:
    """A label of the dataset; one that CVAT can't hold, as somebody edited it since, is not drawn."""
    try:
        shapes = LABEL_TYPES[schema.type].codec.encode(document, size, schema)
    except NotCarried:
        return ()
    return tuple(shape for shape in shapes if shape.type != "tag")
