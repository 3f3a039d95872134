"""Who is asking: API key, access token, Basic, session cookie; organization; rate limit."""

from __future__ import annotations

import base64
import binascii
import math
import time
from collections import defaultdict, deque
from http.cookies import SimpleCookie

from . import clock
from .request import Request
from .responses import Refusal, detail, forbidden, invalid
from .routes import Action

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Throttle:
    """At most `rate` requests a minute without credentials from one address.

    Args:
        rate: the limit; None for no limit.
    """

    def __init__(self, rate: int | None) -> None:
        self.rate = rate
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def check(self, address: str) -> None:
        """Count one request.

        Raises:
            Refusal: 429 when there were too many.
        """
        if self.rate is None:
            return
        now = time.monotonic()
        seen = self._seen[address]
        while seen and seen[0] <= now - 60:
            seen.popleft()
        if len(seen) >= self.rate:
            wait = math.ceil(seen[0] + 60 - now)
            raise detail(
                429,
                f"Request was throttled. Expected available in {wait} seconds.",
                [("Retry-After", str(wait))],
            )
        seen.append(now)

    def clear(self) -> None:
        """Forget what was counted."""
        self._seen.clear()


def identify(request: Request, action: Action, throttle: Throttle) -> None:
    """Fill in the caller's user, token and organization.

    Raises:
        Refusal: 401, 403, 404 or 429.
    """
    challenge = action.challenge
    try:
        found = _by_header(request) or _by_session(request)
    except Refusal as refusal:
        if refusal.response.status == 401:
            refusal.response.headers.append(("WWW-Authenticate", challenge))
        raise
    if not found:
        if not action.open:
            raise _unauthorized("Authentication credentials were not provided.", challenge)
        throttle.check(request.http.remote_addr or "")
        return
    if request.token and request.token.read_only and request.method not in SAFE_METHODS:
        raise forbidden()
    _name_organization(request)


def _unauthorized(message: str, challenge: str | None = None) -> Refusal:
    return detail(401, message, [("WWW-Authenticate", challenge)] if challenge else None)


def _by_header(request: Request) -> bool:
    scheme, *rest = request.headers.get("Authorization", "").split() or [""]
    if scheme.lower() not in ("token", "bearer", "basic"):
        return False
    name = scheme.capitalize()
    if not rest:
        raise _unauthorized(f"Invalid {name.lower()} header. No credentials provided.")
    if len(rest) > 1:
        raise _unauthorized(f"Invalid {name.lower()} header. {name} string should not contain spaces.")
    {"Token": _by_key, "Bearer": _by_access_token, "Basic": _by_password}[name](request, rest[0])
    return True


def _by_key(request: Request, value: str) -> None:
    store = request.store
    for ident, key in store.api_keys.items():
        if key == value:
            request.user = store.users[ident]
            return
    raise _unauthorized("Invalid token.")


def _by_access_token(request: Request, value: str) -> None:
    for token in request.store.access_tokens.values():
        if token.value == value and not (token.expiry_date and clock.is_past(token.expiry_date)):
            request.user, request.token = token.owner, token
            token.last_used_date = request.store.now()
            return
    raise _unauthorized("Invalid token.")


def _by_password(request: Request, value: str) -> None:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unauthorized("Invalid basic header. Credentials not correctly base64 encoded.") from None
    user = request.store.find_login(name, password)
    if user is None:
        raise _unauthorized("Invalid username/password.")
    request.user = user


def _by_session(request: Request) -> bool:
    cookies = {key: morsel.value for key, morsel in SimpleCookie(request.headers.get("Cookie", "")).items()}
    user = request.store.sessions.get(cookies.get("sessionid", ""))
    if user is None:
        return False
    if request.method not in SAFE_METHODS:
        _check_csrf(request, cookies.get("csrftoken"))
    request.user = user
    return True


def _check_csrf(request: Request, cookie: str | None) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.base:
        raise detail(403, f"CSRF Failed: Origin checking failed - {origin} does not match any trusted origins.")
    header = request.headers.get("X-CSRFToken")
    if cookie is None:
        raise detail(403, "CSRF Failed: CSRF cookie not set.")
    if header is None:
        raise detail(403, "CSRF Failed: CSRF token missing.")
    if header != cookie:
        raise detail(403, "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect.")


def _name_organization(request: Request) -> None:
    header = request.headers.get("X-Organization")
    slug, ident = request.query.get("org"), request.query.get("org_id")
    if slug is not None and header is not None and slug != header:
        raise invalid(
            ['You cannot specify "org" query parameter and "X-Organization" HTTP header with different values.']
        )
    slug = slug if slug is not None else header
    if slug is not None and ident is not None:
        raise invalid(
            [
                'You cannot specify "org_id" query parameter with "org" query parameter or '
                '"X-Organization" HTTP header at the same time.'
            ]
        )
    if slug is None and ident is None:
        return
    if not (slug or ident):
        request.personal = True
        return
    for organization in request.store.organizations.values():
        if slug == organization.slug or ident == str(organization.id):
            request.organization = organization
            break
    else:
        raise detail(404, f"{slug or ident} organization does not exist.")
    if not (request.user.is_superuser or _is_member(request)):
        raise forbidden()


def _is_member(request: Request) -> bool:
    return any(
        entry.user is request.user and entry.organization is request.organization
        for entry in request.store.memberships.values()
    )
