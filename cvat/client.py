"""A CVAT server as Python."""

from __future__ import annotations

from types import TracebackType

from .accounts import Accounts
from .credentials import Credentials
from .frames import Frames
from .jobs import Jobs
from .kept import kept_session
from .projects import Projects
from .retry import USUAL, RetryPolicy
from .reviews import Reviews
from .searching import Searching
from .server_media import ServerMedia
from .session import CONNECTIONS, READ_TIMEOUT, Session
from .tasks import Tasks
from .waiting import Stopped, pause
from .webhooks import Webhooks


class Client(Accounts, Projects, Tasks, Searching, ServerMedia, Frames, Jobs, Reviews, Webhooks):
    """A CVAT server. Usable from several threads, and as a context manager.

    Nothing is sent before the first call. Closing ends the connections but never logs out, because a logout
    ends all other clients of the user.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = READ_TIMEOUT,
        connections: int = CONNECTIONS,
        retry: RetryPolicy = USUAL,
    ) -> None:
        """
        Args:
            credentials: Where the server is and who asks.
            timeout: Seconds to wait for the server's next byte; uploads wait longer.
            connections: Requests at the same time at most, over all threads; others wait for their turn.
            retry: How often a request is repeated, and after which pauses.
        """
        super().__init__(Session(credentials, timeout=timeout, connections=connections, retry=retry))
        self._keeps_session = False

    @classmethod
    def kept(cls, credentials: Credentials, *, timeout: float = READ_TIMEOUT, retry: RetryPolicy = USUAL) -> Client:
        """A client whose login and connections are kept for the next one of this process with the same credentials.

        Args:
            credentials: Where the server is and who asks.
            timeout: Seconds to wait for the server's next byte; uploads wait longer.
            retry: How often a request is repeated, and after which pauses.
        """
        session = kept_session(credentials).on_its_own(timeout=timeout, connections=CONNECTIONS, retry=retry)
        return cls._over(session, keeps_session=True)

    @classmethod
    def _over(cls, session: Session, *, keeps_session: bool) -> Client:
        client = cls.__new__(cls)
        client.session, client._keeps_session = session, keeps_session
        return client

    def within(self, organization: str | None) -> Client:
        """The same client in another workspace, over the same connections.

        Args:
            organization: The slug of an organization, an empty string for the personal workspace, None for everything
                that the user may see.

        Raises:
            ValidationError: It is no slug.
        """
        return self._over(self.session.within(organization), keeps_session=True)

    def stopping_when(self, stopped: Stopped) -> Client:
        """The same client, over the same connections, with a way to stop.

        Args:
            stopped: Called several times a second, in any thread that waits. Soon after it returns True, every call
                ends with ``Cancelled``, whatever it is waiting for.
        """
        return self._over(self.session.stopping_when(stopped), keeps_session=True)

    def pause(self, seconds: float) -> None:
        """Waits, if nobody wants to stop.

        Raises:
            Cancelled: The caller wants to stop.
        """
        pause(seconds, self.session.stopped)

    @property
    def url(self) -> str:
        """The server, without a trailing slash."""
        return self.session.url

    def close(self) -> None:
        """Closes the connections, unless others use them, too."""
        if not self._keeps_session:
            self.session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
