"""Review comments: what people wrote in CVAT about a run, as sample tags and a list."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ...cvat import Client, Comment, Issue, Job
from ..dataset.labels import DatasetLabels
from ..errors import database_context, error_context
from . import record as records
from .base import NO_SAMPLE, BaseStore, TaskBase
from .run_record import RunRecord
from .same_server import check_server
from .store import RunStore, Store, parsed

REVIEW_TAG = "cvat_review"
"""The tag of samples with a comment in CVAT that is not resolved."""

NAME = "comments"


class Message(BaseModel):
    """What one person wrote, and when."""

    model_config = ConfigDict(frozen=True)

    author: str
    text: str
    at: str


class ReviewComment(BaseModel):
    """A comment at a place in a frame, with all answers to it: an issue of CVAT.

    Args:
        issue, task, job: their ids in CVAT
        frame: the number of the frame in its task
        sample_id: its sample; ``None`` if the frame is none of the run's, which CVAT does not check
        position: x and y in pixels, pairs: a point, or two corners
        messages: what was written, the comment first
        resolved: whether somebody said that it is done
        updated_date: the issue's, when it was read
    """

    model_config = ConfigDict(frozen=True)

    issue: int
    task: int
    job: int
    frame: int
    sample_id: str | None
    position: tuple[float, ...] = ()
    messages: tuple[Message, ...] = ()
    resolved: bool = False
    updated_date: str = ""

    @property
    def text(self) -> str:
        """All that was written, a line a message, with who wrote it."""
        return "\n".join(f"{message.author}: {message.text}" for message in self.messages)

    def as_dict(self) -> dict[str, Any]:
        """The comment as plain data, with its ``text``."""
        return {**self.model_dump(mode="json"), "text": self.text}


_COMMENTS = TypeAdapter(tuple[ReviewComment, ...])


@database_context("Nothing was changed.")
def list_comments(dataset: Any, key: str) -> list[dict[str, Any]]:
    """The review comments of a run, as the last load found them, by task, frame and issue.

    Args:
        dataset: the dataset, or any view of it
        key: the run's key

    Returns:
        for each ``issue``, ``task``, ``job``, ``frame``, ``sample_id``, ``position``, ``resolved``, ``text``, and the
        ``messages`` (``author``, ``text``, ``at``)

    Raises:
        RunMissing: if there is no such run
    """
    dataset = dataset._root_dataset
    return [comment.as_dict() for comment in stored_comments(RunStore(dataset, records.find(dataset, key).run_id))]


def comments_now(dataset: Any, record: RunRecord, client: Client) -> list[dict[str, Any]]:
    """The review comments of a run as CVAT has them now; nothing is kept, and no sample tagged.

    Args:
        dataset: the dataset
        record: the run
        client: its CVAT server

    Returns:
        see :func:`list_comments`

    Raises:
        Refused: if the client is connected to another server
        CvatError: if CVAT can't be reached or refuses
    """
    check_server(record, client)
    store = RunStore(dataset, record.run_id)
    base, before = BaseStore(store), stored_comments(store)
    tasks = [task.id for task in record.complete_tasks]
    jobs = [job for job in client.jobs(task_ids=tasks) if job.type == "annotation"] if tasks else []
    known = {task: kept for task in {job.task_id for job in jobs} if (kept := base.task(task)) is not None}
    return [comment.as_dict() for comment in read_comments(client, jobs, known, before)]


def refresh_comments(dataset: Any, record: RunRecord, client: Client, jobs: Sequence[Job]) -> dict[str, int]:
    """Brings the review comments of a run up to date: the list that is kept of them, and the samples' tags.

    Nothing is asked of CVAT if no job has issues or had some. Else one request lists them, as their number alone does
    not tell that one was resolved or reopened; what was written is read for each job with a new or changed issue. A
    text that was only corrected is noticed when its issue changes otherwise.

    Args:
        dataset: the dataset
        record: the run
        client: the CVAT server
        jobs: the run's jobs as CVAT has just listed them; the comments of others stay as they are

    Returns:
        how many comments are ``open`` and ``resolved``, how many ``samples`` have open ones, and how many comments are
        ``new`` since the last load

    Raises:
        CvatError: if CVAT can't be reached or refuses; the comments are then as they were
    """
    store = RunStore(dataset, record.run_id)
    base = BaseStore(store)
    before = stored_comments(store)
    with error_context(lambda: "The labels are loaded; the review comments are as they were. Load again for these."):
        due = _due(jobs, before)
        known = {task: kept for task in {job.task_id for job in due} if (kept := base.task(task)) is not None}
        after = read_comments(client, jobs, known, before)
    if after != before:
        apply_comments(dataset, record.run_id, before, after)
    return count_comments(before, after)


def kept_counts(dataset: Any, record: RunRecord) -> dict[str, int]:
    """The counts of :func:`refresh_comments` as of the last load; nothing is asked of CVAT."""
    kept = stored_comments(RunStore(dataset, record.run_id))
    return count_comments(kept, kept)


def stored_comments(store: Store) -> tuple[ReviewComment, ...]:
    """The review comments of a run, as they are kept."""
    text = store.load(NAME)
    return () if text is None else parsed(NAME, _COMMENTS.validate_json, text)


def read_comments(
    client: Client, jobs: Sequence[Job], known: Mapping[int, TaskBase], before: Sequence[ReviewComment]
) -> tuple[ReviewComment, ...]:
    """The review comments as CVAT has them now.

    Args:
        client: the CVAT server
        jobs: the jobs, as CVAT has just listed them
        known: what is kept of their tasks, by id
        before: the comments as they were; those of other jobs stay
    """
    listed = {job.id: job for job in jobs}
    rest = [comment for comment in before if comment.job not in listed]
    due = _due(jobs, before)
    issues = client.issues_of([job.id for job in due]) if due else []
    earlier = {comment.issue: comment for comment in before}
    news = [issue for issue in issues if is_news(issue, earlier.get(issue.id))]
    written = _by_issue(client.comments_of([issue.job for issue in news if issue.job is not None])) if news else {}
    fresh = {issue.id: _comment(issue, listed, known, written.get(issue.id, [])) for issue in news}
    found = [fresh.get(issue.id) or earlier[issue.id] for issue in issues]
    return tuple(sorted([*rest, *found], key=lambda comment: (comment.task, comment.frame, comment.issue)))


def is_news(issue: Issue, earlier: ReviewComment | None) -> bool:
    """Whether an issue is new, was changed, or has more or fewer comments than it had."""
    if earlier is None:
        return True
    return (issue.updated_date, issue.comments.count) != (earlier.updated_date, len(earlier.messages))


def apply_comments(dataset: Any, run_id: str, before: Sequence[ReviewComment], after: Sequence[ReviewComment]) -> None:
    """Keeps the comments of a run, and tags the samples with open ones. Done twice, it is done once.

    A tag that somebody took away by hand does not come back, and one that another run needs stays.
    """
    were, are = _open_samples(before), _open_samples(after)
    labels = DatasetLabels(dataset)
    labels.tag(sorted(are - were), REVIEW_TAG)
    if done := were - are:
        labels.untag(sorted(done - _open_in_other_runs(dataset, run_id)), REVIEW_TAG)
    RunStore(dataset, run_id).save(NAME, _COMMENTS.dump_json(tuple(after)))


def count_comments(before: Iterable[ReviewComment], after: Sequence[ReviewComment]) -> dict[str, int]:
    """How many comments there are, for a report."""
    known = {comment.issue for comment in before}
    return {
        "open": sum(not comment.resolved for comment in after),
        "resolved": sum(comment.resolved for comment in after),
        "samples": len(_open_samples(after)),
        "new": sum(comment.issue not in known for comment in after),
    }


def _due(jobs: Iterable[Job], before: Iterable[ReviewComment]) -> list[Job]:
    """The jobs whose issues have to be looked at."""
    known = {comment.job for comment in before}
    return [job for job in jobs if job.issues.count or job.id in known]


def _by_issue(comments: Iterable[Comment]) -> dict[int, list[Comment]]:
    found: dict[int, list[Comment]] = {}
    for comment in comments:
        if comment.issue is not None:
            found.setdefault(comment.issue, []).append(comment)
    return found


def _comment(
    issue: Issue, jobs: Mapping[int, Job], known: Mapping[int, TaskBase], written: Iterable[Comment]
) -> ReviewComment:
    job = jobs[issue.job or 0]
    task = known.get(job.task_id)
    is_there = task is not None and 0 <= issue.frame < task.count
    frame = task.frames[0 if task.video else issue.frame] if task and is_there else None
    sample = (frame.of or frame).sample_id if frame else None
    return ReviewComment(
        issue=issue.id,
        task=job.task_id,
        job=job.id,
        frame=issue.frame,
        sample_id=None if sample == NO_SAMPLE else sample,
        position=issue.position,
        messages=tuple(
            Message(author=item.owner.username if item.owner else "", text=item.message, at=item.created_date)
            for item in written
        ),
        resolved=issue.resolved,
        updated_date=issue.updated_date,
    )


def _open_samples(comments: Iterable[ReviewComment]) -> set[str]:
    return {comment.sample_id for comment in comments if comment.sample_id and not comment.resolved}


def _open_in_other_runs(dataset: Any, run_id: str) -> set[str]:
    others = [record.run_id for record in records.find_all(dataset).values() if record.run_id != run_id]
    return {sample for other in others for sample in _open_samples(stored_comments(RunStore(dataset, other)))}
