"""Reading JSON whose sender is not trusted."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from .limits import AnswerLimit

AnyModel = TypeVar("AnyModel", bound=BaseModel)


class Unreadable(Exception):
    """A body is not the JSON that it should be; the text says in which way."""


def read_json(content: bytes | bytearray, limit: AnswerLimit) -> Any:
    """Reads JSON of any form.

    Raises:
        Unreadable: It is none, or nested or large beyond all bounds.
    """
    _check(content, limit)
    try:
        return from_json(content)
    except ValueError:
        raise Unreadable("no JSON") from None


def read_model(model: type[AnyModel], content: bytes | bytearray, limit: AnswerLimit) -> AnyModel:
    """Reads JSON as a model.

    Raises:
        Unreadable: It has another form.
    """
    _check(content, limit)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    raise Unreadable(f"{where}: {problem['msg']}" if where else problem["msg"])


def _check(content: bytes | bytearray, limit: AnswerLimit) -> None:
    """Estimates how many values there are: a comma, or an opening bracket, before each but the first."""
    if len(content) <= limit.values:
        return
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > limit.values:
        raise Unreadable(f"JSON of more than {limit.values} values")
