"""Images as sequences: which images belong together, and in which order CVAT gets them."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from typing import Any, NamedTuple

import fiftyone.core.fields as fof

from ..dataset.grouped import Grouping, grouping_of
from ..dataset.media import BadFile
from ..dataset.sequences import ImageSequence
from ..errors import Refused
from ..request import SendRequest

KEYS = (fof.StringField, fof.IntField, fof.FloatField, fof.BooleanField)
"""The kinds of fields by which sequences can be told apart."""
ORDERS = (*KEYS, fof.DateField, fof.DateTimeField)
"""The kinds of fields that can give an order."""
_NUMBERS, _DATES = (fof.IntField, fof.FloatField, fof.BooleanField), (fof.DateField, fof.DateTimeField)
_VALUES: dict[Any, tuple[type, ...]] = {fof.StringField: (str,), _NUMBERS: (bool, int, float), _DATES: (date,)}
"""What values of these can be put in order with each other, whatever else other programs wrote there."""

Paths = Sequence[tuple[str, str | None]]
"""Ids of samples, and the paths of their files."""


class Arranged(NamedTuple):
    """The images of a send in the order in which CVAT gets them.

    Args:
        paths: sample id and path
        sequences: the sequence that each sample is in, by its id; none if images are sent each by itself
        bad: the images that have no place in a sequence
        notes: what there is to say, in sentences
    """

    paths: Paths
    sequences: dict[str, ImageSequence]
    bad: list[BadFile]
    notes: tuple[str, ...] = ()


def with_grouping(target: Any, request: SendRequest, media: str) -> SendRequest:
    """The request with the sequences that a view says by how it groups its samples; what a person said counts first.

    Args:
        target: the dataset or view, as it was given
        request: what the person asked for
        media: what its samples are

    Raises:
        Refused: if it is not clear what a sequence is, or the samples can't be in one
    """
    found = grouping_of(target)
    if request.sequence_field:
        if media == "video":
            raise Refused(
                "Only images are put into sequences by `sequence_field`. These are videos, or frames of them; sent as "
                "videos, their objects are tracks without it."
            )
        if found is not None and found.order and found.fields == request.sequence_field and not request.sequence_order:
            return request.model_copy(update={"sequence_order": found.order})
        return request
    if media == "video" or found is None:
        if request.sequence_order:
            raise Refused(
                "`sequence_order` has a meaning only with `sequence_field`, or for a view that groups images."
            )
        return request
    order = request.sequence_order or found.order
    if found.fields and order:
        return request.model_copy(update={"sequence_field": found.fields, "sequence_order": order})
    if not target._is_dynamic_groups:
        return request  # a flat view without an order: images as they come
    if not found.fields:
        raise Refused("This view groups its samples by an expression; say by `sequence_field` which field does so.")
    raise Refused(
        f"This view groups its samples by {_named(found.fields)} in no order. Say by `sequence_order` which field "
        "gives it, or send the view without that grouping."
    )


def arrange(target: Any, collection: Any, request: SendRequest, paths: Paths) -> Arranged:
    """Puts the images of a send in order, sequence by sequence.

    Sequences come in the order in which the collection has their first samples. In a sequence the order is that of the
    request's field, or of file names as people count (``2`` before ``10``); images whose values are the same are in the
    order of their file names.

    Args:
        target: the dataset or view, as it was given
        collection: its samples
        request: what the person asked for
        paths: the images

    Raises:
        Refused: if a field is not there, or can't tell sequences apart or give an order
    """
    if not request.sequence_field:
        return Arranged(paths, {}, [])
    fields, order = request.sequence_field, request.sequence_order
    columns = [_values(collection, name, KEYS, "tell sequences apart") for name in fields]
    orders = _values(collection, order, ORDERS, "give an order") if order else {}
    found: dict[ImageSequence, list[tuple[str, str | None]]] = {}
    bad: list[BadFile] = []
    for sample_id, path in paths:
        values = tuple(column.get(sample_id) for column in columns)
        if lacking := [name for name, value in zip(fields, values, strict=True) if value is None]:
            bad.append(BadFile(sample_id, path or "", f"belongs to no sequence, as its sample has no '{lacking[0]}'"))
        elif order and orders.get(sample_id) is None:
            bad.append(BadFile(sample_id, path or "", f"has no place in its sequence, as its sample has no '{order}'"))
        else:
            found.setdefault(ImageSequence(fields=fields, values=values), []).append((sample_id, path))
    backwards = _is_backwards(grouping_of(target), request)
    for images in found.values():
        images.sort(key=lambda image: natural(image[1] or ""))
        if order:
            images.sort(key=lambda image: orders[image[0]], reverse=backwards)
    notes = _notes(found, orders, order)
    sequences = {sample_id: sequence for sequence, images in found.items() for sample_id, _ in images}
    return Arranged([image for images in found.values() for image in images], sequences, bad, notes)


def natural(path: str) -> tuple[Any, ...]:
    """What sorts paths as people count: ``frame_2.png`` comes before ``frame_10.png``."""
    parts = re.split(r"(\d+)", PurePath(path).name)
    counted = [(len(part.lstrip("0")), part.lstrip("0")) if n % 2 else part for n, part in enumerate(parts)]
    return tuple(counted), path


def _values(collection: Any, name: str, kinds: tuple[type, ...], use: str) -> dict[str, Any]:
    """What a field has for each sample; nothing for those whose value is missing, or not of the field's kind.

    Raises:
        Refused: if there is no such field, or it can't be used
    """
    field = collection.get_field(name)
    if field is None:
        raise Refused(f"There is no field '{name}' to {use}.")
    if not isinstance(field, kinds):
        raise Refused(
            f"The field '{name}' is a {type(field).__name__}, which can't {use}; texts, numbers and bools can."
        )
    values = dict(zip(*collection.values(["id", name]), strict=True))
    if any(isinstance(value, (list, tuple)) for value in values.values()):
        raise Refused(f"The field '{name}' has several values in a sample, so it can't {use}.")
    own = next(own for kind, own in _VALUES.items() if isinstance(field, kind))
    return {key: value for key, value in values.items() if isinstance(value, own) and value == value}  # NaN is not


def _is_backwards(grouping: Grouping | None, request: SendRequest) -> bool:
    """Whether a view says that its order is from the largest value on."""
    return grouping is not None and grouping.reverse and grouping.order == request.sequence_order


def _notes(
    found: dict[ImageSequence, list[tuple[str, str | None]]], orders: dict[str, Any], order: str | None
) -> tuple[str, ...]:
    if not order:
        return ()
    twice = sum(
        count
        for images in found.values()
        for count in Counter(orders[sample_id] for sample_id, _ in images).values()
        if count > 1
    )
    if not twice:
        return ()
    return (
        f"{twice:,} images have the same '{order}' as another one of their sequence; these are in the order of their "
        "file names.",
    )


def _named(fields: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in fields)
