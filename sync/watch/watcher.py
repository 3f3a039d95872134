"""A watcher of the runs of one dataset: looks at their jobs in CVAT, and loads what the rule of each run counts."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from pymongo.errors import PyMongoError

from ...cvat import Client, CvatError, NotAuthenticated, redacted_traceback
from ..errors import (
    DatabaseFailed,
    LoadStopped,
    NoCredentials,
    RoundtripError,
    RunMissing,
    database_sentence,
    sentence,
)
from ..progress import Progress, ProgressReporter
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.look import JobLook, look_with
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .alarm import Alarm
from .decide import is_due, pause_after
from .held import HeldRuns
from .loading import Outcome, load_now
from .order import Chosen, Memory, Order
from .rule import read_rule
from .sign import read_stop, stop_watching

logger = logging.getLogger(__name__)

BREATH = 20.0
"""Seconds between two signs of life during a long load."""

Connect = Callable[[RunRecord], Client]
"""Gives a client for the server and the workspace of a run."""


class Watcher:
    """Watches runs of a dataset: the engine of the operator, of the program and of the App's thread.

    Args:
        dataset: the dataset
        order: what is to be watched
        connect: gives a client
        alarm: wakes it, and ends it
        tell: takes a sentence about a run, with its key; the key is empty for one about all
        clock: the time, in seconds since the epoch

    Attributes:
        meet: told at each look which runs are watched, with their keys: some begin later than the watcher
        ended: why it ended by itself; empty while it has not
        loads: the reports of its loads
        tasks: the ids of the tasks that were looked at last
    """

    def __init__(
        self,
        dataset: Any,
        order: Order,
        connect: Connect,
        alarm: Alarm,
        tell: Callable[[str, str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.dataset = dataset
        self.order = order
        self.ended = ""
        self.loads: list[dict[str, Any]] = []
        self.tasks: frozenset[int] = frozenset()
        self.meet: Callable[[Sequence[tuple[str, RunRecord]]], None] = lambda runs: None
        self._connect = connect
        self.alarm = alarm
        self._tell = tell
        self._clock = clock
        self._held = HeldRuns()
        self._memories: dict[str, Memory] = {}
        self._troubles: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._missing: set[str] = set()
        self._given_up: dict[str, str] = {}
        self._breathed = 0.0

    @property
    def troubles(self) -> dict[str, str]:
        """What is wrong at this moment, or ended it, by the key of the run."""
        return {key: text for key, text in self._troubles.items() if text}

    @property
    def is_idle(self) -> bool:
        """Whether no run was to be watched at the last look."""
        return not self._wanted

    def run(self) -> None:
        """Looks again and again, until it has ended or is told to."""
        try:
            while not self.ended and not self.alarm.stop.is_set():
                self.look()
                if not self.ended:
                    self.alarm.wait(self.order.every)
        finally:
            self.leave()

    def leave(self) -> None:
        """Leaves its runs to others."""
        self._held.leave_all()

    def look(self) -> None:
        """Looks once at all runs that are due, and loads what is to be loaded."""
        try:
            self._look()
        except RunMissing as error:
            self._end(str(error))
        except DatabaseFailed as error:
            self._say("", "", str(error))
        except PyMongoError as error:
            self._say("", "", database_sentence(error))
        except Exception as error:
            logger.error("Unexpected error\n%s", redacted_traceback(error))
            self._say("", "", f"Something went wrong that should not ({type(error).__name__}).")
        else:
            self._end_if_nothing_is_left()

    def _look(self) -> None:
        chosen = self._choose(self._clock())
        self._memory("").said = self._troubles[""] = ""
        groups: dict[tuple[str, str | None], list[Chosen]] = {}
        for run in chosen:
            groups.setdefault(run.place, []).append(run)
        for runs in groups.values():
            if not self.alarm.stop.is_set():
                self._look_at(runs)

    def _choose(self, now: float) -> list[Chosen]:
        """The runs that are to be looked at now, and are nobody else's."""
        there = records.find_all_now(self.dataset)
        self._miss({record.run_id for record in there.values()})
        self._wanted.clear()
        chosen, tasks = [], set[int]()
        watched: list[tuple[str, RunRecord]] = []
        for key, record in there.items():
            if record.run_id in self._given_up:
                continue
            try:
                run = self._take(key, record, now)
            except RoundtripError as error:  # of this run alone: the others go on
                self._say(record.run_id, key, str(error))
                continue
            if run is not None:
                watched.append((key, record))
                tasks.update(task.id for task in record.complete_tasks)
                if is_due(run.memory.due, now, self.order.every):
                    chosen.append(run)
        self.tasks = frozenset(tasks)
        self.meet(watched)
        return chosen

    def _take(self, key: str, record: RunRecord, now: float) -> Chosen | None:
        """A run, if it is to be watched: turned on, not stopped, and nobody else's."""
        store = RunStore(self.dataset, record.run_id)
        rule = read_rule(store)
        if rule is None or not self.order.wants(record.run_id, rule):
            if self.order.only and record.run_id in self.order.only:
                self._say(record.run_id, key, "It is turned off for this run.")
            self._held.leave(record.run_id)
            return None
        self._wanted.add(record.run_id)
        if stop := read_stop(store, record.loaded_at):
            self._held.leave(record.run_id)
            self._say(record.run_id, key, f"Stopped: {stop.text}")
            return None
        memory = self._memory(record.run_id)
        until = max(now + self.order.every, memory.due)
        if other := self._held.take(record.run_id, store, now, until, memory.trouble):
            self._say(record.run_id, key, f"Process {other.pid} on {other.host} watches it already.")
            return None
        if not memory.trouble:
            memory.said = self._troubles[key] = ""
        return Chosen(key, record, rule, store, BaseStore(store).marks(), memory)

    def _miss(self, there: set[str]) -> None:
        """Says which runs are gone."""
        for run_id in self._held.ids.union(self.order.only or ()) - there - self._missing:
            self._missing.add(run_id)
            self._held.leave(run_id)
            self._say(run_id, "", "A run was deleted, so it is watched no more.")

    def _look_at(self, runs: Sequence[Chosen]) -> None:
        """Looks at the runs of one workspace, with one request, and loads what is to be loaded."""
        try:
            client = self._connect(runs[0].record).stopping_when(self.alarm.stop.is_set)
            jobs = look_with({run.record.run_id: run.marks for run in runs}, [run.record for run in runs], client)
        except (NotAuthenticated, NoCredentials) as error:
            for run in runs:
                self._give_up(run.record.run_id, run.key, str(error))
            return
        except (CvatError, RoundtripError) as error:
            for run in runs:
                self._fail(run, str(error), getattr(error, "retry_after", None))
            return
        for run in runs:
            if self.alarm.stop.is_set():
                return
            self._look_into(run, jobs[run.record.run_id], client)

    def _look_into(self, run: Chosen, jobs: Sequence[JobLook], client: Client) -> None:
        """Loads what is to be loaded of one run; what goes wrong there stays with it."""
        reporter = ProgressReporter(report=self._breathe, stop=self.alarm.stop)
        try:
            outcome = load_now(self.dataset, run.key, run.record, run.rule, jobs, client, reporter)
        except (NotAuthenticated, NoCredentials) as error:
            self._give_up(run.record.run_id, run.key, str(error))
        except LoadStopped as stopped:
            cautions = " ".join(item["text"] for item in stopped.report["cautions"])
            self._stop(run, f"{cautions} Nothing was loaded; load it yourself, and confirm it there.")
        except (CvatError, RoundtripError) as error:
            self._fail(run, str(error), getattr(error, "retry_after", None))
        except Exception as error:
            logger.error("Unexpected error\n%s", redacted_traceback(error))
            self._fail(run, f"Something went wrong that should not ({type(error).__name__}).")
        else:
            self._take_in(run, outcome)

    def _take_in(self, run: Chosen, outcome: Outcome) -> None:
        """Notes how it went with a run."""
        memory = run.memory
        if outcome.stop:
            self._stop(run, outcome.stop)
            return
        if outcome.report is not None:
            self.loads.append(outcome.report)
            self._tell(run.key, outcome.text)
        again = bool(outcome.jobs) and outcome.jobs == memory.loaded
        memory.loaded = outcome.jobs
        if outcome.trouble or again:
            self._fail(run, outcome.trouble or "The same jobs have to be loaded again and again.")
        elif memory.trouble:
            memory.failures, memory.due, memory.trouble = 0, 0.0, ""
            self._troubles[run.key] = ""
            self._sign(run)
            self._tell(run.key, "All is well again.")

    def _breathe(self, progress: Progress) -> None:
        """Gives all runs a sign of life now and then, while one of them is loaded."""
        now = self._clock()
        if abs(now - self._breathed) >= BREATH:  # a clock may be put back
            self._breathed = now
            self._held.breathe(now, now + self.order.every)

    def _sign(self, run: Chosen) -> None:
        """Notes what is wrong, or that nothing is any more, for whoever opens the dataset."""
        now = self._clock()
        until = max(now + self.order.every, run.memory.due)
        self._held.take(run.record.run_id, run.store, now, until, run.memory.trouble)

    def _fail(self, run: Chosen, text: str, asked: float | None = None) -> None:
        """Puts the next look at a run off, for longer after each failure."""
        if self.alarm.stop.is_set():
            return
        memory = run.memory
        memory.failures += 1
        memory.due = self._clock() + pause_after(self.order.every, memory.failures, asked)
        memory.trouble = text
        self._sign(run)
        self._say(run.record.run_id, run.key, text)

    def _stop(self, run: Chosen, text: str) -> None:
        """Ends it for a run, until a person loads it or turns it on again."""
        stop_watching(run.store, text, self._clock(), run.record.loaded_at)
        run.memory.loaded = frozenset()
        self._held.leave(run.record.run_id)
        self._say(run.record.run_id, run.key, f"Stopped: {text}")

    def _give_up(self, run_id: str, key: str, text: str) -> None:
        """Ends it for a run where nobody can log in: a watcher that is started anew tries again."""
        self._held.leave(run_id, text)
        self._given_up[run_id] = text
        self._say(run_id, key, text)

    def _end_if_nothing_is_left(self) -> None:
        """Runs that are stopped, or another's, are waited for; for a program that names none also those to come."""
        left = None if self.order.only is None else self.order.only - self._missing - self._given_up.keys()
        if self._given_up and not left and not self._wanted:
            self._end([*self._given_up.values()][-1])
        elif left is not None and not left:
            self._end("No run is left to be watched.")
        elif self.order.here and not self._wanted:
            self._end("Nothing is left to be watched here.")
        elif not self.order.waits and not self._wanted:
            self.ended = "It is turned off for all runs that it was for, so it has ended."
            self._tell("", self.ended)

    def _end(self, text: str) -> None:
        self.ended = sentence(RoundtripError(text))
        self._say("", "", self.ended)

    def _memory(self, run_id: str) -> Memory:
        return self._memories.setdefault(run_id, Memory())

    def _say(self, run_id: str, key: str, text: str) -> None:
        """Tells what is wrong, or ended, once in a row."""
        self._troubles[key] = text
        memory = self._memory(run_id)
        if text and text != memory.said:
            memory.said = text
            self._tell(key, text)
