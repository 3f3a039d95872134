"""Faults on demand: what proxies, networks and overloaded servers do to a client.

A rule matches requests by method and by a regular expression searched in `path?query`. It counts its
matches: it strikes from the `nth` one on, `times` times.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

KINDS = ("status", "html", "late_html", "delay", "lost_reply", "reset", "half_body")

_PROXY_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n"
)


def proxy_page(status: int, reason: str) -> bytes:
    """The HTML error page of a proxy."""
    return _PROXY_PAGE.format(status=status, reason=reason).encode()


@dataclass
class Fault:
    """One rule.

    Attributes:
        kind: `status` answers with `status` before the handler runs; `html` the same with a proxy's
            page; `late_html` runs the handler and answers so nevertheless, as a proxy that did not wait
            for it; `delay` waits `seconds` and goes on; `lost_reply` runs the handler, then closes the
            connection without an answer; `reset` resets the connection before the body is read, or
            (`at="body"`) in the middle of it, and the handler never runs; `half_body` runs the handler
            and sends only half of the answer's body.
        method: the HTTP method, "" for any.
        path: a regular expression, "" for any.
        nth: the first match (counted from 1) that is struck.
        times: how many matches are struck; None for all.
        status: for `status`, `html` and `late_html`.
        headers: for `status`, such as `{"Retry-After": "1"}`.
        body: for `status`, the bytes of the answer.
        seconds: for `delay`.
        at: for `reset`, "start" or "body".
        matched: how many requests matched so far.
        struck: how many of them were hit.
    """

    kind: str
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int | None = 1
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    at: str = "start"
    matched: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known are {', '.join(KINDS)}")
        if self.at not in ("start", "body"):
            raise ValueError(f"a reset happens at 'start' or 'body', not at {self.at!r}")
        self._path = re.compile(self.path)

    def strikes(self, method: str, target: str) -> bool:
        """Count a request, and tell whether it is hit."""
        if (self.method and method != self.method) or not self._path.search(target):
            return False
        self.matched += 1
        if self.matched < self.nth or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


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
        """Remove all rules."""
        with self._lock:
            self._rules.clear()

    def strike(self, method: str, target: str) -> list[Fault]:
        """The rules that hit this request."""
        with self._lock:
            return [rule for rule in self._rules if rule.strikes(method, target)]
