"""Following the pages of a list, within bounds."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

from .limits import HEADER_TEXT, LIST_ITEMS, LIST_SECONDS, PAGES
from .parsing import Unreadable


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
