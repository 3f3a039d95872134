"""What can go wrong that a person can mend. Each message says what happened, what is safe and what to do next."""

from ..cvat import CvatError

__all__ = [
    "Cancelled",
    "CvatError",
    "LoadFailed",
    "NoCredentials",
    "Refused",
    "RoundtripError",
    "RunMissing",
    "SendFailed",
    "StateUnreadable",
]


class RoundtripError(Exception):
    """A sentence for the person, not a fault of the program."""


class Refused(RoundtripError):
    """The request can't be carried out as it stands; nothing was sent or changed."""


class RunMissing(RoundtripError):
    """There is no such run on this dataset."""


class SendFailed(RoundtripError):
    """A send ended before it was complete."""


class LoadFailed(RoundtripError):
    """A load ended before it was complete."""


class StateUnreadable(RoundtripError):
    """What is kept of a run is damaged, or of a later version."""


class NoCredentials(RoundtripError):
    """Nobody said how to log in to CVAT."""


class Cancelled(RoundtripError):
    """The person stopped it."""
