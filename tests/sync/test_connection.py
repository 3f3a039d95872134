"""How to log in: who says it, in which order, and that secrets stay where they are."""

from __future__ import annotations

import getpass
import io
import sys
import traceback
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import DEFAULT_URL, connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import Cancelled, LoadFailed, NoCredentials, Refused, SendFailed

SECRET = "hunter2-do-not-tell"
Given = dict[str, str]


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Given:
    """What FiftyOne's annotation config says of CVAT."""
    said: Given = {}
    monkeypatch.setitem(fo.annotation_config.backends, "cvat", said)
    return said


def ask(explicit: Given, environment: Given, **options: Any) -> Given:
    """The credentials that are found, as plain data."""
    secrets = {f"FIFTYONE_CVAT_{name.upper()}": value for name, value in environment.items()}
    found = find_credentials(explicit, secrets.get, **options)
    plain = {name: getattr(found, name) for name in ("url", "username", "email", "organization")}
    hidden = {name: value.get_secret_value() for name in ("token", "password") if (value := getattr(found, name))}
    return {name: value for name, value in {**plain, **hidden}.items() if value is not None}


BOB = {"username": "bob", "password": "b"}
ANN = {"username": "ann", "password": "a"}
CASES: dict[str, tuple[Given, Given, Given, Given]] = {
    # explicit, environment, FiftyOne's config, what counts (with the address https://x of the environment)
    "explicit first": (BOB, ANN, {"token": "t"}, BOB),
    "then the environment": ({}, ANN, BOB, ANN),
    "then the config": ({}, {}, BOB, BOB),
    "a token": ({}, {"token": "t"}, BOB, {"token": "t"}),
    "a token goes before a password of the same place": ({}, {"token": "t", **ANN}, {}, {"token": "t", **ANN}),
    "an e-mail": ({}, {"email": "a@b.c", "password": "p"}, {}, {"email": "a@b.c", "password": "p"}),
    "a name here, its password there": (
        {"username": "bob"},
        {"password": "p"},
        {},
        {"username": "bob", "password": "p"},
    ),
    "a person does not get another one's token": (
        {"username": "bob"},
        {"token": "t"},
        {"password": "p"},
        {"username": "bob", "password": "p"},
    ),
    "nor another one's password": ({"username": "bob"}, ANN, BOB, BOB),
    "nor by e-mail": (
        {"email": "bob@x.y"},
        ANN,
        {"email": "bob@x.y", "password": "b"},
        {"email": "bob@x.y", "password": "b"},
    ),
    "empty is not given": ({"username": "", "password": ""}, {"token": "", **ANN}, {}, ANN),
}


@pytest.mark.parametrize(("explicit", "environment", "said", "expected"), CASES.values(), ids=CASES)
def test_precedence(config: Given, explicit: Given, environment: Given, said: Given, expected: Given) -> None:
    config.update(said)
    assert ask(explicit, {"url": "https://x", **environment}) == {"url": "https://x", **expected}


@pytest.mark.parametrize("name", ["url", "organization"])
def test_address_and_organization(config: Given, name: str) -> None:
    value = {number: f"https://{number}" for number in "123"}
    config[name] = value["3"]
    assert ask(BOB, {})[name] == value["3"]
    assert ask(BOB, {name: value["2"]})[name] == value["2"]
    assert ask({**BOB, name: value["1"]}, {name: value["2"]})[name] == value["1"]
    assert ask(BOB, {name: ""})[name] == value["3"]


def test_an_empty_address_of_a_program_is_none_and_an_empty_organization_the_personal_workspace(config: Given) -> None:
    assert ask({**BOB, "url": ""}, {"url": "https://x"})["url"] == "https://x"
    assert ask({**BOB, "organization": ""}, {"organization": "team"})["organization"] == ""
    assert "organization" not in ask(BOB, {"organization": " "})


def test_secrets_kept_for_one_address_do_not_go_to_another(config: Given) -> None:
    config.update(url="https://one.example", **BOB)
    assert ask({}, {"url": "https://ONE.example/"})["username"] == "bob"
    with pytest.raises(NoCredentials):
        ask({"url": "https://two.example"}, {"url": "https://one.example", "token": SECRET}, ask=False)
    with pytest.raises(NoCredentials):
        ask({}, {"url": "https://two.example"}, ask=False)


def test_a_login_without_an_address_is_for_the_usual_one_only(config: Given) -> None:
    """Whoever writes a program, or the record of a run, must not be able to have it sent to a server of theirs."""
    for environment, said in (({"token": SECRET}, {}), ({}, {"token": SECRET}), ({}, {"password": SECRET, **BOB})):
        config.clear()
        config.update(said)
        assert ask({}, environment)["url"] == DEFAULT_URL
        assert ask({"url": "https://APP.cvat.ai:443/"}, environment)
        for other in (
            "https://evil.example",
            "http://app.cvat.ai",
            "https://app.cvat.ai.evil.example",
            "app.cvat.ai:8443",
        ):
            with pytest.raises(NoCredentials) as caught:
                ask({"url": other}, environment)
            assert SECRET not in str(caught.value)
            assert f"is for {DEFAULT_URL} and is not sent elsewhere" in str(caught.value)


def test_a_login_goes_to_the_address_that_is_configured_beside_it(config: Given) -> None:
    """As FiftyOne's documentation has it: the address in the config, the login in the environment; or the reverse."""
    config.update(url="https://cvat.example")
    assert ask({}, {"token": "t"}) == {"url": "https://cvat.example", "token": "t"}
    config.clear()
    config.update(token="t")
    assert ask({}, {"url": "https://cvat.example"}) == {"url": "https://cvat.example", "token": "t"}
    config.update(url=DEFAULT_URL)  # FiftyOne puts it there
    with pytest.raises(NoCredentials):
        ask({}, {"url": "https://cvat.example"})


def test_a_login_for_another_address_is_named(config: Given) -> None:
    with pytest.raises(NoCredentials) as caught:
        ask({"url": "https://two.example"}, {"url": "https://one.example", **BOB})
    assert (
        "The login in the environment (FIFTYONE_CVAT_USERNAME and FIFTYONE_CVAT_PASSWORD) is for https://one.example "
        "and is not sent elsewhere; if it is meant for https://two.example, set FIFTYONE_CVAT_URL to that."
    ) in str(caught.value)


@pytest.mark.parametrize("environment", [{}, BOB, {"token": "t"}], ids=["no login", "a login", "a token"])
def test_the_server_of_a_run_is_named_if_no_address_is_configured(config: Given, environment: Given) -> None:
    config.update(url=DEFAULT_URL)
    with pytest.raises(
        NoCredentials, match=r"This run is in CVAT at https://cvat.example, but no address is configured"
    ):
        ask({}, environment, server="https://cvat.example")
    assert ask({}, {"url": "https://cvat.example", **BOB}, server="https://cvat.example")
    assert ask({}, BOB, server=DEFAULT_URL)["url"] == DEFAULT_URL


def test_numbers_that_fiftyone_made_of_texts(config: Given) -> None:
    config.update(username="bob", password=1234, rejected=["a", "b"])  # type: ignore[arg-type]
    assert ask({}, {})["password"] == "1234"


def test_the_usual_address(config: Given) -> None:
    assert ask(BOB, {})["url"] == DEFAULT_URL


@pytest.mark.parametrize("given", [{}, {"username": "bob"}, {"password": SECRET}, {"email": "a@b.c"}])
def test_nobody_says_it(config: Given, given: Given) -> None:
    with pytest.raises(NoCredentials) as caught:
        ask(given, {"url": "https://cvat.example"}, ask=False)
    sentence = str(caught.value)
    assert sentence.startswith("There are no credentials for CVAT at https://cvat.example.")
    assert "FIFTYONE_CVAT_TOKEN" in sentence
    assert SECRET not in sentence


class Terminal(io.StringIO):
    """A keyboard."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_asked(config: Given, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("bob\n"))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: SECRET)
    assert ask({}, {"url": "https://x"}, ask=True) == {"url": "https://x", "username": "bob", "password": SECRET}
    said = capsys.readouterr()
    assert "FIFTYONE_CVAT_USERNAME" in said.err
    assert SECRET not in said.out + said.err


def test_a_name_that_is_known_is_not_asked_for(config: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: SECRET)
    assert ask({"username": "bob"}, {}, ask=True)["username"] == "bob"
    assert ask({}, {"email": "a@b.c"}, ask=True)["email"] == "a@b.c"


@pytest.mark.parametrize("keyboard", [io.StringIO("bob\n"), None], ids=["a pipe", "nothing"])
def test_nobody_else_is_asked(config: Given, monkeypatch: pytest.MonkeyPatch, keyboard: Any) -> None:
    """Neither a server, a notebook nor a script may wait for input that never comes."""
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: pytest.fail("asked for a password"))
    with pytest.raises(NoCredentials):
        ask({}, {}, ask=True)


def test_an_app_never_asks(config: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("bob\n"))
    with pytest.raises(NoCredentials):
        ask({}, {})


ADDRESSES = [
    "ftp://x", "https://", "https://x:port", "https://[::1", f"https://bob:{SECRET}@x", f"https://bob:a/{SECRET}@x",
    f"https://bob:{SECRET}/b@x", f"bob:{SECRET}?x@y", f"https://bob:12345/{SECRET}#@x", f"https://{SECRET}@b@x",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("login", [BOB, {}], ids=["with a login", "without"])
def test_an_address_that_cannot_be_used(config: Given, address: str, login: Given) -> None:
    with pytest.raises(NoCredentials) as caught:
        ask(login, {"url": address})
    assert "can't be used" in str(caught.value) or not login
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)


def test_secrets_do_not_show(config: Given) -> None:
    found = find_credentials({"username": "bob", "password": SECRET, "token": SECRET}, {}.get)
    client = connect(found, "team")
    assert SECRET not in f"{found!r} {found} {found.model_dump()} {client!r} {vars(client)}"
    assert client.session.credentials.organization == "team"
    assert found.organization is None


VALUES = {
    "token": "abc\n{}",
    "username": "b{}\u200bob", "email": "a@{}\r\nb.c", "password": "{}\n2", "organization": "{} team",
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_cannot_be_used_is_not_shown(config: Given, name: str) -> None:
    with pytest.raises(NoCredentials) as caught:
        ask({}, {**BOB, name: VALUES[name].format(SECRET)})
    assert str(caught.value).startswith(f"The {name} for CVAT at {DEFAULT_URL} can't be used: ")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_workspaces(config: Given) -> None:
    found = find_credentials({**BOB, "organization": "team"}, {}.get)
    workspaces = [connect(found, given).session.credentials.organization for given in (None, "other", "")]
    assert workspaces == ["team", "other", ""]
    with pytest.raises(NoCredentials, match=r"The organization for CVAT at https://app.cvat.ai can't be used"):
        connect(found, "\u043a\u043e\u043c\u0430\u043d\u0434\u0430")


def test_a_login_is_kept_and_the_haste_of_a_form_is_its_own(config: Given) -> None:
    found = find_credentials(BOB, {}.get)
    first, form = connect(found), connect(found, "team", hasty=True)
    assert first.session._transport is form.session._transport
    assert (first.session.timeout, form.session.timeout) == (60, 5)


def test_no_sentence_quotes_a_secret(config: Given) -> None:
    """Whatever another library says passes here on its way to a person."""
    found = find_credentials({"username": "bob", "password": SECRET}, {}.get)
    for kind in (NoCredentials, Refused, SendFailed, LoadFailed, Cancelled):
        assert SECRET not in str(kind(f"could not use {SECRET}, nor https://bob:a/{SECRET}@x"))
    assert found.password is not None
