"""From a request to an answer: path, media type, caller, method, handler."""

from __future__ import annotations

import re
import sys
import traceback
from contextlib import nullcontext
from typing import Any

from . import handlers  # noqa: F401  (importing them registers their routes)
from .identity import Throttle, identify
from .request import Request
from .responses import MEDIA_TYPE, Refusal, Response, detail, page_not_found, server_error_page
from .routes import Action, Resource, resolve
from .services import Services
from .store import Store


class App:
    """Answers requests from a store.

    Args:
        store: the state.
        services: what handlers need besides.
        throttle: the limit of requests without credentials.

    Attributes:
        crashes: errors that nobody expected; a test should find none.
    """

    def __init__(self, store: Store, services: Services, throttle: Throttle) -> None:
        self.store = store
        self.services = services
        self.throttle = throttle
        self.crashes: list[Exception] = []

    def __call__(self, environ: dict[str, Any]) -> Response:
        """The answer to a request."""
        request = Request(environ, self.store, self.services)
        found = resolve(request.http.path)
        if found is None:
            return page_not_found()
        resource, parts = found
        try:
            response = self._run(request, resource, parts)
        except Refusal as refusal:
            response = refusal.response
        except Exception as error:
            self.crashes.append(error)
            traceback.print_exc(file=sys.stderr)
            response = server_error_page()
        if not (response.bare or resource.page):
            response.headers.append(("allow", resource.allow))
        return response

    def _run(self, request: Request, resource: Resource, parts: dict[str, str]) -> Response:
        actions = resource.actions
        action = actions.get(request.method)
        if action is None and request.method == "HEAD":
            action = actions.get("GET")
        if not resource.page:
            _negotiate(request)
            with self.store.lock:
                identify(request, action or _stand_in(resource), self.throttle)
        if action is None:
            if request.method == "OPTIONS":
                return _describe(request.http.path)
            raise detail(405, f'Method "{request.method}" not allowed.')
        request.prepare(action.wants_files)
        with nullcontext() if action.unlocked else self.store.lock:
            result = action.run(request, **parts)
            return result if isinstance(result, Response) else Response(result)


def _stand_in(resource: Resource) -> Action:
    """For a method that does not exist: open if the whole resource is."""
    first = next(iter(resource.actions.values()))
    return Action(first.run, open=first.open, challenge=first.challenge)


def _negotiate(request: Request) -> None:
    wanted = request.headers.get("Accept") or "*/*"
    for part in wanted.split(","):
        kind, *options = (piece.strip() for piece in part.split(";"))
        if kind in ("*/*", "application/*", "text/html", "text/*"):
            return
        if kind == MEDIA_TYPE:
            versions = [option.split("=")[1] for option in options if option.startswith("version=")]
            if not set(versions) <= {"2.0"}:
                raise detail(406, 'Invalid version in "Accept" header.')
            return
    raise detail(406, "Could not satisfy the request Accept header.")


def _describe(path: str) -> Response:
    """The answer to OPTIONS."""
    match = re.match(r"/api/(\w+?)s?(/[^/]+)?\Z", path)
    name = f"{match[1].title()} {'Instance' if match[2] else 'List'}" if match else path
    return Response(
        {
            "name": name,
            "description": "",
            "renders": [MEDIA_TYPE, "text/html"],
            "parses": ["application/json"],
        }
    )
