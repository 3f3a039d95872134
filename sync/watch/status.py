"""How a run that is loaded by itself stands, for whoever opens the dataset."""

import time
from dataclasses import dataclass
from typing import Any, Literal

from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .rule import WatchRule, read_rule
from .sign import read_sign, read_stop

State = Literal["off", "watched", "stopped", "left"]


@dataclass(frozen=True)
class WatchStatus:
    """How it stands.

    Args:
        state: ``"off"``; ``"watched"`` if somebody looks; ``"stopped"`` until a person does something; ``"left"`` if it
            is turned on and nobody looks at this moment
        rule: when it is loaded; ``None`` if it never was turned on
        at: the last look, or the end, in seconds since the epoch
        text: why it stopped, or what is wrong
    """

    state: State = "off"
    rule: WatchRule | None = None
    at: float | None = None
    text: str = ""

    @property
    def is_to_start_here(self) -> bool:
        """Whether the App's server should look at it, and does not: it was started anew."""
        return self.state == "left" and self.rule is not None and self.rule.here


OFF = WatchStatus()
"""Of a run that never was loaded by itself."""


def watch_status(dataset: Any, record: RunRecord, now: float | None = None) -> WatchStatus:
    """How a run stands.

    Args:
        dataset: the dataset
        record: the run
        now: the time, in seconds since the epoch, if it is not the present

    Raises:
        StateUnreadable: if its rule can't be read
    """
    store = RunStore(dataset, record.run_id)
    rule = read_rule(store)
    if rule is None or not rule.on:
        return WatchStatus(rule=rule)
    if stop := read_stop(store, record.loaded_at):
        return WatchStatus("stopped", rule, stop.at, stop.text)
    sign = read_sign(store)
    if sign is None:
        return WatchStatus("left", rule)
    if sign.is_alive(time.time() if now is None else now):
        return WatchStatus("watched", rule, sign.at, sign.trouble)
    if sign.ended and sign.trouble:
        return WatchStatus("stopped", rule, sign.at, sign.trouble)
    return WatchStatus("left", rule, sign.at, sign.trouble)
