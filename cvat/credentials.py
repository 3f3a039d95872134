"""Where a CVAT server is and who asks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from .redaction import HIDDEN, Secret, SecretText

LONGEST = 2_000
"""Characters of an address, a name or a secret at most."""

_QUOTES = "\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_EXAMPLE = "the url of CVAT must look like https://cvat.example.com"


class Credentials(BaseModel):
    """The address of a CVAT server and one way to authenticate there.

    Either ``token`` (a personal access token, or an API key), or ``username`` or ``email`` with ``password``. A token
    wins if both are given. Secrets never show in ``repr``, ``str`` or a dump, nor in the message of an error, and
    credentials are not pickled. What is copied along by mistake around a value (spaces, line breaks, invisible
    characters, quotes around a token) is dropped; the same inside of it is refused.

    Attributes:
        url: The server, such as ``https://app.cvat.ai``. ``https://`` is added when no scheme is given; a
            path prefix is kept; a trailing slash, a query and a fragment are dropped.
        organization: The slug to work in. None sees everything the user may see, an empty string only the
            personal workspace.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    token: SecretText | None = Field(default=None, repr=False)
    username: str | None = None
    email: str | None = None
    password: SecretText | None = Field(default=None, repr=False)
    organization: str | None = None

    def __init__(self, **values: Any) -> None:
        """
        Raises:
            ValidationError: A value can't be used; the error says why without showing it.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
        else:
            if self.password is not None and self.password.get_secret_value() in (self.username, self.email):
                self.password.unlist()
            return
        hidden = [InitErrorDetails(type=_hidden(it), loc=it["loc"], input=HIDDEN) for it in problems]
        raise ValidationError.from_exception_data(type(self).__name__, hidden, hide_input=True)

    @field_validator("url")
    @classmethod
    def _normalise(cls, url: str) -> str:
        url = _strip(url)
        if "@" in url:  # anywhere: a password with a slash, a question mark or a hash would pass as a path
            raise ValueError("the url of CVAT must not contain a user name or a password")
        if not url or len(url) > LONGEST or not _is_plain(url):
            raise ValueError(_EXAMPLE)
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            host, port = parts.hostname or "", parts.port
            host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii").lower()
        except ValueError:
            raise ValueError(_EXAMPLE) from None
        if parts.scheme.lower() not in ("http", "https") or not host:
            raise ValueError(_EXAMPLE)
        place = host if port is None else f"{host}:{port}"
        return urlunsplit((parts.scheme.lower(), place, parts.path.rstrip("/"), "", ""))

    @field_validator("token")
    @classmethod
    def _one_word(cls, token: Secret | None) -> Secret | None:
        text = _strip(token.get_secret_value(), _QUOTES) if token is not None else ""
        if not text:
            return None
        if len(text) > LONGEST or not re.fullmatch(r"[!-~]+", text):
            raise ValueError(
                "the token has a space, a line break, an invisible character or a letter that no token has; copy it "
                "again"
            )
        return Secret(text)

    @field_validator("password")
    @classmethod
    def _one_line(cls, password: Secret | None) -> Secret | None:
        text = _strip(password.get_secret_value()) if password is not None else ""
        if not text:
            return None
        if len(text) > LONGEST or not _is_visible(text):
            raise ValueError("the password has a line break or an invisible character; copy it again")
        return Secret(text)

    @field_validator("username", "email")
    @classmethod
    def _name(cls, name: str | None) -> str | None:
        text = _strip(name) if name else ""
        if not text:
            return None
        if len(text) > LONGEST or not _is_visible(text):
            raise ValueError("the name has a line break or an invisible character")
        return text

    @field_validator("organization")
    @classmethod
    def _slug(cls, organization: str | None) -> str | None:
        text = _strip(organization) if organization else organization
        if text and not re.fullmatch(r"[!-~]{1,200}", text):
            raise ValueError(
                "the organization must be given by its short name, as CVAT shows it beside the user name: Latin "
                "letters, digits, - and _, without spaces"
            )
        return text

    def within(self, organization: str | None) -> Credentials:
        """The same login in another workspace.

        Args:
            organization: The slug; an empty string for the personal workspace, None for everything that the user may
                see.

        Raises:
            ValidationError: It is no slug.
        """
        return self.model_copy(update={"organization": organization})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Credentials:
        """The same with other values, which are checked."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return Credentials(**{**values, **(update or {})})

    @property
    def user(self) -> str:
        """The name or e-mail that logs in, empty with a token."""
        return self.username or self.email or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without the path prefix."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("Credentials hold secrets and are not pickled; make them anew in the other process")

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: Any = None) -> Credentials:
        return self


def _strip(text: str, more: str = "") -> str:
    """Drops what does not show, and the characters of ``more``, from both ends."""
    start, end = 0, len(text)
    while start < end and _is_edge(text[start], more):
        start += 1
    while start < end and _is_edge(text[end - 1], more):
        end -= 1
    return text[start:end]


def _is_edge(character: str, more: str) -> bool:
    return character.isspace() or character in more or not _is_visible(character)


def _is_visible(text: str) -> bool:
    """Whether no character is a control, a line break, a surrogate, or of no width."""
    return all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def _is_plain(url: str) -> bool:
    return _is_visible(url) and not any(character.isspace() or character in '\\"<>^`{|}' for character in url)


def _hidden(problem: Any) -> PydanticCustomError:
    """The same problem without the value."""
    return PydanticCustomError("unusable", "{why}", {"why": problem["msg"].removeprefix("Value error, ")})
