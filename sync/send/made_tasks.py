"""Which tasks in CVAT a run may delete: those that the dataset's own store knows it made, if they are still the same.

A run's record is part of the dataset, so it is copied with it, and may come with an imported one and name anything. The
store is not copied, and it alone is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...cvat import Client, NotFound, Task
from ..runs.base import BaseStore
from ..runs.run_record import RunRecord
from ..runs.sent_views import SentViews
from ..runs.store import RunStore
from .journal import Journal


@dataclass(frozen=True)
class MadeTask:
    """A task that a run made.

    Args:
        id: in CVAT
        created_date: when CVAT made it; empty if nobody noted that
        frames: the names of its frames; empty as long as it has none
    """

    id: int
    created_date: str = ""
    frames: tuple[str, ...] = ()


def made_tasks(store: RunStore, record: RunRecord) -> dict[int, MadeTask]:
    """The tasks that the store knows to be made by a run, by id; none of them if it is a copy's.

    Of an import these are the ones by which samples were added to it: only of those it is noted when they were made.
    """
    base, journal = BaseStore(store), Journal(store)
    plan = journal.plan()
    steps = [step for number in (plan.numbers if plan else ()) if (step := journal.step(number))]
    found = {step.task_id: MadeTask(step.task_id, step.created_date) for step in steps if step.is_made}
    for task in record.tasks:
        if (known := base.task(task.id)) is not None and (known.created_date or not record.imported):
            frames = tuple(frame.name for frame in known.frames)
            found[task.id] = MadeTask(task.id, known.created_date, frames)
    return found


def may_have_made(store: RunStore, record: RunRecord) -> bool:
    """Whether tasks of a run can be its own: of an import, only if samples were added to it."""
    return not record.imported or record.status != "sent" or bool(SentViews(store).batches())


def find_task(client: Client, task_id: int) -> Task | None:
    """A task as CVAT has it; ``None`` if it is gone."""
    try:
        return client.task(task_id)
    except NotFound:
        return None


def is_same(client: Client, made: MadeTask, now: Task) -> bool:
    """Whether a task is the one that was made: a server that was set up anew gives its number to another one."""
    if made.created_date:
        return now.created_date == made.created_date
    if not made.frames:
        return not now.size
    return tuple(frame.name for frame in client.task_meta(now.id).frames) == made.frames


def knows(store: RunStore, made: Mapping[int, MadeTask]) -> bool:
    """Whether a store is that of the dataset that was sent."""
    return bool(made) or Journal(store).plan() is not None
