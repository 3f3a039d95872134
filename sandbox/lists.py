"""Lists: simple filters, search, JSON-logic filters, order and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from . import clock
from .request import Request
from .responses import detail, invalid

T = TypeVar("T")
Getter = Callable[[T], Any]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass
class Listing(Generic[T]):
    """How one kind of object is listed.

    Attributes:
        terms: what JSON filters and `sort` can name.
        simple: names of query parameters that filter by equality (among the terms).
        search: terms in which `search` looks for a part.
        choices: query parameters with a fixed set of values.
        newest_first: whether the default order is by descending id.
    """

    terms: dict[str, Getter[T]]
    simple: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    newest_first: bool = True

    def answer(self, request: Request, things: Iterable[T], view: Callable[[T], Any]) -> dict[str, Any]:
        """The page that the query asks for.

        Args:
            request: the request.
            things: the objects that the caller may see.
            view: makes the JSON of one object.

        Raises:
            Refusal: 400 for a bad filter, 404 for a page that is not there.
        """
        found = [thing for thing in things if self._matches_simple(request, thing)]
        words = request.query.get("search")
        if words:
            found = [thing for thing in found if self._has(thing, words.lower().split())]
        expression = request.query.get("filter")
        if expression:
            test = self._compile(_parse(expression))
            found = [thing for thing in found if test(thing)]
        return _page(request, self._sort(request, found), view)

    def _matches_simple(self, request: Request, thing: T) -> bool:
        for name in self.simple:
            wanted = request.query.get(name)
            if wanted is None:
                continue
            allowed = self.choices.get(name)
            if allowed and wanted not in allowed:
                raise invalid({name: [f"Select a valid choice. {wanted} is not one of the available choices."]})
            if not _same_text(self.terms[name](thing), wanted):
                return False
        return True

    def _has(self, thing: T, words: list[str]) -> bool:
        """Whether every word is part of one of the searched texts."""
        texts = [str(self.terms[name](thing) or "").lower() for name in self.search]
        return all(any(word in text for text in texts) for word in words)

    def _sort(self, request: Request, things: list[T]) -> list[T]:
        names = [name for name in request.query.get("sort", "").split(",") if name.lstrip("-") in self.terms]
        things.sort(key=self.terms["id"], reverse=self.newest_first and not names)
        for name in reversed(names):
            things.sort(key=partial(_place, self.terms[name.lstrip("-")]), reverse=name.startswith("-"))
        return things

    def _compile(self, rule: Any) -> Callable[[T], bool]:
        if not isinstance(rule, dict) or len(rule) != 1:
            raise invalid(["filter: expected one operation"])
        operation, operands = next(iter(rule.items()))
        operands = operands if isinstance(operands, list) else [operands]
        if operation in ("and", "or"):
            tests = [self._compile(operand) for operand in operands]
            combine = all if operation == "and" else any
            return lambda thing: combine(test(thing) for test in tests)
        if operation in ("!", "not"):
            test = self._compile(operands[0])
            return lambda thing: not test(thing)
        values = [self._value(operand) for operand in operands]
        if operation == "in" and len(values) == 2:
            return lambda thing: _contains(values[1](thing), values[0](thing))
        if operation == "<=" and len(values) == 3:
            return lambda thing: (
                _compare("<=", values[0](thing), values[1](thing))
                and _compare("<=", values[1](thing), values[2](thing))
            )
        if operation in _COMPARE and len(values) == 2:
            return lambda thing: _compare(operation, values[0](thing), values[1](thing))
        raise invalid([f"filter: {operation} operation with {len(values)} arguments is not implemented"])

    def _value(self, operand: Any) -> Getter[T]:
        if isinstance(operand, dict) and set(operand) == {"var"}:
            name = operand["var"]
            if name not in self.terms:
                raise invalid([f"filter: term '{name}' is not supported"])
            return self.terms[name]
        return lambda thing: operand


def _parse(expression: str) -> Any:
    try:
        return json.loads(expression)
    except ValueError as error:
        raise invalid([f"filter: can't parse filter expression: {error}"]) from None


def _same_text(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    return value is not None and str(value) == wanted


def _contains(container: Any, part: Any) -> bool:
    if isinstance(container, list):
        return part in container
    return str(part).lower() in str(container or "").lower()


def _compare(operation: str, left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str) and operation not in ("==", "!="):
        try:
            return _COMPARE[operation](clock.parse(left), clock.parse(right))
        except ValueError:
            return _COMPARE[operation](left, right)
    if operation not in ("==", "!=") and (left is None or right is None):
        return False
    return _COMPARE[operation](left, right)


def _place(getter: Getter[T], thing: T) -> tuple[bool, Any]:
    """A sort key; what has no value comes first."""
    value = getter(thing)
    return value is not None, value if value is not None else 0


def _page(request: Request, things: list[T], view: Callable[[T], Any]) -> dict[str, Any]:
    size = _page_size(request, len(things))
    last = max(1, -(-len(things) // size))
    try:
        number = int(request.query.get("page", "1"))
    except ValueError:
        number = 0
    if not 1 <= number <= last:
        raise detail(404, "Invalid page.")
    return {
        "count": len(things),
        "next": _link(request, number + 1) if number < last else None,
        "previous": _link(request, number - 1) if number > 1 else None,
        "results": [view(thing) for thing in things[(number - 1) * size : number * size]],
    }


def _page_size(request: Request, count: int) -> int:
    size = request.query.get("page_size", "")
    if size == "all":
        return max(1, count)
    return int(size) if size.isdecimal() and int(size) else 10


def _link(request: Request, page: int) -> str:
    query = {**request.query.to_dict(), "page": str(page)}
    if page == 1:
        del query["page"]
    text = urlencode(sorted(query.items()))
    return f"{request.base}{request.http.path}" + (f"?{text}" if text else "")
