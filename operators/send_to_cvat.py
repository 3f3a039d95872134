"""Send to CVAT."""

import webbrowser
from collections.abc import Iterator
from functools import partial
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ..sync.progress import Watch
from ..sync.request import SendRequest, parse
from ..sync.send import send
from . import context, send_form, words
from .running import show, stream


class SendToCvat(foo.Operator):
    """Sends the selected samples, the view or the dataset to CVAT."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="send_to_cvat",
            label="Send to CVAT",
            description="Send samples and their labels to CVAT, for people to annotate",
            icon="send",
            dynamic=True,
            execute_as_generator=True,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_ACTIONS, types.Button(label="Send to CVAT", icon="send", prompt=True)
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property | None:
        return send_form.build(ctx) if context.in_app(ctx) else None

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Sends; see :class:`sync.request.SendRequest` for the parameters and :func:`sync.send.send` for the result."""

        def work(watch: Watch) -> dict[str, Any]:
            request = parse(SendRequest, send_form.read(ctx))
            return self._send(context.target(ctx), request, context.client_for(ctx, request.organization), watch)

        return stream(ctx, work, partial(self._finish, ctx)) if context.in_app(ctx) else work(Watch())

    def __call__(self, samples: Any, **params: Any) -> dict[str, Any]:
        """Sends samples from Python.

        Args:
            samples: the dataset or view to send
            **params: as in :class:`sync.request.SendRequest`; and ``url``, ``token``, ``username``, ``email`` and
                ``password`` to log in otherwise than the environment says

        Returns:
            the run as a plain dict; see :func:`sync.send.send`
        """
        login, params = context.split_login(params)
        request = parse(SendRequest, params)
        summary = self._send(samples, request, context.client_from(login, request.organization), Watch())
        if request.launch_editor:
            webbrowser.open(summary["tasks"][0]["url"])
        return summary

    @staticmethod
    def _send(samples: Any, request: SendRequest, client: Any, watch: Watch) -> dict[str, Any]:
        with client:
            return send(samples, request, client, watch)

    @staticmethod
    def _finish(ctx: foo.ExecutionContext, summary: dict[str, Any]) -> Iterator[Any]:
        yield ctx.ops.notify(words.sent_line(summary), variant="success")
        yield ctx.ops.reload_dataset()
        yield show(ctx, words.sent(summary))
