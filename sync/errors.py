"""What can go wrong that a person can mend. Each message says what happened, what is safe and what to do next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

from pymongo.errors import PyMongoError

from ..cvat import CvatError, redact, redacted_traceback
from .readable import MOST, readable

__all__ = [
    "Cancelled",
    "CvatError",
    "DatabaseFailed",
    "LoadFailed",
    "LoadStopped",
    "NoCredentials",
    "Refused",
    "RoundtripError",
    "RunMissing",
    "SendFailed",
    "StateUnreadable",
    "database_context",
    "database_sentence",
    "error_context",
    "nothing_sent",
    "redacted_traceback",
    "sentence",
]


NOTHING_SENT = "Nothing was sent."


class RoundtripError(Exception):
    """A sentence for the person, not a fault of the program.

    It may quote a text of another library, or one that somebody typed: secrets are struck out, and so is what can't be
    seen.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(readable(redact(message)))


class Refused(RoundtripError):
    """The request can't be carried out as it stands; nothing was sent or changed."""


class RunMissing(RoundtripError):
    """There is no such run on this dataset."""


class SendFailed(RoundtripError):
    """A send ended before it was complete."""


class NoImageLeft(SendFailed):
    """None of the images of a task can be sent, and the person said to leave such ones out."""


class LoadFailed(RoundtripError):
    """A load ended before it was complete."""


class LoadStopped(RoundtripError):
    """A load would do something that has to be confirmed first; nothing was changed.

    Attributes:
        report: what the load would do, as of a preview
    """

    def __init__(self, message: str, report: dict[str, Any]) -> None:
        super().__init__(message)
        self.report = report


class StateUnreadable(RoundtripError):
    """What is kept of a run is damaged, or of a later version."""


class DatabaseFailed(RoundtripError):
    """FiftyOne's database did not answer, or refused."""


class NoCredentials(RoundtripError):
    """Nobody said how to log in to CVAT."""


class Cancelled(RoundtripError):
    """The person stopped it."""


def sentence(error: BaseException) -> str:
    """What an error says, with its full stop."""
    text = str(error) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


@contextmanager
def error_context(what_is_safe: Callable[[], str]) -> Iterator[None]:
    """Lets errors of CVAT and of the database, and a person's stop, also say what became of the dataset."""
    try:
        yield
    except CvatError as error:
        raise error.recast(type(error), f"{sentence(error)} {what_is_safe()}") from error
    except (Cancelled, LoadFailed, RunMissing, StateUnreadable) as error:
        raise type(error)(f"{sentence(error)} {what_is_safe()}") from error
    except PyMongoError as error:
        raise DatabaseFailed(f"{database_sentence(error)} {what_is_safe()}") from error


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Lets whatever ends the preparations of a send say that nothing was sent, unless it says so itself."""
    try:
        yield
    except CvatError as error:
        raise error.recast(type(error), _with_nothing_sent(error)) from error
    except RoundtripError as error:
        error.args = (_with_nothing_sent(error),)
        raise


def _with_nothing_sent(error: BaseException) -> str:
    text = sentence(error)
    if any(said in text.casefold() for said in ("nothing was sent", "nothing was added", "nothing was changed")):
        return text
    return f"{readable(text, MOST - len(NOTHING_SENT) - 1)} {NOTHING_SENT}"


@contextmanager
def database_context(what_is_safe: str) -> Iterator[None]:
    """Lets errors of the database be sentences that say what became of the dataset; also a decorator."""
    try:
        yield
    except PyMongoError as error:
        raise DatabaseFailed(f"{database_sentence(error)} {what_is_safe}") from error


def database_sentence(error: PyMongoError) -> str:
    """What an error of the database says, in short: it lists every server that it looked for."""
    said = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
    return f"FiftyOne's database failed ({shorten(said, 200)})."
