"""A CVAT server as Python."""

from __future__ import annotations

from types import TracebackType

from .accounts import Accounts
from .credentials import Credentials
from .jobs import Jobs
from .projects import Projects
from .retry import USUAL, RetryPolicy
from .reviews import Reviews
from .server_media import ServerMedia
from .session import CONNECTIONS, READ_TIMEOUT, Session
from .tasks import Tasks


class Client(Accounts, Projects, Tasks, ServerMedia, Jobs, Reviews):
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

    @property
    def url(self) -> str:
        """The server, without a trailing slash."""
        return self.session.url

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
