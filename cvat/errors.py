"""What can go wrong with a CVAT server, each as one sentence a person can act on."""

from __future__ import annotations

from typing import Any

from .redaction import redact


class CvatError(Exception):
    """Something went wrong at, or on the way to, a CVAT server.

    ``str()`` is one sentence in plain words, with CVAT's own message. It holds no headers, secrets or query
    strings: all texts pass :func:`redact`.

    Attributes:
        status: The HTTP status of the answer, or None if there was none.
        method: The HTTP method of the request, empty if no single request is to blame.
        path: The path of the request, without its query.
        detail: CVAT's own words, flattened to a short text.
        may_be_done: Whether what was asked may have been done nevertheless. False: it surely was not, or the request
            only read.
        retry_after: Seconds after which CVAT wants to be asked again, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str = "",
        path: str = "",
        detail: str = "",
        may_be_done: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(redact(message))
        self.status = status
        self.method = method
        self.path = path
        self.detail = redact(detail)
        self.may_be_done = may_be_done
        self.retry_after = retry_after

    def recast(self, kind: type[CvatError], message: str) -> CvatError:
        """The same facts as another kind of error, with another sentence."""
        facts: dict[str, Any] = {
            name: getattr(self, name) for name in ("status", "method", "path", "detail", "may_be_done", "retry_after")
        }
        return kind(message, **facts)


class NotAuthenticated(CvatError):
    """The password, API key or access token is wrong, expired, revoked or missing."""


class PermissionDenied(CvatError):
    """The user, or a read-only access token, may not do this (403). Nothing was changed."""


class NotFound(CvatError):
    """The object, or the organization, does not exist (404)."""


class Refused(CvatError):
    """CVAT read the request and said no (400 and other 4xx). Nothing was changed."""


class Conflict(CvatError):
    """The request collides with the server's state (409)."""


class TooLarge(CvatError):
    """CVAT, or a proxy in front of it, does not take a body of this size (413). Nothing was changed."""


class ServerFault(CvatError):
    """CVAT failed (5xx). It may nevertheless have done what was asked."""


class Unreachable(CvatError):
    """No answer came: name, network, certificate or time. Nothing that changes data was processed."""


class Redirected(CvatError):
    """The address answered with a redirect that is not followed. Nothing was changed."""


class UnsupportedServer(CvatError):
    """What answers is not CVAT, or a CVAT that is too old."""


class AnswerTooLarge(CvatError):
    """An answer is larger than any that CVAT should give. Nothing of it was used."""


class AmbiguousOutcome(CvatError):
    """A request that changes data was sent and its answer was lost. Read the server before doing it again."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message, **{**facts, "may_be_done": True})


class Cancelled(CvatError):
    """The caller asked to stop. What was under way at that moment may have been done: see ``may_be_done``."""


class DeadlinePassed(CvatError):
    """CVAT did not finish in the time the caller gave. It goes on by itself."""


class UnwritableFile(CvatError):
    """A file that was to take what CVAT sends can't be written."""


class CreationFailed(CvatError):
    """CVAT could not make a task out of the uploaded files. Such a task cannot be used again.

    Attributes:
        message: CVAT's reason, without tracebacks and server directories.
        file: The base name of the file that the reason names, or None.
    """

    def __init__(self, sentence: str, *, message: str = "", file: str | None = None, path: str = "") -> None:
        super().__init__(sentence, path=path, detail=message)
        self.message = redact(message)
        self.file = file

    def recast(self, kind: type[CvatError], message: str) -> CvatError:
        """The same facts as another kind of error, with another sentence."""
        if issubclass(kind, CreationFailed):
            return kind(message, message=self.message, file=self.file, path=self.path)
        return super().recast(kind, message)
