"""Files that turn out to be bad on the way: with ``leave_out``, a send always ends with the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.errors import RoundtripError
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.task_images import TaskImages
from PIL import Image
from sync_loop import Loop

NAMES = ["cat", "dog", "cow", "hen", "pig"]


@pytest.fixture
def five(loop: Loop) -> Loop:
    """Five images with a label each."""
    loop.fill(
        *(fo.Detections(detections=[fo.Detection(label=n, bounding_box=[0.1, 0.1, 0.2, 0.2])]) for n in NAMES),
        suffix=".png",
    )
    return loop


def paths(loop: Loop) -> list[Path]:
    return [Path(path) for path in loop.dataset.values("filepath")]


def break_pixels(path: Path) -> None:
    """Nothing of it can be told at a glance."""
    content = path.read_bytes()
    start = content.index(b"IDAT") + 4
    path.write_bytes(content[:start] + b"\xff" * 40 + content[start + 40 :])


def tasks_made(loop: Loop) -> int:
    return sum(entry.method == "POST" and entry.path == "/api/tasks" for entry in loop.box.log)


def classes(loop: Loop) -> list[str]:
    """The classes of what is in CVAT, task by task."""
    found = []
    for task in loop.cvat.find("tasks"):
        names = {label["id"]: name for name, label in loop.cvat.labels(task["id"]).items()}
        found += [names[shape["label_id"]] for shape in loop.cvat.objects(task=task["id"])]
    return found


def is_sent_without(loop: Loop, run: dict[str, Any], *bad: int) -> None:
    """The others are in CVAT, and each of these is named."""
    left = [name for number, name in enumerate(NAMES) if number not in bad]
    assert sorted(classes(loop)) == sorted(left)
    assert run["samples"] == len(left)
    assert sum(item["count"] for item in run["left_out"] if item["what"].startswith("images: ")) == len(bad)
    tagged = loop.dataset.match_tags("not_sent_to_cvat").values("filepath")
    assert tagged == [str(paths(loop)[number]) for number in bad]
    report = loop.load()
    assert (report["unchanged"], report["deleted"]) == (len(left), 0)


def names_it(loop: Loop, **images: int) -> None:
    """Lets the server say that it can't read an image of a task, as CVAT does: one at a time."""
    for task, number in images.items():
        reason = f"InvalidImageError: failed to parse image file '{paths(loop)[number].name}'"
        body = f'{{"id": "x", "status": "failed", "message": "{reason}"}}'.encode()
        path = rf"/api/requests/.*target_id(=|%3D){task.removeprefix('task_')}$"
        loop.box.faults.add("status", "GET", path, status=200, body=body, times=None)


MANY: dict[int | None, tuple[dict[str, int], int, int]] = {
    # images in a task, what CVAT names in which task, tasks that are made, and those that are there in the end
    None: ({"task_1": 0}, 2, 1),
    2: ({"task_1": 0, "task_2": 2}, 4, 2),
    1: ({"task_1": 0, "task_3": 2, "task_4": 3}, 5, 2),
}


@pytest.mark.parametrize("task_size", MANY)
def test_many_files_that_cannot_be_read_cost_one_more_task_at_most(five: Loop, task_size: int | None) -> None:
    """CVAT names one at a time; the others are found here."""
    named, made, there = MANY[task_size]
    for number in (0, 2, 3):
        break_pixels(paths(five)[number])
    names_it(five, **named)
    run = five.send(bad_files="leave_out", task_size=task_size)
    is_sent_without(five, run, 0, 2, 3)
    assert tasks_made(five) <= made
    assert len(five.cvat.find("tasks")) == len(run["tasks"]) == there


def test_files_that_only_cvat_cannot_read(five: Loop) -> None:
    names_it(five, task_1=1, task_2=4)
    is_sent_without(five, five.send(bad_files="leave_out"), 1, 4)


@pytest.mark.parametrize("step", [("POST", "/api/tasks/2/data"), ("GET", "/api/tasks/2/data/meta"), ("DELETE", "")])
def test_a_resume_amid_files_that_are_left_out(five: Loop, step: tuple[str, str]) -> None:
    """Also of a task of which none is left."""
    names_it(five, task_1=0)
    five.box.faults.add("status", *step, status=403)
    with pytest.raises(RoundtripError, match="Resume the run"):
        five.send(bad_files="leave_out", task_size=1)
    five.box.faults.clear()
    names_it(five, task_1=0)
    run = five.send(resume=True)
    assert len(run["tasks"]) == 4 or step[0] != "DELETE"
    assert five.load()["deleted"] == 0
    assert run["labels"] + sum(item["count"] for item in run["left_out"]) >= 5


def test_a_reason_that_names_no_file(five: Loop) -> None:
    break_pixels(paths(five)[2])
    body = b'{"id": "x", "status": "failed", "message": "OSError: unrecognized data stream contents"}'
    five.box.faults.add("status", "GET", "/api/requests/", status=200, body=body)
    is_sent_without(five, five.send(bad_files="leave_out"), 2)


def test_none_is_left(five: Loop) -> None:
    five.box.faults.add("change", "GET", "/data/meta", change=lambda answer: {**answer, "frames": []}, times=None)
    for policy in ("stop", "leave_out"):
        with pytest.raises(RoundtripError, match=r"CVAT left out 5 of 5|None of the images can be sent\."):
            five.send(bad_files=policy)
        five.execute("delete_run", anno_key="run", delete_tasks=True)
    assert five.cvat.find("tasks") == []


def grow(path: Path) -> None:
    Image.fromarray(np.zeros((300, 500, 3), np.uint8)).save(path)


CHANGES: dict[str, tuple[Callable[[Path], None], tuple[int, ...]]] = {
    # what happens to the second file between the look and the upload, and what stays behind
    "it vanishes": (Path.unlink, (1,)),
    "it is emptied": (lambda path: path.write_bytes(b""), (1,)),
    "it is no image any more": (lambda path: path.write_text("x" * 5_000), (1,)),
    "it grows": (grow, ()),
    "it becomes too large": (lambda path: Image.new("1", (13_500, 13_500)).save(path), (1,)),
}


@pytest.mark.parametrize("task_size", [None, 1])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_between_look_and_upload(
    five: Loop, monkeypatch: pytest.MonkeyPatch, change: str, task_size: int | None
) -> None:
    """No task is made anew for it."""
    do, bad = CHANGES[change]
    real = TaskImages.bring
    path = paths(five)[1]
    waiting = [path]

    def bring(self: TaskImages, *args: Any, **options: Any) -> str:
        if waiting and str(path) in [frame.path for frame in self.plan.frames]:
            do(waiting.pop())
        return real(self, *args, **options)

    monkeypatch.setattr(TaskImages, "bring", bring)
    run = five.send(bad_files="leave_out", task_size=task_size)
    is_sent_without(five, run, *bad)
    assert tasks_made(five) == ((task_size and 5) or 1)


def test_a_file_that_vanishes_ends_a_send_that_leaves_nothing_out(five: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    real, path = TaskImages.bring, paths(five)[1]

    def bring(self: TaskImages, *args: Any, **options: Any) -> str:
        path.unlink(missing_ok=True)
        return real(self, *args, **options)

    monkeypatch.setattr(TaskImages, "bring", bring)
    with pytest.raises(RoundtripError, match=r"1 of 5 images can't be sent: '.*photo_001\.png' is missing\. To"):
        five.send()
    is_sent_without(five, five.send(resume=True, bad_files="leave_out"), 1)
    assert tasks_made(five) == 1


SHARED = {
    "a backslash": ("a\\b.png", "has a backslash in its name"),
    "EPS": ("x.eps", "is of the format EPS, which CVAT can't read"),
    "a suffix that CVAT does not know": ("x.dib", "is no image for CVAT"),
}


@pytest.mark.parametrize("case", SHARED)
def test_files_of_a_share_are_named_before_a_task_is_made(loop: Loop, tmp_path: Path, case: str) -> None:
    name, reason = SHARED[case]
    folder = tmp_path / "share"
    folder.mkdir()
    loop.box.store.share = folder
    good = folder / "good.png"
    Image.new("RGB", (32, 24)).save(good)
    (folder / name).write_bytes(good.read_bytes())
    loop.dataset.add_samples([fo.Sample(f"{n}.png", other=str(path)) for n, path in enumerate([good, folder / name])])
    params: dict[str, Any] = {"label_field": "new", "label_type": "detections", "classes": ["cat"]}
    params |= {"media_field": "other"}
    params |= {"media_source": "share", "media_map": {str(folder): ""}}
    with pytest.raises(RoundtripError, match=f"1 of 2 images can't be sent: .* {reason}"):
        loop.send(**params)
    assert tasks_made(loop) == 0
    assert loop.send(bad_files="leave_out", **params)["samples"] == 1
