"""Organizations, their members, and invitations (which are accepted at once)."""

from __future__ import annotations

import secrets
from typing import Any

from ..access import administers, require, role
from ..fields import Choice, Form, Text
from ..lists import Listing
from ..models import Membership, Organization
from ..request import Request
from ..responses import Response, invalid, missing, refuse
from ..routes import route
from ..views import Views

_ORGANIZATIONS = Listing[Organization](
    terms={
        "id": lambda org: org.id,
        "slug": lambda org: org.slug,
        "name": lambda org: org.name,
        "owner": lambda org: org.owner.username,
    },
    simple=("slug", "name", "owner"),
    search=("slug", "name"),
)
_MEMBERSHIPS = Listing[Membership](
    terms={
        "id": lambda entry: entry.id,
        "user": lambda entry: entry.user.username,
        "role": lambda entry: entry.role,
    },
    simple=("user", "role"),
    search=("user", "role"),
)
_NEW = Form(
    {
        "slug": Text(16, required=True),
        "name": Text(64, blank=True, default=""),
        "description": Text(blank=True, default=""),
    }
)
_INVITATION = Form(
    {
        "email": Text(required=True),
        "role": Choice("worker", "supervisor", "maintainer", required=True),
    }
)


@route("GET", "/api/organizations")
def list_organizations(request: Request) -> Any:
    return _ORGANIZATIONS.answer(request, _visible(request), Views(request.base).organization)


@route("POST", "/api/organizations")
def create_organization(request: Request) -> Response:
    store = request.store
    values = _NEW.accept(request.json)
    if any(org.slug == values["slug"] for org in store.organizations.values()):
        raise invalid({"slug": ["organization with this slug already exists."]})
    values["name"] = values["name"] or values["slug"]
    now = store.now()
    organization = Organization(
        id=store.next_id("organization"), owner=request.user, created_date=now, updated_date=now, **values
    )
    store.organizations[organization.id] = organization
    entry = Membership(store.next_id("membership"), request.user, organization, "owner", store.now())
    store.memberships[entry.id] = entry
    return Response(Views(request.base).organization(organization), 201)


@route("GET", "/api/organizations/{ident}", allow="GET, PATCH, DELETE, HEAD, OPTIONS")
def get_organization(request: Request, ident: str) -> Any:
    for organization in _visible(request):
        if str(organization.id) == ident:
            return Views(request.base).organization(organization)
    raise missing("Organization")


@route("GET", "/api/memberships")
def list_memberships(request: Request) -> Any:
    visible = set(_visible(request))
    entries = (
        entry
        for entry in request.store.memberships.values()
        if entry.organization in visible and request.organization in (None, entry.organization)
    )
    return _MEMBERSHIPS.answer(request, entries, Views(request.base).membership)


@route("POST", "/api/invitations", allow="GET, POST, HEAD, OPTIONS")
def invite(request: Request) -> Response:
    """Make a user with this address a member of the named organization."""
    organization = request.organization
    if organization is None:
        raise invalid(["Organization must be specified in the request context."])
    require(administers(request, organization))
    values = _INVITATION.accept(request.json)
    store = request.store
    user = next((user for user in store.users.values() if user.email == values["email"]), None)
    if user is None:
        raise invalid(["Sending invitations to new users is not possible here."])
    entry = Membership(
        store.next_id("membership"), user, organization, values["role"], store.now(), secrets.token_hex(16)
    )
    store.memberships[entry.id] = entry
    views = Views(request.base)
    return Response(
        {
            "key": entry.invitation,
            "created_date": entry.joined_date,
            "owner": views.user(request.user),
            "role": entry.role,
            "user": views.user(user),
            "organization": organization.id,
            "expired": None,
            "organization_info": {"id": organization.id, "slug": organization.slug},
        },
        201,
    )


@route("POST", "/api/invitations/{key}/accept")
def accept_invitation(request: Request, key: str) -> Any:
    if any(entry.invitation == key for entry in request.store.memberships.values()):
        raise refuse(400, "Your invitation is already accepted.")
    raise missing("Invitation")


def _visible(request: Request) -> list[Organization]:
    organizations = request.store.organizations.values()
    return [org for org in organizations if request.user.is_superuser or role(request, org)]
