"""What a form can offer for a name in CVAT: of a person, a project, an organization, a cloud storage."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cvat import Client, Project

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


NOTHING = Offer()
"""What is offered where CVAT is not asked."""

_LISTED = re.compile("(.*)\N{NO-BREAK SPACE}\\(#([0-9]{1,18})\\)", re.DOTALL)
"""A project that was chosen in a list: the space is one that is not in names that people type."""


def listed(project: Project) -> str:
    """What is sent if a project is chosen in a list: its name and its id."""
    return f"{project.name}\N{NO-BREAK SPACE}(#{project.id})"


def offer_projects(client: Client, typed: str) -> Offer:
    """Projects that the user can see: their names, or ``name (#id)`` for those of one name."""
    words = re.sub(r"\s\(#\d+\)$", "", typed)
    found = client.search_projects(words, MOST)
    projects = {project.id: project for project in found.items}
    if words and not found.whole:  # of those with this in their names, the one that is called so
        for name in dict.fromkeys((words, typed)):
            projects.update((project.id, project) for project in client.find_projects(name))
    uses = Counter(project.name for project in projects.values())
    ordered = sorted(projects.values(), key=lambda project: (project.name, project.id))
    return Offer({listed(p): p.name if uses[p.name] == 1 else f"{p.name} (#{p.id})" for p in ordered}, found.whole)


def projects_called(offer: Offer, typed: str) -> list[str]:
    """Those of :func:`offer_projects` that somebody who types a name can mean: one of this name, or of name and id."""
    known = {choice: match for choice in offer.choices if (match := _LISTED.fullmatch(choice))}
    named = [choice for choice, match in known.items() if match[1] == typed]
    return named or [choice for choice, match in known.items() if f"{match[1]} (#{match[2]})" == typed]


def project_of_choice(text: str, offer: Offer = NOTHING) -> dict[str, Any]:
    """The parameters of a send that mean a project: its id and its name if it is listed, or the name of a new one.

    Args:
        text: what was chosen or typed
        offer: what the form offered, by which a name that was typed may be that of one that is there
    """
    called = projects_called(offer, text)
    match = _LISTED.fullmatch(called[0] if len(called) == 1 else text)
    return {"project_name": match[1], "project_id": int(match[2])} if match else {"project_name": text}


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
