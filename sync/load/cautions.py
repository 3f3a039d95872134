"""What a load stops at until a person confirms it."""

from collections.abc import Sequence
from typing import Any

from ..request import LoadRequest
from ..runs.report import LoadReport

DELETED, EMPTIED = "deleted", "emptied"
FEW = 2
"""So many labels may go without a caution, unless the person says how many: in a small run they are a large part."""


def find_cautions(
    request: LoadRequest, report: LoadReport, labels: int, emptied: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """The cautions of a load.

    Args:
        request: what was asked for
        report: what the load would do
        labels: how many labels the run has
        emptied: the jobs in which CVAT has nothing where it had labels, and how many they were

    Returns:
        for each caution its name (``"deleted"`` or ``"emptied"``), the ``count`` of labels, ``of`` how many, the
        ``jobs``, and a ``text``
    """
    found = []
    deleted = report.total("deleted")
    few = 0 if "max_deleted" in request.model_fields_set else FEW
    if deleted > max(few, request.max_deleted * labels):
        text = (
            f"It would delete {deleted:,} of {labels:,} labels, which is more than the {request.max_deleted:.0%} that "
            "`max_deleted` lets pass."
        )
        found.append({"caution": DELETED, "count": deleted, "of": labels, "jobs": [], "text": text})
    lost = sum(count for _, count in emptied)
    if lost > few:
        jobs = [job_id for job_id, _ in emptied]
        which = f"job {jobs[0]}" if len(jobs) == 1 else f"{len(jobs):,} jobs, such as job {jobs[0]},"
        text = f"CVAT has nothing at all in {which} where it had {lost:,} label{'s' if lost > 1 else ''}."
        found.append({"caution": EMPTIED, "count": lost, "of": labels, "jobs": jobs, "text": text})
    return found


def stop_sentence(cautions: Sequence[dict[str, Any]]) -> str:
    """Why a load stopped, and what to do."""
    names = [caution["caution"] for caution in cautions]
    listed = repr(names[0]) if len(names) == 1 else repr(names)
    texts = " ".join(caution["text"] for caution in cautions)
    return (
        f"The load stopped before it changed anything. {texts} If that is what the annotators meant, load again with "
        f"`confirm={listed}`; `preview=True` lists what would change."
    )
