"""What can go wrong with a CVAT server, each as one sentence a person can act on."""

from __future__ import annotations


class CvatError(Exception):
    """Something went wrong at, or on the way to, a CVAT server.

    ``str()`` is one sentence in plain words, with CVAT's own message. It holds no headers, secrets or query
    strings.

    Attributes:
        status: The HTTP status of the answer, or None if there was none.
        method: The HTTP method of the request, empty if no single request is to blame.
        path: The path of the request, without its query.
        detail: CVAT's own words, flattened to a short text.
    """

    def __init__(
        self, message: str, *, status: int | None = None, method: str = "", path: str = "", detail: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path
        self.detail = detail

    def recast(self, kind: type[CvatError], message: str) -> CvatError:
        """The same facts as another kind of error, with another sentence."""
        return kind(message, status=self.status, method=self.method, path=self.path, detail=self.detail)


class NotAuthenticated(CvatError):
    """The password, API key or access token is wrong, expired, revoked or missing."""


class PermissionDenied(CvatError):
    """The user, or a read-only access token, may not do this (403)."""


class NotFound(CvatError):
    """The object, or the organization, does not exist (404)."""


class Refused(CvatError):
    """CVAT read the request and said no (400 and other 4xx). Nothing was changed."""


class Conflict(CvatError):
    """The request collides with the server's state (409)."""


class TooLarge(CvatError):
    """CVAT, or a proxy in front of it, does not take a body of this size (413)."""


class ServerFault(CvatError):
    """CVAT failed (5xx). It may nevertheless have done what was asked."""


class Unreachable(CvatError):
    """No answer came: name, network, certificate or time. Nothing that changes data was processed."""


class Redirected(CvatError):
    """The address answered with a redirect to another origin, which is never followed."""


class UnsupportedServer(CvatError):
    """What answers is not CVAT, or a CVAT that is too old."""


class AmbiguousOutcome(CvatError):
    """A request that changes data was sent and its answer was lost. Read the server before doing it again."""


class Cancelled(CvatError):
    """The caller asked to stop."""


class DeadlinePassed(CvatError):
    """CVAT did not finish in the time the caller gave. It goes on by itself."""


class CreationFailed(CvatError):
    """CVAT could not make a task out of the uploaded files. Such a task cannot be used again.

    Attributes:
        message: CVAT's reason, without tracebacks and server directories.
        file: The base name of the file that the reason names, or None.
    """

    def __init__(self, sentence: str, *, message: str = "", file: str | None = None, path: str = "") -> None:
        super().__init__(sentence, path=path, detail=message)
        self.message = message
        self.file = file
