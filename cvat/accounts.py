"""The server itself, its users and organizations."""

from __future__ import annotations

from .calls import Calls
from .errors import NotFound, PermissionDenied, UnsupportedServer
from .models import About, Organization, ServerInfo, User
from .words import shorten

OLDEST = (2, 16)
"""The first version whose requests API this client understands."""


class Accounts(Calls):
    """Who and what is at the other end."""

    @property
    def version(self) -> str:
        """The server's version, such as ``2.54.1``; asked once."""
        known = self.session.known
        if not known.version:
            known.version = self._about().version
        return known.version

    def check(self) -> ServerInfo:
        """Asks whether the server is a CVAT of a supported version, and as which user we are logged in.

        Raises:
            UnsupportedServer: It is no CVAT, or one below 2.16.
            NotAuthenticated: The credentials are wrong.
            NotFound: The organization does not exist.
            PermissionDenied: The user is not in the organization.
            Unreachable: No answer came.
        """
        organization = self.session.credentials.organization
        try:
            self._check_version()
            user = self.session.read(User, "/api/users/self")
        except PermissionDenied as error:
            if not organization:
                raise
            sentence = f"This user does not belong to the organization '{organization}' of CVAT at {self.session.url}"
            raise error.recast(PermissionDenied, sentence) from error
        return ServerInfo(url=self.session.url, version=self.version, user=user, organization=organization)

    def users(self, search: str | None = None) -> list[User]:
        """Lists users. A plain user sees only himself outside of an organization.

        Args:
            search: A part of a name, in any case.
        """
        return self.session.read_all(User, "/api/users", {"search": search} if search else None)

    def find_user(self, username: str) -> User | None:
        """Finds a user by the exact name, upper and lower case included.

        Returns:
            The user, who may not be active; None if those that the client may see are others.
        """
        return next((user for user in self.users(username) if user.username == username), None)

    def organizations(self) -> list[Organization]:
        """Lists the organizations that the user belongs to."""
        return self.session.read_all(Organization, "/api/organizations")

    def workspace_id(self) -> int | None:
        """The id of the organization that this client works in, by which tasks and projects name theirs.

        Returns:
            None in the personal workspace, and if no workspace was given.

        Raises:
            NotFound: The user belongs to no organization of that slug.
        """
        slug = self.session.credentials.organization
        if not slug:
            return None
        for organization in self.session.within(None).read_all(Organization, "/api/organizations"):
            if organization.slug == slug:
                return organization.id
        raise NotFound(f"CVAT at {self.session.url} has no organization '{slug}' that this user belongs to")

    def _check_version(self) -> None:
        about = About(version=self.version)
        if about.version_numbers < OLDEST:
            oldest = ".".join(str(number) for number in OLDEST)
            raise UnsupportedServer(
                f"CVAT at {self.session.url} has version {shorten(about.version)}, and {oldest} or newer is needed"
            )

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
