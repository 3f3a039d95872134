"""What a dataset says that the attributes of its labels hold: its fields, and its own label schemas."""

from typing import Any

import fiftyone.core.fields as fof

from ...labels.field_kinds import schema_type
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES, LabelType


def declared_fields(dataset: Any, name: str, type_: LabelType) -> dict[str, str]:
    """The classes of the fields that are declared for the attributes of a label field, by attribute.

    A value of another kind would make its sample unreadable. Attributes that are not declared can hold anything.

    Args:
        dataset: the dataset
        name: the label field; it may not exist yet
        type_: its label type
    """
    found = dataset.get_field(name)
    if found is None:
        return {}
    if not type_.field:
        return {"value": type(found).__name__}
    said = (getattr(dataset, "label_schemas", None) or {}).get(name) or {}
    named = {item.get("name"): schema_type(item.get("type")) for item in said.get("attributes") or ()}
    declared = {str(attribute): kind for attribute, kind in named.items() if attribute and kind}
    label = dataset.get_field(f"{name}.{type_.list_path}") if type_.many else found
    label = label.field if isinstance(label, fof.ListField) else label
    if isinstance(label, fof.EmbeddedDocumentField):
        declared.update({attribute: type(field).__name__ for attribute, field in label.get_field_schema().items()})
    return declared


def with_declared(schema: LabelSchema, dataset: Any) -> LabelSchema:
    """A run's schema that knows what the fields of a dataset can hold now."""
    return LabelSchema.model_construct(
        fields={
            name: item.model_copy(update={"declared": declared_fields(dataset, name, LABEL_TYPES[item.type])})
            for name, item in schema.fields.items()
        }
    )
