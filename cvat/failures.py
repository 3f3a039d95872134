"""What a failed exchange means: surely not sent, or sent and its answer lost. No text of a lower layer is shown."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from http.client import BadStatusLine, RemoteDisconnected
from typing import NamedTuple

import requests
from requests import exceptions
from urllib3 import exceptions as low

from .errors import AmbiguousOutcome, CvatError, Unreachable
from .responses import BrokenAnswer
from .wire import Exchange, LimitReached
from .words import action

_CA_HINT = "If an authority of your own issued it, name that authority's file in REQUESTS_CA_BUNDLE"
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_CERTIFICATES = {
    9: "its certificate is not valid yet; check the clock of this computer",
    10: "its certificate, or one of those that vouch for it, has expired; the server's administrator must renew it",
    62: "its certificate is for another name than this; use the name that it was issued for",
    64: "its certificate is not for this address; use the name that it was issued for",
}
"""What is wrong with a certificate, by OpenSSL's number."""


class Request(NamedTuple):
    """What was asked, for the sentence."""

    url: str
    method: str
    path: str


def never_sent(error: BaseException, exchange: Exchange) -> bool:
    """Whether the server cannot have seen the request."""
    if exchange.watched:
        return not exchange.sent
    return _is_misuse(error) or any(isinstance(cause, low.NewConnectionError) for cause in _causes(error))


def is_lasting(error: BaseException, exchange: Exchange) -> bool:
    """Whether trying again is pointless: a certificate does not become valid, a setting does not mend itself."""
    if isinstance(error, LimitReached) or (_is_misuse(error) and not exchange.sent):
        return True
    return _is_tls(error) and not _broke_midway(error) and not exchange.sent


def explain(error: BaseException, request: Request, exchange: Exchange, *, in_doubt: bool) -> CvatError:
    """Turns an exception of a lower layer into a sentence without urls, headers or queries of its own.

    Args:
        error: What was raised.
        request: What was asked.
        exchange: How far that got.
        in_doubt: Whether the server may have done a request that changes data.
    """
    reason = _reason(error, exchange)
    detail = f"{reason} ({type(error).__name__})"
    if in_doubt:
        return AmbiguousOutcome(
            f"The connection to CVAT at {request.url} was lost ({reason}) "
            f"after it was asked to {action(request.method, request.path)}; whether that was done is not known",
            method=request.method,
            path=request.path,
            detail=detail,
        )
    return Unreachable(
        f"CVAT at {request.url} cannot be reached: {reason}", method=request.method, path=request.path, detail=detail
    )


def _reason(error: BaseException, exchange: Exchange) -> str:
    if isinstance(error, (LimitReached, BrokenAnswer)):
        return str(error)
    causes = list(_causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if _is_missing_file(error):
        return _missing_file()
    if _is_tls(error) and not _broke_midway(error):
        return _tls_reason(causes)
    if among(exceptions.ProxyError, low.ProxyError):
        return "the proxy that the environment names does not let this through"
    if among(exceptions.ConnectTimeout, low.ConnectTimeoutError) and not among(low.NewConnectionError):
        return "no connection within the time allowed"
    if among(TimeoutError, low.ReadTimeoutError):
        return "no answer within the time allowed"
    if {type(cause).__name__ for cause in causes} & {"NameResolutionError", "gaierror"}:
        return "its host name is not known"
    if among(ConnectionRefusedError):
        return "nothing is listening at this address"
    if among(low.NewConnectionError):
        return "no connection could be made"
    if among(BadStatusLine) and not among(RemoteDisconnected):
        return "what answers there does not speak HTTP"
    if _is_misuse(error) and not exchange.sent:
        return "a request for this address cannot be made; check its url, and the proxies that the environment names"
    return "the connection broke"


def _is_misuse(error: BaseException) -> bool:
    """Whether the request could not even be built: for its address, a header, a proxy, a file of certificates."""
    if isinstance(error, (low.HTTPError, BrokenAnswer, LimitReached)) and not isinstance(error, ValueError):
        return False
    return isinstance(error, ValueError) or not isinstance(error, requests.RequestException)


def _is_missing_file(error: BaseException) -> bool:
    """Whether the file of certificate authorities is missing: ``requests`` raises a bare OSError before it connects."""
    return type(error) is OSError


def _missing_file() -> str:
    for name in _CA_VARIABLES:
        if os.environ.get(name):
            return f"the file of certificate authorities that {name} names is not there; name one that is, or unset it"
    return "the file of certificate authorities of Python's `certifi` is not there; install it anew"


def _is_tls(error: BaseException) -> bool:
    return any(isinstance(cause, (ssl.SSLError, low.SSLError, exceptions.SSLError)) for cause in _causes(error))


def _tls_reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            known = _CERTIFICATES.get(cause.verify_code)
            return known or f"its certificate could not be verified: {cause.verify_message}. {_CA_HINT}"
    text = " ".join(str(cause) for cause in causes)
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return "it does not speak TLS; its url may have to begin with http://"
    if any(words in text for words in ("NO_CERTIFICATE_OR_CRL_FOUND", "PEM lib", "NOT_ENOUGH_DATA")):
        name = next((name for name in _CA_VARIABLES if os.environ.get(name)), "REQUESTS_CA_BUNDLE")
        return f"the file of certificate authorities that {name} names has no certificates"
    if "doesn't match" in text:  # from older versions of urllib3
        return _CERTIFICATES[62]
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
