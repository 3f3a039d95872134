"""Secrets: never shown, never pickled, never sent in a form that a lower layer would print."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from raw_server import RawServer, answer, say

from cvat import Client, Credentials, CvatError, RetryPolicy, redact, redacted_traceback
from cvat.kept import forget_sessions, kept_session
from cvat.redaction import HIDDEN, Secret

WORD = "hunter2-do-not-tell"
TOKEN = f"abcdefgh.{WORD}"


@pytest.fixture
def who() -> Credentials:
    return Credentials(url="https://cvat.example", token=TOKEN, username="ann", password=f"pass-{WORD}")


VIEWS: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "vars": lambda thing: repr(vars(thing)),
    "dict": lambda thing: repr(dict(thing)) if isinstance(thing, Credentials) else "",
    "dump": lambda thing: repr(thing.model_dump()) + thing.model_dump_json() if isinstance(thing, Credentials) else "",
    "deep copy": lambda thing: repr(copy.deepcopy(thing)) if isinstance(thing, Credentials) else "",
    "copy": lambda thing: repr(copy.copy(thing)) + repr(vars(copy.copy(thing))),
    "format": lambda thing: f"{thing} {thing!r} {thing!s}",
}


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_that_holds_a_secret_shows_it(who: Credentials, view: str) -> None:
    client = Client(who)
    session = client.session
    things = [who, who.within("team"), client, session, session._auth, session._transport, session._policy]
    things += [session._auth.current(lambda: Secret(WORD), lambda: False), kept_session(who)]
    for thing in things:
        assert WORD not in VIEWS[view](thing), type(thing)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_that_holds_a_secret_is_pickled(who: Credentials, protocol: int) -> None:
    client = Client(who)
    auth = client.session._auth.current(lambda: Secret(WORD), lambda: False)
    for thing in (who, who.token, who.password, {"nested": [who]}, client, client.session, auth):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(thing, protocol)
        assert WORD not in str(caught.value)


def test_copies_are_the_same(who: Credentials) -> None:
    """So that a logger which copies what it is given has no secret of its own."""
    assert copy.deepcopy({"a": [who]})["a"][0] is who
    assert copy.copy(who) is who
    assert copy.deepcopy(who.token) is who.token


def test_credentials_with_other_values_are_checked(who: Credentials) -> None:
    assert who.within("team").organization == "team"
    assert who.organization is None
    assert who.within("").organization == ""
    assert who.within("team").token == who.token
    with pytest.raises(ValidationError):
        who.model_copy(update={"organization": "a b"})


STRIPPED = [
    ("token", " ab.cd\n", "ab.cd"),
    ("token", "\ufeffab.cd\u200b", "ab.cd"), ("token", "\u201cab.cd\u201d", "ab.cd"),
    ("token", "'ab.cd'\r\n", "ab.cd"), ("token", "\u2028ab.cd\u00a0", "ab.cd"), ("token", "\u200b \n", None),
    ("password", " p w\t\n", "p w"), ("password", "\u200bp\u201cw\u200b", "p\u201cw"),
    ("password", "пароль", "пароль"),
    ("username", "\tann \u200b", "ann"), ("username", "Аня", "Аня"), ("email", " a@b.c\u2060", "a@b.c"),
    ("organization", " team\n", "team"), ("organization", "\u200bteam\u200b", "team"), ("organization", " ", ""),
    ("organization", "", ""), ("organization", None, None), ("username", " ", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given_value", "kept"), STRIPPED)
def test_what_is_copied_along_is_dropped(name: str, given_value: str | None, kept: str | None) -> None:
    value = getattr(Credentials(url="h", **{name: given_value}), name)
    assert (value.get_secret_value() if isinstance(value, Secret) else value) == kept


REFUSED = [
    ("token", "abc\ndef"), ("token", "abc\r\nX-Evil: 1"), ("token", "a\u200bb"), ("token", "a\u201cb"),
    ("token", "a b"),
    ("token", "жетон"), ("token", "a\x00b"), ("token", "a\ud800b"), ("token", "a" * 3_000), ("token", "a\u00adb"),
    ("password", "a\nb"), ("password", "a\u200bb"), ("password", "a\x00b"), ("password", "p" * 3_000),
    ("username", "a\nb"), ("username", "a\u202eb"), ("email", "a@b\r.c"),
    ("organization", "te\nam"), ("organization", "te\u200bam"), ("organization", "команда"),
    ("organization", "my team"),
    ("organization", "t\u201cm"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: ascii(value)[:20])
def test_what_cannot_be_used_is_refused_without_being_shown(name: str, value: str) -> None:
    value = f"{WORD}{value}{WORD}"
    with pytest.raises(ValidationError) as caught:
        Credentials(url="h", **{name: value})
    error = caught.value
    assert [problem["loc"] for problem in error.errors()] == [(name,)]
    shown = f"{error} {error!r} {error.errors()} {error.json()} " + "".join(traceback.format_exception(error))
    assert WORD not in shown


URLS = [
    f"https://ann:{WORD}@cvat.example", f"https://ann:a/{WORD}@cvat.example", f"https://ann:{WORD}/b@cvat.example",
    f"https://ann:12345/{WORD}@cvat.example", f"https://ann:a?{WORD}@cvat.example",
    f"https://ann:a#{WORD}@cvat.example",
    f"ann:{WORD}@cvat.example", f"https://{WORD}@cvat.example", f"https://ann@{WORD}@cvat.example",
    f"http://[{WORD}",
    f"https://cvat.example:{WORD}", f"ftp://{WORD}", f"https://x {WORD}", f"https://x\n{WORD}",
    f"https://x/{WORD}\u200bx",
    f"https://x:99999/{WORD}", f"https://x:²/{WORD}", f"https:///{WORD}", f"https://{'x' * 70}.{WORD}",
    "h" * 5_000 + WORD,
]  # fmt: skip


@pytest.mark.parametrize("url", URLS, ids=lambda url: ascii(url)[:30])
def test_an_address_that_cannot_be_used_is_not_shown(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Credentials(url=url)
    assert WORD not in f"{caught.value} {caught.value.errors()} {caught.value.json()}"


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://пример.рф/cvat", "https://xn--e1afmkfd.xn--p1ai/cvat"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("\u200bhttps://cvat.example\n", "https://cvat.example"),
        ("HTTPS://CVAT.Example:443", "https://cvat.example:443"),
    ],
)
def test_addresses_in_other_forms(url: str, normal: str) -> None:
    credentials = Credentials(url=url)
    assert credentials.url == normal
    assert credentials.origin.isascii()


# What reaches a person or a log


def forms(secret: str) -> list[str]:
    """A text of another library with a secret in it."""
    return [
        f"Invalid header value b'Bearer {secret}'",
        f"{{'Authorization': 'Token {secret}'}}",
        repr(secret),
        json.dumps({"password": secret}),
        quote(secret, safe=""),
        f"HTTPConnectionPool(host='h'): url: /?token={secret}&x=1",
    ]


@pytest.mark.parametrize("secret", [WORD, "line\nbreak-in-it", 'with "quotes" and \\', "sp ace+plus%", "пароль-ы"])
def test_known_secrets_are_struck_out_in_every_form(secret: str) -> None:
    held = Secret(secret)
    for text in forms(secret):
        assert secret not in redact(text)
        assert repr(secret)[1:-1] not in redact(text)
        assert json.dumps(secret)[1:-1] not in redact(text)
        assert quote(secret, safe="") not in redact(text)
        assert HIDDEN in redact(text)
    assert held.get_secret_value() == secret


UNKNOWN = [
    "https://ann:p/w-xyzzy@cvat.example/api", "http://ann:xyzzy@proxy:8080",
    "Authorization: Bearer xyzzy123.456789012345",
    "'Authorization': 'Token 0123456789xyzzy0123456789'", "Basic eHl6enk6eHl6eHl6enk5 xyzzy1"[:28],
    "password=xyzzy&x=1",
    '{"password": "xyzzy"}', "{'token': 'xyzzy'}", "sessionid=xyzzy; Path=/", "csrftoken=xyzzy", "api_key = xyzzy",
]  # fmt: skip


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_looks_like_a_secret_is_struck_out(text: str) -> None:
    assert "xyzzy" not in redact(text)


ORDINARY = [
    "CVAT at https://cvat.example did not accept the access token; it may be expired or revoked",
    "password: This field is required.", "Invalid token.", "Token authentication is switched off",
    "If the access token is read-only, use one that may write.", "a@b.c has no job",
    "see https://x/y or mail a@b.c",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_a_password_that_is_the_users_name_does_not_strike_the_name_out() -> None:
    held = Credentials(url="h", username="annotator7", password="annotator7")
    assert redact("annotator7 is here") == "annotator7 is here"
    assert held.password is not None


def test_a_secret_that_is_gone_is_forgotten() -> None:
    word = "kept-for-a-moment"
    secret = Secret(word)
    assert redact(word) == HIDDEN
    del secret
    gc.collect()
    assert redact(word) == word


@given(st.text(max_size=40))
def test_redacting_any_text_gives_a_text(text: str) -> None:
    assert isinstance(redact(text), str)


def test_a_traceback_for_a_log_has_no_secret(who: Credentials) -> None:
    try:
        try:
            raise ValueError(f"cannot use {TOKEN!r}")
        except ValueError as error:
            raise RuntimeError(f"https://ann:pass-{WORD}@h failed") from error
    except RuntimeError as error:
        told = redacted_traceback(error)
    assert WORD not in told
    assert "ValueError" in told and "RuntimeError" in told


ECHOES = {
    "an error page": lambda request: answer(b"<pre>" + request + b"</pre>", "500 Oops", "Content-Type: text/html"),
    "a refusal": lambda request: answer(json.dumps([request.decode()]).encode(), "400 Bad Request"),
    "an object": lambda request: answer(json.dumps({"id": request.decode()}).encode()),
    "a redirect": lambda request: (
        b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/?" + quote(request).encode() + b"\r\n\r\n"
    ),
    "a header": lambda request: b"HTTP/1.1 429 Later\r\nRetry-After: " + quote(request).encode() + b"\r\n\r\n",
    "no HTTP": lambda request: request,
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_says_back_what_it_got(
    raw: RawServer, echo: str, who: Credentials, hasty: RetryPolicy, caplog: Any
) -> None:
    raw.reply = lambda connection, request: connection.sendall(ECHOES[echo](request))
    caplog.set_level("DEBUG")
    login = Credentials(url=raw.url, username="ann", password=f"pass-{WORD}")
    for credentials in (who.model_copy(update={"url": raw.url}), login):
        client = Client(credentials, timeout=2, retry=hasty)
        with pytest.raises(CvatError) as caught:
            client.create_task("t")
        error = caught.value
        shown = f"{error} {error!r} {error.detail} {vars(error)}" + "".join(traceback.format_exception(error))
        assert WORD not in shown
    assert WORD not in caplog.text


def test_no_exception_of_a_lower_layer_hangs_at_an_error(raw: RawServer, impatient: Client) -> None:
    """Loggers and error trackers walk along ``__cause__`` and ``__context__``, and show what is there."""
    raw.reply = say(b"nonsense\r\n\r\n")
    for call in (lambda: impatient.task(5), lambda: impatient.create_task("t"), lambda: impatient.users()):
        with pytest.raises(CvatError) as caught:
            call()
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_proxy_with_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, hasty: RetryPolicy) -> None:
    usual, slash, odd = f"http://ann:{WORD}@127.0.0.1:9", f"http://ann:a/{WORD}@127.0.0.1:9", f"nonsense://{WORD}@x:y"
    for proxy in (usual, slash, odd, f"//{WORD}@", f"http://{WORD}:x", f"http://[{WORD}", "http://"):
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(CvatError) as caught:
            Client(Credentials(url="http://cvat.example", token="a.b"), retry=hasty).task(5)
        assert WORD not in "".join(traceback.format_exception(caught.value))


def test_kept_sessions_are_found_by_digests(who: Credentials, tmp_path: Path) -> None:
    forget_sessions()
    session = kept_session(who)
    from cvat import kept

    assert kept._kept._sessions and WORD not in repr(vars(kept._kept)) + repr(vars(kept))
    assert kept_session(who)._transport is session._transport
