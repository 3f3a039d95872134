"""Webhooks and their deliveries."""

from __future__ import annotations

import re
from typing import Any

from ..access import administers, owns_project, require
from ..fields import Boolean, Choice, Choices, Field, Form, Invalid, Text
from ..lists import Listing
from ..models import Delivery, Webhook
from ..request import Request
from ..responses import Response, empty, invalid, server_error
from ..routes import route
from ..views import Views

_PROJECT_EVENTS = sorted(
    [f"{verb}:{kind}" for verb in ("create", "update", "delete") for kind in ("comment", "issue", "job", "task")]
    + ["update:project", "delete:project"]
)
_ORGANIZATION_EVENTS = sorted(
    [
        *_PROJECT_EVENTS,
        "create:project",
        *(f"{verb}:membership" for verb in ("create", "update", "delete")),
        "create:invitation",
        "delete:invitation",
        "update:organization",
        "delete:organization",
    ]
)
_EVENTS = {"project": _PROJECT_EVENTS, "organization": _ORGANIZATION_EVENTS}
_ALLOW_ONE = "GET, DELETE, PATCH, PUT"


class _Url(Text):
    def read(self, value: Any) -> str:
        url = super().read(value)
        if not re.match(r"https?://[^\s/]+", url):
            raise Invalid("Enter a valid URL.")
        return url


_WEBHOOKS = Listing[Webhook](
    terms={
        "id": lambda hook: hook.id,
        "target_url": lambda hook: hook.target_url,
        "owner": lambda hook: hook.owner.username,
        "type": lambda hook: hook.type,
        "project_id": lambda hook: hook.project.id if hook.project else None,
        "description": lambda hook: hook.description,
        "updated_date": lambda hook: hook.updated_date,
    },
    simple=("target_url", "owner", "type", "project_id"),
    search=("target_url", "owner", "type", "description"),
)
_DELIVERIES = Listing[Delivery](terms={"id": lambda delivery: delivery.id})
_FIELDS = {
    "target_url": _Url(8192, required=True),
    "description": Text(128, blank=True, default=""),
    "content_type": Choice("application/json", default="application/json"),
    "secret": Text(64, blank=True, default=""),
    "is_active": Boolean(default=True),
    "enable_ssl": Boolean(default=True),
    "events": Choices(Choice(*_ORGANIZATION_EVENTS), required=True),
}
_NEW = Form({**_FIELDS, "type": Choice("project", "organization", required=True), "project_id": Field(null=True)})
_CHANGE = Form(_FIELDS)


@route("GET", "/api/webhooks/events", allow="GET")
def webhook_events(request: Request) -> Any:
    kind = request.query.get("type", "all")
    return {"webhook_type": kind, "events": _EVENTS.get(kind, _ORGANIZATION_EVENTS)}


@route("GET", "/api/webhooks", allow="GET, POST")
def list_webhooks(request: Request) -> Any:
    visible = (hook for hook in request.store.webhooks.values() if _owns(request, hook))
    return _WEBHOOKS.answer(request, visible, Views(request.base).webhook)


@route("POST", "/api/webhooks")
def create_webhook(request: Request) -> Response:
    store = request.store
    data = request.json
    project, organization = None, request.organization
    if data.get("type") == "project":
        if "project_id" not in data:
            raise server_error()
        project = store.projects.get(data["project_id"])
        if project is None:
            raise invalid(["Project matching query does not exist."])
        require(owns_project(request, project))
        organization = project.organization
    elif data.get("type") == "organization":
        if organization is None:
            raise invalid(["Organization must be specified in the request context."])
        require(administers(request, organization))
    values = _NEW.accept(data)
    values.pop("project_id", None)
    if not values["events"] or not set(values["events"]) <= set(_EVENTS[values["type"]]):
        raise invalid({"non_field_errors": [f"Invalid events list for {values['type']} webhook"]})
    values["events"] = sorted(set(values["events"]))
    now = store.now()
    hook = Webhook(
        id=store.next_id("webhook"),
        owner=request.user,
        project=project,
        organization=organization,
        created_date=now,
        updated_date=store.now(),
        **values,
    )
    store.webhooks[hook.id] = hook
    view = Views(request.base).webhook(hook)
    return Response(view, 201, headers=[("location", view["url"])])


@route("GET", "/api/webhooks/{ident}", allow=_ALLOW_ONE)
def get_webhook(request: Request, ident: str) -> Any:
    return Views(request.base).webhook(_find(request, ident))


@route("PATCH", "/api/webhooks/{ident}")
def patch_webhook(request: Request, ident: str) -> Any:
    hook = _find(request, ident)
    values = _CHANGE.accept(request.json, partial=True)
    if not set(values.get("events", ())) <= set(_EVENTS[hook.type]):
        raise invalid({"non_field_errors": [f"Invalid events list for {hook.type} webhook"]})
    for name, value in values.items():
        setattr(hook, name, sorted(set(value)) if name == "events" else value)
    hook.updated_date = request.store.now()
    return Views(request.base).webhook(hook)


@route("DELETE", "/api/webhooks/{ident}")
def delete_webhook(request: Request, ident: str) -> Response:
    del request.store.webhooks[_find(request, ident).id]
    return empty(204)


@route("POST", "/api/webhooks/{ident}/ping", allow="POST", unlocked=True)
def ping_webhook(request: Request, ident: str) -> Any:
    """Deliver at once, and answer with the delivery."""
    events = request.services.events
    with request.store.lock:
        hook = _find(request, ident)
        views = Views(request.base)
        payload = {"event": "ping", "webhook": views.webhook(hook), "sender": views.user(request.user)}
        delivery = events.record(hook, "ping", payload)
    events.deliver(delivery)
    return views.delivery(delivery)


@route("GET", "/api/webhooks/{ident}/deliveries", allow="GET")
def list_deliveries(request: Request, ident: str) -> Any:
    deliveries = _find(request, ident).deliveries.values()
    return _DELIVERIES.answer(request, deliveries, Views(request.base).delivery)


@route("GET", "/api/webhooks/{ident}/deliveries/{delivery}", allow="GET")
def get_delivery(request: Request, ident: str, delivery: str) -> Any:
    return Views(request.base).delivery(_find_delivery(request, ident, delivery))


@route("POST", "/api/webhooks/{ident}/deliveries/{delivery}/redelivery", allow="POST")
def redeliver(request: Request, ident: str, delivery: str) -> Any:
    old = _find_delivery(request, ident, delivery)
    events = request.services.events
    events.deliver_later(events.record(old.webhook, old.event, old.request, old.changed_fields, redelivery=True))
    return {}


def _owns(request: Request, hook: Webhook) -> bool:
    if hook.project:
        return owns_project(request, hook.project)
    return administers(request, hook.organization)


def _find(request: Request, ident: str) -> Webhook:
    hook = request.store.find("Webhook", request.store.webhooks, ident)
    require(_owns(request, hook))
    return hook


def _find_delivery(request: Request, ident: str, delivery: str) -> Delivery:
    return request.store.find("WebhookDelivery", _find(request, ident).deliveries, delivery)
