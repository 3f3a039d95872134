"""What becomes of a job's labels: a pure function of what changed in CVAT and what the dataset has now."""

from collections.abc import Sequence

from ..runs.base import OpenConflict
from ..runs.change import JobPlan
from .decisions import JobDecisions
from .diff import JobDiff
from .label_tracks import on_tracks
from .merge_settings import Local, MergeSettings


def concerned(diff: JobDiff, was_open: Sequence[OpenConflict], settings: MergeSettings) -> dict[str, set[str]]:
    """The samples whose labels have to be known for a decision, by field."""
    samples: dict[str, set[str]] = {}
    labels = [*(edited.base for edited in diff.edited), *diff.deleted, *(conflict.base for conflict in was_open)]
    for label in labels:
        samples.setdefault(label.field, set()).add(label.sample_id)
        samples.setdefault(settings.shared.field_of(label), set()).add(label.sample_id)
    for edited in diff.edited:
        if edited.to is not None:
            samples.setdefault(edited.to, set()).add(edited.base.sample_id)
    for new in diff.new:
        if (name := settings.field_of(new)) is not None:
            samples.setdefault(name, set()).add(new.sample_id)
    return samples


def decide(diff: JobDiff, was_open: Sequence[OpenConflict], local: Local, settings: MergeSettings) -> JobPlan:
    """Merges what changed in a job with what the dataset has.

    Args:
        diff: what changed in CVAT
        was_open: conflicts of the job that nobody has decided so far
        local: the labels of the samples that are concerned
        settings: what to go by
    """
    job = JobDecisions(was_open, local, settings)
    if diff.objects is not None:
        job.tally.objects.add(diff.objects)
    base = [*diff.kept]
    present = {**diff.present}
    for edit in diff.edited:
        edited = edit.read()
        present.update(on_tracks(edited.objects))
        base.extend([label] if (label := job.edit(edited)) else [])
    base.extend(label for gone in diff.deleted if (label := job.delete(gone)))
    base.extend(job.add(diff.new))
    job.unmark_kept(diff.kept)
    job.tally.matches.update(diff.matches)
    for what, count in diff.odd.items():
        job.tally.unexpected[f"{what}: not loaded, it stays in CVAT"] += count
    if diff.objects is None:
        job.tally.objects = type(job.tally.objects)()
    before = {conflict.base.sample_id for conflict in was_open if conflict.on_sample}
    after = {conflict.base.sample_id for conflict in job.open if conflict.on_sample}
    return JobPlan(
        changes=(*job.planned.changes, *job.planned.moved_away),
        base=tuple(base),
        open=tuple(job.open),
        tagged=tuple(sorted(after - before)),
        untagged=tuple(sorted(before - after)),
        tally=job.tally,
        again=diff.incomplete or job.again,
        gone=job.gone,
        present=present,
    )
