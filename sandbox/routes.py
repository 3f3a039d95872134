"""Which function answers which method and path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(eq=False)
class Action:
    """A handler and how it is called.

    Attributes:
        run: called with the `Request` and the parts of the path.
        open: whether no credentials are needed.
        unlocked: whether it runs without the store's lock (it waits for somebody else).
        wants_files: whether multipart bodies are welcome.
        challenge: the scheme named when credentials are missing.
    """

    run: Callable[..., Any]
    open: bool = False
    unlocked: bool = False
    wants_files: bool = False
    challenge: str = "Token"


@dataclass(eq=False)
class Resource:
    """A path with its actions by method."""

    pattern: re.Pattern[str]
    actions: dict[str, Action] = field(default_factory=dict)
    allow_override: str | None = None
    page: bool = False

    @property
    def allow(self) -> str:
        """The `Allow` header."""
        if self.allow_override:
            return self.allow_override
        methods = [method for method in _ORDER if method in self.actions]
        return ", ".join([*methods, *(["HEAD"] if "GET" in self.actions else []), "OPTIONS"])


_resources: dict[str, Resource] = {}
_by_precision: list[Resource] = []


def route(
    method: str, path: str, allow: str | None = None, page: bool = False, **options: Any
) -> Callable[[Handler], Handler]:
    """Register the decorated function for a method and a path such as `/api/tasks/{id}`.

    Args:
        method: the HTTP method.
        path: the path; `{name}` is one segment, a final `[/]` an optional slash.
        allow: the `Allow` header, where it is not made of the registered methods.
        page: whether this is part of the sandbox's own pages and not of the API.
        **options: see `Action`.
    """

    def register(run: Handler) -> Handler:
        resource = _resources.get(path)
        if resource is None:
            expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)).replace(r"\[/\]", "/?")
            resource = _resources[path] = Resource(re.compile(expression + r"\Z"))
            _by_precision.append(resource)
            _by_precision.sort(key=lambda known: known.pattern.groups)
        resource.actions[method] = Action(run, **options)
        resource.allow_override = allow or resource.allow_override
        resource.page = page
        return run

    return register


def resolve(path: str) -> tuple[Resource, dict[str, str]] | None:
    """The resource at a path and the parts of the path, or None. Fixed parts win over variable ones."""
    exact = _resources.get(path)
    if exact:
        return exact, {}
    for resource in _by_precision:
        match = resource.pattern.match(path)
        if match:
            return resource, match.groupdict()
    return None
