"""What a form can offer to be imported."""

from typing import Any

from ...cvat import Client, Task
from ..runs import record as records

MOST = 500
"""Tasks that are offered: the newest. Others can be named by their numbers."""


def task_choices(client: Client, dataset: Any) -> dict[str, str]:
    """The tasks that the user can see and no run of the dataset has, the newest first: those of videos only where the
    dataset has videos, all where it has images, as frames of a video can become these.

    Returns:
        what to call them, by their ids as texts
    """
    runs = records.find_all(dataset).values()
    taken = {task.id for run in runs if run.server == client.url for task in run.tasks}
    found = [task for task in client.tasks() if task.id not in taken and _is_of(task, dataset.media_type)]
    return {str(task.id): _words(task) for task in sorted(found, key=lambda task: -task.id)[:MOST]}


def _is_of(task: Task, media: str) -> bool:
    return task.size > 0 and task.dimension != "3d" and (media != "video" or task.mode == "interpolation")


def _words(task: Task) -> str:
    noun = "frame" if task.mode == "interpolation" else "image"
    return f"{task.name} (#{task.id}, {task.size:,} {noun}{'' if task.size == 1 else 's'})"
