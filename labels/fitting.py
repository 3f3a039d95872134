"""A run's schema held against the labels that a CVAT project has already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cvat.models import Label, LabelSpec
from .attribute_schema import READ_ONLY
from .label_names import free_name, qualified
from .schema import LabelSchema
from .specs import label_specs
from .widgets import Widget


@dataclass(frozen=True)
class Fit:
    """What of a schema a project can hold.

    Args:
        names: the project's label for each (field, class) that it has
        missing: the (field, class) pairs that it lacks, and the labels that would have to be added for them
        lacking: attributes that its labels lack: the label, and what would have to be added to it
        unlike: attributes that it has with another widget, in words: values that this does not take stay behind
    """

    names: dict[tuple[str, str], str]
    missing: dict[tuple[str, str], LabelSpec]
    lacking: tuple[tuple[Label, LabelSpec], ...]
    unlike: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.missing and not self.lacking


def fit_project(
    schema: LabelSchema, labels: Sequence[Label], colors: Mapping[tuple[str, str], str] | None = None
) -> Fit:
    """Finds the classes of a schema among a project's labels, by name and type.

    A class is the project's label of its plain name, or of ``class (field)``, if that may be drawn as the class is.

    Args:
        schema: the run's label schema
        labels: what the project has
        colors: the colours of labels that would be added, see :func:`label_specs`
    """
    there = {label.name: label for label in labels}
    specs = dict(zip(pairs(schema), label_specs(schema, colors), strict=True))
    names: dict[tuple[str, str], str] = {}
    missing: dict[tuple[str, str], LabelSpec] = {}
    lacking: list[tuple[Label, LabelSpec]] = []
    unlike: list[str] = []
    for (field, name), spec in specs.items():
        found = None
        for wanted in (spec.name, name.strip(), qualified((field, name))):
            label = there.get(wanted)
            if label is not None and wanted not in names.values() and _can_hold(label, spec):
                found = label
                break
        if found is None:
            taken = {*there, *(other.name for other in missing.values())}
            free = spec.name if spec.name not in taken else free_name((field, name), taken)
            missing[field, name] = spec.model_copy(update={"name": free})
            continue
        names[field, name] = found.name
        has = {attribute.name.removesuffix(READ_ONLY) for attribute in found.attributes}
        absent = tuple(item for item in spec.attributes if item.name.strip().removesuffix(READ_ONLY) not in has)
        if absent:
            lacking.append((found, spec.model_copy(update={"attributes": absent})))
        unlike += _unlike(found, spec)
    return Fit(names, missing, tuple(lacking), tuple(unlike))


def _unlike(label: Label, spec: LabelSpec) -> list[str]:
    """The attributes of a project's label that take other values than those of a schema's, in words."""
    wanted = {item.name.strip().removesuffix(READ_ONLY): Widget.of(item) for item in spec.attributes}
    there = {item.name.removesuffix(READ_ONLY): Widget.of(item) for item in label.attributes}
    return [
        f"'{name}' of '{label.name}' is {there[name].describe()}"
        for name, widget in wanted.items()
        if name in there and there[name].input != "text" and not there[name].is_like(widget)
    ]


def pairs(schema: LabelSchema) -> list[tuple[str, str]]:
    """Every (field, class) of a schema, in order."""
    return [(field, name) for field, item in schema.fields.items() for name in item.class_names]


def _can_hold(label: Label, spec: LabelSpec) -> bool:
    """Whether objects of a schema's label can be drawn with a project's label."""
    if spec.type == "skeleton" or label.type == "skeleton":
        points = {sub.name for sub in label.sublabels}
        return label.type == spec.type and all(sub.name.strip() in points for sub in spec.sublabels)
    return label.type in ("any", spec.type) or (spec.type == "any" and label.type not in ("tag", "interval"))


def without(schema: LabelSchema, missing: Sequence[tuple[str, str]]) -> LabelSchema | None:
    """A schema without some classes; ``None`` if no class is left."""
    gone = set(missing)
    fields = {}
    for field, item in schema.fields.items():
        kept = tuple(entry for entry in item.classes if (field, entry.name) not in gone)
        if kept:
            fields[field] = item.model_copy(update={"classes": kept})
    return LabelSchema(fields=fields) if fields else None
