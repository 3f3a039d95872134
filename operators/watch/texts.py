"""Runs that are loaded by themselves, in words."""

from collections.abc import Sequence
from datetime import datetime, timezone

from ...sync.watch.rule import WatchRule
from ...sync.watch.status import WatchStatus
from ..shared.texts import short_date

POLICIES = {
    "remote": "CVAT's version counts in a conflict",
    "local": "your version counts in a conflict",
    "ask": "conflicts wait for you",
}


def clock(at: float | None) -> str:
    """``12:03``, or the day with it if that is not today."""
    if at is None:
        return ""
    then = datetime.fromtimestamp(at, timezone.utc).astimezone()
    if then.date() == datetime.now().astimezone().date():
        return then.strftime("%H:%M")
    return short_date(then.isoformat())


def state_line(status: WatchStatus) -> str:
    """How a run stands that is loaded by itself; nothing if it is not."""
    if status.state == "off" or status.rule is None:
        return ""
    look = f"last look {clock(status.at)}" if status.at else "nobody has looked yet"
    if status.state == "stopped":
        return f"stopped {clock(status.at)}: {status.text}"
    if status.state == "watched":
        return f"watched, {look}" + (f", and something is wrong: {status.text}" if status.text else "")
    who = "the App's server" if status.rule.here else "no program"
    return f"{look}; {who} " + ("begins again soon" if status.rule.here else "watches at this moment")


def rule_line(rule: WatchRule) -> str:
    """A rule: ``completed jobs; conflicts wait for you``."""
    which = f"{_any_of(rule.states)} jobs" if rule.states else "jobs in any state"
    stage = f" in stage {_any_of(rule.stages)}" if rule.stages else ""
    return f"{which}{stage}; {POLICIES[rule.policy]}"


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names)
