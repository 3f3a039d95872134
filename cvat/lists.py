"""Lists: filters for many ids, and following the pages within bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from .limits import HEADER_TEXT, LIST_ITEMS, LIST_SECONDS, PAGES
from .parsing import Unreadable

IDS_AT_ONCE = 100
"""Ids in one filter, which has to fit into a url."""


def portions(ids: Sequence[int]) -> Iterator[list[int]]:
    """Ids, as many at a time as one filter may have."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield list(ids[start : start + IDS_AT_ONCE])


def one_of(name: str, ids: Sequence[int]) -> dict[str, str]:
    """The query for the objects of which a field has one of these values."""
    return {"filter": json.dumps({"in": [{"var": name}, list(ids)]})}


class ListReader:
    """Counts the pages and objects of one list."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + LIST_SECONDS
        self._pages = self._items = 0
        self._seen: set[str] = set()

    def next_query(self, items: int, address: str) -> dict[str, str] | None:
        """The query of the next page. Only this is taken of its address: the host may be one that the client can't or
        must not reach.

        Args:
            items: Objects of the page that was read.
            address: What that page gives as the next one.

        Returns:
            None if this was the last page.

        Raises:
            Unreadable: The address is none, or the list has no end.
        """
        self._pages += 1
        self._items += items
        if not address or address in self._seen:
            return None
        self._seen.add(address)
        if self._pages >= PAGES or self._items > LIST_ITEMS or time.monotonic() > self._ends:
            raise Unreadable(f"a list that has no end after {self._items} objects")
        try:
            if len(address) > HEADER_TEXT:
                raise ValueError
            return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        except ValueError:
            raise Unreadable("the address of the next page is none") from None
