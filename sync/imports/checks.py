"""What stands against an import: labels that would be there twice, fields of something else, names that fit badly."""

from collections.abc import Collection, Sequence
from typing import Any

from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES
from ..dataset.samples import FRAMES, FieldPlace, check_room, read_labels
from ..errors import Refused
from ..runs import record as records
from .linking import Links, NamedFrame
from .request import ImportRequest
from .videos import check_frame_field

NAMED = 5
"""How many names a sentence lists."""


def check_free(dataset: Any, server: str, ids: Sequence[int]) -> None:
    """Refuses tasks whose labels come with another run already."""
    for key, record in records.find_all(dataset).items():
        taken = sorted({task.id for task in record.tasks} & set(ids)) if record.server == server else []
        if taken:
            raise Refused(
                f"Task {taken[0]} belongs to the run '{key}', so its labels would be there twice. Nothing was changed. "
                f"Load the run '{key}', which brings what is new in its tasks, or import the other tasks alone."
            )


def check_links(links: Links, frames: int, request: ImportRequest, media: str) -> None:
    what = "videos" if media == "video" else "frames"
    if links.ambiguous and not (request.create_samples or request.unmatched == "ignore"):
        raise Refused(
            f"File names do not tell which frame is which sample in {len(links.ambiguous)} cases: "
            f"{_listed(links.ambiguous)}. Nothing was changed. Import into a view that has only the samples that are "
            "meant, the tasks one by one, or set `unmatched` to 'ignore' to leave them out."
        )
    if request.create_samples:
        return
    if not links.samples:
        names = _listed([_named(frame, links) for frame in links.unmatched])
        raise Refused(
            f"None of the {frames} {what} has the file name of a sample's `{request.media_field}`: {names}. Nothing "
            f"was changed. Add the {media}s to the dataset first."
        )
    if links.unmatched and request.unmatched == "stop":
        names = _listed([_named(frame, links) for frame in links.unmatched])
        raise Refused(
            f"{len(links.unmatched)} of {frames} {what} match no sample by their file names: {names}. Nothing was "
            f"changed. Add their {media}s to the dataset first, or set `unmatched` to 'ignore' to leave them out."
        )


def notes_of(links: Links, request: ImportRequest, own: Collection[tuple[int, int]]) -> list[str]:
    """What there is to say of frames that are left out, or get a sample although one has their name.

    Args:
        links: which frame is which sample
        request: what was asked for
        own: frames whose images are here, or in a bucket
    """
    notes = []
    if unclear := len(links.unclear):
        notes.append(
            f"Left out {unclear:,} frames of which file names do not tell which sample they are: "
            f"{_listed(links.ambiguous)}."
        )
    if links.unfit:
        what = "get samples of their own" if request.create_samples else "are left out"
        names = _listed([_named(frame, links) for frame in links.unfit])
        notes.append(
            f"{len(links.unfit):,} frames {what}, as the size of the sample of their name is another: {names}."
        )
    if linked := sum((frame.task, frame.number) in own for frame in links.unmatched):
        notes.append(f"{linked:,} images are here, or in the bucket, already (`media_map`), and are not fetched.")
    return notes


def _named(frame: NamedFrame, links: Links) -> str:
    why = f" ({links.unfit[frame]})" if frame in links.unfit else ""
    return f"'{frame.name}'{why}"


def check_fields(dataset: Any, schema: LabelSchema, sample_ids: Sequence[str]) -> None:
    """Refuses fields that hold something else, or labels that would then be there twice."""
    for name, item in schema.fields.items():
        type_ = LABEL_TYPES[item.type]
        check_room(dataset, name, type_.field)
        if dataset.get_field(name) is None:
            continue
        if name.startswith(FRAMES):
            check_frame_field(dataset, FieldPlace.of(name, type_), sample_ids)
            continue
        filled = sum(map(bool, read_labels(dataset, FieldPlace.of(name, type_), sample_ids).values()))
        if filled:
            raise Refused(
                f"The field '{name}' has labels on {filled} of the samples already, and an import does not know "
                "which of CVAT's they are; they would be there twice. Nothing was changed. Set `label_field` to a "
                "new field."
            )


def _listed(items: Sequence[str]) -> str:
    rest = len(items) - NAMED
    return "; ".join(items[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")
