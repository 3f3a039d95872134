"""The rule by which a run is loaded by itself. It is kept with the run, so whoever watches it obeys the same one."""

from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..errors import Refused, StateUnreadable, database_context
from ..request import Policy
from ..runs import record as records
from ..runs.log import LoadLog
from ..runs.store import RunStore, damaged
from .sign import clear_stop

NAME = "watch/rule"

State = Literal["new", "in progress", "completed", "rejected"]
Stage = Literal["annotation", "validation", "acceptance"]

LEAST, MOST, USUAL = 5.0, 86_400.0, 60.0
"""Seconds between two looks at CVAT."""


class WatchRule(BaseModel):
    """When a run is loaded by itself, and how.

    Args:
        on: whether it is
        here: whether the App's server watches it; else a program does
        states, stages: of jobs that are loaded; empty for any
        policy: as of :class:`sync.request.LoadRequest`
        every: seconds between two looks of the App's server
        undone: the number of the last load, if that was undone when this was turned on; an undo after that stops it
    """

    model_config = ConfigDict(frozen=True)

    on: bool = True
    here: bool = False
    states: tuple[State, ...] = ("completed",)
    stages: tuple[Stage, ...] = ()
    policy: Policy = "ask"
    every: float = USUAL
    undone: int = 0


class WatchRequest(BaseModel):
    """What a person asks for.

    Args:
        runs: the keys of the runs; by default all of the dataset for which it was turned on before
        states: of jobs that are loaded, by default only completed ones; empty for any
        stages: of jobs that are loaded, by default any
        policy: whose change counts where both sides changed the same part of a label; by default nobody's before
            somebody decides (``"ask"``)
        every: seconds between two looks at CVAT, 5 at least
        once: whether to look once only, as from a cron job
        on: ``True`` turns it on for these runs even if it was turned off or stopped, ``False`` turns it off; by default
            it is turned on for runs that never had a rule, and for others stays as it is
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: tuple[str, ...] = ()
    states: tuple[State, ...] | None = None
    stages: tuple[Stage, ...] | None = None
    policy: Policy | None = None
    every: float = Field(default=USUAL, ge=LEAST, le=MOST)
    once: bool = False
    on: bool | None = None

    @field_validator("runs", "states", "stages", mode="before")
    @classmethod
    def _to_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @property
    def said(self) -> dict[str, Any]:
        """What of the rule is said; the rest stays as it is kept."""
        given = {"states": self.states, "stages": self.stages, "policy": self.policy}
        return {name: value for name, value in given.items() if value is not None}


def read_rule(store: RunStore) -> WatchRule | None:
    """The rule of a run; ``None`` if there never was one.

    Raises:
        StateUnreadable: if what is kept is none
    """
    found = store.noted(NAME)
    with damaged(NAME):
        return None if found is None else WatchRule.model_validate(found)


@database_context("Nothing was changed.")
def turn_on(dataset: Any, key: str, said: dict[str, Any], *, here: bool) -> WatchRule:
    """Lets a run be loaded by itself from now on. What stopped that before counts no more.

    Args:
        dataset: the dataset
        key: the run's key
        said: values of the rule that were said; the others stay as they were
        here: whether the App's server watches it

    Raises:
        RunMissing: if there is no such run
    """
    known, store = WatchRule(), RunStore(dataset, records.find(dataset, key).run_id)
    with suppress(StateUnreadable):  # a damaged rule is replaced
        known = read_rule(store) or known
    rule = known.model_copy(update={**said, "on": True, "here": here, "undone": last_undone(store)})
    store.note(NAME, rule.model_dump(mode="json"))
    clear_stop(store)
    return rule


@database_context("Nothing was changed.")
def turn_on_once(dataset: Any, key: str, said: dict[str, Any]) -> str:
    """Lets a run be loaded by itself that never had a rule. Of others only the values are taken that were said: one
    that a person turned off, or that was stopped, stays so however often a program is started.

    Returns:
        the ``run_id``

    Raises:
        RunMissing: if there is no such run
        StateUnreadable: if its rule can't be read
    """
    run_id = records.find(dataset, key).run_id
    store = RunStore(dataset, run_id)
    known = read_rule(store)
    if known is None:
        turn_on(dataset, key, said, here=False)
    elif (rule := known.model_copy(update=said)) != known:
        store.note(NAME, rule.model_dump(mode="json"))
    return run_id


@database_context("Nothing was changed.")
def turn_off(dataset: Any, key: str) -> None:
    """Lets a run be loaded by itself no more; whoever watches it leaves it alone from the next look on.

    Raises:
        RunMissing: if there is no such run
        Refused: if it is not on
    """
    store = RunStore(dataset, records.find(dataset, key).run_id)
    rule = read_rule(store)
    if rule is None or not rule.on:
        raise Refused(f"The run '{key}' is not loaded by itself; there is nothing to turn off.")
    store.note(NAME, rule.model_copy(update={"on": False}).model_dump(mode="json"))
    clear_stop(store)


def last_undone(store: RunStore) -> int:
    """The number of the last load of a run, if it was undone; else 0."""
    done = LoadLog(store).records()
    return done[-1].number if done and done[-1].status in ("undone", "undoing") else 0
