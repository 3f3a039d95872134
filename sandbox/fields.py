"""Reading request data field by field, with the wording of the real server's validation errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .responses import invalid

_UNSET: Any = object()
_TRUE = (True, "true", "True", "1", 1, "on")
_FALSE = (False, "false", "False", "0", 0, "off", "")


class Invalid(Exception):
    """A value is not acceptable; `errors` is what the answer says about it."""

    def __init__(self, errors: Any) -> None:
        super().__init__(errors)
        self.errors = [errors] if isinstance(errors, str) else errors


class Field:
    """One value. Without a default, a value that is not sent is absent from the result."""

    def __init__(self, required: bool = False, null: bool = False, default: Any = _UNSET) -> None:
        self.required = required
        self.null = null
        self.default = default

    def take(self, value: Any) -> Any:
        """Read a value that was sent.

        Raises:
            Invalid: if it is not acceptable.
        """
        if value is None:
            if self.null:
                return None
            raise Invalid("This field may not be null.")
        return self.read(value)

    def read(self, value: Any) -> Any:
        """Read a value that is not null; to be overridden."""
        return value


class Integer(Field):
    """A whole number, also as text, within limits."""

    def __init__(self, low: int | None = None, high: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def read(self, value: Any) -> int:
        try:
            number = value if type(value) is int else int(re.sub(r"\.0*\s*$", "", str(value)))
        except ValueError:
            raise Invalid("A valid integer is required.") from None
        _check_range(number, self.low, self.high)
        return number


class Float(Field):
    """A number, also as text, within limits; given whole numbers become floats."""

    def __init__(self, low: float | None = None, high: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def read(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Invalid("A valid number is required.") from None
        _check_range(number, self.low, self.high)
        return number


def _check_range(value: float, low: float | None, high: float | None) -> None:
    if low is not None and value < low:
        raise Invalid(f"Ensure this value is greater than or equal to {low}.")
    if high is not None and value > high:
        raise Invalid(f"Ensure this value is less than or equal to {high}.")


class Text(Field):
    """A string, trimmed."""

    def __init__(self, longest: int | None = None, blank: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.longest, self.blank = longest, blank

    def read(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise Invalid("Not a valid string.")
        text = str(value).strip()
        if not text and not self.blank:
            raise Invalid("This field may not be blank.")
        if self.longest is not None and len(text) > self.longest:
            raise Invalid(f"Ensure this field has no more than {self.longest} characters.")
        return text


class Boolean(Field):
    """True or false, also as text."""

    def read(self, value: Any) -> bool:
        if isinstance(value, (bool, str, int)):
            if value in _TRUE:
                return True
            if value in _FALSE:
                return False
        raise Invalid("Must be a valid boolean.")


class Choice(Field):
    """One of a few words."""

    def __init__(self, *choices: str, **options: Any) -> None:
        super().__init__(**options)
        self.choices = frozenset(choices)

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise Invalid(f'"{value}" is not a valid choice.')
        return value


class Items(Field):
    """A list of plain values."""

    def __init__(self, child: Field | None = None, empty: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.child, self.empty = child, empty

    def read(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid(f'Expected a list of items but got type "{type(value).__name__}".')
        if not value and not self.empty:
            raise Invalid("This list may not be empty.")
        return self._children(value, self.child) if self.child else value

    def _children(self, value: list[Any], child: Field) -> list[Any]:
        results: list[Any] = []
        errors: dict[str, Any] = {}
        for place, item in enumerate(value):
            try:
                results.append(child.take(item))
            except Invalid as problem:
                errors[str(place)] = problem.errors
        if errors:
            raise Invalid(errors)
        return results


class Choices(Items):
    """A list of words out of a few; the first one that is not among them is what the error is about."""

    def _children(self, value: list[Any], child: Field) -> list[Any]:
        return [child.take(item) for item in value]


class Forms(Field):
    """A list of objects."""

    def __init__(self, form: Form, **options: Any) -> None:
        super().__init__(**options)
        self.form = form

    def read(self, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            name = type(value).__name__
            raise Invalid({"non_field_errors": [f'Expected a list of items but got type "{name}".']})
        results: list[dict[str, Any]] = []
        errors: list[Any] = []
        for item in value:
            try:
                results.append(self.form.read(item))
                errors.append({})
            except Invalid as problem:
                errors.append(problem.errors)
        if any(errors):
            raise Invalid(errors)
        return results


class Form:
    """An object with known fields; unknown ones are dropped.

    Args:
        fields: the fields by name.
        check: looks at the whole object once every field is fine; may raise `Invalid`.
    """

    def __init__(self, fields: dict[str, Field], check: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.fields = fields
        self.check = check

    def read(self, data: Any, partial: bool = False) -> dict[str, Any]:
        """The values of an object.

        Args:
            data: what was sent.
            partial: for changes: nothing is required and there are no defaults.

        Raises:
            Invalid: with the errors by field.
        """
        if not isinstance(data, dict):
            name = type(data).__name__
            raise Invalid({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {name}."]})
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field in self.fields.items():
            value = data.get(name, _UNSET)
            try:
                if value is not _UNSET:
                    values[name] = field.take(value)
                elif not partial and field.required:
                    errors[name] = ["This field is required."]
                elif not partial and field.default is not _UNSET:
                    default = field.default
                    values[name] = default() if callable(default) else default
            except Invalid as problem:
                errors[name] = problem.errors
        if errors:
            raise Invalid(errors)
        if self.check:
            self.check(values)
        return values

    def accept(self, data: Any, partial: bool = False) -> dict[str, Any]:
        """`read` for handlers: problems end the request with 400."""
        try:
            return self.read(data, partial)
        except Invalid as problem:
            raise invalid(problem.errors) from None
