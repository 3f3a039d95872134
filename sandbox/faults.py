"""Faults on demand: what proxies, networks, overloaded and hostile servers do to a client.

A rule matches requests by method and by a regular expression searched in `path?query`. It counts its
matches: it is applied from the `nth` one on, `times` times. What is done then is its `kind`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "status": "answers with `status`, `headers` and `body` before the handler runs",
    "html": "the same with a proxy's error page",
    "late_html": "runs the handler and answers so nevertheless, as a proxy that did not wait for it",
    "gateway": "answers so after `seconds`, and the handler runs `later` seconds after the request came",
    "delay": "waits `seconds` and goes on",
    "lost_reply": "runs the handler, then closes the connection without an answer",
    "reset": "resets the connection before the body is read, or (`at='body'`) in the middle of it; no handler runs",
    "half_body": "runs the handler and sends only half of the answer's body",
    "change": "runs the handler and sends what `change` makes of the JSON in its answer",
}

_PROXY_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n"
)

Body = bytes | Callable[[str], bytes | Iterable[bytes]]


def proxy_page(status: int, reason: str) -> bytes:
    """The HTML error page of a proxy."""
    return _PROXY_PAGE.format(status=status, reason=reason).encode()


@dataclass
class Fault:
    """One rule.

    Attributes:
        kind: what is done, see `KINDS`.
        method: the HTTP method, "" for any.
        path: a regular expression, "" for any.
        nth: the first match (counted from 1) to which the rule is applied.
        times: to how many matches it is applied; None for all.
        status: for `status`, `html`, `late_html` and `gateway`.
        headers: for `status`, such as `{"Retry-After": "1"}`.
        body: for `status`, the bytes of the answer, or a function of the request's address that gives bytes, or
            pieces of bytes that are sent one after the other until the connection ends.
        seconds: for `delay` and `gateway`.
        later: for `gateway`; None for when `release` is called.
        at: for `reset`, "start" or "body".
        change: for `change`, a function from the JSON of an answer to another one.
        matched: how many requests matched so far.
        applied: to how many of them the rule was applied.
    """

    kind: str
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int | None = 1
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = b""
    seconds: float = 0.0
    later: float | None = 0.0
    at: str = "start"
    change: Callable[[Any], Any] = field(default=lambda data: data)
    matched: int = 0
    applied: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known are {', '.join(KINDS)}")
        if self.at not in ("start", "body"):
            raise ValueError(f"a reset happens at 'start' or 'body', not at {self.at!r}")
        self._path = re.compile(self.path)
        self._released = threading.Event()

    def applies(self, method: str, target: str) -> bool:
        """Count a request, and tell whether the rule is applied to it."""
        if (self.method and method != self.method) or not self._path.search(target):
            return False
        self.matched += 1
        if self.matched < self.nth or (self.times is not None and self.applied >= self.times):
            return False
        self.applied += 1
        return True

    def release(self) -> None:
        """Let the handlers run that wait behind a `gateway`, now and from now on."""
        self._released.set()

    def wait(self) -> None:
        """Wait until a handler behind a `gateway` may run."""
        self._released.wait(self.later)


class Faults:
    """The rules of one sandbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, kind: str, method: str = "", path: str = "", **options: object) -> Fault:
        """Add a rule; see `Fault` for the arguments. The rule is returned and can be asked for its counts."""
        fault = Fault(kind, method.upper(), path, **options)  # type: ignore[arg-type]
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all rules; handlers that wait behind a gateway run."""
        with self._lock:
            for rule in self._rules:
                rule.release()
            self._rules.clear()

    def applied_to(self, method: str, target: str) -> list[Fault]:
        """The rules that are applied to this request."""
        with self._lock:
            return [rule for rule in self._rules if rule.applies(method, target)]
