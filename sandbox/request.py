"""One request on its way through the server."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.wrappers import Request as HttpRequest

from .models import AccessToken, Organization, User
from .responses import detail
from .services import Services
from .store import Store


class _Form(HttpRequest):
    """A request whose multipart parts are not limited in number or size."""

    max_form_parts = 10**9
    max_form_memory_size = None


class Request:
    """A request with who sent it and in whose name.

    Attributes:
        user: the account, None for nobody (only in open actions).
        token: the access token that was used, if any.
        organization: the organization that was named, if any.
        personal: whether the personal workspace was named (by an empty organization).
    """

    def __init__(self, environ: dict[str, Any], store: Store, services: Services) -> None:
        self.http = _Form(environ)
        self.store = store
        self.services = services
        self.user: User = None  # type: ignore[assignment]  # set before any closed action runs
        self.token: AccessToken | None = None
        self.organization: Organization | None = None
        self.personal = False

    @property
    def method(self) -> str:
        return self.http.method

    @property
    def headers(self) -> Headers:
        return self.http.headers

    @property
    def query(self) -> MultiDict[str, str]:
        return self.http.args

    @property
    def base(self) -> str:
        """Scheme and host as the client wrote them."""
        return self.http.host_url.rstrip("/")

    @cached_property
    def body(self) -> bytes:
        return self.http.get_data()

    @property
    def has_files(self) -> bool:
        return self.http.mimetype == "multipart/form-data"

    def prepare(self, wants_files: bool) -> None:
        """Parse a multipart body, which takes time, before the store is locked."""
        if wants_files and self.has_files:
            _ = self.http.files

    @property
    def files(self) -> MultiDict[str, FileStorage]:
        return self.http.files

    @property
    def form(self) -> MultiDict[str, str]:
        return self.http.form

    @cached_property
    def json(self) -> Any:
        """The JSON body, `{}` when there is none.

        Raises:
            Refusal: 415 for another media type, 400 for malformed JSON.
        """
        if not self.body:
            return {}
        if self.http.mimetype not in ("application/json", "application/vnd.cvat+json"):
            raise self.unsupported_media_type()
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except ValueError as error:
            raise detail(400, f"JSON parse error - {error}") from None

    def unsupported_media_type(self) -> Exception:
        """415 for the request's content type."""
        kind = self.headers.get("Content-Type", "")
        return detail(415, f'Unsupported media type "{kind}" in request.')


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: '{name}'")
