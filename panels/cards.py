"""What the panel "CVAT" shows of each run, and what can be done with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..operators.shared import texts
from ..operators.shared.choose_run import Run, is_usable
from ..operators.shared.safe import WHOLE, code, link, safe
from ..sync.readable import readable
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


STEPS = (
    CardAction("stop", "Stop", "stop", ("sending",)),
    CardAction("resume", "Resume", "play_arrow", ("interrupted",)),
    CardAction("show_conflicts", "Resolve", "rule", needs="conflicts"),
    CardAction("load", "Load", "download", needs="usable"),
)
"""The next step is the first of these that is possible."""

MENU = (
    CardAction("load", "Load annotations", "download", needs="usable"),
    CardAction("show_conflicts", "Resolve conflicts", "rule", needs="conflicts"),
    CardAction("undo", "Undo the last load", "undo", needs="was_loaded"),
    CardAction("history", "History", "history", needs="was_loaded"),
    CardAction("comments", "Review comments", "comment", needs="was_loaded"),
    CardAction("watch_rule", "When to load by itself", "autorenew", needs="usable"),
    CardAction("resume", "Resume", "play_arrow", ("interrupted",)),
    CardAction("stop", "Stop", "stop", ("sending",)),
    CardAction("refresh_run", "Send changed labels", "sync", ("sent",), needs="own"),
    CardAction("add_samples", "Add samples", "playlist_add", ("sent",), needs="own"),
    CardAction("view", "View samples", "filter_alt"),
    CardAction("info", "Info", "info"),
    CardAction("rename", "Rename", "edit", ("sent",)),
    CardAction("delete", "Delete", "delete", ("sent", "interrupted")),
)


def card(run: Run, conflicts: int = 0, last: str = "", watch: WatchStatus = OFF, loads: int = 0) -> dict[str, Any]:
    """A run as a card, as far as it is known without CVAT.

    Args:
        run: the run
        conflicts: how many of its labels are in conflict
        last: what became of its last load: ``"applied"``, ``"undone"`` ...; empty if there is none
        watch: whether it is loaded by itself
        loads: how many loads came by themselves
    """
    record, state = run.record, run.status.state
    return {
        "id": record.run_id,
        "run": run.key,
        "state": state,
        "title": f"**{safe(run.key)}** · {texts.run_words(record, run.status)} · {_fields(record.label_schema)}",
        "facts": _facts(run, last),
        "problem": safe(run.status.text, WHOLE) if state == "interrupted" else "",
        "tasks": _tasks(run),
        "sending": readable(run.status.text or "Starting") if state == "sending" else "",
        "done": run.status.done if state == "sending" else None,
        "conflicts": conflicts,
        "usable": is_usable(run),
        "was_loaded": bool(record.loaded_at),
        "own": not record.imported,
        "watch": by_itself.facts(watch),
        "loads_by_itself": loads,
    }


def _fields(schema: Mapping[str, Any]) -> str:
    return ", ".join(map(code, schema))


def _facts(run: Run, last: str) -> str:
    """How much it is, and when it was sent and loaded; nothing that is not so any more."""
    record = run.record
    facts = [texts.count(record.samples, "sample")]
    if run.status.state == "sent":
        begun = "imported" if record.imported else "sent"
        if not record.imported:
            facts.append(texts.count(sum(record.labels.values()), "label"))
        facts.append(f"{begun} {texts.short_date(record.created_at)}")
        loaded = texts.short_date(record.loaded_at)
        facts.append(f"last load {loaded}, undone" if last == "undone" else f"loaded {loaded or 'never'}")
    return " · ".join(facts)


def _tasks(run: Run) -> str:
    """Links to its tasks in Markdown; of many, only the first."""
    tasks = run.record.tasks
    links = [link(task.name, task.url, run.record.server) for task in tasks[:3]]
    more = [f"and {len(tasks) - 3:,} more"] if len(tasks) > 3 else []
    return "In CVAT: " + ", ".join([*links, *more]) if links else ""


def jobs_done(jobs: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    """How far the jobs of a run are: the part that is completed, and ``7 of 12 jobs completed (3 in progress, 2 new)``.

    Args:
        jobs: as of :class:`sync.runs.look.JobLook`
    """
    states = Counter(job["state"] for job in jobs)
    completed = states.pop("completed", 0)
    order = sorted(states, key=lambda state: (STATES.index(state) if state in STATES else len(STATES), state))
    others = ", ".join(f"{states[state]:,} {readable(state)}" for state in order)
    text = f"{completed:,} of {texts.count(len(jobs), 'job')} completed" + (f" ({others})" if others else "")
    return completed / len(jobs) if jobs else 0.0, text


def waits(card: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]]) -> str:
    """What waits for the person: ``5 jobs changed since the last load · 3 labels in conflict``."""
    changed = sum(job["changed"] is True for job in jobs)
    words = [f"{texts.count(changed, 'job')} changed since the last load"] if changed else []
    if card["conflicts"]:
        words.append(f"{texts.count(card['conflicts'], 'label')} in conflict")
    return " · ".join(words)


def next_step(card: Mapping[str, Any]) -> CardAction | None:
    """The one thing to do next with a run."""
    return next((action for action in STEPS if _is_offered(action, card)), None)


def menu(card: Mapping[str, Any]) -> list[CardAction]:
    """What else can be done with a run."""
    step = next_step(card)
    return [item for item in MENU if _is_offered(item, card) and (step is None or item.method != step.method)]


def _is_offered(action: CardAction, card: Mapping[str, Any]) -> bool:
    return (not action.states or card["state"] in action.states) and (not action.needs or bool(card[action.needs]))


def damages(problems: Mapping[str, str]) -> str:
    """The runs of which something can't be read, with what it is, in Markdown; nothing if there are none."""
    lines = [f"- **{safe(key)}**: {safe(problem, WHOLE)}" for key, problem in problems.items()]
    return "\n".join(["**Can't be read**", "", *lines]) if lines else ""
