"""What the server says of itself, and what it does not have here."""

from __future__ import annotations

from typing import Any

from ..request import Request
from ..responses import Response, text
from ..routes import route

_DESCRIPTION = "A stand-in for a CVAT server, for demos and tests. It is not CVAT."


@route("GET", "/api/server/about", open=True)
def about(request: Request) -> Any:
    """Name and version; the name is the one that clients look for."""
    return {
        "name": "Computer Vision Annotation Tool",
        "description": _DESCRIPTION,
        "version": request.services.settings.version,
        "logo_url": f"{request.base}/static/logo.svg",
        "subtitle": "Sandbox, not CVAT",
    }


@route("GET", "/api/server/health/", open=True)
def health(request: Request) -> Response:
    """An HTML page; what matters is the status."""
    response = text("<html><head><title>System status</title></head><body>working</body></html>", 200)
    response.bare = True
    response.headers.append(("cache-control", "max-age=0, no-cache, no-store, must-revalidate, private"))
    return response


@route("GET", "/api/server/plugins")
def plugins(request: Request) -> Any:
    return {"GIT_INTEGRATION": False, "ANALYTICS": False, "MODELS": False, "PREDICT": False}


@route("GET", "/api/server/annotation/formats")
def formats(request: Request) -> Any:
    """No file format is supported: data sets are neither imported nor exported."""
    return {"importers": [], "exporters": []}


@route("GET", "/api/schema[/]", open=True)
def schema(request: Request) -> Any:
    """The least that an OpenAPI document has; clients read the version from it."""
    version = request.services.settings.version
    return {"openapi": "3.0.3", "info": {"title": "Sandbox, not CVAT", "version": version}, "paths": {}}
