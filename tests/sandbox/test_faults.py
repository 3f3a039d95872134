"""Every kind of fault, as an ordinary client meets it."""

from __future__ import annotations

import http.client
import time

import pytest
import requests
from sandbox_client import Api, picture

from sandbox import Sandbox


def test_status_with_headers(box: Sandbox, api: Api) -> None:
    fault = box.faults.add("status", "GET", "users/self", status=429, headers={"Retry-After": "7"}, body=b"slow down")
    reply = api.send("GET", "users/self")
    assert (reply.status_code, reply.headers["Retry-After"], reply.text) == (429, "7", "slow down")
    assert api.send("GET", "users/self").status_code == 200
    assert (fault.matched, fault.struck) == (2, 1)


def test_status_does_not_run_the_handler(box: Sandbox, api: Api) -> None:
    box.faults.add("status", "POST", "/api/tasks", status=504)
    assert api.send("POST", "tasks", json={"name": "never"}).status_code == 504
    assert box.state()["tasks"] == []


def test_nth_and_times(box: Sandbox, api: Api) -> None:
    box.faults.add("status", path="about", status=500, nth=2, times=2)
    answers = [api.send("GET", "server/about").status_code for _ in range(5)]
    assert answers == [200, 500, 500, 200, 200]


def test_always_until_cleared(box: Sandbox, api: Api) -> None:
    box.faults.add("status", path="about", status=503, times=None)
    assert [api.send("GET", "server/about").status_code for _ in range(3)] == [503] * 3
    box.faults.clear()
    assert api.send("GET", "server/about").status_code == 200


def test_path_includes_the_query(box: Sandbox, api: Api) -> None:
    box.faults.add("status", path=r"annotations\?.*action=update")
    job = api.jobs(api.make_task(1))[0]
    api.annotate(job)
    assert api.send("PATCH", f"jobs/{job}/annotations?action=update", json={}).status_code == 502


def test_html(box: Sandbox, api: Api) -> None:
    box.faults.add("html", path="about", status=502)
    reply = api.send("GET", "server/about")
    assert reply.status_code == 502
    assert reply.headers["Content-Type"] == "text/html"
    assert "<h1>502 Bad Gateway</h1>" in reply.text


def test_lost_reply(box: Sandbox, api: Api) -> None:
    """The work is done, the answer is not there, and the next request is fine."""
    api.get("users/self")  # opens the connection that is then lost
    box.faults.add("lost_reply", "POST", "/api/tasks$")
    with pytest.raises(requests.ConnectionError):
        api.send("POST", "tasks", json={"name": "made"})
    assert [task["name"] for task in api.get("tasks")["results"]] == ["made"]
    assert [entry.status for entry in box.log if entry.path == "/api/tasks" and entry.method == "POST"] == [None]


def test_late_html(box: Sandbox, api: Api) -> None:
    """The work is done, and a proxy says that it was not."""
    box.faults.add("late_html", "POST", "/api/tasks$", status=504)
    reply = api.send("POST", "tasks", json={"name": "made"})
    assert (reply.status_code, reply.headers["Content-Type"]) == (504, "text/html")
    assert [task["name"] for task in api.get("tasks")["results"]] == ["made"]


@pytest.mark.parametrize("at", ["start", "body"])
def test_reset(box: Sandbox, api: Api, at: str) -> None:
    """Nothing is done."""
    task = api.json("POST", "tasks", {"name": "t"})["id"]
    box.faults.add("reset", "POST", "/data", at=at)
    big = [("client_files[0]", ("a.bmp", picture((900, 900), kind="BMP")))]
    with pytest.raises(requests.ConnectionError):
        api.send("POST", f"tasks/{task}/data/", data={"image_quality": 70}, files=big)
    assert api.send("GET", f"tasks/{task}/data/meta").status_code == 500
    sent = next(entry for entry in box.log if entry.path.endswith("/data/"))
    assert (sent.status, sent.bytes > 0) == (None, at == "body")


def test_half_body(box: Sandbox, api: Api) -> None:
    box.faults.add("half_body", path="users/self")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.send("GET", "users/self")
    assert api.send("GET", "users/self").status_code == 200


def test_delay(box: Sandbox, api: Api) -> None:
    box.faults.add("delay", path="about", seconds=0.2)
    box.faults.add("status", path="about", status=418)
    start = time.monotonic()
    assert api.send("GET", "server/about").status_code == 418
    assert time.monotonic() - start >= 0.2


def test_faults_strike_on_a_kept_connection(box: Sandbox) -> None:
    connection = http.client.HTTPConnection(box.url.removeprefix("http://"))
    connection.connect()
    socket = connection.sock
    box.faults.add("status", path="about", status=503, nth=2)
    box.faults.add("html", path="about", status=502, nth=3)
    box.faults.add("lost_reply", path="about", nth=5)
    codes = []
    for _ in range(4):
        connection.request("GET", "/api/server/about")
        reply = connection.getresponse()
        reply.read()
        codes.append(reply.status)
    assert codes == [200, 503, 502, 200]
    assert connection.sock is socket
    connection.request("GET", "/api/server/about")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_connections_are_counted(box: Sandbox) -> None:
    with requests.Session() as session:
        session.get(f"{box.url}/api/server/about")
        assert box.connections == 1
    ends = time.monotonic() + 5
    while box.connections and time.monotonic() < ends:
        time.sleep(0.002)
    assert box.connections == 0


def test_unknown_kinds_are_refused(box: Sandbox) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        box.faults.add("meteor")
    with pytest.raises(ValueError, match="'start' or 'body'"):
        box.faults.add("reset", at="end")


def test_too_large_a_body() -> None:
    with Sandbox(max_body=10_000) as box:
        api = Api(box)
        reply = api.send("POST", "tasks", json={"name": "x" * 20_000})
        assert (reply.status_code, reply.headers["Content-Type"]) == (413, "text/html")
        assert api.send("GET", "server/about").status_code == 200


def test_latency() -> None:
    with Sandbox(latency=0.1) as box:
        start = time.monotonic()
        requests.get(f"{box.url}/api/server/about")
        assert time.monotonic() - start >= 0.1
