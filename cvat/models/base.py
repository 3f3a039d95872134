"""What every model of CVAT's JSON shares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, TypeAdapter
from typing_extensions import Self  # of pydantic; typing has it from Python 3.11 on

AS_STORED = ConfigDict(extra="ignore", hide_input_in_errors=True, ser_json_inf_nan="constants")
"""Of all that CVAT stores: keys of other server versions are ignored."""


class Resource(BaseModel):
    """An immutable piece of CVAT's JSON."""

    model_config = ConfigDict(frozen=True, **AS_STORED)


class Slotted:
    """What models have that are dataclasses with slots, as there may be very many of them at a time.

    They take a fifth of the memory of other models, and are copied in a fifth of the time; their methods are called as
    those of others.
    """

    __slots__ = ()

    @classmethod
    def model_validate(cls, values: Any) -> Self:
        """One of a dict, whose values are checked."""
        made: Self = _adapter(cls).validate_python(values)
        return made

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        """One of JSON."""
        made: Self = _adapter(cls).validate_json(text)
        return made

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """One whose values are not checked."""
        made = object.__new__(cls)
        for name, (_, put, default) in _slots(cls).items():
            put(made, values.get(name, default))
        return made

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """One with some other values, which are not checked."""
        made = object.__new__(type(self))
        slots = _slots(type(self))
        for get, put, _ in slots.values():
            put(made, get(self))
        for name in update.keys() & slots.keys():
            slots[name].put(made, update[name])
        return made

    def model_dump(self) -> dict[str, Any]:
        """The values by name; those of what it is made of, too."""
        return dict(_adapter(type(self)).dump_python(self))

    def model_dump_json(self, *, exclude_defaults: bool = False) -> str:
        """The same as JSON."""
        return _adapter(type(self)).dump_json(self, exclude_defaults=exclude_defaults).decode()


class _Slot(NamedTuple):
    """A field of a model: how it is read and set, and what it is if nothing is said, which is nothing mutable."""

    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    default: Any


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
_SLOTS: dict[Any, dict[str, _Slot]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _slots(kind: Any) -> dict[str, _Slot]:
    if kind not in _SLOTS:
        _SLOTS[kind] = {item.name: _slot(kind, item) for item in dataclasses.fields(kind)}
    return _SLOTS[kind]


def _slot(kind: Any, item: dataclasses.Field[Any]) -> _Slot:
    member = getattr(kind, item.name)
    return _Slot(member.__get__, member.__set__, None if item.default is dataclasses.MISSING else item.default)


AnyResource = TypeVar("AnyResource", bound=Resource)

Count = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value)]
"""A number that CVAT sends as null while there is nothing to count."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text that CVAT sends as null when it is empty."""


T = TypeVar("T")

Many = Annotated[tuple[T, ...], FailFast()]
"""Any number of values. The first wrong one ends the reading: an error for each could fill the memory."""


class ListPage(Resource, Generic[AnyResource]):
    """One page of a list.

    Attributes:
        next: The address of the next page; empty if this is the last.
    """

    results: Many[AnyResource]
    next: Text = ""
