"""Names of people, projects, tasks and organizations that forms offer.

They are asked once for each time that a form is opened. Where CVAT has more than a form can offer, what is typed is
searched for there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from ...sync import names
from ...sync.errors import CvatError, RoundtripError
from ...sync.imports.proposals import offer_tasks
from ...sync.readable import readable
from ...sync.runs.run_record import RunRecord
from . import context

AGAIN = "Open this form again when that is mended."
"""What to do about a server that can't be used."""

Listing = Callable[[foo.ExecutionContext, Any, str], names.Offer]

LISTINGS: Mapping[str, Listing] = {
    "users": lambda ctx, client, typed: names.offer_users(client, typed),
    "projects": lambda ctx, client, typed: names.offer_projects(client, typed),
    "tasks": lambda ctx, client, typed: offer_tasks(client, ctx.dataset, typed),
}


@dataclass(frozen=True)
class Names:
    """Which names a form asks for.

    Args:
        what: ``"users"``, ``"projects"`` or ``"tasks"``
        run: the run that is meant, if its server and organization are
        known: whether CVAT can be asked; if not, a name can only be typed
        organization: where to look as long as the form has no answer about the organization
    """

    what: str
    run: RunRecord | None = None
    known: bool = True
    organization: str = ""


def workspace(ctx: foo.ExecutionContext, default: str = "") -> str | None:
    """The organization that was chosen; ``None`` for what is configured, and as long as a name is being typed."""
    said = ctx.params.get("organization", default)
    return said if said and said in organizations(ctx) else None


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def organizations(ctx: foo.ExecutionContext) -> dict[str, str]:
    """The organizations that CVAT shows, by their short names; none if it can't be asked."""
    try:
        return names.organization_choices(context.client_for(ctx, "", hasty=True))
    except (RoundtripError, CvatError):
        return {}


def offered(ctx: foo.ExecutionContext, asked: Names, typed: str | None = "") -> names.Offer:
    """The names that CVAT shows; none if it can't be asked.

    Args:
        ctx: the operator's context
        asked: which names
        typed: what the person has typed, by which those are found that are too many to be offered
    """
    if not asked.known:
        return names.Offer()
    if asked.run is not None:
        where, server = asked.run.organization, asked.run.server
    else:
        where, server = workspace(ctx, asked.organization), None
    first, typed = _found(ctx, asked.what, "", where, server), (typed or "").strip()
    return first if first.whole or not typed else _found(ctx, asked.what, typed, where, server)


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _found(ctx: foo.ExecutionContext, what: str, typed: str, where: str | None, server: str | None) -> names.Offer:
    """What CVAT says; asked once for each time the form is opened, and each search."""
    try:
        return LISTINGS[what](ctx, context.client_for(ctx, where, server=server, hasty=True), typed)
    except (RoundtripError, CvatError) as error:
        return names.Offer(problem=str(error))


def chosen_project(ctx: foo.ExecutionContext, text: str) -> dict[str, Any]:
    """The parameters of a send that mean the project of a form: one of its list, or the name of a new one.

    Args:
        ctx: the operator's context
        text: what was chosen or typed; in the App it is held against the projects that the form knew
    """
    said = names.project_of_choice(text)
    if "project_id" in said or not context.in_app(ctx):
        return said
    return names.project_of_choice(text, offered(ctx, Names("projects"), text))


def show_problem(ctx: foo.ExecutionContext, inputs: types.Object, asked: Names) -> None:
    """Shows why CVAT can't be asked for names, if it can't: then nothing that the form is for would work."""
    if problem := offered(ctx, asked).problem:
        said = f"{readable(problem).rstrip('.')}. {AGAIN}"
        notice = inputs.view("server", types.Error(label="CVAT can't be used now", description=said))
        notice.invalid, notice.error_message = True, problem


def ask_for_one(
    ctx: foo.ExecutionContext, inputs: types.Object, name: str, asked: Names, label: str, hint: str, *, space: int = 6
) -> None:
    """Asks for a name that can be typed, or found in a list.

    Args:
        ctx: the operator's context
        inputs: the form
        name: of the answer
        asked: which names
        label, hint: what the person reads
        space: how wide it is, in twelfths of the form
    """
    offer = offered(ctx, asked, ctx.params.get(name))
    view = types.AutocompleteView(allow_user_input=True, space=space)
    for value, words in offer.choices.items():
        view.add_choice(value, label=readable(words))
    hint = hint if offer.whole else f"{hint}. Type a part of a name to find more"
    inputs.str(name, label=label, description=hint, view=view)


def ask_for_several(
    ctx: foo.ExecutionContext, inputs: types.Object, name: str, asked: Names, label: str, hint: str, *, space: int = 6
) -> types.Property:
    """Asks for names as :func:`ask_for_one` does. The App does not tell what is typed into a list before it is added to
    it, so if CVAT has more names than the list, there is a field of its own to search for them.

    Returns:
        the list
    """
    said = ctx.params.get(f"find_{name}")
    if not offered(ctx, asked).whole:
        search = "A part of a name; then choose below. CVAT has more than the list can show"
        view = types.View(space=space)
        inputs.str(f"find_{name}", label=f"Search for {asked.what}", description=search, view=view)
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False, space=space)
    for value, words in offered(ctx, asked, said).choices.items():
        view.add_choice(value, label=readable(words))
    return inputs.list(name, types.String(), label=label, description=hint, view=view)
