"""The first matches of a search, for somebody who types: never a whole list, however long it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from .calls import Calls
from .models import Project, Resource, Task, User
from .models.base import ListPage

Found = TypeVar("Found", bound=Resource)


@dataclass(frozen=True)
class Matches(Generic[Found]):
    """What a search found.

    Attributes:
        items: The newest matches.
        whole: Whether these are all.
    """

    items: tuple[Found, ...]
    whole: bool


class Searching(Calls):
    """Searches on the server, with one request each."""

    def search_users(self, words: str, most: int) -> Matches[User]:
        """Finds users who have all of these words in their user name, first or last name, in any case.

        Args:
            words: What is looked for; empty for everybody.
            most: How many are returned at most.
        """
        return self._search(User, "/api/users", words, most)

    def search_projects(self, words: str, most: int) -> Matches[Project]:
        """Finds projects that have these words in their name; see :meth:`search_users`."""
        return self._search(Project, "/api/projects", words, most)

    def search_tasks(self, words: str, most: int) -> Matches[Task]:
        """Finds tasks that have these words in their name; see :meth:`search_users`."""
        return self._search(Task, "/api/tasks", words, most)

    def _search(self, model: type[Found], path: str, words: str, most: int) -> Matches[Found]:
        params = {"search": words, "page_size": str(most), "sort": "-id"}
        page = self.session.read(ListPage[model], path, {name: text for name, text in params.items() if text})  # type: ignore[valid-type]
        return Matches(tuple(page.results[:most]), whole=not page.next and len(page.results) <= most)
