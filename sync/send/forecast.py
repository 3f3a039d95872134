"""What a send would write: the same labels are drawn in the same way, and thrown away."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...labels.schema import LabelSchema
from ...labels.shapes import Size
from ...labels.types import LABEL_TYPES
from ...labels.vocabulary import Vocabulary
from ..dataset.frames import read_holders
from ..dataset.media import BadFile, Frame
from ..dataset.samples import FieldPlace
from ..progress import ProgressReporter
from ..runs.outbox import Batch, each_label
from .encode import Place, draw, reader_of
from .plan import TaskPlan
from .refusals import without_harm

UNKNOWN_SIZE = Size(1920, 1080)
"""The size of images of which nothing is known before CVAT has made frames of them, in pixels."""


@dataclass(frozen=True)
class Forecast:
    """What a send would write.

    Args:
        labels: how many labels, by field and class
        left_out: what would stay behind, counted by sentence
    """

    labels: dict[str, dict[str, int]]
    left_out: Counter[str]


def forecast(
    collection: Any, schema: LabelSchema, words: Vocabulary, tasks: Sequence[TaskPlan], reporter: ProgressReporter
) -> Forecast:
    """Draws all labels of a send.

    Args:
        collection: the samples
        schema: the run's schema
        words: what the labels in CVAT will mean
        tasks: the tasks to make
        reporter: takes the progress, and carries the wish to stop
    """
    labels: dict[str, Counter[str]] = {name: Counter() for name in schema.fields}
    left_out: Counter[str] = Counter()
    of_frames = any(frame.of for task in tasks for frame in task.frames)
    reader = reader_of(collection, schema, of_frames=of_frames)
    sizes = SampleSizes(collection)
    drawn = 0
    for task in tasks:
        places = sizes.places(task.frames)
        for drawn_batch in draw(reader.read(places), words, (), (), left_out):
            batch, refused = without_harm(drawn_batch)
            left_out.update(refusal.sentence for refusal in refused)
            count_classes(batch, schema, labels)
            left_out.update(batch.left_out)
            drawn += sum(1 for _ in each_label(batch.labels))
            reporter.step(f"Looking at the labels: {drawn:,} can be sent")
    found = {name: dict(counts.most_common()) for name, counts in labels.items() if schema.fields[name].existing_field}
    return Forecast(found, left_out)


def count_classes(batch: Batch, schema: LabelSchema, counts: Mapping[str, Counter[str]]) -> None:
    """Adds the labels of a batch to the counts by field and class."""
    for label in each_label(batch.labels):
        named = LABEL_TYPES[schema.fields[label.field].type].codec.named
        counts[label.field][str(label.parts["label"]) if named else label.field] += 1


class SampleSizes:
    """The sizes of images: as their files say, else as their samples do.

    Args:
        collection: the samples
    """

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def places(self, frames: Sequence[Frame]) -> list[Place]:
        """The frames of a task."""
        unknown = [frame.sample_id for frame in frames if not frame.width]
        told = self._told(unknown) if unknown else {}
        return [
            Place(
                number,
                frame.sample_id,
                Size(frame.width, frame.height) if frame.width else told.get(frame.sample_id, UNKNOWN_SIZE),
            )
            for number, frame in enumerate(frames)
        ]

    def _told(self, sample_ids: Sequence[str]) -> dict[str, Size]:
        if self._collection.get_field("metadata.width") is None:
            return {}
        values = self._collection.select(sample_ids).values(["id", "metadata.width", "metadata.height"])
        return {
            sample_id: Size(width, height)
            for sample_id, width, height in zip(*values, strict=True)
            if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0
        }


def labels_of_files(collection: Any, schema: LabelSchema, bad: Sequence[BadFile], media: str) -> Counter[str]:
    """The labels of images, videos and clips that are left out, counted by sentence.

    Args:
        collection: the samples
        schema: the run's schema
        bad: what is left out
        media: what it is: ``"image"`` or ``"video"``
    """
    fields = {name: item for name, item in schema.fields.items() if item.existing_field}
    places = [FieldPlace.of(name, LABEL_TYPES[item.type]) for name, item in fields.items()] if bad else []
    behind: Counter[str] = Counter()
    whole = collection.select([file.sample_id for file in bad if file.clip is None])
    clips = [(file.sample_id, file.clip) for file in bad if file.clip is not None]
    for place in places:
        documents = [read_holders(whole, [place])]
        for sample_id, clip in clips:
            here = collection.select(sample_id) if place.on_frames or clip.leads else collection.limit(0)
            documents.append(read_holders(here, [place], {sample_id: (clip,)}))
        count = sum(len(place.labels(document)) for document in itertools.chain.from_iterable(documents))
        behind[f"{place.name}: labels of {media}s that are left out"] += count
    return +behind
