"""The top of the page of the runs: who answers at CVAT, or what is missing and how to mend it."""

import base64
from pathlib import Path
from typing import Any

import fiftyone.operators.types as types

from ..operators.shared.safe import WHOLE, safe
from . import server

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
        panel.view("problem", types.Error(label="CVAT can't be used now", description=state.missing))
        if state.looked:
            panel.md(f"What is shown of jobs is of {state.looked}.", name="old")
        else:
            panel.md(server.how_to_log_in(state.missing), name="how")
    elif state.server:
        looked = f" · looked at {state.looked}" if state.looked else ""
        panel.md(safe(state.server, WHOLE) + looked, name="greeting")
    else:
        panel.md("Asking CVAT ...", name="greeting")
    if state.sandbox:
        panel.md(SANDBOX.format(link=state.sandbox), name="sandbox_link")
    for number, problem in enumerate(state.problems or ()):
        panel.md(safe(problem, WHOLE), name=f"problem_{number}")
    bar = panel.h_stack("bar", gap=1, align_x="left")
    if state.cards:
        _begin(page, state, bar, "outlined")
    if state.missing:
        bar.btn("test", label="Test connection", icon="refresh", on_click=page.test)
    else:
        bar.btn("refresh", label="Refresh", icon="refresh", on_click=page.refresh)
    if state.sandbox_offered:
        bar.btn("sandbox", label="Try the sandbox", icon="science", on_click=page.try_sandbox, variant="outlined")


def render_nothing(page: Any, state: Any, panel: types.Object) -> None:
    """Draws what is there instead of runs; see :func:`render`."""
    box = panel.v_stack("empty", gap=1, py=6, align_x="stretch")
    image = types.ImageView(width="48px", height="48px")
    box.h_stack("top", align_x="center").str("icon", default=ICON, view=image)  # what has a width is at the left else
    box.md("**No run yet**", name="headline", componentsProps=IN_THE_MIDDLE)
    box.md("Select samples in the grid and send them to CVAT.", name="line", componentsProps=IN_THE_MIDDLE)
    _begin(page, state, box.h_stack("first", gap=1, align_x="center"), "contained")


def _begin(page: Any, state: Any, row: types.Object, variant: str) -> None:
    """Draws how a run comes to be; not where no CVAT is configured, as neither can work there."""
    if not state.sandbox_offered:
        row.btn("send", label="Send to CVAT", icon="send", on_click=page.send, variant=variant)
        row.btn("import", label="Import", icon="download", on_click=page.import_tasks, variant="outlined")
