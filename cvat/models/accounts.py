"""The server, its users and organizations."""

from __future__ import annotations

import re

from .base import Resource, Text


class About(Resource):
    """What a CVAT server says of itself."""

    name: str = ""
    version: str

    @property
    def version_numbers(self) -> tuple[int, int, int]:
        """The version for comparisons: ``2.54.1-alpha`` is ``(2, 54, 1)``, and nonsense ``(0, 0, 0)``."""
        match = re.match(r"\s{0,9}v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?", self.version[:40], re.ASCII)
        return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else (0, 0, 0)


class User(Resource):
    """A person with an account.

    Attributes:
        is_active: False for an account that was shut, which can't log in; None if CVAT hides it from this account.
    """

    id: int
    username: str
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""
    is_active: bool | None = None

    @property
    def full_name(self) -> str:
        """First and last name, or the user name if there are none."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


class Organization(Resource):
    """A group of users with common projects."""

    id: int
    slug: str
    name: Text = ""


class ServerInfo(Resource):
    """A server that was asked successfully, and the user it sees."""

    url: str
    version: str
    user: User
    organization: str | None = None
