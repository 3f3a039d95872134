"""The answers of the last send of a dataset to a server, as the next defaults. Logins are no answers of a form."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types
from pymongo.errors import PyMongoError

from ...sync.errors import redacted_traceback
from ...sync.names import projects_called
from ...sync.readable import readable
from ..shared import context, cvat_names

logger = logging.getLogger(__name__)

STORE, NAME = "roundtrip_cvat_answers", "send"
KEPT = (
    "label_field",
    "more",
    "organization",
    "project_name",
    "project_labels",
    "for_review",
    "subset",
    "task_size",
    "segment_size",
    "overlap",
    "task_assignee",
    "job_assignees",
    "image_quality",
    "media_field",
    "rotation_unit",
    "frame_step",
    "keyframe_tolerance",
)
"""What is likely to be the same the next time; not what belongs to one send, such as its samples and its name."""


IN_CVAT = {
    "organization": "organization",
    "project_name": "project",
    "task_assignee": "task assignee",
    "job_assignees": "job assignee",
}
"""What may be gone from CVAT, or not be shown to this user, and what to call it."""


def keep(ctx: foo.ExecutionContext) -> None:
    """Keeps the answers of a send that was asked for in the App, once it went out; what fails here harms no send."""
    if not context.in_app(ctx):
        return
    said = {name: ctx.params[name] for name in KEPT if ctx.params.get(name) not in (None, "", [])}
    try:
        ctx.store(STORE).set(_key(ctx), said)
    except PyMongoError as error:
        logger.warning("The answers of the form can't be kept\n%s", redacted_traceback(error))


def _key(ctx: foo.ExecutionContext) -> str:
    """Where the answers are kept: a project or a person of one server means nothing on another one."""
    return f"{NAME} {context.configured_url(ctx)}"


def fill_in(ctx: foo.ExecutionContext, inputs: types.Object, connected: bool) -> None:
    """Makes the last answers the defaults of a form, as far as it asks for them and they can still be chosen.

    Args:
        ctx: the operator's context
        inputs: the form; it says what of them is no more in CVAT
        connected: whether CVAT can be asked for that
    """
    said = ctx.store(STORE).get(_key(ctx))
    gone: list[str] = []
    for name, value in said.items() if isinstance(said, dict) else ():
        item = inputs.properties.get(name)
        if name not in KEPT or item is None or (name in IN_CVAT and not connected):
            continue
        rest = [found for one in _each(value) if (found := _still(ctx, name, one, item, said)) is not None]
        if rest:
            item.default = rest if isinstance(value, list) else rest[0]
        if ctx.params.get(name) in (None, "", [], rest):  # nobody has chosen something else meanwhile
            gone += _gone(ctx, name, value, item, said)
    if gone:
        label = f"Not filled in as the last time, as CVAT does not show it any more: {', '.join(gone)}"
        inputs.view("gone", types.Notice(label=readable(label)))


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _gone(
    ctx: foo.ExecutionContext, name: str, value: Any, item: types.Property, said: Mapping[str, Any]
) -> Iterator[str]:
    """What of an answer is not in CVAT any more, in words."""
    if name in IN_CVAT:
        for one in _each(value):
            if _still(ctx, name, one, item, said) is None:
                yield f"{IN_CVAT[name]} {one}"


def _still(ctx: foo.ExecutionContext, name: str, one: Any, item: types.Property, said: Mapping[str, Any]) -> Any:
    """An answer as the form offers it now; ``None`` if it does not."""
    if name == "organization":
        return one if one in cvat_names.organizations(ctx) else None
    if name in IN_CVAT:
        what = "projects" if name == "project_name" else "users"
        asked = cvat_names.Names(what, organization=str(said.get("organization") or ""))
        offer = cvat_names.offered(ctx, asked, str(one))
        called = projects_called(offer, one) if what == "projects" else []
        return one if one in offer.choices else called[0] if len(called) == 1 else None
    if name == "project_labels" and not _is_last_project(ctx, said):
        return None
    choices = getattr(item.view, "_choices", None)
    return one if choices is None or one in {choice.value for choice in choices} else None


def _is_last_project(ctx: foo.ExecutionContext, said: Mapping[str, Any]) -> bool:
    """Whether the project that is chosen is that of the last send: what to do about another one, nobody said."""
    now, then = (cvat_names.chosen_project(ctx, str(item.get("project_name") or "")) for item in (ctx.params, said))
    return now == then
