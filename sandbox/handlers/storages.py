"""The share and the cloud storages of the server. See `sandbox/storages.py` for what is recorded of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..access import in_context, require, sees_storage
from ..call import Call
from ..lists import Listing
from ..models import CloudStorage
from ..reply import Reply, refuse, text
from ..routes import route
from ..storages import MOST_IN_A_PAGE, list_bucket, list_share
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
def share(call: Call) -> Any:
    """One directory of the share."""
    directory = call.query.get("directory", "/").removeprefix("/")
    found = list_share(call.store.share, directory, call.query.get("search", ""))
    if found is None:
        raise refuse(400, f"{directory} is an invalid directory")
    return found


@route("GET", "/api/cloudstorages", allow="GET, POST, HEAD, OPTIONS")
def cloud_storages(call: Call) -> Any:
    visible = (
        storage
        for storage in call.store.cloud_storages.values()
        if sees_storage(call, storage) and in_context(call, storage.organization)
    )
    return _STORAGES.answer(call, visible, lambda storage: _view(call, storage))


@route("GET", "/api/cloudstorages/{ident}", allow="GET, PATCH, DELETE, HEAD, OPTIONS")
def cloud_storage(call: Call, ident: str) -> Any:
    return _view(call, _visible(call, ident))


@route("GET", "/api/cloudstorages/{ident}/content-v2")
def content(call: Call, ident: str) -> Any:
    """One page of one directory."""
    storage = _visible(call, ident)
    size = call.query.get("page_size", str(MOST_IN_A_PAGE))
    if not size.isnumeric():
        return text("Wrong value for page_size was found", 400)
    prefix = call.query.get("prefix", "").removeprefix("/")
    found, following = list_bucket(
        storage, prefix, call.query.get("next_token", ""), min(int(size), call.services.settings.bucket_page)
    )
    return Reply({"content": found, "next": following})


def _visible(call: Call, ident: str) -> CloudStorage:
    storage = call.store.cloud_storage(ident)
    require(sees_storage(call, storage))
    return storage


def _view(call: Call, storage: CloudStorage) -> dict[str, Any]:
    return {
        "id": storage.id,
        "owner": Views(call.base).user(storage.owner),
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
