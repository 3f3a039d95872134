"""Users: users see themselves, a superuser sees everyone."""

from __future__ import annotations

from typing import Any

from ..access import require, sees_user
from ..lists import Listing
from ..models import User
from ..request import Request
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
def list_users(request: Request) -> Any:
    views = Views(request.base)
    view = views.full_user if request.user.is_superuser else views.user
    return _USERS.answer(request, (u for u in request.store.users.values() if sees_user(request, u)), view)


@route("GET", "/api/users/self")
def own_user(request: Request) -> Any:
    return Views(request.base).full_user(request.user)


@route("GET", "/api/users/{ident}", allow="GET, PATCH, DELETE, HEAD, OPTIONS")
def get_user(request: Request, ident: str) -> Any:
    user = request.store.user(ident)
    require(sees_user(request, user))
    return Views(request.base).full_user(user)
