"""What the server says of itself, and what it does not have here."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..reply import Reply, text
from ..routes import route

_DESCRIPTION = "A stand-in for a CVAT server, for demos and tests. It is not CVAT."


@route("GET", "/api/server/about", open=True)
def about(call: Call) -> Any:
    """Name and version; the name is the one that clients look for."""
    return {
        "name": "Computer Vision Annotation Tool",
        "description": _DESCRIPTION,
        "version": call.services.settings.version,
        "logo_url": f"{call.base}/static/logo.svg",
        "subtitle": "Sandbox, not CVAT",
    }


@route("GET", "/api/server/health/", open=True)
def health(call: Call) -> Reply:
    """An HTML page; what matters is the status."""
    reply = text("<html><head><title>System status</title></head><body>working</body></html>", 200)
    reply.bare = True
    reply.headers.append(("cache-control", "max-age=0, no-cache, no-store, must-revalidate, private"))
    return reply


@route("GET", "/api/server/plugins")
def plugins(call: Call) -> Any:
    return {"GIT_INTEGRATION": False, "ANALYTICS": False, "MODELS": False, "PREDICT": False}


@route("GET", "/api/server/annotation/formats")
def formats(call: Call) -> Any:
    """No file format is supported: data sets are neither imported nor exported."""
    return {"importers": [], "exporters": []}


@route("GET", "/api/schema[/]", open=True)
def schema(call: Call) -> Any:
    """The least that an OpenAPI document has; clients read the version from it."""
    version = call.services.settings.version
    return {"openapi": "3.0.3", "info": {"title": "Sandbox, not CVAT", "version": version}, "paths": {}}
