"""Login, logout, access tokens."""

from __future__ import annotations

import secrets
from typing import Any

from .. import clock
from ..fields import Boolean, Form, Text
from ..lists import Listing
from ..models import AccessToken, User
from ..request import Request
from ..responses import Refusal, Response, detail, empty, forbidden, invalid, missing
from ..routes import route
from ..views import Views

_TOKENS = Listing[AccessToken](
    terms={
        "id": lambda token: token.id,
        "name": lambda token: token.name,
        "created_date": lambda token: token.created_date,
        "expiry_date": lambda token: token.expiry_date,
        "read_only": lambda token: token.read_only,
    },
    simple=("name",),
    search=("name",),
)
_NEW = Form(
    {
        "name": Text(50, required=True),
        "expiry_date": Text(null=True, default=None),
        "read_only": Boolean(default=True),
    }
)


@route("POST", "/api/auth/login", open=True)
def login(request: Request) -> Response:
    """Key and cookies for a name (or an address) and a password."""
    data = request.json
    name, password = data.get("username") or data.get("email"), data.get("password")
    if not (name and password):
        raise invalid(['Must include either "username" or "email" and "password".'])
    user = request.store.find_login(name, password)
    if user is None:
        raise invalid({"non_field_errors": ["Unable to log in with provided credentials."]})
    return Response({"key": request.store.api_key(user)}, headers=start_session(request, user))


def start_session(request: Request, user: User) -> list[tuple[str, str]]:
    """Open a session; the headers set its cookies."""
    user.last_login = request.store.now()
    session = secrets.token_hex(16)
    request.store.sessions[session] = user
    return [
        ("Set-Cookie", f"csrftoken={secrets.token_hex(16)}; Max-Age=31449600; Path=/; SameSite=Lax"),
        ("Set-Cookie", "sessionfresh=1; HttpOnly; Max-Age=86400; Path=/; SameSite=Lax"),
        ("Set-Cookie", f"sessionid={session}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"),
    ]


@route("POST", "/api/auth/logout", allow="GET, POST, HEAD, OPTIONS", open=True)
def logout(request: Request) -> Response:
    """End the session. The user's API key goes too, whoever else is using it."""
    headers = []
    if request.user:
        request.store.api_keys.pop(request.user.id, None)
    session = request.http.cookies.get("sessionid", "")
    if request.store.sessions.pop(session, None):
        gone = '=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax'
        headers = [("Set-Cookie", f"sessionfresh{gone}"), ("Set-Cookie", f"sessionid{gone}")]
    return Response({"detail": "Successfully logged out."}, headers=headers)


@route("POST", "/api/auth/access_tokens")
def create_token(request: Request) -> Response:
    """A new access token; only this answer has its value."""
    if request.token:
        raise forbidden()
    values = _NEW.accept(request.json)
    now = request.store.now()
    token = AccessToken(
        id=request.store.next_id("access token"),
        owner=request.user,
        value=f"{secrets.token_hex(4)}.{secrets.token_hex(16)}",
        created_date=now,
        updated_date=now,
        **_with_date(values),
    )
    request.store.access_tokens[token.id] = token
    return Response({**Views(request.base).access_token(token), "value": token.value}, 201)


@route("GET", "/api/auth/access_tokens")
def list_tokens(request: Request) -> Any:
    return _TOKENS.answer(request, _own_tokens(request), Views(request.base).access_token)


@route("GET", "/api/auth/access_tokens/self", challenge="Bearer")
def own_token(request: Request) -> Any:
    """The access token that is used for this request."""
    if request.token is None:
        raise detail(401, "Authentication credentials were not provided.", [("WWW-Authenticate", "Bearer")])
    return Views(request.base).access_token(request.token)


@route("GET", "/api/auth/access_tokens/{ident}")
def get_token(request: Request, ident: str) -> Any:
    return Views(request.base).access_token(_find_token(request, ident))


@route("PATCH", "/api/auth/access_tokens/{ident}")
def change_token(request: Request, ident: str) -> Any:
    token = _find_token(request, ident)
    for name, value in _with_date(_NEW.accept(request.json, partial=True)).items():
        setattr(token, name, value)
    token.updated_date = request.store.now()
    return Views(request.base).access_token(token)


@route("DELETE", "/api/auth/access_tokens/{ident}")
def revoke_token(request: Request, ident: str) -> Response:
    del request.store.access_tokens[_find_token(request, ident).id]
    return empty(204)


def _own_tokens(request: Request) -> list[AccessToken]:
    tokens = request.store.access_tokens.values()
    return [
        token
        for token in tokens
        if token.owner is request.user and not (token.expiry_date and clock.is_past(token.expiry_date))
    ]


def _find_token(request: Request, ident: str) -> AccessToken:
    for token in _own_tokens(request):
        if str(token.id) == ident:
            return token
    raise missing("AccessToken")


def _with_date(values: dict[str, Any]) -> dict[str, Any]:
    date = values.get("expiry_date")
    if date:
        try:
            clock.parse(date)
        except ValueError:
            raise _bad_date() from None
    return values


def _bad_date() -> Refusal:
    return invalid({"expiry_date": ["Datetime has wrong format."]})
