"""Finding what a run made in CVAT, by the mark that its tasks carry."""

import time

from ...cvat import Client, ServerFault, Task

LOOKS = (0.0, 0.5, 1.5)
"""Seconds before each look for a task whose creation got no answer: CVAT may still be at it."""
PAUSES_OF_DELETION = (0.5, 1.0, 2.0)


def mark_of(run_id: str, dataset: str, key: str, number: int) -> str:
    """The mark of a task, in its field for an issue tracker, by which CVAT finds it: where it comes from."""
    return f"fiftyone:{dataset}/{key}#{run_id[:12]}-{number + 1}"


def find_made(client: Client, mark: str, *, patiently: bool = False) -> Task | None:
    """The task with a mark, if CVAT has one.

    Args:
        client: the CVAT server
        mark: of the task
        patiently: whether to look again, as it may just be being made
    """
    for pause in LOOKS if patiently else LOOKS[:1]:
        time.sleep(pause)
        found = _marked(client, mark)
        if found:
            return found[0]
    return None


def delete_made(client: Client, mark: str, *, but: int) -> None:
    """Deletes the tasks with a mark except one: those that came of requests whose answers were lost."""
    for task in _marked(client, mark):
        if task.id != but:
            delete_task(client, task.id)


def _marked(client: Client, mark: str) -> list[Task]:
    """The tasks with a mark, by its end, which is unique: the dataset may have been renamed since."""
    end = mark.rpartition("#")[2]
    return [task for task in client.tasks(search=end) if (task.bug_tracker or "").endswith(f"#{end}")]


def delete_task(client: Client, task_id: int) -> bool:
    """Deletes a task; while CVAT is making its frames, it may not let it go at once. Whether it existed."""
    for pause in PAUSES_OF_DELETION:
        try:
            return client.delete_task(task_id)
        except ServerFault:
            time.sleep(pause)
    return client.delete_task(task_id)


def tasks_of_run(client: Client, run_id: str) -> list[Task]:
    """The tasks in CVAT that carry a run's mark."""
    return [task for task in client.tasks(search=run_id[:12]) if f"#{run_id[:12]}-" in (task.bug_tracker or "")]
