"""How a card of a run is drawn."""

from typing import Any

import fiftyone.operators.types as types

from ..operators.shared.safe import WHOLE, safe
from . import by_itself, cards, states_bar
from .rows import add_button, add_row, add_text

ALIGNED = {"progressLabel": {"sx": {"minWidth": "3.5em", "textAlign": "right"}}}
"""How a bar looks: as long with ``7%`` beside it as with ``100%``."""


def render(page: Any, panel: types.Object, card: dict[str, Any], is_working: bool) -> None:
    """Draws the card of a run.

    Args:
        page: whose methods the buttons call
        panel: what is drawn on
        card: as of :func:`.cards.card`
        is_working: whether the panel does something with the run, and so shows that and how to stop it
    """
    # named after the run, as others may come before it: its menu, if it is open, stays its own
    box = panel.v_stack(f"card_{card['id']}", variant="outline", gap=1, px=2, py=1, align_x="stretch")
    add_text(box, "title", card["title"])
    add_text(box, "facts", card["facts"])
    if card["busy"] and not is_working:
        bar(box, "busy", card["done"], card["busy"])
    if card["jobs"]:
        states_bar.add(box, card["states"], card["jobs_text"])
    for name in ("waits", "problem", "gone", "tasks"):
        if text := card[name]:
            add_text(box, name, f"**{text}**" if name == "waits" else text)
    if card["watch"]["line"]:
        add_text(box, "watch", safe(card["watch"]["line"], WHOLE))
    _buttons(page, add_row(box, "actions"), card, is_working)


def bar(box: types.Object, name: str, done: float | None, label: str) -> None:
    """Draws how far something is. The App keeps the value that a name had first, so each value has its own.

    Args:
        box: what is drawn on
        name: what the name begins with
        done: the part that is done, if that is known
        label: the words below
    """
    number = "" if done is None else f"_{done * 100:.0f}"
    box.float(f"{name}{number}", default=done, view=types.ProgressView(label=label, componentsProps=ALIGNED))


def _buttons(page: Any, row: types.Object, card: dict[str, Any], is_working: bool) -> None:
    params = {"run": card["run"]}
    if not is_working:
        for name, step in (("step", cards.next_step(card)), ("second", cards.second_step(card))):
            if step is not None:
                on_click, first = getattr(page, step.method), name == "step"
                add_button(row, name, step.label, step.icon, on_click=on_click, params=params, first=first)
    if card["jobs"]:
        add_button(row, "open_run", "Jobs", "list", on_click=page.show_jobs, params=params)
    if card["loadable"] and cards.second_step(card) is None:  # there is no room for it beside two steps
        by_itself.add_switch(row, card, page.switch_watch)
    view = types.DropdownView(icon="MoreVertIcon", compact=True, addOnClickToMenuItems=True)
    for item in cards.menu(card):
        view.add_choice(f"{item.method}:{card['run']}", label=item.label)
    row.enum("more", view.values(), view=view, on_change=page.more)
