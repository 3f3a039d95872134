"""What a watcher decides: which jobs to load now, and how long to wait. Pure functions."""

from collections.abc import Iterable

from ..runs.look import JobLook
from .rule import WatchRule

LONGEST = 900.0
"""Seconds between two looks at most while something is wrong, unless the person wants fewer looks anyway."""
LONGEST_ASKED = 1_800.0
"""Seconds that a server may ask to be left alone."""


def to_load(rule: WatchRule, jobs: Iterable[JobLook]) -> list[JobLook]:
    """The jobs that are to be loaded now: those that changed since they were loaded, and that the rule counts."""
    return [job for job in jobs if job.changed is not False and _counts(rule, job)]


def _counts(rule: WatchRule, job: JobLook) -> bool:
    return (not rule.states or job.state in rule.states) and (not rule.stages or job.stage in rule.stages)


def pause_after(every: float, failures: int, asked: float | None = None) -> float:
    """Seconds until the next look.

    Args:
        every: seconds between two looks if all is well
        failures: how many looks in a row went wrong; each doubles the pause, up to a quarter of an hour
        asked: after how many seconds the server wants to be asked again, if it said so
    """
    pause = min(every * 2.0 ** min(failures, 30), max(every, LONGEST))
    return max(pause, min(asked or 0.0, LONGEST_ASKED))


def is_due(due: float, now: float, every: float) -> bool:
    """Whether the time of a look has come; also if the clock was put back, so that it would not come for long.

    Args:
        due: when it is to be, in seconds since the epoch
        now: the time
        every: seconds between two looks if all is well
    """
    return not now + 1.0 < due <= now + max(every, LONGEST, LONGEST_ASKED)
