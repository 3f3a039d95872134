"""Sessions that a process keeps: one login for all calls and forms, and none that is wrong or another's."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cvat import Client, Credentials, NotAuthenticated, RetryPolicy
from cvat.kept import MOST, forget_sessions

TASK = {"id": 5, "name": "t"}
LOGIN = "POST /api/auth/login"


@pytest.fixture(autouse=True)
def no_sessions() -> Iterator[None]:
    forget_sessions()
    yield
    forget_sessions()


@pytest.fixture
def logging_in(server: Any, answer: Any) -> Any:
    """A server that gives each login another key, and refuses keys that it was told to."""
    server.refused = set()
    keys = iter(range(1, 1_000))

    def script(seen: Any) -> Any:
        if seen.path.endswith("/api/auth/login"):
            return answer(json={"key": f"key{next(keys)}"})
        if seen.headers["Authorization"] in server.refused:
            return answer(401, json={"detail": "Invalid token."})
        return answer(json={"version": "2.54.1"} if seen.path.endswith("about") else TASK)

    server.script = script
    return server


def ann(url: str, **other: Any) -> Credentials:
    return Credentials(**{"url": url, "username": "ann", "password": "secret-one", **other})


def test_one_login_for_many_clients(logging_in: Any) -> None:
    for organization in (None, "", "team", None):
        with Client.kept(ann(logging_in.url, organization=organization)) as client:
            assert client.task(5).id == 5
            assert client.version == "2.54.1"
    assert logging_in.lines.count(LOGIN) == 1
    assert logging_in.lines.count("GET /api/server/about") == 1
    assert [seen.headers.get("X-Organization") for seen in logging_in.seen if seen.path == "/api/tasks/5"] == [
        None, "", "team", None
    ]  # fmt: skip


def test_a_kept_client_is_fast(logging_in: Any) -> None:
    with Client.kept(ann(logging_in.url)) as client:
        client.task(5)
    before, start = len(logging_in.seen), time.perf_counter()
    with Client.kept(ann(logging_in.url)) as client:
        client.task(5)
    assert len(logging_in.seen) == before + 1
    assert time.perf_counter() - start < 0.1


OTHERS = [
    {"password": "secret-two"}, {"username": "bob"}, {"username": None, "email": "ann@x.y"}, {"token": "abc.def"},
    {"url": "{url}/cvat"},
]  # fmt: skip


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_another_login_is_not_that_one(logging_in: Any, other: dict[str, Any]) -> None:
    Client.kept(ann(logging_in.url)).task(5)
    other = {name: value and value.format(url=logging_in.url) for name, value in other.items()}
    Client.kept(ann(**{"url": logging_in.url, **other})).task(5)
    used = {seen.headers["Authorization"] for seen in logging_in.seen if seen.path.endswith("/api/tasks/5")}
    assert len(used) == 2


def test_a_login_that_changes_replaces_the_one_before(logging_in: Any) -> None:
    for password in ("secret-one", "secret-two", "secret-one"):
        Client.kept(ann(logging_in.url, password=password)).task(5)
    assert logging_in.lines.count(LOGIN) == 3


def test_a_key_that_was_revoked_is_renewed_for_all(logging_in: Any) -> None:
    first, second = Client.kept(ann(logging_in.url)), Client.kept(ann(logging_in.url))
    first.task(5)
    logging_in.refused = {"Token key1"}
    assert second.task(5).id == first.task(5).id == 5
    assert logging_in.lines.count(LOGIN) == 2


def test_a_login_that_is_refused_is_not_kept(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    wrong = answer(400, json={"non_field_errors": ["Unable to log in with provided credentials."]})
    server.answers(wrong, answer(json={"key": "k"}), answer(json=TASK))
    with pytest.raises(NotAuthenticated):
        Client.kept(ann(server.url), retry=hasty).task(5)
    assert Client.kept(ann(server.url), retry=hasty).task(5).id == 5


def test_a_token_that_is_refused_is_tried_again_later(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(401, json={"detail": "Invalid token."}), answer(json=TASK))
    who = Credentials(url=server.url, token="abc.def")
    first = Client.kept(who, retry=hasty)
    with pytest.raises(NotAuthenticated):
        first.task(5)
    again = Client.kept(who, retry=hasty)
    assert again.task(5).id == 5
    assert again.session._transport is not first.session._transport


def test_only_so_many_are_kept(logging_in: Any) -> None:
    people = [ann(logging_in.url, username=f"user{number}") for number in range(MOST + 1)]
    for who in people:
        Client.kept(who).task(5)
    Client.kept(people[-1]).task(5)
    assert logging_in.lines.count(LOGIN) == MOST + 1
    Client.kept(people[0]).task(5)
    assert logging_in.lines.count(LOGIN) == MOST + 2


def test_many_threads_log_in_once(logging_in: Any) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                with Client.kept(ann(logging_in.url)) as client:
                    assert client.task(5).id == 5
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert logging_in.lines.count(LOGIN) == 1


def test_a_form_does_not_wait_for_the_connections_of_an_upload(server: Any, answer: Any) -> None:
    """Those who share a login do not share their places."""
    free = threading.Event()
    server.script = lambda seen: (free.wait(5), answer(json=TASK))[1] if seen.path.endswith("/1") else answer(json=TASK)
    who = Credentials(url=server.url, token="abc.def")
    busy = Client.kept(who)
    threads = [threading.Thread(target=busy.task, args=(1,)) for _ in range(busy.session.connections)]
    for thread in threads:
        thread.start()
    while len(server.seen) < len(threads):
        time.sleep(0.01)
    start = time.monotonic()
    assert Client.kept(who, timeout=2).task(2).id == 5
    assert time.monotonic() - start < 1.5
    free.set()
    for thread in threads:
        thread.join()


def _in_child(who: tuple[str, str], answers: Any) -> None:
    answers.put(Client.kept(ann(*who[:1], password=who[1])).task(5).id)


def _with_parents_client(client: Client, answers: Any) -> None:
    answers.put(client.task(5).id)


def test_a_forked_process_has_its_own_connections_and_login(logging_in: Any) -> None:
    """Two processes on one connection would read each other's answers."""
    client = Client.kept(ann(logging_in.url))
    client.task(5)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    children = [
        context.Process(target=_in_child, args=((logging_in.url, "secret-one"), answers)),
        context.Process(target=_with_parents_client, args=(client, answers)),
    ]
    for child in children:
        child.start()
    ids = [answers.get(timeout=10) for _ in children]
    for child in children:
        child.join(10)
    assert ids == [5, 5] and client.task(5).id == 5
    assert logging_in.lines.count(LOGIN) == 2, "the child that makes a client of its own logs in itself"


def test_connections_that_were_idle_for_long_are_not_used_again(
    logging_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway between may have forgotten them, and what is sent over them is lost."""
    client = Client.kept(ann(logging_in.url))
    client.task(5)
    closed: list[int] = []
    monkeypatch.setattr(client.session._transport._adapter, "close", lambda: closed.append(1))
    client.task(5)
    assert closed == []
    monkeypatch.setattr("cvat.transport.IDLE", -1.0)
    client.task(5)
    assert closed == [1]


def test_closing_one_client_leaves_the_others_their_connections(logging_in: Any) -> None:
    first, second = Client.kept(ann(logging_in.url)), Client.kept(ann(logging_in.url))
    first.task(5)
    first.close()
    assert second.task(5).id == first.task(5).id == 5
