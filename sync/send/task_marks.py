"""Finding what a run made in CVAT, by the mark that its tasks carry."""

from collections.abc import Container

from ...cvat import Client, PermissionDenied, Refused, ServerFault, Task

PAUSES_OF_DELETION = (0.5, 1.0, 2.0)


def mark_of(run_id: str, dataset: str, key: str, number: int) -> str:
    """The mark of a task, in its field for an issue tracker, by which CVAT finds it: where it comes from."""
    return f"fiftyone:{dataset}/{key}#{run_id[:12]}-{number + 1}"


def find_made(client: Client, mark: str) -> Task | None:
    """The task with a mark that CVAT was asked to make, if it has one: without images, which come later.

    What else has the mark is a copy of a task, such as a restored backup, and may be somebody's work.
    """
    return next((task for task in _marked(client, mark) if not task.size), None)


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
            client.pause(pause)
    return client.delete_task(task_id)


def tidy_up(client: Client, run_id: str, known: Container[int]) -> list[Task]:
    """Deletes the empty tasks with a run's mark that are none of its own: they came of requests without an answer.

    Returns:
        what else has the mark: copies of tasks, such as restored backups, which may be somebody's work; and empty
        tasks that may not be deleted
    """
    strangers = [task for task in tasks_of_run(client, run_id) if task.id not in known]
    return [task for task in strangers if task.size or not _is_deleted(client, task.id)]


def _is_deleted(client: Client, task_id: int) -> bool:
    """Deletes a task that nobody needs; whether that is allowed."""
    try:
        delete_task(client, task_id)
    except (PermissionDenied, Refused):
        return False
    return True


def tasks_of_run(client: Client, run_id: str) -> list[Task]:
    """The tasks in CVAT that carry a run's mark."""
    return [task for task in client.tasks(search=run_id[:12]) if f"#{run_id[:12]}-" in (task.bug_tracker or "")]
