"""What a form can offer to be imported."""

from typing import Any

from ...cvat import Client, Task
from ..names import Offer
from ..runs import record as records

MOST = 200
"""Tasks that are offered at once; others are found by typing, or named by their numbers."""


def offer_tasks(client: Client, dataset: Any, typed: str = "") -> Offer:
    """Tasks that the user can see and no run of the dataset has, by their ids as texts, the newest first: those of
    videos only where the dataset has videos, all where it has images, as frames of a video can become these.
    """
    runs = records.find_all(dataset).values()
    taken = {task.id for run in runs if run.server == client.url for task in run.tasks}
    found = client.search_tasks(typed, MOST)
    tasks = [task for task in found.items if task.id not in taken and _is_of(task, dataset.media_type)]
    return Offer({str(task.id): _words(task) for task in sorted(tasks, key=lambda task: -task.id)}, found.whole)


def _is_of(task: Task, media: str) -> bool:
    return task.size > 0 and task.dimension != "3d" and (media != "video" or task.mode == "interpolation")


def _words(task: Task) -> str:
    noun = "frame" if task.mode == "interpolation" else "image"
    return f"{task.name} (#{task.id}, {task.size:,} {noun}{'' if task.size == 1 else 's'})"
