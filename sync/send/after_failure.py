"""What a person is told after a send failed: what is left of it in CVAT, and what to do next."""

from collections.abc import Sequence

from ...cvat import Task


def go_on(key: str, complete: int, tasks: int) -> str:
    """Of a send that left something.

    Args:
        key: the run's key
        complete: how many of its tasks are
        tasks: how many it has
    """
    made = f"{complete} of {tasks} tasks {'is' if complete == 1 else 'are'}" if tasks > 1 else "Its task is not"
    usable = " and can be loaded at once" if complete else ""
    return (
        f"{made} complete in CVAT{usable}; what was sent is kept. Resume the run '{key}' to go on from there, or "
        "delete it with its tasks. The dataset's labels are as they were."
    )


def all_deleted(key: str) -> str:
    """Of a send whose tasks somebody deleted."""
    return (
        f"No task of it is in CVAT now. Resume the run '{key}' when that is mended, or delete it. The "
        "dataset's labels are as they were."
    )


def begin_again(extended: str | None) -> str:
    """Of a send that made no task.

    Args:
        extended: the name, in quotes, or the id of the project to whose labels it added, if there is one
    """
    made = "Nothing was made in CVAT"
    if extended is not None:
        made = f"No task was made; the project {extended} keeps what was added to its labels"
    return f"{made}; the dataset is as it was, and you can send again."


def without_dataset(task_ids: Sequence[int]) -> str:
    """Of a send whose run, or dataset, was deleted meanwhile.

    Args:
        task_ids: the tasks that it made
    """
    made = ", ".join(map(str, task_ids))
    return f"Delete what it made in CVAT there: task {made}." if made else "Nothing of it is in CVAT."


def about_copy(task: Task) -> str:
    """Of a task that has the mark of a run, but is none of its tasks."""
    if not task.size:
        return f"Task {task.id} ('{task.name}') in CVAT is an empty one of this run that could not be deleted."
    return (
        f"Task {task.id} ('{task.name}') in CVAT has the mark of this run, but was not made by it: it may be a "
        "restored backup. It was left as it is; to load what is in it, import it."
    )
