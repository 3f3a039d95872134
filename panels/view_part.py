"""Samples that the panel shows in the grid, and the way back to what the person had there."""

from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..operators.shared.view_samples import go_back, remember
from ..sync.errors import Refused
from .rows import add_button, add_row


class ViewPart:
    """Methods of the panel that change the view. Whether there is a way back is kept in the panel's state."""

    def view_before(self, ctx: foo.ExecutionContext) -> None:
        """The button "Back to the view before"."""
        ctx.panel.state.can_go_back = False
        try:
            go_back(ctx)
        except Refused as error:
            ctx.ops.notify(str(error))

    def open_label(self, ctx: foo.ExecutionContext) -> None:
        """The picture of a label: its sample opens, with the label selected."""
        sample, field, label = (str(ctx.params.get(name, "")) for name in ("sample", "field", "label"))
        ctx.ops.set_selected_labels([{"label_id": label, "sample_id": sample, "field": field}])
        ctx.ops.open_sample(id=sample)

    def _show_view(self, ctx: foo.ExecutionContext, view: Any) -> None:
        """Shows a view in the grid."""
        remember(ctx, view)
        ctx.ops.set_view(view)
        ctx.panel.state.can_go_back = True

    def _render_view(self, ctx: foo.ExecutionContext, panel: types.Object) -> None:
        if ctx.panel.state.can_go_back:
            row = add_row(panel, "way_back")
            add_button(row, "view_before", "Back to the view before", "arrow_back", on_click=self.view_before)
