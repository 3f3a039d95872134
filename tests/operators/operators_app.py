"""The App's side of an operator: contexts as its server makes them, and what it shows of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators.executor import ExecutionContext, Executor
from sync_loop import URI, Loop, operator


class Dialog:
    """The dialog of an operator, open in the App.

    Args:
        loop: its dataset is shown there
        name: the operator
        view: what the grid shows, if not the whole dataset
        selected: the ids that are selected in the grid
        shown: what else the App says of what it shows, such as the selected labels
        params: what is filled in
    """

    def __init__(
        self,
        loop: Loop,
        name: str,
        *,
        view: Any = None,
        selected: Iterable[str] = (),
        shown: dict[str, Any] | None = None,
        **params: Any,
    ) -> None:
        self.loop = loop
        self.operator = operator(name)
        self.request = {
            "dataset_name": loop.dataset.name,
            "view": [] if view is None else view._serialize(),
            "filters": {},
            "extended": None,
            "selected": list(selected),
            "prompt_id": uuid.uuid4().hex,
            "params": params,
            **(shown or {}),
        }

    def context(self) -> ExecutionContext:
        """A context as the App's server makes one for each request."""
        ctx = ExecutionContext(
            dict(self.request, params=dict(self.request["params"])),
            executor=Executor(),
            operator_uri=self.operator.uri,
            required_secrets=self.operator._plugin_secrets,
        )
        asyncio.run(ctx.resolve_secret_values(self.operator._plugin_secrets))
        return ctx

    def _asking(self) -> ExecutionContext:
        """The context of a request for the form."""
        self.request["target"] = "inputs"
        ctx = self.context()
        del self.request["target"]
        return ctx

    def form(self) -> dict[str, Any]:
        """The form as the App gets it."""
        return dict(self.operator.resolve_type(self._asking(), "inputs").to_json())

    def fill(self, **params: Any) -> dict[str, Any]:
        """Fills in something more; the form that the App gets then."""
        self.request["params"] = {**self.request["params"], **params}
        return self.form()

    def accept_defaults(self) -> dict[str, Any]:
        """Does what the App does with a new form: takes over its defaults, until nothing new shows; the form.

        One that is not dynamic is asked for once.
        """
        form = self.form()
        if not self.operator.config.dynamic:
            self.request["params"] = {**defaults(form), **self.request["params"]}
            return form
        while (filled := {**defaults(form), **self.request["params"]}) != self.request["params"]:
            form = self.fill(**filled)
        return form

    def let_load(self) -> dict[str, Any]:
        """Does what the App does with the parts of a form that are found out while it is open; the form then."""
        form = self.form()
        for name, item in properties(form).items():
            view = item["view"]
            if view["name"] == "LoaderView":
                ctx = Dialog(self.loop, view["operator"].rpartition("/")[2], **view["params"]).run()
                form = self.fill(**{name: {"state": "loaded", "data": ctx.result}})
        return form

    def opens_at_once(self) -> bool:
        """Whether the App runs it without showing a form."""
        form = self.operator.resolve_input(self._asking())
        return form is None and not self.operator.config.dynamic

    def output(self) -> dict[str, Any]:
        """Presses the button; the ``form`` that shows the result, and the result itself."""
        result = self.run().result or {}
        self.request["results"] = result
        form = self.operator.resolve_output(self.context())
        return {**result, "form": dict(form.to_json())}

    def run(self) -> Shown:
        """Presses the button."""
        ctx = self.context()
        assert self.operator.resolve_input(ctx) is None, "what is wrong in it by now, FiftyOne says with a stack trace"
        result = self.operator.execute(ctx)
        steps = list(result) if isinstance(result, Iterator) else []
        return Shown(ctx, [step.body for step in steps], None if steps else result)


class Shown:
    """What the App shows of an execution.

    Attributes:
        steps: what it was asked to do, in order: pairs of the operator and its parameters
        result: what the operator returned, if it was no generator
    """

    def __init__(self, ctx: ExecutionContext, steps: list[Any], result: Any) -> None:
        asked = steps or ctx.executor._requests
        self.steps = [(step.operator_uri, step.params or {}) for step in asked]
        self.result = result

    def of(self, name: str) -> list[dict[str, Any]]:
        """The parameters of each step of one kind."""
        return [params for kind, params in self.steps if kind == name]

    @property
    def notice(self) -> tuple[str, str]:
        """The kind and the text of the one notification."""
        (only,) = self.of("notify")
        return only["variant"], only["message"]

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """The buttons of what is shown in the end, by what is on them."""
        (only,) = self.of("show_output")
        views = [item["view"] for item in properties(only["outputs"]).values()]
        return {view["label"]: view for view in views if view["name"] == "Button"}

    @property
    def output(self) -> str:
        """The text that is shown in the end."""
        (only,) = self.of("show_output")
        return str(only["results"]["text"])


def reopened(loop: Loop, shown: Shown, name: str) -> dict[str, Any]:
    """What is filled in where an execution has the form of its operator opened again."""
    (asked,) = shown.of(f"{URI}/show_form")
    (prompted,) = Dialog(loop, "show_form", **asked).run().of("prompt_user_for_operation")
    assert prompted["operator_uri"] == f"{URI}/{name}"
    return dict(prompted["params"])


def properties(form: dict[str, Any]) -> dict[str, Any]:
    """The properties of a form, by name."""
    return dict(form["type"]["properties"])


SHOWN_ONLY = {"MarkdownView", "ImageView"}
"""Views whose defaults the App shows, and takes for no answers."""


def defaults(form: dict[str, Any]) -> dict[str, Any]:
    """The values that a form starts with."""
    found: dict[str, Any] = {}
    for name, item in properties(form).items():
        if (item.get("view") or {}).get("name") in SHOWN_ONLY:
            continue
        if item.get("default") is not None:
            found[name] = item["default"]
        elif "properties" in item["type"] and (inner := defaults(item)):
            found[name] = inner
    return found


def invalid(form: dict[str, Any]) -> dict[str, str]:
    """What is wrong in a form: sentences by property."""
    return {name: item["error_message"] for name, item in properties(form).items() if item.get("invalid")}


def every_operator() -> list[str]:
    """The names of the plugin's operators."""
    return [item.name for item in foo.list_operators(type="operator") if item.uri.startswith(f"{URI}/")]
