"""The server as a whole: accounts, permissions, ids and dates, background work, speed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from sandbox_client import Api, picture, rectangle

from sandbox import Account, Sandbox

ROOT = Path(__file__).resolve().parents[2]


def test_users_of_ones_own() -> None:
    users = [Account("anna", "secret"), Account("boss", "word", superuser=True)]
    with Sandbox(users=users, version="2.99.0") as box:
        login = requests.post(f"{box.url}/api/auth/login", json={"email": "anna@example.com", "password": "secret"})
        assert login.status_code == 200
        assert requests.get(f"{box.url}/api/server/about").json()["version"] == "2.99.0"


def test_users_by_name_and_password() -> None:
    with Sandbox(users={"boss": "boss", "anna": "anna"}) as box:
        assert Api(box, "boss").get("users/self")["is_superuser"]
        assert not Api(box, "anna").get("users/self")["is_superuser"]


def test_everyone_sees_what_is_his(api: Api, box: Sandbox) -> None:
    first, second = Api(box, "annotator1"), Api(box, "annotator2")
    mine = first.make_task(2, segment_size=1)
    jobs = first.jobs(mine)
    first.json("PATCH", f"jobs/{jobs[0]}", {"assignee": 3})
    assert second.send("GET", f"tasks/{mine}").status_code == 403
    assert second.send("GET", f"jobs/{jobs[0]}/annotations").status_code == 200
    assert second.send("GET", f"jobs/{jobs[1]}/annotations").status_code == 403
    assert second.send("PATCH", f"jobs/{jobs[0]}", json={"stage": "validation"}).status_code == 403
    assert second.send("DELETE", f"tasks/{mine}").status_code == 403
    assert [job["id"] for job in second.get("jobs")["results"]] == [jobs[0]]
    assert api.get(f"tasks/{mine}")["owner"]["username"] == "annotator1"


def test_requests_without_credentials_are_limited() -> None:
    with Sandbox(anonymous_rate=3) as box:
        codes = [requests.get(f"{box.url}/api/server/about").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]


def test_ids_survive_updates_and_dates_move(api: Api) -> None:
    task = api.make_task(1)
    job, label = api.jobs(task)[0], api.label(task)
    one, two = api.annotate(job, rectangle(label), rectangle(label))
    before = api.get(f"jobs/{job}")["updated_date"]
    api.annotate(job, {**one, "points": [5, 6, 7, 8]}, action="update")
    after = api.get(f"jobs/{job}")["updated_date"]
    assert after > before
    assert set(api.shapes(job)) == {one["id"], two["id"]}
    assert api.shapes(job)[one["id"]]["points"] == [5.0, 6.0, 7.0, 8.0]
    assert api.get(f"jobs/{job}")["updated_date"] == after
    fresh = api.json("PUT", f"jobs/{job}/annotations", {"shapes": [rectangle(label)]})["shapes"][0]
    assert fresh["id"] not in (one["id"], two["id"])


def test_a_restored_copy_has_the_content_under_new_ids(api: Api, box: Sandbox) -> None:
    task = api.make_task(2, bug_tracker="mark")
    (shape,) = api.annotate(api.jobs(task)[0], rectangle(api.label(task)))
    copy = box.restore_copy(task)
    assert api.get(f"tasks/{copy}")["bug_tracker"] == "mark"
    (twin,) = api.shapes(api.jobs(copy)[0]).values()
    assert twin["points"] == shape["points"]
    assert (twin["id"], twin["label_id"]) != (shape["id"], shape["label_id"])
    assert twin["label_id"] == api.label(copy)


def test_order_inside_a_frame_cannot_be_relied_on(api: Api) -> None:
    task = api.make_task(1)
    job, label = api.jobs(task)[0], api.label(task)
    written = [shape["id"] for shape in api.annotate(job, *(rectangle(label) for _ in range(30)))]
    read = list(api.shapes(job))
    assert sorted(read) == written
    assert read != written
    assert list(api.shapes(job)) == read


def test_a_failed_write_changes_nothing(api: Api) -> None:
    task = api.make_task(2, segment_size=1)
    jobs, label = api.jobs(task), api.label(task)
    (other,) = api.annotate(jobs[1], rectangle(label, frame=1))
    (kept,) = api.annotate(jobs[0], rectangle(label))
    moved = {**kept, "points": [9, 9, 10, 10]}
    clash = [moved, {**moved, "id": other["id"]}]
    reply = api.send("PATCH", f"jobs/{jobs[0]}/annotations?action=update", json={"shapes": clash})
    assert reply.status_code == 400
    assert "duplicate key" in reply.json()
    assert api.shapes(jobs[0])[kept["id"]]["points"] == kept["points"]
    assert list(api.shapes(jobs[1])) == [other["id"]]


def test_creation_is_queued_then_started_then_finished(box: Sandbox, api: Api) -> None:
    task = api.json("POST", "tasks", {"name": "t", "labels": []})["id"]
    files = [("client_files[0]", ("a.png", picture()))]
    seen = []
    with box.hold_creations("started"):
        with box.hold_creations("queued"):
            ident = api.send("POST", f"tasks/{task}/data/", data={"image_quality": 70}, files=files).json()["rq_id"]
            seen.append(api.get(f"requests/{ident}")["status"])
        while api.get(f"requests/{ident}")["status"] == "queued":
            time.sleep(0.002)
        seen.append(api.get(f"requests/{ident}")["status"])
    box.settle()
    seen.append(api.get(f"requests/{ident}")["status"])
    assert seen == ["queued", "started", "finished"]


def test_held_creations_and_expired_requests(box: Sandbox, api: Api) -> None:
    task = api.json("POST", "tasks", {"name": "t", "labels": []})["id"]
    files = [("client_files[0]", ("a.png", picture()))]
    with box.hold_creations():
        ident = api.send("POST", f"tasks/{task}/data/", data={"image_quality": 70}, files=files).json()["rq_id"]
        time.sleep(0.05)
        assert api.get(f"requests/{ident}")["status"] == "queued"
        with pytest.raises(TimeoutError):
            box.settle(0.01)
    box.settle()
    assert api.get(f"requests/{ident}")["status"] == "finished"
    box.expire_requests()
    assert api.send("GET", f"requests/{ident}").status_code == 404
    assert api.get(f"tasks/{task}")["size"] == 1


def test_what_cannot_be_read_fails_and_the_next_task_is_made(api: Api) -> None:
    broken = api.make_task({"images.zip": b"no archive"})
    request = api.get(f"requests/action=create&target=task&target_id={broken}")
    assert (request["status"], request["message"]) == ("failed", "zipfile.BadZipFile: File is not a zip file\n")
    assert api.get(f"tasks/{api.make_task(3)}")["size"] == 3


def test_a_project_that_goes_away_takes_its_creations_along(api: Api, box: Sandbox) -> None:
    project = api.json("POST", "projects", {"name": "p"})["id"]
    with box.hold_creations():
        task = api.json("POST", "tasks", {"name": "t", "project_id": project})["id"]
        files = [("client_files[0]", ("a.png", picture()))]
        api.send("POST", f"tasks/{task}/data/", data={"image_quality": 70}, files=files).raise_for_status()
        api.json("DELETE", f"projects/{project}")
    box.settle()
    assert api.get("jobs")["count"] == 0
    assert api.get("requests")["results"][0]["status"] == "failed"


def test_jobs_by_mapping(api: Api, box: Sandbox) -> None:
    task = api.json("POST", "tasks", {"name": "t", "labels": []})["id"]
    files = [(f"client_files[{n}]", (f"{n}.png", picture())) for n in range(4)]
    form = {"image_quality": 70}
    api.send("POST", f"tasks/{task}/data", headers={"Upload-Multiple": ""}, data=form, files=files).raise_for_status()
    mapping = [["3.png"], ["0.png", "2.png"], ["1.png"]]
    api.json("POST", f"tasks/{task}/data", {**form, "job_file_mapping": mapping}, headers={"Upload-Finish": ""})
    box.settle()
    metas = [api.get(f"jobs/{job}/data/meta")["frames"] for job in api.jobs(task)]
    assert [[frame["name"] for frame in frames] for frames in metas] == mapping


def test_state_has_names_instead_of_ids(api: Api, box: Sandbox) -> None:
    def build(name: str) -> None:
        task = api.make_task(2, name=name)
        api.annotate(api.jobs(task)[0], rectangle(api.label(task)))

    build("t")
    first = box.state()
    build("t")
    second = box.state()["tasks"]
    assert second == first["tasks"] * 2
    assert [frame["name"] for frame in second[0]["frames"]] == ["0000.png", "0001.png"]
    assert second[0]["jobs"][0]["shapes"][0]["label"] == "car"


def test_log_tells_every_request(api: Api, box: Sandbox) -> None:
    api.json("POST", "tasks?org=", {"name": "t"})
    entry = box.log[-1]
    assert entry == ("POST", "/api/tasks", "org=", 201, len('{"name": "t"}'))


def test_parallel_writers(api: Api) -> None:
    task = api.make_task(1)
    job, label = api.jobs(task)[0], api.label(task)

    def write() -> None:
        for _ in range(5):
            api.annotate(job, rectangle(label))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(api.shapes(job)) == 40


def test_a_thousand_images_and_ten_thousand_shapes(api: Api) -> None:
    start = time.process_time()  # others may need this machine, too
    task = api.make_task(1000, segment_size=100)
    label = api.label(task)
    for number, job in enumerate(api.jobs(task)):
        frames = range(number * 100, number * 100 + 100)
        api.annotate(job, *(rectangle(label, frame) for frame in frames for _ in range(10)))
        assert len(api.shapes(job)) == 1000
    assert len(api.get(f"tasks/{task}/annotations")["shapes"]) == 10_000
    assert time.process_time() - start < 10


def test_chunked_bodies_and_kept_connections(api: Api) -> None:
    def body() -> list[bytes]:
        return [b'{"na', b'me": "ch', b'unked"}']

    headers = {"Content-Type": "application/json"}
    assert api.json("POST", "tasks", None, data=iter(body()), headers=headers)["name"] == "chunked"
    assert api.send("GET", "tasks").headers.get("Connection") != "close"


def test_close_ends_open_connections() -> None:
    box = Sandbox()
    session = requests.Session()
    session.get(f"{box.url}/api/server/about")
    box.close()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{box.url}/api/server/about")


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    """The sandbox as a program of its own."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    env = {**os.environ, **environment}
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def test_command_line_says_what_it_is(tmp_path: Path) -> None:
    options = ["--version", "2.99.0", "--share", str(tmp_path), "--bucket", str(tmp_path)]
    with start(*options, SANDBOX_USERS="anna:secret:superuser") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        url = lines[1].strip()
        about = requests.get(f"{url}/api/server/about").json()
        session = requests.Session()
        session.get(lines[2].split()[-1])
        name = session.get(f"{url}/api/users/self").json()["username"]
        process.terminate()
    assert "not CVAT" in lines[0]
    assert lines[3] == "  user anna, password secret (superuser)\n"
    assert f"cloud storage 1: {tmp_path}" in lines[4]
    assert (about["version"], name) == ("2.99.0", "anna")


def test_passwords_are_new_ones_each_time_and_no_arguments() -> None:
    found = []
    for _ in range(2):
        with start() as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(6)]
            url = lines[1].strip()
            words = [line.split() for line in lines[3:]]
            accounts = {name.rstrip(","): password for _, name, _, password, *_ in words}
            for name, password in accounts.items():
                given, guessed = (
                    requests.post(f"{url}/api/auth/login", json={"username": name, "password": word}).status_code
                    for word in (password, name)
                )
                assert (given, guessed) == (200, 400)
            found.append(accounts)
            process.terminate()
    assert found[0].keys() == found[1].keys() == {"admin", "annotator1", "annotator2"}
    assert not set(found[0].values()) & set(found[1].values())


def test_accounts_that_read_wrong_are_refused_without_their_passwords() -> None:
    with start(SANDBOX_USERS="anna:secret,bert:hidden:king") as process:
        _, said = process.communicate()
    assert process.returncode == 2
    assert "account 2" in said
    assert "hidden" not in said
