"""What every model of CVAT's JSON shares."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast

NO_NAMES: set[str] = set()


class Resource(BaseModel):
    """An immutable piece of CVAT's JSON. Keys of other server versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, ser_json_inf_nan="constants")

    def model_post_init(self, _: Any) -> None:
        """Lets go of the names of the fields that were given, which take as much memory as the values."""
        object.__setattr__(self, "__pydantic_fields_set__", NO_NAMES)


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
