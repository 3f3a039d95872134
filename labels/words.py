"""What one CVAT label means in FiftyOne."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from ..cvat.models import AttributeSpec, Label
from .attribute_schema import Attributes, name_in_cvat
from .schema import FieldSchema
from .skeleton import Skeleton
from .types import LABEL_TYPES
from .widgets import Widget


class Word(BaseModel):
    """One CVAT label, and what it means in FiftyOne.

    Args:
        label_id: CVAT's id
        cvat_name: the name annotators see
        field: the FiftyOne field
        name: the FiftyOne class
        specs: the attribute specs by attribute name: id and default text
        widgets: by attribute name, the widgets in CVAT that are not those of the schema
        points: CVAT's ids of a skeleton's points, in order
        more: attributes that the CVAT label has, and the schema lacks
        barred: those of them that labels can't have, because of their names: name and default text by id
        drawn_as: the type of shapes that it is for, if it was not made for this run; ``"any"`` for all
    """

    model_config = ConfigDict(frozen=True)

    label_id: int
    cvat_name: str
    field: str
    name: str
    specs: dict[str, tuple[int, str]] = {}
    widgets: dict[str, Widget] = {}
    points: tuple[int, ...] = ()
    more: tuple[AttributeSpec, ...] = ()
    barred: dict[int, tuple[str, str]] = {}
    drawn_as: str = "any"

    @property
    def all_specs(self) -> dict[str, tuple[int, str]]:
        """The specs of all attributes that labels can have."""
        more = {spec.name: (spec.id, spec.default_value) for spec in self.more if spec.id is not None}
        return {**self.specs, **more} if more else self.specs

    @property
    def all_widgets(self) -> dict[str, Widget]:
        """The widgets of these that the schema does not say."""
        return {**self.widgets, **{spec.name: Widget.of(spec) for spec in self.more}} if self.more else self.widgets


@dataclass(frozen=True)
class Meaning:
    """What a CVAT label means: its field (``None`` if no field of the run can hold it), class and attributes.

    Those that are ``barred`` can't be attributes of a label: their names and default texts by id.
    """

    field: str | None
    name: str
    attributes: Attributes
    specs: dict[str, tuple[int, str]]
    widgets: Mapping[str, Widget]
    barred: Mapping[int, tuple[str, str]]


def word_for(field: str, name: str, label: Label, item: FieldSchema, partial: bool) -> Word:
    found = {spec.name: spec for spec in label.attributes if spec.id is not None}
    specs: dict[str, tuple[int, str]] = {}
    widgets: dict[str, Widget] = {}
    for wanted, attribute in item.attributes_of(name).items():
        names = (name_in_cvat(wanted, attribute).strip(), wanted.strip())  # CVAT trims names
        spec = next((found[name] for name in names if name in found), None)
        if spec is None or spec.id is None:
            if partial:
                continue
            raise ValueError(f"CVAT's label '{label.name}' has no attribute '{wanted}'")
        specs[wanted] = (spec.id, spec.default_value)
        if not Widget.of(spec).is_like(attribute.widget):
            widgets[wanted] = Widget.of(spec)
    points = _points(label, item.skeleton) if item.skeleton else ()
    return Word(
        label_id=label.id,
        cvat_name=label.name,
        field=field,
        name=name,
        specs=specs,
        widgets=widgets,
        points=points,
        drawn_as=label.type if partial else "any",
    )


def renumbered_word(word: Word, label: Label, item: FieldSchema) -> Word:
    """A word whose label has another id, and perhaps another name."""
    try:
        now = word_for(word.field, word.name, label, item, partial=True)
    except ValueError:  # another skeleton: what is known of it stays
        now = word.model_copy(update={"label_id": label.id, "cvat_name": label.name})
    if label.name == word.cvat_name or not LABEL_TYPES[item.type].codec.named:
        return now
    return now.model_copy(update={"name": label.name.removesuffix(f" ({word.field})")})


def _points(label: Label, skeleton: Skeleton) -> tuple[int, ...]:
    """CVAT's ids of a skeleton's points, in its order."""
    ids = {sub.name: sub.id for sub in label.sublabels}
    if absent := [point for point in skeleton.labels if point.strip() not in ids]:
        raise ValueError(f"CVAT's skeleton '{label.name}' has no point '{absent[0]}'")
    return tuple(ids[point.strip()] for point in skeleton.labels)
