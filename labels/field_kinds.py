"""What the fields of a FiftyOne dataset can hold: a value of another kind makes their samples unreadable."""

from dataclasses import dataclass

from .attributes import Kind


@dataclass(frozen=True)
class FieldKind:
    """What a declared field can hold.

    Args:
        kinds: of the values, the usual one first; none if nothing that is entered in CVAT could be one
        noun: what it holds, in words
    """

    kinds: tuple[Kind, ...]
    noun: str

    def holds(self, kind: Kind | None) -> bool:
        """Whether values of a kind may be in the field; no value always may."""
        return kind in self.kinds


FIELD_KINDS: dict[str, FieldKind] = {
    "StringField": FieldKind(("str",), "texts"),
    "IntField": FieldKind(("int",), "whole numbers"),
    "FloatField": FieldKind(("float", "int"), "numbers"),
    "BooleanField": FieldKind(("bool",), "true or false"),
    "DateField": FieldKind((), "dates"),
    "DateTimeField": FieldKind((), "dates"),
    "ListField": FieldKind((), "lists"),
    "DictField": FieldKind((), "dicts"),
    "VectorField": FieldKind((), "vectors"),
    "ArrayField": FieldKind((), "arrays"),
    "ObjectIdField": FieldKind((), "ids"),
    "UUIDField": FieldKind((), "ids"),
    "EmbeddedDocumentField": FieldKind((), "documents"),
}
"""By the class of the field."""

OTHER = FieldKind((), "values that can't be entered in CVAT")

SCHEMA_TYPES: dict[str, str] = {
    "str": "StringField",
    "int": "IntField",
    "float": "FloatField",
    "bool": "BooleanField",
    "date": "DateField",
    "datetime": "DateTimeField",
    "dict": "DictField",
    "id": "ObjectIdField",
}
"""The class of field that a type of the dataset's own label schemas stands for; lists are written ``list<...>``."""


def field_kind(declared: str | None) -> FieldKind | None:
    """What a field can hold; ``None`` if it is not declared, so that it can hold anything.

    Args:
        declared: the name of the field's class
    """
    return None if declared is None else FIELD_KINDS.get(declared, OTHER)


def schema_type(type_: object) -> str | None:
    """The class of field for a type of the dataset's own label schemas; ``None`` if it says nothing."""
    if not isinstance(type_, str):
        return None
    return "ListField" if type_.startswith("list") else SCHEMA_TYPES.get(type_)
