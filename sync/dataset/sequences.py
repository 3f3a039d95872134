"""Image sequences: which samples of a collection belong together."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bson import ObjectId
from pydantic import BaseModel, ConfigDict

from ..readable import readable
from .samples import Document, FieldPlace

Value = bool | int | float | str
"""What samples of one sequence have in common in a field."""


class ImageSequence(BaseModel):
    """A sequence of images: the samples that have the same values in some fields.

    Args:
        fields: the fields
        values: a value for each
    """

    model_config = ConfigDict(frozen=True)

    fields: tuple[str, ...]
    values: tuple[Value, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return readable(", ".join(map(str, self.values))) or "''"


def read_sequences(view: Any, paths: Sequence[str], fields: Sequence[str]) -> Iterator[list[Document]]:
    """The raw documents of the samples of a view, sequence by sequence, in no order.

    Args:
        view: the samples
        paths: what to read of each
        fields: those that samples of one sequence have in common
    """
    keys = {f"_sequence{number}": f"${view._handle_db_field(name)}" for number, name in enumerate(fields)}
    wanted = {**dict.fromkeys(paths, True), **keys}
    found = view._aggregate(post_pipeline=[{"$project": wanted}, {"$sort": dict.fromkeys(keys, 1)}])
    for _, documents in itertools.groupby(found, lambda document: [document.get(key) for key in keys]):
        yield list(documents)


def indexes_in(dataset: Any, place: FieldPlace, sequence: ImageSequence, sample_ids: Iterable[str]) -> set[int]:
    """The indexes that the labels of a field have in a sequence.

    Args:
        dataset: the dataset
        place: the field
        sequence: the sequence
        sample_ids: other samples that count, whatever they say now
    """
    paths = [dataset._handle_db_field(name) for name in sequence.fields]
    said = dict(zip(paths, sequence.values, strict=True))
    match = {"$or": [said, {"_id": {"$in": [ObjectId(sample_id) for sample_id in sample_ids]}}]}
    found = dataset._sample_collection.distinct(f"{place.root}.index", match)
    return {index for index in found if isinstance(index, int) and not isinstance(index, bool)}
