"""What a failed exchange means: never sent, or sent and its answer lost."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from requests import exceptions
from urllib3 import exceptions as low

from .answers import action
from .errors import AmbiguousOutcome, CvatError, Unreachable

_CA_HINT = "If an authority of your own issued it, name that authority's file in REQUESTS_CA_BUNDLE"


def never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that the server cannot have seen the request."""
    if isinstance(error, (exceptions.ConnectTimeout, exceptions.ProxyError, exceptions.SSLError)):
        return not _broke_midway(error)
    return any(isinstance(cause, low.NewConnectionError) for cause in _causes(error))


def is_lasting(error: requests.RequestException) -> bool:
    """Whether trying again is pointless: a certificate does not become valid."""
    return isinstance(error, exceptions.SSLError) and not _broke_midway(error)


def explain(error: requests.RequestException, *, url: str, method: str, path: str, in_doubt: bool) -> CvatError:
    """Turns an exception of the transport into a sentence without urls, headers or queries of its own.

    Args:
        error: What ``requests`` raised.
        url: The server.
        method: The HTTP method.
        path: The path without its query.
        in_doubt: Whether the server may have done a request that changes data.
    """
    reason = _reason(error)
    if in_doubt:
        return AmbiguousOutcome(
            f"The connection to CVAT at {url} was lost ({reason}) "
            f"after it was asked to {action(method, path)}; whether that was done is not known",
            method=method,
            path=path,
            detail=reason,
        )
    return Unreachable(f"CVAT at {url} cannot be reached: {reason}", method=method, path=path, detail=reason)


def _reason(error: requests.RequestException) -> str:
    causes = list(_causes(error))
    if isinstance(error, exceptions.SSLError) and not _broke_midway(error):
        return _tls_reason(causes)
    if isinstance(error, exceptions.ProxyError):
        return "the proxy that the environment names does not let this through"
    if isinstance(error, exceptions.ConnectTimeout):
        return "no connection within the time allowed"
    if isinstance(error, exceptions.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        return "no answer within the time allowed"
    names = {type(cause).__name__ for cause in causes}
    if names & {"NameResolutionError", "gaierror"}:
        return "its host name is not known"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "nothing is listening at this address"
    if any(isinstance(cause, low.NewConnectionError) for cause in causes):
        return "no connection could be made"
    return "the connection broke"


def _tls_reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate could not be verified: {cause.verify_message}. {_CA_HINT}"
    text = " ".join(str(cause) for cause in causes)
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return "it does not speak TLS; its url may have to begin with http://"
    if "certificate" in text.lower():
        return f"its certificate could not be verified. {_CA_HINT}"
    return "TLS could not be set up with it"


def _broke_midway(error: BaseException) -> bool:
    """Whether a TLS connection ended in the middle, which is a network matter and no certificate's."""
    return any(isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, also those that ``urllib3`` keeps in ``reason`` or in its
    arguments."""
    stack: list[BaseException] = [error]
    seen: set[int] = set()
    while stack:
        cause = stack.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        related = (getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args)
        stack.extend(item for item in related if isinstance(item, BaseException))
