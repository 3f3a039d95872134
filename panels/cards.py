"""What the panel "CVAT" shows of each run, and what can be done with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..operators.shared import texts
from ..operators.shared.as_in_forms import as_in_forms
from ..operators.shared.choose_run import Run, is_usable
from ..operators.shared.safe import WHOLE, code, link, safe
from ..sync.readable import readable
from ..sync.runs.log import LoadRecord
from ..sync.runs.look import JobLook, Look
from ..sync.runs.marks import JobMark
from ..sync.watch.status import OFF, WatchStatus
from . import by_itself

STATES = ("completed", "in progress", "new", "rejected")
"""Of jobs, in the order in which they are told."""

UNREADABLE = "Its record is damaged, or a newer version of the plugin wrote it."


class CardAction(NamedTuple):
    """Something that can be done with a run.

    Args:
        method: of the panel
        label: for the person
        icon: its name
        states: in which a run can be for it; empty for any
        needs: what a card must have for it; empty for nothing
    """

    method: str
    label: str
    icon: str
    states: tuple[str, ...] = ()
    needs: str = ""


STOP = CardAction("stop", "Stop", "stop", ("sending",))
STEPS = (
    STOP,
    CardAction("resume", "Resume", "play_arrow", ("interrupted",)),
    CardAction("show_conflicts", "Resolve", "rule", needs="conflicts"),
    CardAction("load", "Load", "download", needs="loadable"),
)
"""The next step is the first of these that is possible."""

MENU = (
    CardAction("load", "Load", "download", needs="usable"),
    CardAction("load_with", "Load with options", "tune", needs="usable"),
    CardAction("show_conflicts", "Resolve conflicts", "rule", needs="conflicts"),
    CardAction("undo", "Undo the last load", "undo", needs="undoable"),
    CardAction("show_plots", "Plots", "bar_chart", needs="usable"),
    CardAction("history", "History of loads", "history", needs="was_loaded"),
    CardAction("comments", "Review comments", "comment", needs="commented"),
    CardAction("watch_rule", "When to load by itself", "autorenew", needs="usable"),
    CardAction("resume_with", "Resume with options", "tune", ("interrupted",)),
    STOP,
    CardAction("refresh_run", "Send changed labels", "sync", ("sent",)),
    CardAction("undo_refresh", "Take back sent changes", "undo", ("sent",), needs="refreshed"),
    CardAction("add_samples", "Add samples", "playlist_add", ("sent",)),
    CardAction("view", "View samples", "filter_alt"),
    CardAction("info", "Info", "info"),
    CardAction("rename", "Rename", "edit", ("sent",)),
    CardAction("delete", "Delete", "delete", ("sent", "interrupted")),
)


class Facts(NamedTuple):
    """What is known of a run besides its record.

    Args:
        marks: where loads stand with its jobs
        loads: those that changed anything, oldest first
        look: the jobs as CVAT had them last; ``None`` if it was not asked yet
        busy: what somebody does with it at this moment, besides sending it
        stoppable: whether that can be stopped from here
        refreshed: whether something was sent into its jobs that can be taken back
        watch: whether it is loaded by itself
    """

    marks: Mapping[int, JobMark] = {}
    loads: Sequence[LoadRecord] = ()
    look: Look | None = None
    busy: str = ""
    stoppable: bool = False
    refreshed: bool = False
    watch: WatchStatus = OFF


NOTHING = Facts()


def card(run: Run, facts: Facts = NOTHING) -> dict[str, Any]:
    """A run as a card."""
    record, state = run.record, run.status.state
    conflicts = sum(mark.open for mark in facts.marks.values())
    jobs = facts.look.jobs if facts.look else ()
    comments = sum(job.comments for job in jobs)
    last = [load for load in facts.loads if load.status != "undone"]
    states, lost = job_states(jobs), gone(facts.look)
    return {
        "id": record.run_id,
        "run": run.key,
        "state": state,
        "title": f"**{safe(run.key)}** · {texts.run_words(record, run.status)} · {_fields(record.label_schema)}",
        "facts": _facts(run, facts.loads),
        "problem": safe(as_in_forms(run.status.text), WHOLE) if state == "interrupted" else "",
        "tasks": _tasks(run),
        "busy": readable(run.status.text or "Starting") if state == "sending" else readable(facts.busy),
        "done": run.status.done if state == "sending" else None,
        "jobs": len(jobs),
        "states": states,
        "jobs_text": jobs_done(states),
        "gone": lost,
        "waits": waits(jobs, facts.marks, conflicts, comments),
        "conflicts": conflicts,
        "usable": is_usable(run),
        "loadable": is_usable(run) and (bool(jobs) or not lost),
        "undoable": bool(last) and last[-1].undoable,
        "was_loaded": bool(record.loaded_at),
        "commented": bool(record.loaded_at) or comments > 0,
        "stoppable": bool(facts.busy) and facts.stoppable,
        "refreshed": facts.refreshed,
        "watch": by_itself.facts(facts.watch),
        "loads_by_itself": by_itself.count_loads(facts.loads),
    }


def _fields(schema: Mapping[str, Any]) -> str:
    return ", ".join(map(code, schema))


def _facts(run: Run, loads: Sequence[LoadRecord]) -> str:
    """How much it is, and when it was sent and loaded; nothing that is not so any more."""
    record = run.record
    facts = [texts.count(record.samples, "sample")]
    if run.status.state == "sent":
        begun = "imported" if record.imported else "sent"
        if not record.imported:
            facts.append(texts.count(sum(record.labels.values()), "label"))
        facts.append(f"{begun} {texts.short_date(record.created_at)}")
    if run.status.state == "sent" or record.loaded_at:
        facts.append(_loaded(record.loaded_at, [load for load in loads if load.kind == "load"]))
    return " · ".join(facts)


def _loaded(at: str | None, loads: Sequence[LoadRecord]) -> str:
    if at and loads and loads[-1].status == "undone":
        return "last load undone"
    return f"loaded {texts.short_date(at) or 'never'}"


def _tasks(run: Run) -> str:
    """Links to its tasks in Markdown; of many, only the first."""
    tasks = run.record.tasks
    links = [link(task.name, task.url, run.record.server) for task in tasks[:3]]
    more = [f"and {len(tasks) - 3:,} more"] if len(tasks) > 3 else []
    return "In CVAT: " + ", ".join([*links, *more]) if links else ""


def in_order(states: Iterable[str]) -> list[str]:
    """States of jobs in the order in which they are told; those of other versions of CVAT last."""
    return sorted(set(states), key=lambda state: (STATES.index(state) if state in STATES else len(STATES), state))


def job_states(jobs: Iterable[JobLook]) -> dict[str, int]:
    """How many jobs are in which state, in the order in which they are told."""
    states = Counter(job.state for job in jobs)
    return {state: states[state] for state in in_order(states)}


def jobs_done(states: Mapping[str, int]) -> str:
    """How far jobs are: ``7 of 12 jobs completed (3 in progress, 2 new)``; see :func:`job_states`."""
    others = ", ".join(f"{number:,} {readable(state)}" for state, number in states.items() if state != "completed")
    of = texts.count(sum(states.values()), "job")
    return f"{states.get('completed', 0):,} of {of} completed" + (f" ({others})" if others else "")


def gone(look: Look | None) -> str:
    """That CVAT does not list jobs any more that it had before; nothing if it lists all, or was not asked."""
    if look is None:
        return ""
    had = max([look.known, *(sum(moment.states.values()) for moment in look.past)])
    missing = had - len(look.jobs)
    if missing <= 0:
        return ""
    which = "the jobs of this run" if not look.jobs else f"{missing:,} of the {texts.count(had, 'job')} of this run"
    return f"CVAT does not list {which} any more: deleted there, or you may not see them. Your labels stay as they are."


def waits(jobs: Sequence[JobLook], marks: Mapping[int, JobMark], conflicts: int, comments: int) -> str:
    """What waits for the person: ``5 jobs changed since the last load · 3 labels in conflict · 2 open comments``.

    Args:
        jobs: as of the last look
        marks: where loads stand with them
        conflicts: labels of the run that are in conflict
        comments: review comments that are open
    """
    changed = sum(job.changed_since(marks) is True for job in jobs)
    words = [f"{texts.count(changed, 'job')} changed since the last load"] if changed else []
    if conflicts:
        words.append(f"{texts.count(conflicts, 'label')} in conflict")
    if comments:
        words.append(f"{texts.count(comments, 'open comment')}")
    return " · ".join(words)


def next_step(card: Mapping[str, Any]) -> CardAction | None:
    """The one thing to do next with a run; while somebody is at it, to stop that, if it can be."""
    if card["busy"] and card["state"] != "sending":
        return STOP if card["stoppable"] else None
    return next((action for action in STEPS if _is_offered(action, card)), None)


def second_step(card: Mapping[str, Any]) -> CardAction | None:
    """What is worth a button, too: of an interrupted run, what is complete can be loaded."""
    is_partial = card["state"] == "interrupted" and card["usable"] and not card["busy"]
    return CardAction("load", "Load what is complete", "download") if is_partial else None


def menu(card: Mapping[str, Any]) -> list[CardAction]:
    """What else can be done with a run."""
    shown = {step.method for step in (next_step(card), second_step(card)) if step is not None}
    return [item for item in MENU if _is_offered(item, card) and item.method not in shown]


def _is_offered(action: CardAction, card: Mapping[str, Any]) -> bool:
    return (not action.states or card["state"] in action.states) and (not action.needs or bool(card[action.needs]))


def damages(problems: Mapping[str, str]) -> str:
    """The runs of which something can't be read, with what it is, in Markdown; nothing if there are none."""
    lines = [f"- **{safe(key)}**: {safe(problem, WHOLE)}" for key, problem in problems.items()]
    return "\n".join(["**Can't be read**", "", *lines]) if lines else ""
