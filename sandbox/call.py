"""One request on its way through the server."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.wrappers import Request

from .reply import detail

if TYPE_CHECKING:
    from .box import Settings
    from .creation import Creator
    from .events import Events
    from .models import AccessToken, Organization, User
    from .store import Store


class _Form(Request):
    """A request whose multipart parts are not limited in number or size."""

    max_form_parts = 10**9
    max_form_memory_size = None


class Call:
    """A request with who sent it and in whose name.

    Attributes:
        user: the account, None for nobody (only in open actions).
        token: the access token that was used, if any.
        organization: the organization that was named, if any.
        personal: whether the personal workspace was named (by an empty organization).
    """

    def __init__(self, environ: dict[str, Any], store: Store, services: Services) -> None:
        self.request = _Form(environ)
        self.store = store
        self.services = services
        self.user: User = None  # type: ignore[assignment]  # set before any closed action runs
        self.token: AccessToken | None = None
        self.organization: Organization | None = None
        self.personal = False

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def headers(self) -> Headers:
        return self.request.headers

    @property
    def query(self) -> MultiDict[str, str]:
        return self.request.args

    @property
    def base(self) -> str:
        """Scheme and host as the client wrote them."""
        return self.request.host_url.rstrip("/")

    @cached_property
    def body(self) -> bytes:
        return self.request.get_data()

    @property
    def has_files(self) -> bool:
        return self.request.mimetype == "multipart/form-data"

    def prepare(self, wants_files: bool) -> None:
        """Parse a multipart body, which takes time, before the store is locked."""
        if wants_files and self.has_files:
            _ = self.request.files

    @property
    def files(self) -> MultiDict[str, FileStorage]:
        return self.request.files

    @property
    def form(self) -> MultiDict[str, str]:
        return self.request.form

    @cached_property
    def json(self) -> Any:
        """The JSON body, `{}` when there is none.

        Raises:
            Refusal: 415 for another media type, 400 for malformed JSON.
        """
        if not self.body:
            return {}
        if self.request.mimetype not in ("application/json", "application/vnd.cvat+json"):
            raise self.unsupported_media_type()
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except ValueError as error:
            raise detail(400, f"JSON parse error - {error}") from None

    def unsupported_media_type(self) -> Exception:
        """415 for the request's content type."""
        kind = self.headers.get("Content-Type", "")
        return detail(415, f'Unsupported media type "{kind}" in request.')


class Services:
    """What handlers need besides the store."""

    def __init__(self, settings: Settings, creator: Creator, events: Events) -> None:
        self.settings = settings
        self.creator = creator
        self.events = events


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: '{name}'")
