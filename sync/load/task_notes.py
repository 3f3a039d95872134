"""What there is to say of a run's tasks, as sentences."""

from collections.abc import Sequence

from ...cvat import Job
from ...labels.vocabulary import Vocabulary
from ..runs.run_record import RunRecord, TaskRecord


def unsent(record: RunRecord) -> list[str]:
    """That a run was interrupted, so that only some of its tasks are loaded."""
    if record.status == "sent":
        return []
    count = len(record.complete_tasks)
    which = f"The {count} tasks of it that are" if count > 1 else "The one task of it that is"
    return [f"This run was not sent completely. {which} complete were looked at; resume the run for the rest."]


def no_jobs(task: TaskRecord, organization: str | None) -> str:
    """Why nothing of a task is loaded that is there, but shows no jobs."""
    where = f"the organization '{organization}'" if organization else "your workspace"
    return (
        f"CVAT shows no jobs of {named(task)} in {where}, where it had {len(task.jobs)}: it may have been moved. Its "
        "labels stay as they are."
    )


def notes_of(task: TaskRecord, jobs: Sequence[Job], others: Sequence[Job], elsewhere: bool) -> list[str]:
    """What there is to know of a task that is loaded.

    Args:
        task: the task
        jobs: its annotation jobs that CVAT shows
        others: its jobs of other types
        elsewhere: whether it is in another workspace than the run
    """
    notes = []
    if elsewhere:
        notes.append(f"{_start(task)} is in another workspace of CVAT now; it was loaded from there.")
    hidden = len(set(task.jobs) - {job.id for job in jobs})
    if jobs and hidden:
        notes.append(
            f"CVAT shows {len(task.jobs) - hidden} of the {len(task.jobs)} jobs of {named(task)}; labels of the others "
            "stay as they are."
        )
    replicas = sum(job.type == "consensus_replica" for job in others)
    if replicas:
        notes.append(
            f"{_start(task)} has {replicas} consensus replicas of its jobs; what is drawn in them is loaded once CVAT "
            "has merged them."
        )
    if any(job.type == "ground_truth" for job in others):
        notes.append(f"{_start(task)} has a ground truth job, for validation; what is drawn in it is not loaded.")
    return notes


def names_of(then: Vocabulary, now: Vocabulary) -> list[str]:
    """Which classes have other names in CVAT, and which can't be distinguished there any more."""
    names = {then.name_then(label_id): name for label_id, name in now.new_names.items()}
    names.update({former.name: now.name_now(former.to) for former in now.renumbered})
    notes = [f"The class '{old}' is called '{new}' in CVAT now." for old, new in sorted(names.items()) if old != new]
    for former in now.renumbered:
        word, field = then.word_of(former.label_id), now.field_of(former.to)
        if word is not None and field not in (None, word.field):
            notes.append(
                f"CVAT has one class '{now.name_now(former.to)}' for '{word.name}' of '{word.field}' and of '{field}' "
                f"now; new labels of it go to '{field}'."
            )
    return notes


def named(task: TaskRecord) -> str:
    """A task in a sentence."""
    return f"task {task.id} ('{task.name}')"


def _start(task: TaskRecord) -> str:
    return f"T{named(task)[1:]}"
