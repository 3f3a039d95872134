"""Reading and writing the raw documents of labels: the one place that talks to FiftyOne's collections."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.fields as fof
from bson import ObjectId

from ...labels.names import FRAMES as FRAMES
from ...labels.names import field_problem, shown
from ...labels.schema import FieldSchema
from ...labels.types import LABEL_TYPES, LabelType
from ..errors import Refused
from .grouped import ungrouped

Document = dict[str, Any]


@dataclass(frozen=True)
class NoLabel:
    """What is where a field has its labels, and is none: other programs, and older schemas, can write anything there.

    Args:
        what: what it is, for a sentence about several
    """

    what: str


@dataclass(frozen=True)
class FieldPlace:
    """Where the labels of a field are in the document that holds them: a sample's, or that of a frame of a video.

    Args:
        name: the field; if it begins with ``frames.``, frames hold it
        cls: its FiftyOne class, such as ``"Detections"``
        root: the path of the list of labels, or of the single label, in its document
        many: whether it is a list
        plain: whether the field is a plain value and no label
    """

    name: str
    cls: str
    root: str
    many: bool
    plain: bool = False

    @classmethod
    def of(cls, name: str, label_type: LabelType) -> "FieldPlace":
        path = name.removeprefix(FRAMES)
        root = f"{path}.{label_type.list_path}" if label_type.many else path
        return cls(name, label_type.field, root, label_type.many, plain=not label_type.field)

    @property
    def on_frames(self) -> bool:
        """Whether frames of videos hold the field."""
        return self.name.startswith(FRAMES)

    @property
    def path(self) -> str:
        """The path of the field in its document."""
        return self.name.removeprefix(FRAMES)

    @property
    def labels_path(self) -> str:
        """The path of its labels as FiftyOne's collections take it."""
        return f"{FRAMES}{self.root}" if self.on_frames else self.root

    def labels(self, sample: Mapping[str, Any]) -> list[Any]:
        """The labels of this field in the document that holds them.

        In their place may be anything; a value that holds no list of labels, as the field has it, is there as
        :class:`NoLabel`, once for each label that it seems to hold.
        """
        value: Any = sample
        for step in self.path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is None:
            return []
        if self.plain:  # as the document of a label that is the sample's own
            return [{"_id": sample["_id"], "value": value}]
        if not self.many:
            return [value]
        found = value.get(self._list) if isinstance(value, Mapping) else None
        return list(found) if isinstance(found, (list, tuple)) else self._no_labels(value, found)

    @property
    def _list(self) -> str:
        return self.root.rpartition(".")[2]

    def _no_labels(self, value: Any, found: Any) -> list[Any]:
        """What there is to count of a value that has something else where its list of labels should be."""
        kind, count = type(value if found is None else found).__name__, 1
        if isinstance(value, Mapping) and found is None:
            if value.get("_cls") == self.cls or value.keys() <= {self._list}:
                return []
            kind = str(value.get("_cls") or kind)
            others = [value.get(other.list_path) for other in LABEL_TYPES.values()]
            count = max([1, *(len(item) for item in others if isinstance(item, list))])
        return [NoLabel(f"values that are no {self.cls} ({kind})")] * count


def as_collection(target: Any) -> Any:
    """A view of samples with the same labels.

    Patches views are turned back into the samples they came from, and groups into their samples.

    Raises:
        Refused: if that can't be said of the groups of a view
    """
    dataset = target._dataset
    if getattr(dataset, "_is_patches", False):
        ids: list[str] = []
        for name in target._label_fields:
            _, path = target._get_label_field_path(name, "id")
            ids.extend(target.values(path, unwind=True))
        return target._root_dataset.select_labels(ids=ids, fields=target._label_fields)
    return ungrouped(target)


def read_samples(view: Any, paths: Iterable[str]) -> Iterator[Document]:
    """The raw documents of a view's samples, in its order, with only these paths (and ``_id``)."""
    yield from view._aggregate(post_pipeline=[{"$project": dict.fromkeys(paths, True)}])


def read_labels(dataset: Any, place: FieldPlace, sample_ids: Iterable[str]) -> dict[str, list[Document]]:
    """The labels that a field has now, by sample. Samples that the dataset lost are absent."""
    ids = [ObjectId(sample_id) for sample_id in sample_ids]
    found = holders(dataset, place).find({"_id": {"$in": ids}}, {place.path: True})
    return {str(sample["_id"]): place.labels(sample) for sample in found}


def holders(dataset: Any, place: FieldPlace) -> Any:
    """The collection of the documents that hold a field."""
    return dataset._frame_collection if place.on_frames else dataset._sample_collection


def own_folder(dataset: Any) -> str:
    """The folder in which FiftyOne keeps what belongs to a dataset."""
    return str(Path(fo.config.default_dataset_dir).expanduser() / dataset.slug)


def field_class(collection: Any, name: str) -> str | None:
    """The FiftyOne class of a label field, such as ``"Detections"``; ``None`` if there is no such field.

    A field of plain text, numbers or bools has the class ``""``.

    Raises:
        ValueError: if it is a field of another kind; the message names the kind
    """
    found = collection.get_field(name)
    if found is None:
        return None
    if isinstance(found, tuple(_PLAIN.values())) and name.removeprefix(FRAMES) not in NOT_VALUES:
        return ""
    if not isinstance(found, fof.EmbeddedDocumentField) or not issubclass(found.document_type, fo.Label):
        raise ValueError(type(found).__name__)
    return str(found.document_type.__name__)


def is_read_only(dataset: Any, name: str) -> bool:
    """Whether a label field, or its list of labels, is declared as read-only."""
    found = dataset.get_field(name)
    if found is None:
        return False
    path = getattr(getattr(found, "document_type", None), "_LABEL_LIST_FIELD", None)
    labels = dataset.get_field(f"{name}.{path}") if isinstance(path, str) else None
    return any(getattr(item, "read_only", False) for item in (found, labels))


NOT_VALUES = frozenset({"id", "filepath", "frame_number"})
"""Fields that FiftyOne needs itself."""


def check_room(dataset: Any, name: str, cls: str) -> None:
    """Checks that a field holds labels of a class, or can be declared.

    Raises:
        Refused: if not
    """
    try:
        found = field_class(dataset, name)
    except ValueError as kind:
        found = str(kind)
    if found is None:
        if (problem := field_problem(name.removeprefix(FRAMES))) is not None:
            raise Refused(f"{shown(name)} can't be the name of a field, as it {problem}.")
    elif found != cls:
        raise Refused(f"The field '{name}' does not hold {cls or 'plain values'}, so this run can't be loaded into it.")


_PLAIN = {"str": fo.StringField, "int": fo.IntField, "float": fo.FloatField, "bool": fo.BooleanField}


def ensure_field(dataset: Any, name: str, schema: FieldSchema) -> None:
    """Declares a field, if the dataset has none of this name."""
    if dataset.get_field(name) is not None:
        return
    cls = LABEL_TYPES[schema.type].field
    add = dataset.add_frame_field if name.startswith(FRAMES) else dataset.add_sample_field
    if not cls:
        add(name.removeprefix(FRAMES), _PLAIN[schema.all_attributes["value"].kind])
    else:
        add(name.removeprefix(FRAMES), fo.EmbeddedDocumentField, embedded_doc_type=getattr(fo, cls))
