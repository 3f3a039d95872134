"""What an operator learns from its context: where it runs, which samples are meant, how to reach CVAT."""

from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo

from ...sync import connection
from ...sync.dataset.samples import as_collection
from ...sync.errors import NoCredentials

LOGIN_NAMES = (*connection.NAMES,)
FROM_PANEL = frozenset({"panel_id", "panel_state", "in_panel"})
FROM_BUTTON = frozenset({"path"})
"""Where the button is in its form."""


def in_app(ctx: foo.ExecutionContext) -> bool:
    """Whether the App asks, and not a program: only the App says which filters its sidebar has."""
    return "filters" in ctx.request_params and not ctx.delegated


def asks(ctx: foo.ExecutionContext) -> bool:
    """Whether the App asks for the form of an operator.

    It also does so before it executes the operator, to check the answers once more. What is wrong by then, such as a
    server that went away, it says with a stack trace; so the form is not there, and the execution says it in words.
    """
    return in_app(ctx) and (ctx.executor is None or "target" in ctx.request_params)


def answers(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The parameters that a program or a person gave. The App and the panel add their own if the panel, or a button of
    a result, opened the form."""
    added = FROM_PANEL | FROM_BUTTON if in_app(ctx) else FROM_PANEL
    return {name: value for name, value in ctx.params.items() if name not in added}


def targets(ctx: foo.ExecutionContext) -> dict[str, Any]:
    """The collections that a person can mean, the most likely first."""
    found: dict[str, Any] = {}
    if ctx.selected:
        found["selected_samples"] = ctx.view.select(ctx.selected, ordered=False)
    if ctx.selected_labels:
        found["selected_labels"] = ctx.dataset.select_labels(labels=ctx.selected_labels)
    if ctx.has_custom_view or getattr(ctx.view, "_stages", None):
        found["current_view"] = ctx.view
    found["dataset"] = ctx.dataset
    return found


def target_name(ctx: foo.ExecutionContext) -> str:
    """Which collection is meant: what the form says, else the selection, else the view, else the dataset."""
    found = targets(ctx)
    said = ctx.params.get("target")
    return said if isinstance(said, str) and said in found else next(iter(found))


def slice_name(ctx: foo.ExecutionContext) -> str | None:
    """Which slice of groups is meant: what was said, or in the App what it shows; ``None`` if the dataset has none."""
    dataset = ctx.dataset
    if dataset.media_type != "group":
        return None
    said = ctx.params.get("slice")
    shown = (ctx.group_slice or dataset.default_group_slice) if in_app(ctx) else None
    return said if said in dataset.group_slices else shown


def meant(ctx: foo.ExecutionContext) -> str:
    """Which samples are meant, as a text: another text means other samples."""
    return f"{target_name(ctx)} {slice_name(ctx) or ''}"


def target(ctx: foo.ExecutionContext) -> Any:
    """The collection that is meant: of patches, their samples with just these labels; of groups, the slice."""
    found = targets(ctx)[target_name(ctx)]
    if is_of_patches(found):
        found = as_collection(found)
    chosen = slice_name(ctx)
    return found.select_group_slices(chosen) if chosen and found.media_type == "group" else found


def is_of_patches(collection: Any) -> bool:
    """Whether what a collection shows are labels, cut out of their samples."""
    return bool(getattr(collection._dataset, "_is_patches", False))


def client_for(
    ctx: foo.ExecutionContext,
    organization: str | None = None,
    *,
    server: str | None = None,
    url: str | None = None,
    hasty: bool = False,
) -> Any:
    """A CVAT client with the credentials of the process that runs.

    Args:
        ctx: the operator's context
        organization: where to work, if not where the credentials say
        server: the address of the run that is meant
        url: the address of the server, if not the one that is configured
        hasty: whether to give up soon, because a person waits for a form

    Raises:
        NoCredentials: if there are none
    """
    credentials = connection.find_credentials({"url": url}, secret=ctx.secrets.get, server=server)
    return connection.connect(credentials, organization, hasty=hasty)


def configured_organization(ctx: foo.ExecutionContext) -> str | None:
    """The organization that is configured."""
    try:
        return connection.find_credentials(secret=ctx.secrets.get).organization
    except NoCredentials:
        return None


def configured_url(ctx: foo.ExecutionContext) -> str:
    """The address of the CVAT server that is configured."""
    try:
        return connection.find_credentials(secret=ctx.secrets.get).url
    except NoCredentials:
        return ctx.secrets.get(f"{connection.PREFIX}URL") or connection.DEFAULT_URL


def client_from(login: Mapping[str, str | None], organization: str | None = None, *, server: str | None = None) -> Any:
    """A CVAT client for a program: what it gives counts first, and a terminal may be asked.

    Args:
        login: what the program gives
        organization: where to work, if not where the credentials say
        server: the address of the run that is meant

    Raises:
        NoCredentials: if nobody says how to log in
    """
    return connection.connect(connection.find_credentials(login, ask=True, server=server), organization)


def split_login(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separates what a program says about logging in from the rest."""
    login = {name: value for name, value in params.items() if name in LOGIN_NAMES and name != "organization"}
    return login, {name: value for name, value in params.items() if name not in login}
