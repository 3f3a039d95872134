"""Where a CVAT server is and who asks."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class Credentials(BaseModel):
    """The address of a CVAT server and one way to authenticate there.

    Either ``token`` (a personal access token, or an API key), or ``username`` or ``email`` with ``password``.
    A token wins if both are given. Secrets never show in ``repr``, ``str`` or a dump.

    Attributes:
        url: The server, such as ``https://app.cvat.ai``. ``https://`` is added when no scheme is given; a
            path prefix is kept; a trailing slash, a query and a fragment are dropped.
        organization: The slug to work in. None sees everything the user may see, an empty string only the
            personal workspace.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    token: SecretStr | None = Field(default=None, repr=False)
    username: str | None = None
    email: str | None = None
    password: SecretStr | None = Field(default=None, repr=False)
    organization: str | None = None

    @field_validator("url")
    @classmethod
    def _normalise(cls, url: str) -> str:
        url = url.strip()
        if "://" not in url:
            url = f"https://{url}"
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise ValueError("the url of CVAT must look like https://cvat.example.com")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the url of CVAT must not contain a user name or a password")
        parts.port  # noqa: B018 - raises ValueError on a port that is not a number
        return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), "", ""))

    @field_validator("token", "password")
    @classmethod
    def _empty_is_none(cls, secret: SecretStr | None) -> SecretStr | None:
        return secret if secret is not None and secret.get_secret_value().strip() else None

    @field_validator("username", "email")
    @classmethod
    def _blank_is_none(cls, name: str | None) -> str | None:
        return (name.strip() or None) if name else None

    @property
    def user(self) -> str:
        """The name or e-mail that logs in, empty with a token."""
        return self.username or self.email or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without the path prefix."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"
