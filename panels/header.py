"""The top of the page of the runs: who answers at CVAT, or what is missing and how to mend it."""

import base64
from pathlib import Path
from typing import Any

import fiftyone.operators.types as types

from ..operators.shared.safe import WHOLE, safe
from . import server
from .rows import ANYWHERE, add_button, add_row, add_text

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = (
    "This is the sandbox, which behaves like CVAT but is not CVAT, and keeps nothing when the App ends. "
    "[Open its pages]({link}) first, which logs you in there."
)
ICON = "data:image/svg+xml;base64," + base64.b64encode((ROOT / "assets" / "send.svg").read_bytes()).decode()
IN_THE_MIDDLE = {"container": {"sx": {"textAlign": "center"}}}


def render(page: Any, state: Any, panel: types.Object) -> None:
    """Draws it.

    Args:
        page: whose methods the buttons call
        state: of the panel
        panel: what is drawn on
    """
    if state.missing:
        add_problem(state, panel)
        if state.looked:
            panel.md(f"What is shown of jobs is of {state.looked}.", name="old")
        elif not state.was_logged_in:  # somebody who was, with another dataset, knows how
            panel.md(server.how_to_log_in(state.missing), name="how")
    elif state.server:
        looked = f" · looked at {state.looked}" if state.looked else ""
        add_text(panel, "greeting", safe(state.server, WHOLE) + looked)
    else:
        panel.md("Asking CVAT ...", name="greeting")
    if state.sandbox:
        panel.md(SANDBOX.format(link=state.sandbox), name="sandbox_link")
    for number, problem in enumerate(state.problems or ()):
        add_text(panel, f"problem_{number}", safe(problem, WHOLE))
    bar = add_row(panel, "bar")
    if state.cards:
        _begin(page, state, bar)
    if state.missing:
        bar.btn("test", label="Test connection", icon="refresh", on_click=page.test)
    else:
        bar.btn("refresh", label="Refresh", icon="refresh", on_click=page.refresh)
    if state.sandbox_offered:
        add_button(bar, "sandbox", "Try the sandbox", "science", on_click=page.try_sandbox)


def add_problem(state: Any, panel: types.Object) -> None:
    """Draws why CVAT can't be used, if it can't."""
    if state.missing:
        said = types.Error(label="CVAT can't be used now", description=state.missing, componentsProps=ANYWHERE)
        panel.view("problem", said)


def in_the_middle(panel: types.Object, name: str, headline: str, line: str) -> types.Object:
    """Draws what is there instead of what is not: the icon, and what there is to say."""
    box = panel.v_stack(name, gap=1, py=6, align_x="stretch")
    image = types.ImageView(width="48px", height="48px")
    box.h_stack("top", align_x="center").str("icon", default=ICON, view=image)  # what has a width is at the left else
    box.md(f"**{headline}**", name="headline", componentsProps=IN_THE_MIDDLE)
    box.md(line, name="line", componentsProps=IN_THE_MIDDLE)
    return box


def render_nothing(page: Any, state: Any, panel: types.Object) -> None:
    """Draws what is there instead of runs; see :func:`render`."""
    box = in_the_middle(panel, "empty", "No run yet", "Select samples in the grid and send them to CVAT.")
    _begin(page, state, box.h_stack("first", gap=1, align_x="center"), first=True)


def _begin(page: Any, state: Any, row: types.Object, *, first: bool = False) -> None:
    """Draws how a run comes to be; not where no CVAT is configured, as neither can work there."""
    if not state.sandbox_offered:
        add_button(row, "send", "Send to CVAT", "send", on_click=page.send, first=first)
        add_button(row, "import", "Import", "download", on_click=page.import_tasks)
