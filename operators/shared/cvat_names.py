"""Names of projects, people and organizations that forms offer: asked once for each time that a form is opened."""

import fiftyone.operators as foo

from ...sync.errors import CvatError, RoundtripError
from ...sync.send import proposals
from . import context


def workspace(ctx: foo.ExecutionContext) -> str | None:
    """The organization that was chosen; ``None`` for what is configured, and as long as a name is being typed."""
    said = ctx.params.get("organization")
    return said if said and said in organizations(ctx) else None


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def organizations(ctx: foo.ExecutionContext) -> dict[str, str]:
    """The organizations that CVAT shows, by their short names; none if it can't be asked."""
    try:
        return proposals.organization_choices(context.client_for(ctx, "", hasty=True))
    except (RoundtripError, CvatError):
        return {}


def names(ctx: foo.ExecutionContext, what: str) -> list[str]:
    """The names of the ``"projects"`` or ``"users"`` that CVAT shows; nothing if it can't be asked."""
    return list(_names(ctx, what, workspace(ctx) if ctx.params.get("organization") else None))


@foo.execution_cache(residency="ephemeral", prompt_scoped=True)  # type: ignore[misc]
def _names(ctx: foo.ExecutionContext, what: str, organization: str | None) -> list[str]:
    """These names; asked once in each workspace for each time the form is opened."""
    listing = {"projects": proposals.project_choices, "users": proposals.user_names}[what]
    try:
        return listing(context.client_for(ctx, organization, hasty=True))
    except (RoundtripError, CvatError):
        return []
