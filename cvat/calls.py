"""What the groups of calls share: the session they go through."""

from __future__ import annotations

from enum import Enum
from typing import Final

from .session import Session


class Calls:
    """A group of calls about one kind of object."""

    def __init__(self, session: Session) -> None:
        self.session = session


class Unchanged(Enum):
    """The type of ``UNCHANGED``."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
"""Stands for "leave as it is" where None means "nobody"."""
