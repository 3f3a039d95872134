"""What a page asks the App's server about forms and buttons: by that one can tell that it has come to rest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, Request

DRAWN_BY = ("/operators/resolve-type", "/operators/resolve-placements")
"""Whereupon the App draws a form, or the buttons above the grid, anew; what is typed or clicked meanwhile is lost."""

REST = 0.8
"""Seconds. The App collects changes of a form for half a second before it asks again."""

DRAWN = """
() => new Promise(done => requestAnimationFrame(() => requestIdleCallback(done)))
"""
"""Ends when the page has drawn what it had to: on a busy machine that takes longer than an answer of the server."""


class Traffic:
    """The requests of a page that lead to something being drawn.

    Args:
        page: the browser's page, before it goes anywhere
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self._open: set[Request] = set()
        self._last = time.monotonic()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def at_rest(self) -> bool:
        """Whether nothing is asked, and was not for a moment, and all answers are drawn."""
        self.page.wait_for_timeout(50)  # in which the page can say what it asks
        if not self._is_quiet():
            return False
        self.page.evaluate(DRAWN)
        return self._is_quiet()

    def _is_quiet(self) -> bool:
        return not self._open and time.monotonic() - self._last > REST

    def said(self, value: str, since: int) -> bool:
        """Whether a form was asked for with this answer in it.

        Args:
            value: the answer
            since: how many requests are of before it was given
        """
        return any(value in map(str, _leaves(json.loads(body).get("params"))) for body in self.asked[since:])

    def _begin(self, request: Request) -> None:
        if _path(request).endswith(DRAWN_BY):
            self._open.add(request)
            self._last = time.monotonic()
            if _path(request).endswith(DRAWN_BY[0]):
                self.asked.append(request.post_data or "{}")

    def _end(self, request: Request) -> None:
        if request in self._open:
            self._open.discard(request)
            self._last = time.monotonic()


def _path(request: Request) -> str:
    return request.url.partition("?")[0]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value
