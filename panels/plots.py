"""What the plots of a run show, as traces of Plotly. Names come from others, and Plotly reads a kind of HTML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from html import escape
from typing import Any

from ..sync.readable import readable
from ..sync.runs.log import LoadRecord
from ..sync.runs.look import Look
from ..sync.runs.sent_classes import Counts
from .cards import in_order

Traces = list[dict[str, Any]]

COLORS = {"completed": "#2e9e5b", "in progress": "#3b82d6", "new": "#9aa0a6", "rejected": "#d65a5a"}
SENT, NOW = "#9aa0a6", "#e6842a"
DONE = {"added": "#2e9e5b", "changed": "#3b82d6", "deleted": "#d65a5a"}
MOST, LONGEST = 15, 30
"""Classes and people that are shown, and characters of a name."""
FEW = 6
"""Up to this number an axis has a mark for each one; between two there is no whole number to write."""


def name(text: str) -> str:
    """A name of others, as Plotly shows it as it is."""
    return escape(readable(text, LONGEST), quote=False)


def states_over_time(look: Look | None) -> Traces:
    """How many jobs were in which state at each look, as areas on top of each other; nothing if there was none.

    Areas of one moment have no width: of that, it is one bar.
    """
    if look is None or not look.jobs:
        return []
    moments = [*look.past, look.past[-1]._replace(at=look.at)] if look.past else []
    times = [
        datetime.fromtimestamp(moment.at, timezone.utc).astimezone().isoformat("T", "seconds")[:19]
        for moment in moments
    ]
    states = in_order(state for moment in moments for state in moment.states)
    if len(set(times)) == 1:
        when = times[0][:16].replace("T", " ")
        return [_bars(name(state), [when], [moments[-1].states.get(state, 0)], color(state)) for state in states]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name(state),
            "x": times,
            "y": [moment.states.get(state, 0) for moment in moments],
            "stackgroup": "jobs",
            "hovertemplate": "%{y:,}, %{x|%d %b %H:%M}",
            "line": {"shape": "hv", "width": 1, "color": color(state)},
        }
        for state in states
    ]


def color(state: str) -> str:
    """Of the jobs in a state."""
    return COLORS.get(state, "#8a6fc0")


def labels_by_class(sent: Counts, now: Counts) -> Traces:
    """How many labels of each class were sent, and how many there are now; the most frequent classes.

    Args:
        sent, now: labels by field and class; of several fields, each class is named with its field
    """
    several = len({*sent, *now}) > 1
    before, after = (_flat(counts, several=several) for counts in (sent, now))
    order = sorted({*before, *after}, key=lambda key: (-max(before[key], after[key]), key))[:MOST]
    if not order:
        return []
    shown = [("sent", before, SENT), ("now", after, NOW)] if sent else [("now", after, NOW)]
    return [_bars(title, order, [counts[key] for key in order], color) for title, counts, color in shown]


def _flat(counts: Counts, *, several: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for field, classes in counts.items():
        for cls, number in classes.items():
            label = cls or "(no class)"
            found[f"{field}: {label}" if several else label] += number
    return found


def edits_by_annotator(loads: Sequence[LoadRecord]) -> Traces:
    """How many labels came added, changed and deleted from the jobs of whom; undone loads do not count."""
    people: dict[str, Counter[str]] = {}
    for load in loads:
        if load.kind == "load" and load.status != "undone":
            for job in load.jobs:
                counts = people.setdefault(job.assignee or "nobody", Counter())
                counts.update({what: getattr(job, what) for what in DONE})
    order = sorted(people, key=lambda who: (-sum(people[who].values()), who))[:MOST]
    if not any(sum(people[who].values()) for who in order):
        return []
    return [_bars(what, order, [people[who][what] for who in order], color) for what, color in DONE.items()]


def _bars(title: str, order: Sequence[str], numbers: Sequence[int], color: str) -> dict[str, Any]:
    """Horizontal bars, so that long names can be read."""
    names = [name(key) for key in order]
    return {
        "type": "bar",
        "orientation": "h",
        "name": title,
        "x": list(numbers),
        "y": names,
        "marker": {"color": color},
        "hovertemplate": "%{y}: %{x:,}",
    }


def _most(traces: Traces, axis: str, *, stacked: bool) -> int:
    """The largest number that is drawn."""
    columns = zip(*(trace[axis] for trace in traces), strict=True)
    return max(((sum if stacked else max)(column) for column in columns), default=0)


def layout(traces: Traces, *, of: str, stacked: bool = True) -> dict[str, Any]:
    """How a plot looks, apart from the colours, which are the App's.

    Args:
        traces: what it shows
        of: what its numbers count
        stacked: whether bars of one name are on top of each other
    """
    bars = bool(traces) and traces[0]["type"] == "bar"
    numbers: Mapping[str, Any] = {"title": {"text": of}, "rangemode": "tozero", "tickformat": ",d", "nticks": 6}
    if _most(traces, "x" if bars else "y", stacked=stacked) <= FEW:
        numbers = {**numbers, "dtick": 1}
    rows = len(traces[0]["y"]) * (1 if stacked else len(traces)) if bars else 0
    return {
        "height": max(150, 22 * rows + 110) if bars else 240,
        "margin": {"t": 36, "l": 60, "r": 16, "b": 44},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        "barmode": "stack" if stacked else "group",
        "xaxis": {**numbers} if bars else {"type": "date", "nticks": 6},
        "yaxis": {"autorange": "reversed", "showgrid": False} if bars else {**numbers},
        "dragmode": False,
    }
