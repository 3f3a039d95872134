"""Users: everyone sees himself, a superuser sees everyone."""

from __future__ import annotations

from typing import Any

from ..access import require, sees_user
from ..call import Call
from ..lists import Listing
from ..models import User
from ..routes import route
from ..views import Views

_USERS = Listing[User](
    terms={
        "id": lambda user: user.id,
        "username": lambda user: user.username,
        "first_name": lambda user: user.first_name,
        "last_name": lambda user: user.last_name,
        "email": lambda user: user.email,
        "is_active": lambda user: True,
    },
    simple=("username", "first_name", "last_name", "email", "is_active"),
    search=("username", "first_name", "last_name"),
)


@route("GET", "/api/users")
def list_users(call: Call) -> Any:
    views = Views(call.base)
    view = views.full_user if call.user.is_superuser else views.user
    return _USERS.answer(call, (u for u in call.store.users.values() if sees_user(call, u)), view)


@route("GET", "/api/users/self")
def own_user(call: Call) -> Any:
    return Views(call.base).full_user(call.user)


@route("GET", "/api/users/{ident}", allow="GET, PATCH, DELETE, HEAD, OPTIONS")
def get_user(call: Call, ident: str) -> Any:
    user = call.store.user(ident)
    require(sees_user(call, user))
    return Views(call.base).full_user(user)
