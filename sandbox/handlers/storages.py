"""The share and the cloud storages of the server. See `sandbox/storages.py` for what is recorded of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..access import in_workspace, require, sees_storage
from ..lists import Listing
from ..models import CloudStorage
from ..request import Request
from ..responses import Response, refuse, text
from ..routes import route
from ..settings import LARGEST_BUCKET_PAGE
from ..storages import list_bucket, list_share
from ..views import Views

_STORAGES = Listing[CloudStorage](
    terms={
        "id": lambda storage: storage.id,
        "name": lambda storage: storage.display_name,
        "resource": lambda storage: storage.resource,
        "owner": lambda storage: storage.owner.username,
        "provider_type": lambda storage: storage.provider_type,
    },
    simple=("name", "resource", "owner", "provider_type"),
    search=("name", "resource", "owner"),
)


@route("GET", "/api/server/share")
def share(request: Request) -> Any:
    """One directory of the share."""
    directory = request.query.get("directory", "/").removeprefix("/")
    found = list_share(request.store.share, directory, request.query.get("search", ""))
    if found is None:
        raise refuse(400, f"{directory} is an invalid directory")
    return found


@route("GET", "/api/cloudstorages", allow="GET, POST, HEAD, OPTIONS")
def cloud_storages(request: Request) -> Any:
    visible = (
        storage
        for storage in request.store.cloud_storages.values()
        if sees_storage(request, storage) and in_workspace(request, storage.organization)
    )
    return _STORAGES.answer(request, visible, lambda storage: _view(request, storage))


@route("GET", "/api/cloudstorages/{ident}", allow="GET, PATCH, DELETE, HEAD, OPTIONS")
def cloud_storage(request: Request, ident: str) -> Any:
    return _view(request, _visible(request, ident))


@route("GET", "/api/cloudstorages/{ident}/content-v2")
def content(request: Request, ident: str) -> Any:
    """One page of one directory."""
    storage = _visible(request, ident)
    size = request.query.get("page_size", str(LARGEST_BUCKET_PAGE))
    if not size.isnumeric():
        return text("Wrong value for page_size was found", 400)
    prefix = request.query.get("prefix", "").removeprefix("/")
    found, following = list_bucket(
        storage, prefix, request.query.get("next_token", ""), min(int(size), request.services.settings.bucket_page)
    )
    return Response({"content": found, "next": following})


def _visible(request: Request, ident: str) -> CloudStorage:
    storage = request.store.cloud_storage(ident)
    require(sees_storage(request, storage))
    return storage


def _view(request: Request, storage: CloudStorage) -> dict[str, Any]:
    return {
        "id": storage.id,
        "owner": Views(request.base).user(storage.owner),
        "manifests": [],
        "provider_type": storage.provider_type,
        "resource": storage.resource,
        "display_name": storage.display_name,
        "created_date": storage.created_date,
        "updated_date": storage.created_date,
        "credentials_type": "KEY_SECRET_KEY_PAIR",
        "specific_attributes": urlencode({"prefix": storage.prefix}) if storage.prefix else "",
        "description": "",
        "organization": storage.organization.id if storage.organization else None,
    }
