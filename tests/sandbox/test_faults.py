"""Every kind of fault, as an ordinary client meets it."""

from __future__ import annotations

import http.client
import time
from copy import deepcopy
from itertools import islice

import pytest
import requests
from sandbox_client import Api, picture, rectangle

from sandbox import Sandbox
from sandbox.hostile import ANSWERS, CHANGES, gzip_bomb, slow


def test_status_with_headers(box: Sandbox, api: Api) -> None:
    fault = box.faults.add("status", "GET", "users/self", status=429, headers={"Retry-After": "7"}, body=b"slow down")
    reply = api.send("GET", "users/self")
    assert (reply.status_code, reply.headers["Retry-After"], reply.text) == (429, "7", "slow down")
    assert api.send("GET", "users/self").status_code == 200
    assert (fault.matched, fault.applied) == (2, 1)


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


def test_a_gateway_gives_up_and_the_task_is_made_later(box: Sandbox, api: Api) -> None:
    fault = box.faults.add("gateway", "POST", "/api/tasks$", status=504, seconds=0.05, later=None)
    start = time.monotonic()
    assert api.send("POST", "tasks", json={"name": "late"}).status_code == 504
    assert time.monotonic() - start >= 0.05
    assert api.get("tasks")["count"] == 0
    fault.release()
    box.settle()
    assert api.get("tasks")["count"] == 1


def test_annotations_and_files_arrive_after_the_gateway_gave_up(box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    job, label = api.jobs(task)[0], api.label(task)
    box.faults.add("gateway", "PATCH", "action=create", status=504, later=0.2)
    path = f"jobs/{job}/annotations?action=create"
    assert api.send("PATCH", path, json={"shapes": [rectangle(label)]}).status_code == 504
    assert api.shapes(job) == {}
    box.settle()
    assert len(api.shapes(job)) == 1
    empty = api.json("POST", "tasks", {"name": "t"})["id"]
    box.faults.add("gateway", "POST", "/data/", status=504, later=0.1)
    files = [("client_files[0]", ("a.png", picture()))]
    assert api.send("POST", f"tasks/{empty}/data/", data={"image_quality": 70}, files=files).status_code == 504
    assert api.get(f"tasks/{empty}").get("size", 0) == 0
    box.settle()
    assert api.get(f"tasks/{empty}")["size"] == 1


def test_what_waits_behind_a_gateway_ends_with_the_sandbox() -> None:
    box = Sandbox()
    box.faults.add("gateway", "POST", "/api/tasks$", later=None)
    Api(box).send("POST", "tasks", json={"name": "late"})
    box.close()
    assert box.crashes == []


@pytest.mark.parametrize("name", ANSWERS)
def test_hostile_answers_arrive_as_they_are_meant(name: str, box: Sandbox, api: Api) -> None:
    answer = ANSWERS[name]
    box.faults.add(method="GET", path="/api/jobs", **answer)
    line = http.client.HTTPConnection(box.url.removeprefix("http://"), timeout=5)  # a client that trusts nothing
    line.request("GET", "/api/jobs?task_id=1")
    reply = line.getresponse()
    assert reply.status == answer["status"]
    assert answer.get("headers", {}).items() <= dict(reply.getheaders()).items()
    body = answer.get("body", b"")
    made = body("") if callable(body) else body
    first = made if isinstance(made, bytes) else b"".join(islice(made, 1))
    assert reply.read(10) == first[:10]
    line.close()
    assert api.get("jobs")["count"] == 0


def test_a_gzip_bomb_is_a_valid_answer_that_grows_a_thousandfold(box: Sandbox, api: Api) -> None:
    bomb = {**ANSWERS["gzip bomb"], "body": gzip_bomb(megabytes=8)}
    box.faults.add(method="GET", path="/api/jobs", **bomb)
    reply = api.session.get(f"{box.url}/api/jobs")
    assert reply.json() == {}
    assert len(reply.content) == 8 * (1 << 20) + 2
    packed = b"".join(gzip_bomb(megabytes=8)(""))
    assert len(packed) * 500 < len(reply.content)


def test_slow_bytes_come_one_by_one(box: Sandbox, api: Api) -> None:
    box.faults.add("status", "GET", "/api/jobs", status=200, body=slow(0.01))
    reply = api.session.get(f"{box.url}/api/jobs", stream=True)
    start = time.monotonic()
    assert len(reply.raw.read(60)) == 60
    assert time.monotonic() - start >= 0.08
    reply.close()


def test_pages_that_never_end(box: Sandbox, api: Api) -> None:
    box.faults.add(method="GET", path="/api/jobs", times=None, **ANSWERS["endless pages"])
    seen = [f"{box.url}/api/jobs?task_id=1"]
    for _ in range(3):
        seen.append(api.session.get(seen[-1]).json()["next"])
    assert seen[1:] == [f"{box.url}/api/jobs?task_id=1&page={number}" for number in (2, 3, 4)]


@pytest.mark.parametrize("name", CHANGES)
def test_changed_answers_are_those_of_the_server_but_for_the_change(name: str, box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    (job,) = api.jobs(task)
    api.annotate(job, rectangle(api.label(task)))
    for path in (f"jobs/{job}/annotations", f"jobs/{job}/data/meta", f"jobs?task_id={task}"):
        before = api.get(path)
        box.faults.add("change", "GET", path.replace("?", r"\?"), change=CHANGES[name])
        assert set(api.get(path)) >= set(before)
        assert api.get(path) == before


def test_each_change_changes_something(box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    (job,) = api.jobs(task)
    track = {"label_id": api.label(task), "frame": 0, "shapes": [rectangle(0)]}
    del track["shapes"][0]["label_id"]
    api.json(
        "PATCH", f"jobs/{job}/annotations?action=create", {"shapes": [rectangle(api.label(task))], "tracks": [track]}
    )
    paths = (f"jobs/{job}/annotations", f"jobs/{job}/data/meta")
    found = [api.get(path) for path in paths]
    for name, change in CHANGES.items():
        if name != "track with all keyframes on one frame":
            assert [change(deepcopy(answer)) for answer in found] != found, name


def test_one_job_that_can_never_be_read(box: Sandbox, api: Api) -> None:
    one, two, three = api.jobs(api.make_task(3, segment_size=1))
    box.faults.add("status", "GET", f"/jobs/{one}/annotations", status=500, times=None)
    box.faults.add("half_body", "GET", f"/jobs/{two}/annotations", times=None)
    for _ in range(3):
        assert api.send("GET", f"jobs/{one}/annotations").status_code == 500
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            api.send("GET", f"jobs/{two}/annotations")
        assert api.shapes(three) == {}


def test_a_mask_larger_than_any_memory(box: Sandbox, api: Api) -> None:
    task = api.make_task(1)
    (job,) = api.jobs(task)
    api.annotate(job, rectangle(api.label(task)))
    box.faults.add("change", "GET", "/annotations", change=CHANGES["mask of 100,000 x 100,000 pixels"])
    (mask,) = api.shapes(job).values()
    assert (mask["type"], mask["points"][-2:]) == ("mask", [99_999, 99_999])


def test_a_quota_of_tasks(box: Sandbox, api: Api) -> None:
    box.settings.max_tasks = 1
    first = api.json("POST", "tasks", {"name": "one"})["id"]
    assert api.send("POST", "tasks", json={"name": "two"}).status_code == 403
    assert Api(box, "annotator1").send("POST", "tasks", json={"name": "mine"}).status_code == 201
    api.json("DELETE", f"tasks/{first}")
    assert api.send("POST", "tasks", json={"name": "two"}).status_code == 201
