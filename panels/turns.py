"""Events of an open panel that cross: each acts on what the panel shows by then, and draws only what is new.

The App sends with each event the state that the browser had at that moment, and does not wait for the answer before it
sends the next. An answer that was made from such an old state would draw a page that the person has left. So what a
panel shows is kept here; of the browser's copy only counts which panel it is, and what has arrived there.
"""

import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types
from fiftyone.operators.panel import PanelRefState

OPENED, DRAWN = "opened", "drawn"
"""Names in a panel's state: of which opened panel it is, and of the number of the picture that the browser has."""
ON_THE_WAY = 30.0
"""Seconds for which an answer may be under way that the browser does not have yet; after that, it is told all again."""
MOST = 64
"""Panels that are known; one that was forgotten goes on with the state that its browser has."""
BY_ITSELF = ("tick", "on_")
"""What the names of events begin with that are no clicks."""
ONCE = frozenset({"tick", "on_change_ctx"})
"""Events of which the App sends many, whether or not it has the answer of the one before."""


@dataclass
class Opened:
    """A panel that somebody has open.

    Attributes:
        state: as of the last event that is done
        turn: whose event it is
        clicks: how many there were; whoever was away can see whether it was overtaken
        awaited: events under way to which a further one of the same name adds nothing
        told: the state as the browser was told it
        drawn: what was drawn last
        number: of it
        at: when the browser was told something last, in seconds since the epoch
    """

    state: dict[str, Any]
    told: dict[str, Any]
    turn: threading.Lock = field(default_factory=threading.Lock)
    clicks: int = 0
    awaited: set[str] = field(default_factory=set)
    drawn: str = ""
    number: int = 0
    at: float = 0.0


class State(PanelRefState):
    """The state of a panel during an event. The browser learns of it in the end, at once."""

    def __init__(self, ctx: foo.ExecutionContext, opened: Opened) -> None:
        super().__init__(ctx)
        self._opened = opened
        self._data = dict(opened.state)

    def set(self, key: Any, value: Any = None) -> None:
        """Sets a value, or several."""
        self._data.update(key if isinstance(key, dict) else {key: value})


_opened: OrderedDict[str, Opened] = OrderedDict()
_last: dict[str, str] = {}
"""Of each panel's id, what was opened last: events that were sent before that was answered do not name it."""
_lock = threading.Lock()


@contextmanager
def turn(ctx: foo.ExecutionContext, method: str) -> Iterator[bool]:
    """Waits for the events before, and lets this one act on what the panel shows by then.

    Args:
        ctx: of the event
        method: of the panel, which is called for it

    Returns:
        whether there is something to do
    """
    opened = _find(ctx, anew=method == "on_load")
    if method in ONCE and method in opened.awaited:
        yield False
        return
    opened.awaited.add(method)
    try:
        with opened.turn:
            if method != "tick":  # what comes after this one has begun is news
                opened.awaited.discard(method)
            opened.clicks += not method.startswith(BY_ITSELF)
            state = ctx.panel._state = State(ctx, opened)
            yield not is_past(ctx)
            opened.state = dict(state._data)
    finally:
        opened.awaited.discard(method)


@contextmanager
def away(ctx: foo.ExecutionContext) -> Iterator[None]:
    """Lets other events go first while something is asked that may take long; the state is the present one then."""
    state = ctx.panel.state
    opened: Opened = state._opened
    opened.state = dict(state._data)
    opened.turn.release()
    try:
        yield
    finally:
        opened.turn.acquire()
        state._data = dict(opened.state)


def clicks(ctx: foo.ExecutionContext) -> int:
    """How many clicks there were; if there are more after one was away, the person has gone on to something else."""
    opened: Opened = ctx.panel.state._opened
    return opened.clicks


def is_past(ctx: foo.ExecutionContext) -> bool:
    """Whether an event is of the dataset that was shown before, and sent before the panel showed the present one."""
    now = ctx.panel.state.dataset
    return bool(now) and seen(ctx).get("dataset") == ctx.dataset_name != now


def show(ctx: foo.ExecutionContext, output: types.Property) -> None:
    """Tells the browser what is new to it. What it shows already is not drawn again: that would close open menus, and
    the App takes each new drawing for a change of its own state, of which it sends an event."""
    state, has = ctx.panel.state, seen(ctx)
    opened: Opened = state._opened
    is_lost = has.get(DRAWN) != opened.number and time.time() - opened.at > ON_THE_WAY
    drawn = json.dumps(output.to_json(), sort_keys=True, default=str)
    is_new = is_lost or drawn != opened.drawn
    if is_new:
        opened.drawn, opened.number = drawn, opened.number + 1
        state.set(DRAWN, opened.number)
    known = has if is_lost else opened.told
    news = {name: value for name, value in state._data.items() if name not in known or not _same(known[name], value)}
    if news:
        opened.told, opened.at = dict(state._data), time.time()
        ctx.ops.patch_panel_state(news)
    if is_new:
        ctx.ops.show_panel_output(output)


def _find(ctx: foo.ExecutionContext, *, anew: bool) -> Opened:
    has, panel = seen(ctx), str(ctx.panel_id)
    with _lock:
        key = "" if anew else str(has.get(OPENED) or _last.get(panel, ""))
        found = _opened.get(key)
        if found is None:
            key = key or secrets.token_hex(8)
            number = has.get(DRAWN)
            found = Opened({**has, OPENED: key}, dict(has), number=number if isinstance(number, int) else 0)
            _opened[key] = found
        _opened.move_to_end(key)
        _last[panel] = key
        while len(_opened) > MOST:
            gone, _ = _opened.popitem(last=False)
            for panel in [panel for panel, key in _last.items() if key == gone]:
                del _last[panel]
        return found


def seen(ctx: foo.ExecutionContext) -> Mapping[str, Any]:
    """The state that the browser had when it sent an event."""
    return ctx.panel_state if isinstance(ctx.panel_state, Mapping) else {}


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, default=str) == json.dumps(other, default=str)
