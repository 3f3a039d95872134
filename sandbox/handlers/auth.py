"""Login, logout, access tokens."""

from __future__ import annotations

import secrets
from typing import Any

from .. import clock
from ..call import Call
from ..fields import Boolean, Form, Text
from ..lists import Listing
from ..models import AccessToken, User
from ..reply import Refusal, Reply, detail, empty, forbidden, invalid, missing
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
def login(call: Call) -> Reply:
    """Key and cookies for a name (or an address) and a password."""
    data = call.json
    name, password = data.get("username") or data.get("email"), data.get("password")
    if not (name and password):
        raise invalid(['Must include either "username" or "email" and "password".'])
    user = call.store.find_login(name, password)
    if user is None:
        raise invalid({"non_field_errors": ["Unable to log in with provided credentials."]})
    return Reply({"key": call.store.api_key(user)}, headers=start_session(call, user))


def start_session(call: Call, user: User) -> list[tuple[str, str]]:
    """Open a session; the headers set its cookies."""
    user.last_login = call.store.now()
    session = secrets.token_hex(16)
    call.store.sessions[session] = user
    return [
        ("Set-Cookie", f"csrftoken={secrets.token_hex(16)}; Max-Age=31449600; Path=/; SameSite=Lax"),
        ("Set-Cookie", "sessionfresh=1; HttpOnly; Max-Age=86400; Path=/; SameSite=Lax"),
        ("Set-Cookie", f"sessionid={session}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"),
    ]


@route("POST", "/api/auth/logout", allow="GET, POST, HEAD, OPTIONS", open=True)
def logout(call: Call) -> Reply:
    """End the session. The user's API key goes too, whoever else is using it."""
    headers = []
    if call.user:
        call.store.api_keys.pop(call.user.id, None)
    session = call.request.cookies.get("sessionid", "")
    if call.store.sessions.pop(session, None):
        gone = '=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax'
        headers = [("Set-Cookie", f"sessionfresh{gone}"), ("Set-Cookie", f"sessionid{gone}")]
    return Reply({"detail": "Successfully logged out."}, headers=headers)


@route("POST", "/api/auth/access_tokens")
def create_token(call: Call) -> Reply:
    """A new access token; only this answer has its value."""
    if call.token:
        raise forbidden()
    values = _NEW.accept(call.json)
    now = call.store.now()
    token = AccessToken(
        id=call.store.next_id("access token"),
        owner=call.user,
        value=f"{secrets.token_hex(4)}.{secrets.token_hex(16)}",
        created_date=now,
        updated_date=now,
        **_with_date(values),
    )
    call.store.access_tokens[token.id] = token
    return Reply({**Views(call.base).access_token(token), "value": token.value}, 201)


@route("GET", "/api/auth/access_tokens")
def list_tokens(call: Call) -> Any:
    return _TOKENS.answer(call, _own_tokens(call), Views(call.base).access_token)


@route("GET", "/api/auth/access_tokens/self", challenge="Bearer")
def own_token(call: Call) -> Any:
    """The access token that is used for this request."""
    if call.token is None:
        raise detail(401, "Authentication credentials were not provided.", [("WWW-Authenticate", "Bearer")])
    return Views(call.base).access_token(call.token)


@route("GET", "/api/auth/access_tokens/{ident}")
def get_token(call: Call, ident: str) -> Any:
    return Views(call.base).access_token(_find_token(call, ident))


@route("PATCH", "/api/auth/access_tokens/{ident}")
def change_token(call: Call, ident: str) -> Any:
    token = _find_token(call, ident)
    for name, value in _with_date(_NEW.accept(call.json, partial=True)).items():
        setattr(token, name, value)
    token.updated_date = call.store.now()
    return Views(call.base).access_token(token)


@route("DELETE", "/api/auth/access_tokens/{ident}")
def revoke_token(call: Call, ident: str) -> Reply:
    del call.store.access_tokens[_find_token(call, ident).id]
    return empty(204)


def _own_tokens(call: Call) -> list[AccessToken]:
    tokens = call.store.access_tokens.values()
    return [
        token
        for token in tokens
        if token.owner is call.user and not (token.expiry_date and clock.is_past(token.expiry_date))
    ]


def _find_token(call: Call, ident: str) -> AccessToken:
    for token in _own_tokens(call):
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
