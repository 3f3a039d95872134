"""What an import has to know of videos: which frames a task has of them, and whether FiftyOne knows of the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from ...labels.names import KEYFRAME
from ...labels.schema import LabelSchema
from ..dataset.frames import frame_total
from ..dataset.samples import FRAMES, FieldPlace
from ..errors import Refused
from .survey import FoundTask


def of_frames(found: FoundTask) -> str:
    """What there is to say of a video whose frames become images."""
    assert found.sequence is not None
    name, start, step = found.meta.frames[0].name, found.span.start, found.span.step
    part = f", frame {start + 1:,} and each {step} from there," if step > 1 else f", from frame {start + 1:,} on,"
    return (
        f"'{name}' of task {found.task.id} is a video, which CVAT does not give back: its {found.span.count:,} "
        f"frames{part if start or step > 1 else ''} become an image sequence, '{found.sequence.values[0]}'."
    )


def on_frames(schema: LabelSchema) -> LabelSchema:
    """The same fields as fields of frames, whose labels say by themselves which of them are keyframes."""
    names = {name: name if name.startswith(FRAMES) else f"{FRAMES}{name}" for name in schema.fields}
    return LabelSchema(fields={names[name]: item.without_attribute(KEYFRAME) for name, item in schema.fields.items()})


def compare_frames(dataset: Any, tasks: Sequence[FoundTask], samples: Mapping[tuple[int, int], str]) -> list[str]:
    """Compares the numbers of frames; what there is to say of them.

    Args:
        dataset: the dataset
        tasks: those of videos
        samples: the sample of each, by the task and 0

    Raises:
        Refused: if a task has frames that the video does not have for FiftyOne: labels might come to wrong ones
    """
    notes = []
    for found in tasks:
        if (sample := samples.get((found.task.id, 0))) is None:
            continue
        span, total = found.span, frame_total(dataset, sample)
        name = f"'{found.meta.frames[0].name}'"
        if total is None:
            notes.append(f"{name} has {span.count:,} frames in CVAT; FiftyOne has no metadata to compare them with.")
        elif span.number_of(span.count - 1) > total:
            raise Refused(
                f"{name} of task {found.task.id} goes up to frame {span.number_of(span.count - 1):,} in CVAT, but has "
                f"{total:,} frames by its metadata in FiftyOne, so that labels might come to wrong frames. Nothing was "
                "changed. If CVAT is right, compute the metadata anew or remove it."
            )
        elif span.count < total:
            notes.append(f"{name} has {span.count:,} of its {total:,} frames in CVAT.")
    return notes


def check_frame_field(dataset: Any, place: FieldPlace, sample_ids: Sequence[str]) -> None:
    """Refuses a field of frames that has labels on these videos: those of CVAT would be there twice.

    Raises:
        Refused: if so
    """
    there = {f"{place.root}.0": {"$exists": True}} if place.many else {place.root: {"$ne": None}}
    match = {"_sample_id": {"$in": [ObjectId(sample_id) for sample_id in sample_ids]}, **there}
    if filled := len(dataset._frame_collection.distinct("_sample_id", match)):
        raise Refused(
            f"The field '{place.name}' has labels on {filled} of the videos already, and an import does not know which "
            "of CVAT's they are; they would be there twice. Nothing was changed. Set `label_field` to a new field."
        )
