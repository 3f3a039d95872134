"""What answers at an address: lists in pages, the version, the user, the organization."""

from __future__ import annotations

from typing import Any

import pytest

from cvat import (
    Client,
    Credentials,
    NotFound,
    PermissionDenied,
    RetryPolicy,
    UnsupportedServer,
)

USER = {"id": 1, "username": "ann"}


def about(version: str = "2.54.1") -> dict[str, str]:
    return {"name": "CVAT", "version": version}


def test_pages_are_followed_on_the_own_server_only(server: Any, answer: Any, client: Client) -> None:
    first = {"count": 2, "next": "http://localhost:1/api/users?page=2&page_size=1&sort=id", "results": [USER]}
    server.answers(answer(json=first), answer(json={"count": 2, "next": None, "results": [{**USER, "id": 2}]}))
    assert [user.id for user in client.users()] == [1, 2]
    assert [seen.query for seen in server.seen] == ["page_size=all&sort=id", "page=2&page_size=1&sort=id"]


def test_pages_that_go_round_end(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(json={"count": 2, "next": f"{server.url}/api/users?page=2", "results": [USER]}))
    assert len(client.users()) == 2


def test_check(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(json=about()), answer(json=USER))
    info = client.check()
    assert (info.url, info.version, info.user.username, info.organization) == (
        server.url,
        "2.54.1",
        "ann",
        None,
    )
    assert client.version == "2.54.1"
    assert server.lines == ["GET /api/server/about", "GET /api/users/self"]


@pytest.mark.parametrize("version", ["2.15.9", "1.7.0", "nonsense"])
def test_an_old_server_is_named(server: Any, answer: Any, client: Client, version: str) -> None:
    server.answers(answer(json=about(version)))
    with pytest.raises(UnsupportedServer, match=rf"has version {version}, and 2.16 or newer is needed"):
        client.check()


@pytest.mark.parametrize("version", ["2.16.0-alpha", "2.80.0", "3.0.1"])
def test_a_new_enough_server(server: Any, answer: Any, client: Client, version: str) -> None:
    server.answers(answer(json=about(version)), answer(json=USER))
    assert client.check().version == version


def test_a_server_that_is_not_cvat(server: Any, answer: Any, client: Client, hasty: RetryPolicy) -> None:
    server.answers(answer(body=b"<html><title>Welcome</title></html>"))
    with pytest.raises(UnsupportedServer, match="does not answer /api/server/about as CVAT does"):
        client.check()
    server.answers(answer(json={"results": 3}))
    with pytest.raises(UnsupportedServer, match="does not answer /api/users as CVAT does"):
        client.users()
    server.answers(answer(404, body=b"<title>Not Found</title>"))
    with pytest.raises(UnsupportedServer, match="check its url"):
        client.check()
    by_password = Client(Credentials(url=server.url, username="a", password="b"), retry=hasty)
    with pytest.raises(UnsupportedServer, match="does not answer /api/auth/login as CVAT does"):
        by_password.check()


def test_an_unknown_organization(server: Any, answer: Any, hasty: RetryPolicy) -> None:
    server.answers(answer(404, json={"detail": "nope organization does not exist."}))
    client = Client(Credentials(url=server.url, token="a.b", organization="nope"), retry=hasty)
    with pytest.raises(NotFound, match=r"has no organization 'nope'"):
        client.check()


def test_a_read_only_token_is_worded(server: Any, answer: Any, client: Client) -> None:
    server.answers(answer(403, json={"detail": "You do not have permission to perform this action."}))
    with pytest.raises(PermissionDenied, match="If the access token is read-only"):
        client.create_task("t")
    with pytest.raises(PermissionDenied) as caught:
        client.task(5)
    assert "read-only" not in str(caught.value)
