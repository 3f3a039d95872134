"""What the failure of one task means for the other tasks of its run, and how it is told. Pure decisions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import shorten
from typing import NamedTuple

from pymongo.errors import PyMongoError

from ...cvat import (
    AmbiguousOutcome,
    AnswerTooLarge,
    CvatError,
    NotAuthenticated,
    Redirected,
    ServerFault,
    Unreachable,
    UnsupportedServer,
)
from ...cvat import Cancelled as CvatCancelled
from ..errors import Cancelled, RoundtripError, RunMissing, SendFailed, database_sentence, sentence

STOPS = (Cancelled, CvatCancelled, KeyboardInterrupt)
"""What ends a send because a person wanted it to."""
OF_ALL = (*STOPS, NotAuthenticated, Redirected, RunMissing, PyMongoError)
"""What no other task of the run would be spared."""
OF_THE_SERVER = (ServerFault, AmbiguousOutcome, Unreachable, UnsupportedServer, AnswerTooLarge)
"""What may be wrong with one task, or with the whole server."""
MOST_IN_A_ROW = 3
"""Tasks that may fail for the server's sake while no other one succeeds, before no more of them are tried."""
TOLD = 3
"""Tasks that are named with the reason why they failed."""
LONGEST_TEXT = 200
"""Characters of another library's error in a sentence."""


class TaskFailure(NamedTuple):
    """A task that failed: its place in the run, from 0, and why."""

    number: int
    error: BaseException


def ends_run(error: BaseException, in_a_row: int) -> bool:
    """Whether no other task of the run should be tried after one has failed.

    Args:
        error: why it failed
        in_a_row: how many tasks failed for the server's sake, with this one, since one succeeded
    """
    if not isinstance(error, Exception) or isinstance(error, OF_ALL):
        return True
    return isinstance(error, OF_THE_SERVER) and in_a_row >= MOST_IN_A_ROW


def explained(error: BaseException) -> str:
    """An error as a sentence, also if it is one that nobody foresaw."""
    if isinstance(error, (CvatError, RoundtripError)):
        return sentence(error)
    text = shorten(str(error), LONGEST_TEXT)
    if isinstance(error, PyMongoError):
        return database_sentence(error)
    name = type(error).__name__
    return f"Something went wrong that nobody foresaw ({name}: {text})." if text else f"It ended with {name}."


@contextmanager
def unforeseen(what_is_safe: str) -> Iterator[None]:
    """Lets what nobody foresaw end in a sentence, too.

    Args:
        what_is_safe: a sentence of what became of the dataset and of CVAT

    Raises:
        SendFailed: if something ends in it that is no error of CVAT, of the database or of this plugin
    """
    try:
        yield
    except (CvatError, RoundtripError, PyMongoError):
        raise
    except Exception as error:
        raise SendFailed(f"{explained(error)} {what_is_safe}") from error


def failures_explained(failures: Sequence[TaskFailure], tasks: int) -> str:
    """Why a send ended without some of its tasks.

    Args:
        failures: the tasks that failed, in the order in which they did; at least one
        tasks: how many tasks the run has
    """
    if tasks == 1:
        return explained(failures[0].error)
    told = [f"Task {number + 1} of {tasks} failed: {explained(error)}" for number, error in failures[:TOLD]]
    if (more := len(failures) - TOLD) > 0:
        told.append(f"So did {more} more.")
    return " ".join(told)
