"""The session: what is repeated, what never is, and what each failure says."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from cvat import (
    AmbiguousOutcome,
    Client,
    Credentials,
    NotAuthenticated,
    PermissionDenied,
    Redirected,
    Refused,
    RetryPolicy,
    ServerFault,
    Unreachable,
    UnsupportedServer,
)
from cvat.retry import retry_after

TASK = {"id": 5, "name": "t"}


def test_every_request_carries_token_organization_and_accept(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(json=TASK))
    Client(Credentials(url=server.url, token="ab.cd", organization="org"), retry=hasty).task(5)
    headers = server.seen[0].headers
    assert headers["Authorization"] == "Bearer ab.cd"
    assert headers["X-Organization"] == "org"
    assert headers["Accept"] == "application/vnd.cvat+json"
    assert "Cookie" not in headers


def test_an_api_key_goes_by_its_own_scheme(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(json=TASK))
    Client(Credentials(url=server.url, token="0123456789" * 4), retry=hasty).task(5)
    assert server.seen[0].headers["Authorization"] == "Token " + "0123456789" * 4


def test_netrc_and_cookies_do_not_get_in(
    server: Any, answer: Any, hasty: RetryPolicy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = {"Set-Cookie": "sessionid=s; Path=/"}
    server.answers(answer(json={"key": "k1"}, headers=cookie), answer(json=TASK))
    Client(Credentials(url=server.url, username="ann", password="pw"), retry=hasty).task(5)
    assert "Authorization" not in server.seen[0].headers
    assert server.seen[1].headers["Authorization"] == "Token k1"
    assert "Cookie" not in server.seen[1].headers


def test_nothing_is_sent_before_the_first_call(server: Any, client: Client) -> None:
    assert server.seen == []


def test_the_password_is_sent_once_for_many_threads(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.script = lambda seen: answer(json={"key": "k"} if seen.method == "POST" else TASK, delay=0.01)
    client = Client(Credentials(url=server.url, username="ann", password="pw"), retry=hasty)
    threads = [threading.Thread(target=client.task, args=(5,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.lines.count("POST /api/auth/login") == 1
    assert client.session.requests_made == 9


def test_a_revoked_key_is_renewed_once(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    invalid = answer(401, json={"detail": "Invalid token."})
    server.answers(answer(json={"key": "k1"}), invalid, answer(json={"key": "k2"}), answer(201, json=TASK))
    client = Client(Credentials(url=server.url, username="ann", password="pw"), retry=hasty)
    assert client.create_task("t").id == 5
    assert server.seen[3].headers["Authorization"] == "Token k2"
    assert server.seen[3].body == server.seen[1].body != b""
    assert not any("logout" in line for line in server.lines)


def test_a_key_that_is_rejected_twice_is_an_error(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    invalid = answer(401, json={"detail": "Invalid token."})
    server.answers(answer(json={"key": "k1"}), invalid, answer(json={"key": "k1"}), invalid)
    with pytest.raises(NotAuthenticated, match="did not accept the login"):
        Client(Credentials(url=server.url, username="ann", password="pw"), retry=hasty).task(5)
    assert len(server.seen) == 4


def test_a_wrong_password_says_whose(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(400, json={"non_field_errors": ["Unable to log in with provided credentials."]}))
    client = Client(Credentials(url=server.url, email="ann@example.com", password="pw-secret"), retry=hasty)
    with pytest.raises(NotAuthenticated) as caught:
        client.check()
    sentence = str(caught.value)
    assert sentence.startswith(f"CVAT at {server.url} did not accept the password of 'ann@example.com'. ")
    assert "single sign-on" in sentence and "access token" in sentence
    assert b'"email": "ann@example.com"' in server.seen[0].body


def test_a_rejected_token_is_not_tried_again(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(401, json={"detail": "Invalid token."}))
    with pytest.raises(NotAuthenticated, match="did not accept the access token; it may be expired or revoked"):
        client.check()
    assert len(server.seen) == 1


def test_credentials_must_be_complete(server: Any) -> None:
    with pytest.raises(NotAuthenticated, match="give an access token, or a user name and a password"):
        Client(Credentials(url=server.url, username="ann")).check()
    assert server.seen == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reading_is_repeated(server: Any, answer: Any, client: Client, status: int) -> None:
    server.answers(answer(status, body=b"<title>later</title>"), answer(status), answer(json=TASK))
    assert client.task(5).id == 5
    assert len(server.seen) == 3


def test_reading_is_repeated_when_the_connection_breaks(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(None), answer(None), answer(json=TASK))
    assert client.task(5).id == 5


def test_reading_is_repeated_when_the_answer_is_cut(server: Any, answer: Any, client: Client) -> None:
    whole = answer(json=TASK)
    cut = answer(body=b"{", headers={"Content-Type": "application/json", "X-Cut": "1"})
    server.answers(cut, whole)
    original = server.http.RequestHandlerClass.send_header

    def longer(handler: Any, name: str, value: str) -> None:
        original(handler, name, "99" if name == "Content-Length" and value == "1" else value)
        handler.close_connection = handler.close_connection or value == "1"

    server.http.RequestHandlerClass.send_header = longer
    assert client.task(5).id == 5
    assert len(server.seen) == 2


def test_an_internal_error_is_not_repeated(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(500, body=b"<title>Server Error (500)</title>"))
    with pytest.raises(ServerFault, match=r"internal error \(500\) when asked to read task 5: Server Error \(500\)"):
        client.task(5)
    assert len(server.seen) == 1


def test_repetition_ends(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(503))
    with pytest.raises(ServerFault):
        client.task(5)
    assert len(server.seen) == 5


def test_creating_is_not_repeated_when_the_answer_is_lost(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(None))
    with pytest.raises(AmbiguousOutcome, match="asked to create a task; whether that was done is not known"):
        client.create_task("t")
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_creating_is_not_repeated_behind_a_broken_gateway(
    server: Any, answer: Any, client: Client, status: int
) -> None:
    server.answers(answer(status, body=b"<title>Bad Gateway</title>"))
    with pytest.raises(AmbiguousOutcome) as caught:
        client.create_task("t")
    assert caught.value.status == status
    assert len(server.seen) == 1


def test_creating_is_repeated_when_it_was_surely_not_done(server: Any, answer: Any, client: Client) -> None:
    server.answers(
        answer(429, headers={"Retry-After": "0"}),
        answer(503, headers={"Retry-After": "0"}),
        answer(201, json=TASK),
    )
    assert client.create_task("t").id == 5
    assert len(server.seen) == 3


def test_creating_is_not_repeated_when_nobody_says_later(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(503))
    with pytest.raises(ServerFault):
        client.create_task("t")
    assert len(server.seen) == 1


def test_deleting_is_repeated(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(None), answer(504), answer(404, json={"detail": "No Task matches the given query."}))
    assert client.delete_task(5) is False
    assert len(server.seen) == 3


def test_a_slow_answer_ends_in_a_sentence(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.script = lambda seen: answer(json=TASK, delay=1.0)
    client = Client(
        Credentials(url=server.url, token="a.b"), timeout=0.1, retry=RetryPolicy(attempts=2, first_pause=0.01)
    )
    with pytest.raises(Unreachable, match="no answer within the time allowed"):
        client.task(5)
    with pytest.raises(AmbiguousOutcome):
        client.create_task("t")


def test_errors_never_show_secrets(server: Any, answer: Any, client: Client) -> None:
    token = "abcdefgh." + "x" * 32
    failures = (
        answer(400, json=["bad"]),
        answer(500),
        answer(None),
        answer(302, headers={"Location": "http://h/"}),
    )
    for failure in failures:
        server.answers(failure)
        with pytest.raises((Refused, ServerFault, AmbiguousOutcome, Redirected)) as caught:
            client.create_task("t", bug_tracker="https://tracker/?k=hush")
        assert token not in repr(caught.value) + str(caught.value)
        assert "hush" not in str(caught.value)


def test_counters(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(201, json=TASK))
    client.create_task("t")
    session = client.session
    assert (session.requests_made, session.bytes_sent) == (1, len(server.seen[0].body))
    assert session.bytes_received == len(b'{"id": 5, "name": "t"}')


def test_numbers_that_json_does_not_have_are_not_sent(server: Any, client: Client) -> None:
    with pytest.raises(ValueError, match="JSON"):
        client.session.request("POST", "/api/tasks", json={"a": float("nan")})
    assert server.seen == []


def test_pauses_are_bounded() -> None:
    policy = RetryPolicy()
    assert policy.pause(1, 7) == 7
    assert policy.pause(1, 9999) == policy.longest_wait == 120
    assert 0.15 <= policy.pause(1) <= 0.3
    assert policy.pause(20) <= policy.longest_pause


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("", None), ("soon", None), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_a_repeated_change_stays_in_doubt(server: Any, answer: Any, client: Client) -> None:
    def vanish(seen: Any) -> Any:
        server.close()
        return answer(None)

    server.script = vanish
    with pytest.raises(AmbiguousOutcome, match=r"\(nothing is listening at this address\) after it was asked to"):
        client.delete_task(5)


def test_a_change_behind_a_gateway_that_stays_broken_is_in_doubt(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(502, body=b"<title>502 Bad Gateway</title>"))
    with pytest.raises(AmbiguousOutcome, match="whether that was done is not known"):
        client.delete_task(5)
    assert len(server.seen) == 5


def test_a_login_that_fails_otherwise(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    who = Credentials(url=server.url, username="ann", password="pw")
    server.answers(answer(400, json={"non_field_errors": ["E-mail is not verified."]}))
    with pytest.raises(NotAuthenticated, match=r"CVAT refused to log in: E-mail is not verified\."):
        Client(who, retry=hasty).check()
    server.answers(answer(500, body=b"<title>Server Error (500)</title>"))
    with pytest.raises(ServerFault, match="when asked to log in"):
        Client(who, retry=hasty).check()
    for reply in (answer(json={"token": "x"}), answer(body=b"<html>Welcome</html>")):
        server.answers(reply)
        with pytest.raises(UnsupportedServer, match="check its url"):
            Client(who, retry=hasty).check()


def test_items_of_a_list_must_have_their_form(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(json={"results": [{"id": "x", "username": 3}]}))
    with pytest.raises(UnsupportedServer, match=r"does not answer /api/users as CVAT does \(results.0.id: "):
        client.users()


def test_an_organization_of_others(server: Any, answer: Any, client: Client, hasty: RetryPolicy) -> None:
    server.answers(answer(403, json={"detail": "You do not have permission to perform this action."}))
    with pytest.raises(PermissionDenied, match="does not belong to the organization 'theirs'"):
        Client(Credentials(url=server.url, token="a.b", organization="theirs"), retry=hasty).check()
    with pytest.raises(PermissionDenied, match="does not let this user see its version"):
        client.check()
