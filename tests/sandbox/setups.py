"""What existed before a recorded scenario, and what happened in it without being recorded."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from sandbox_browser_setups import (
    browser,
    browser_merge,
    browser_tracks,
    change_polygon,
    delete_shape,
    replace_shapes,
)
from sandbox_labels import ATTRIBUTES, FISH, PLAIN, Json, Setup, images
from sandbox_upload_setups import finish_upload, queued_task, uploaded
from sandbox_world import World


def authentication(world: World) -> None:
    project = world.call("POST", "/projects", json={"name": "p"})["id"]
    world.ids.learn("project", 1, project)
    hook = {"type": "project", "project_id": project, "events": ["create:task"], "is_active": False}
    world.call("POST", "/webhooks", json={"target_url": "http://unreachable.example/", **hook})


def first_task(world: World) -> None:
    """The oldest task on the server, with data and in a project."""
    project = world.call("POST", "/projects", json={"name": "p", "labels": [PLAIN]})["id"]
    world.make_task(files=images(world, 1), project_id=project, name="imgs")


def organization(world: World) -> None:
    project = world.call("POST", "/projects", json={"name": "personal"})["id"]
    world.make_task(project_id=project)
    world.call("POST", "/organizations", json={"slug": "exampleorg", "name": "Example Org"})
    world.call("POST", "/projects", json={"name": "orgp"}, headers={"X-Organization": "exampleorg"})


def finished_requests(world: World) -> None:
    text = world.make_task(name="text")
    world.upload(text, {"notes.txt": b"hello"})
    for recorded in (134, 133):
        world.make_task(recorded, images(world, 1), name="wire requests expiry")


def jobs(world: World) -> None:
    world.make_task(
        137, images(world, 12), jobs=[119, 120, 121, 122], label_ids=[289, 290],
        name="wire jobs", segment_size=3, overlap=0,
    )  # fmt: skip
    world.make_task(138, images(world, 12), jobs=list(range(123, 135)), name="many", segment_size=1, overlap=0)


def shapes(world: World) -> None:
    labels: list[Json] = [
        {"name": "car", "attributes": [*ATTRIBUTES[:1], {**ATTRIBUTES[1], "values": ["red", "green", "blue"]},
                                       *ATTRIBUTES[2:]]},
        PLAIN,
        {"name": "onlybox", "type": "rectangle"},
        {"name": "area", "type": "mask"},
        {"name": "night", "type": "tag"},
        FISH,
    ]  # fmt: skip
    world.make_task(
        145, images(world, 6), labels=labels, jobs=[153, 154], label_ids=[326, 327, 328, 329, 330, 331, 332, 333],
        segment_size=3, overlap=0,
    )  # fmt: skip
    world.learn_specs(world.learn_labels(f"task_id={world.ids.get('task', 145)}", []), [*range(182, 188)])


def poisoned(world: World) -> None:
    world.make_task(146, images(world, 2), jobs=[155], label_ids=[334])
    world.make_task(147, images(world, 2), labels=[FISH], jobs=[156], label_ids=[336, 337, 338])


def identity(world: World) -> None:
    project = world.call(
        "POST", "/projects", json={"name": "p", "labels": [{"name": "car", "attributes": ATTRIBUTES}, PLAIN]}
    )["id"]
    world.ids.learn("project", 24, project)
    world.learn_specs(world.learn_labels(f"project_id={project}", [339, 340]), [*range(189, 194)])
    world.make_task(148, images(world, 6), jobs=[157, 158], project_id=project, segment_size=3, overlap=0)
    world.make_task(149, images(world, 1), labels=[PLAIN], jobs=[161], label_ids=[347])


def date_of_job(world: World) -> None:
    job = world.call("GET", f"/jobs/{world.ids.get('job', 157)}")
    world.ids.places["2026-11-22T18:07:25.178049Z"] = job["updated_date"]


def reviews(world: World) -> None:
    world.make_task(153, images(world, 3), jobs=[167])


def webhooks(world: World) -> None:
    project = world.call("POST", "/projects", json={"name": "wire hooks", "labels": [{"name": "car"}]})["id"]
    world.ids.learn("project", 27, project)
    world.learn_labels(f"project_id={project}", [366])


def hooked_task(world: World) -> None:
    project = world.ids.get("project", 27)
    world.make_task(158, images(world, 2), jobs=[172], name="wire hook task", project_id=project)


def permissions(world: World) -> None:
    world.make_task(
        154, images(world, 4), jobs=[168, 169], label_ids=[358, 359], name="wire perm", segment_size=2, overlap=0
    )
    world.ids.learn("project", 25, world.call("POST", "/projects", json={"name": "p"})["id"])
    world.call("POST", "/organizations", json={"slug": "exampleorg", "name": "Example Org"})
    project = world.call(
        "POST", "/projects", json={"name": "p", "labels": [{"name": "x"}]}, headers={"X-Organization": "exampleorg"}
    )["id"]
    world.ids.learn("project", 26, project)
    world.learn_labels(f"project_id={project}", [364])


def organization_data(world: World) -> None:
    task = world.ids.get("task", 157)
    world.upload(task, images(world, 1))
    world.learn_jobs(task, [171])


def assign(job: int, user: int) -> Setup:
    return lambda world: world.call("PATCH", f"/jobs/{world.ids.get('job', job)}", json={"assignee": user})


def set_state(job: int, state: str) -> Setup:
    return lambda world: world.call("PATCH", f"/jobs/{world.ids.get('job', job)}", json={"state": state})


def complete_others(world: World) -> None:
    for recorded in (119, 120, 121):
        world.call(
            "PATCH", f"/jobs/{world.ids.get('job', recorded)}", json={"stage": "acceptance", "state": "completed"}
        )


def ground_truth(world: World) -> None:
    body = {"task_id": world.ids.get("task", 164), "type": "ground_truth", "frames": [0]}
    world.call("POST", "/jobs", json={**body, "frame_selection_method": "manual"})


def accept_job(world: World) -> None:
    job = world.ids.get("job", 168)
    world.call("PATCH", f"/jobs/{job}", json={"stage": "acceptance", "state": "completed"})


def one_of_two_jobs(world: World) -> None:
    """annotator1 has a job of this task, and one in each of two others; his first task is gone."""
    world.call("DELETE", f"/tasks/{world.ids.get('task', 154)}")
    for state in ("in progress", "new"):
        task = world.make_task(files=images(world, 1))
        job = world.learn_jobs(task, [])[0]
        world.call("PATCH", f"/jobs/{job}", json={"assignee": 2, "state": state})
    world.make_task(170, images(world, 4), jobs=[182, 183], label_ids=[390, 391], segment_size=2, overlap=0)
    assign(182, 2)(world)


def miscellaneous(world: World) -> None:
    world.make_task(159, world.pictures(["img_0.png", "img_1.png", "img_2.png"]), jobs=[174], name="wire misc")


def concurrent(world: World) -> None:
    world.make_task(164, images(world, 2), jobs=[179], label_ids=[378, 379])


def release(world: World) -> None:
    world.box.release()


def soon(world: World) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=1)
    world.tokens["2026-11-22T17:50:51Z"] = moment.isoformat().replace("+00:00", "Z")


def exhaust(world: World) -> None:
    """Ask without credentials until the limit."""
    for _ in range(101):
        if requests.get(f"{world.box.url}/api/server/about").status_code == 429:
            return


def forgive(world: World) -> None:
    world.box.throttle.clear()


def login_again(world: World) -> None:
    forgive(world)
    world.login("annotator2")


def basic(name: str, password: str) -> Setup:
    def setup(world: World) -> None:
        value = requests.auth._basic_auth_str(name, password)
        world.tokens["<base64 username:password>"] = value.partition(" ")[2]

    return setup


def other_names(world: World) -> None:
    """The account annotator2 was called otherwise when this was recorded."""
    world.ids.places["ann2"] = "annotator2"


def _move(recorded: int, job: int, label: int, specs: list[int], name: str) -> Setup:
    """A task with one label, as the scenario of moves has several."""

    def setup(world: World) -> None:
        kinds = [
            {
                "name": "car",
                "attributes": [ATTRIBUTES[0], {**ATTRIBUTES[1], "name": "colour", "values": ["red", "blue"]}],
            }
        ]
        files = world.pictures(["i0.png", "i1.png"])
        task = world.make_task(recorded, files, labels=kinds, jobs=[job], label_ids=[label], name=name)
        world.learn_specs(world.learn_labels(f"task_id={task}", []), specs)

    return setup


def shared_frames(world: World) -> None:
    """A folder on the share, with images that belong to another one."""
    names = [
        "wireF/a.png", "wireF/b.jpg", "wireF/photo.tif", "wireF/raw.bmp", "wireF/sub/a.png",
        "wireF/sub/deeper/c d.png", "wireF/sub/related_images/a_png/left.jpg",
        "wireF/sub/related_images/a_png/right.png",
    ]  # fmt: skip
    world.share(world.pictures(names))


def lost_file(world: World) -> None:
    """A file of the share goes after a task was made of it."""
    world.share(world.pictures(["wireF/late.png"]))
    task = world.make_task(925)
    files = ["wireF/a.png", "wireF/late.png"]
    world.call("POST", f"/tasks/{task}/data", json={"image_quality": 70, "server_files": files})
    world.box.settle()
    (Path(world.folder.name) / "wireF/late.png").unlink()


def odd_names(world: World) -> None:
    """Files on the share whose names are odd."""
    world.share(world.pictures(["wireG/ lead.png", "wireG/back\\slash.png", "wireG/ok.png"]))


# Files that are not shown in the recordings: large enough to make the creation take its time.
SIZES = {"0.jpg": (1400, 1400), "bomb.png": (13500, 13500)}

SETUPS: dict[str, Setup] = {
    "01_auth": authentication,
    "02_server_users_orgs": organization,
    "04_tasks": first_task,
    "09_requests": finished_requests,
    "10_jobs": jobs,
    "11_annotations_shapes": shapes,
    "11c_poisoned_job": poisoned,
    "12_identity_and_dates": identity,
    "14_issues_comments": reviews,
    "15_webhooks": webhooks,
    "16_permissions": permissions,
    "17_misc": miscellaneous,
    "18_ui_edits": browser(160, 175, [370, 371], [211, 212, 213], [42328, 42329, 42330, 42331]),
    "18b_ui_edits_and_conflicts": browser(162, 177, [374, 375], [217, 218, 219], [42346, 42347, 42348, 42349]),
    "18c_ui_track_edits": browser_tracks,
    "19_concurrent_writes": concurrent,
    "22_move_and_backup": other_names,
    "23_frames_download": shared_frames,
    "26_ui_merge_group_track": browser_merge,
    "27_errors_seen": odd_names,
}

# Before the exchange with this number.
STEPS: dict[tuple[str, int], Setup] = {
    ("01_auth", 18): basic("admin", "admin"),
    ("01_auth", 19): basic("admin", "wrong"),
    ("01_auth", 20): basic("admin@example.com", "admin"),
    ("01_auth", 49): soon,
    ("01_auth", 51): lambda world: time.sleep(1.1),
    ("01_auth", 59): lambda world: world.login("annotator1"),
    ("01_auth", 65): exhaust,
    ("01_auth", 69): login_again,
    ("01_auth", 72): forgive,
    ("07_retries", 55): finish_upload,
    ("07_retries", 67): lambda world: world.box.hold(),
    ("07_retries", 71): lambda world: world.box.release(),
    ("07_retries", 81): queued_task(130, "wire queued delete"),
    ("07_retries", 89): queued_task(132, "wire queued cancel"),
    ("07_retries", 95): release,
    ("09_requests", 25): lambda world: world.box.expire_requests(),
    ("10_jobs", 44): complete_others,
    ("12_identity_and_dates", 101): date_of_job,
    ("14_issues_comments", 31): assign(167, 2),
    ("15_webhooks", 18): hooked_task,
    ("15_webhooks", 48): set_state(172, "in progress"),
    ("15_webhooks", 54): set_state(172, "new"),
    ("15_webhooks", 56): set_state(172, "in progress"),
    ("16_permissions", 66): accept_job,
    ("16_permissions", 86): organization_data,
    ("16_permissions", 94): assign(171, 3),
    ("16_permissions", 101): one_of_two_jobs,
    ("19_concurrent_writes", 15): ground_truth,
    ("24_consensus_quality", 105): uploaded(875),
    ("24_consensus_quality", 108): uploaded(877),
    ("24_consensus_quality", 111): uploaded(880),
    ("24_consensus_quality", 114): uploaded(881),
    ("24_consensus_quality", 119): uploaded(885, make=False),
    ("23_frames_download", 101): lost_file,
    ("22_move_and_backup", 32): _move(844, 1535, 3417, [1720, 1721], "wire move 2"),
    ("22_move_and_backup", 83): _move(846, 1537, 3420, [1730, 1731], "wire transfer"),
    ("18b_ui_edits_and_conflicts", 13): delete_shape,
    ("18b_ui_edits_and_conflicts", 17): replace_shapes,
    ("18b_ui_edits_and_conflicts", 21): change_polygon,
}


def _job(method: str, number: int, path: str = "", **options: Any) -> Setup:
    return lambda world: world.call(method, f"/jobs/{world.ids.get('job', number)}{path}", **options)


def _task(method: str, path: str = "", **options: Any) -> Setup:
    return lambda world: world.call(method, f"/tasks/{world.ids.get('task', 148)}{path}", **options)


def _project(**body: Any) -> Setup:
    return lambda world: world.call("PATCH", f"/projects/{world.ids.get('project', 24)}", json=body)


def _issue(world: World) -> None:
    body = {"job": world.ids.get("job", 157), "frame": 0, "position": [1, 2, 3, 4], "message": "m"}
    world.call("POST", "/issues", json=body)


def _frame(world: World) -> None:
    requests.get(
        f"{world.box.url}/api/tasks/{world.ids.get('task', 148)}/data?type=frame&number=0",
        headers={"Authorization": f"Token {world.keys['admin']}"},
    ).raise_for_status()


# What was done before a look at the dates, where only the look is recorded.
ACTIONS: dict[str, Setup] = {
    "GET task annotations": _task("GET", "/annotations"),
    "GET a frame": _frame,
    "PATCH job state": _job("PATCH", 157, json={"state": "in progress"}),
    "PATCH job assignee": _job("PATCH", 157, json={"assignee": 2}),
    "PATCH task name": _task("PATCH", json={"name": "another"}),
    "PATCH job data/meta deleted_frames": _job("PATCH", 157, "/data/meta", json={"deleted_frames": [1]}),
    "PATCH job data/meta, same deleted_frames": _job("PATCH", 157, "/data/meta", json={"deleted_frames": [1]}),
    "POST issue": _issue,
    "PATCH project add a label": _project(labels=[{"name": "new"}]),
    "PATCH project name": _project(name="another"),
}
