"""How a run is dealt to tasks and jobs."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.media import Frame
from fiftyone.plugins.orgs.roundtrip.cvat.sync.dataset.sequences import ImageSequence
from fiftyone.plugins.orgs.roundtrip.cvat.sync.send.plan import (
    NAME_LIMIT,
    TASK_IMAGES,
    Segment,
    deal,
    foresee_segments,
    plan_sequences,
    plan_tasks,
)


def frames(*sizes: int, storage: int | None = None) -> list[Frame]:
    return [
        Frame(sample_id=str(n), name=f"{n}.png", path=f"/{n}.png", size=s, storage_id=storage)
        for n, s in enumerate(sizes)
    ]


CASES = {
    # sizes of the images, images in a task, bytes in a task -> images of each task
    "one task": ((1, 1, 1), None, 10, [3]),
    "by count": ((1,) * 5, 2, 10, [2, 2, 1]),
    "by bytes": ((4, 4, 4), None, 8, [2, 1]),
    "both": ((4, 4, 1, 1, 1), 2, 8, [2, 2, 1]),
    "one that is too large is a task of its own": ((1, 50, 1), None, 8, [1, 1, 1]),
    "by itself": ((0,) * (TASK_IMAGES + 1), None, 10, [TASK_IMAGES, 1]),
}


@pytest.mark.parametrize("case", CASES)
def test_tasks(case: str) -> None:
    sizes, task_size, task_bytes, expected = CASES[case]
    images = frames(*sizes)
    tasks = plan_tasks(images, "night", task_size, task_bytes)
    assert [len(task.frames) for task in tasks] == expected
    assert [frame for task in tasks for frame in task.frames] == images
    assert [task.number for task in tasks] == list(range(len(tasks)))
    assert all(task.bytes <= task_bytes or len(task.frames) == 1 for task in tasks)


def test_a_task_takes_its_files_from_one_storage() -> None:
    images = [*frames(1, 1, storage=3), *frames(1, storage=4), *frames(1)]
    assert [[f.storage_id for f in task.frames] for task in plan_tasks(images, "n", None)] == [[3, 3], [4], [None]]


def test_sequences_are_tasks_whatever_storages_they_are_in() -> None:
    images = frames(1, 1, 1, 1, 1, 1)
    here = [image.model_copy(update={"storage_id": 3}) for image in images[:3]]
    there = [image.model_copy(update={"storage_id": 4}) for image in images[3:]]
    keys = [ImageSequence(fields=("scene",), values=(value,)) for value in ("a\n\x1b[31m", "b" * 500)]
    plans = plan_sequences([*here, *there], {str(n): keys[n % 2] for n in range(6)}, "x" * 300, None)
    found = [("".join(frame.sample_id for frame in plan.frames), plan.number, plan.sequence) for plan in plans]
    assert found == [("02", 0, keys[0]), ("4", 1, keys[0]), ("1", 2, keys[1]), ("35", 3, keys[1])]
    assert [plan.name[-13:] for plan in plans[:2]] == ["xx: a (1 of 2)"[-13:], "xx: a (2 of 2)"[-13:]]
    assert all(len(plan.name) <= NAME_LIMIT for plan in plans)


def test_names_stay_within_what_cvat_takes() -> None:
    tasks = plan_tasks(frames(1, 1), "x" * 300, 1)
    assert [len(task.name) for task in tasks] == [NAME_LIMIT] * 2
    assert [task.name[-9:] for task in tasks] == [" (1 of 2)", " (2 of 2)"]
    assert plan_tasks(frames(1), "x" * 300, None)[0].name == "x" * NAME_LIMIT


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(5, None, [(0, 4)]), (5, 2, [(0, 1), (2, 3), (4, 4)]), (4, 2, [(0, 1), (2, 3)]), (1, 9, [(0, 0)])],
)
def test_jobs(count: int, size: int | None, expected: list[tuple[int, int]]) -> None:
    segments = foresee_segments(count, size)
    assert [(s.start, s.stop) for s in segments] == expected
    assert [n for s in segments for n in s.frames] == list(range(count))
    assert segments[0] == Segment(0, *expected[0])


@pytest.mark.parametrize(
    ("people", "jobs", "expected"),
    [((), (1, 2), []), ((7,), (1, 2), [(1, 7), (2, 7)]), ((7, 8), (1, 2, 3), [(1, 7), (2, 8), (3, 7)])],
)
def test_jobs_are_dealt_in_turn(
    people: tuple[int, ...], jobs: tuple[int, ...], expected: list[tuple[int, int]]
) -> None:
    assert deal(people, jobs) == expected
