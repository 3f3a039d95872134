"""What every model of CVAT's JSON shares."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Resource(BaseModel):
    """An immutable piece of CVAT's JSON. Keys of other server versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


AnyResource = TypeVar("AnyResource", bound=Resource)

Count = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value)]
"""A number that CVAT sends as null while there is nothing to count."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text that CVAT sends as null when it is empty."""
