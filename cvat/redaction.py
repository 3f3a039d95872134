"""The one place that removes secrets from texts before they reach a person or a log."""

from __future__ import annotations

import json
import re
import threading
import traceback
import weakref
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, quote_plus

from pydantic import BeforeValidator, SecretStr

LONGEST = 100_000
"""Characters that are looked through; what is beyond is dropped, so that it can't hold a secret."""

SHORTEST_SECRET = 6
"""Characters of a secret that is looked for anywhere. Shorter ones would strike out parts of ordinary words."""

HIDDEN = "***"

_PATTERNS = (
    # https://user:password@host, also with a slash in the password
    (re.compile(r"(\w://)[^\s'\"<>]{0,500}@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\b(Bearer|Token|Basic)(\s+)(?=\S*\d)[\w.~+/=-]{12,}", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    # password=x, "token": "x", 'sessionid': 'x'
    (
        re.compile(
            r"\b(pass(?:word|wd)?|(?:access_?)?token|secret|api_?key|sessionid|csrftoken)"
            r"(['\"]\s*:\s*['\"]|\s*=\s*['\"]?)[^\s'\"&;,<>]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
)


class Secret(SecretStr):
    """A text that does not show, is not pickled, and is struck out of every text that passes :func:`redact`."""

    def __init__(self, secret_value: str) -> None:
        super().__init__(secret_value)
        with _lock:
            _known[id(self)] = self

    def unlist(self) -> None:
        """Lets it be in texts: it is no secret, but a user's name, too."""
        with _lock:
            _known.pop(id(self), None)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A secret is not pickled; give it to the other process in its environment")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self


_lock = threading.Lock()
_known: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()


def _bare(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


SecretText = Annotated[Secret, BeforeValidator(_bare)]
"""A field of a model that takes a text or a secret."""


def redact(text: str) -> str:
    """Strikes out all secrets that this process knows, and what looks like one.

    Args:
        text: Any text, such as that of an exception of another library.
    """
    text = text[:LONGEST]
    for form in _forms():
        text = text.replace(form, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redacted_traceback(error: BaseException) -> str:
    """The traceback of an exception, with those that led to it, for a log."""
    return redact("".join(traceback.format_exception(type(error), error, error.__traceback__)))


def _forms() -> list[str]:
    """The known secrets as they can appear in texts, the longest first."""
    with _lock:
        secrets = [secret.get_secret_value() for secret in _known.values()]
    forms: set[str] = set()
    for secret in secrets:
        if len(secret.strip()) >= SHORTEST_SECRET:
            forms |= {secret, secret.strip(), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
            forms |= {quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")}
    return sorted(forms, key=len, reverse=True)
