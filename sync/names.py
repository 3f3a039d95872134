"""What a form can offer for a name in CVAT: of a person, a project, an organization, a cloud storage."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cvat import Client

MOST = 100
"""Names that are offered at once: more than anybody reads."""


@dataclass(frozen=True)
class Offer:
    """What a form can offer for a name that somebody types.

    Args:
        choices: what to call each, by what is sent if it is chosen
        whole: whether CVAT has no others; if it has, they are found by typing
        problem: why CVAT could not be asked
    """

    choices: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    problem: str = ""


def offer_projects(client: Client, typed: str) -> Offer:
    """Projects that the user can see: their names, or ``name (#id)`` for those of one name."""
    words = re.sub(r" \(#\d+\)$", "", typed)
    found = client.search_projects(words, MOST)
    projects = {project.id: project for project in found.items}
    if words and not found.whole:  # of those with this in their names, the one that is called so
        projects.update((project.id, project) for project in client.find_projects(words))
    uses = Counter(project.name for project in projects.values())
    names = sorted(p.name if uses[p.name] == 1 else f"{p.name} (#{p.id})" for p in projects.values())
    return Offer({name: name for name in names}, found.whole)


def project_of_choice(text: str) -> dict[str, Any]:
    """The parameters of a send that mean one of :func:`offer_projects`, or the name of a new project."""
    match = re.fullmatch(r".*\(#(\d+)\)", text, re.DOTALL)
    return {"project_id": int(match[1])} if match else {"project_name": text}


def organization_choices(client: Client) -> dict[str, str]:
    """The organizations of the user: what to call them, by their short names."""
    return {item.slug: f"{item.name} ({item.slug})" if item.name else item.slug for item in client.organizations()}


def offer_users(client: Client, typed: str) -> Offer:
    """Users to whom work can be given, as far as CVAT shows them, with their first and last names."""
    found = client.search_users(typed, MOST)
    named = {user.username: f"{user.first_name} {user.last_name}".strip() for user in found.items}
    return Offer({name: f"{name} ({named[name]})" if named[name] else name for name in sorted(named)}, found.whole)


def storage_names(client: Client) -> dict[str, str]:
    """The cloud storages that the user can see: what to call them, by their ids as texts."""
    return {str(item.id): f"{item.display_name} ({item.resource})" for item in client.cloud_storages()}
