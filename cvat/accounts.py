"""The server itself, its users and organizations."""

from __future__ import annotations

from .answers import shorten
from .calls import Calls
from .errors import NotFound, PermissionDenied, UnsupportedServer
from .models import About, Organization, ServerInfo, User

OLDEST = (2, 16)
"""The first version whose requests API this client understands."""


class Accounts(Calls):
    """Who and what is at the other end."""

    _version: str | None = None

    @property
    def version(self) -> str:
        """The server's version, such as ``2.54.1``; asked once."""
        if self._version is None:
            self._version = self._about().version
        return self._version

    def check(self) -> ServerInfo:
        """Asks whether the server is a CVAT of a supported version, and who it takes us for.

        Raises:
            UnsupportedServer: It is no CVAT, or one below 2.16.
            NotAuthenticated: The credentials are wrong.
            NotFound: The organization does not exist.
            PermissionDenied: The user is not in the organization.
            Unreachable: No answer came.
        """
        organization = self.session.credentials.organization
        try:
            about = self._supported()
            user = self.session.read(User, "/api/users/self")
        except PermissionDenied as error:
            if not organization:
                raise
            sentence = f"This user does not belong to the organization '{organization}' of CVAT at {self.session.url}"
            raise error.recast(PermissionDenied, sentence) from error
        self._version = about.version
        return ServerInfo(url=self.session.url, version=about.version, user=user, organization=organization)

    def users(self, search: str | None = None) -> list[User]:
        """Lists users. A plain user sees only himself outside of an organization.

        Args:
            search: A part of a name, in any case.
        """
        return self.session.read_all(User, "/api/users", {"search": search} if search else None)

    def find_user(self, username: str) -> User | None:
        """Finds a user by name: exactly, or else the only one whose name differs in case."""
        users = self.users(username)
        exact = [user for user in users if user.username == username]
        alike = [user for user in users if user.username.casefold() == username.casefold()]
        if exact:
            return exact[0]
        return alike[0] if len(alike) == 1 else None

    def organizations(self) -> list[Organization]:
        """Lists the organizations that the user belongs to."""
        return self.session.read_all(Organization, "/api/organizations")

    def _supported(self) -> About:
        about = self._about()
        if about.version_numbers < OLDEST:
            oldest = ".".join(str(number) for number in OLDEST)
            raise UnsupportedServer(
                f"CVAT at {self.session.url} has version {shorten(about.version)}, and {oldest} or newer is needed"
            )
        return about

    def _about(self) -> About:
        try:
            return self.session.read(About, "/api/server/about")
        except NotFound as error:
            if "organization" in error.detail:
                raise
            raise UnsupportedServer(
                f"There is no CVAT at {self.session.url}; check its url",
                status=error.status,
                path=error.path,
                detail=error.detail,
            ) from error
