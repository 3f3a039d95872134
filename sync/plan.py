"""What a send will do, before it does anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from .media import Frame

NAME_LIMIT = 256  # of a task in CVAT


@dataclass(frozen=True)
class TaskPlan:
    """One task to make: its name and its frames in order."""

    name: str
    frames: tuple[Frame, ...]


def plan_tasks(frames: Sequence[Frame], name: str, task_size: int | None) -> list[TaskPlan]:
    """Deals the frames of a run to tasks, in order."""
    size = task_size or len(frames)
    parts = [tuple(frames[start : start + size]) for start in range(0, len(frames), size)]
    if len(parts) == 1:
        return [TaskPlan(name[:NAME_LIMIT], parts[0])]
    tails = [f" ({number} of {len(parts)})" for number in range(1, len(parts) + 1)]
    return [TaskPlan(name[: NAME_LIMIT - len(tail)] + tail, part) for tail, part in zip(tails, parts, strict=True)]


def deal(names: Sequence[int], jobs: Sequence[int]) -> list[tuple[int, int]]:
    """Gives jobs to people in turn: pairs of job and user id."""
    return [(job, names[number % len(names)]) for number, job in enumerate(jobs)] if names else []
