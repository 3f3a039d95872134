"""Webhooks: where CVAT tells others that something happened."""

from __future__ import annotations

from .base import Many, Resource, Text


class Webhook(Resource):
    """A webhook. Its secret is never given back.

    Attributes:
        type: ``project`` or ``organization``.
        events: Such as ``update:job``.
    """

    id: int
    target_url: Text = ""
    description: Text = ""
    type: Text = ""
    is_active: bool = True
    project_id: int | None = None
    organization: int | None = None
    events: Many[str] = ()
