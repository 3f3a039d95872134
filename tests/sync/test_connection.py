"""How to log in: who says it, in which order, and that secrets stay where they are."""

from __future__ import annotations

import getpass
import io
import sys
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.connection import DEFAULT_URL, connect, find_credentials
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import NoCredentials

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
    assert ask({**BOB, name: ""}, {name: value["2"]})[name] == value["2"]


def test_secrets_kept_for_one_address_do_not_go_to_another(config: Given) -> None:
    config.update(url="https://one.example", **BOB)
    assert ask({}, {"url": "https://ONE.example/"})["username"] == "bob"
    with pytest.raises(NoCredentials):
        ask({"url": "https://two.example"}, {"url": "https://one.example", "token": SECRET}, ask=False)
    with pytest.raises(NoCredentials):
        ask({}, {"url": "https://two.example"}, ask=False)


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


ADDRESSES = ["ftp://x", "https://", "https://x:port", f"https://bob:{SECRET}@x"]


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
