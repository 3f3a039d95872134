"""Going on after a load that was killed: what it wrote is found out, label by label, and the base follows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import bson

from ...labels.base import BaseLabel, LabelKey
from ...labels.types import LABEL_TYPES
from ..dataset.labels import Labels, SampleLabels
from ..dataset.samples import Document, FieldPlace
from ..runs.base import BaseStore, OpenConflict
from ..runs.change import CONFLICT_TAG, COUNTED, Change, JobPlan, Kind
from ..runs.log import JobEntry, JobNote, LoadLog, LoadRecord
from ..runs.marks import JobMark
from ..runs.outbox import TrackLabels
from ..runs.report import Counts
from .label_tracks import on_track, track_of_label, without
from .merge_settings import Local


def same_document(one: Document | None, other: Document | None) -> bool:
    """Whether two documents of labels are the same to the last bit, in whatever order their paths are."""
    if one is None or other is None:
        return one is other
    return bool(bson.encode(dict(sorted(one.items()))) == bson.encode(dict(sorted(other.items()))))


def read_changed(labels: Labels, changes: Sequence[Change], types: Mapping[str, str]) -> Local:
    """What the dataset has now of the labels that were changed."""
    samples: dict[str, set[str]] = {}
    for change in changes:
        samples.setdefault(change.field, set()).add(change.sample_id)
    return {name: labels.read(FieldPlace.of(name, LABEL_TYPES[types[name]]), ids) for name, ids in samples.items()}


def find_held(local: Local, change: Change) -> SampleLabels | None:
    """What a changed label's sample holds now; ``None`` if the dataset lost the sample."""
    return local.get(change.field, {}).get(change.sample_id)


def was_written(change: Change, local: Local) -> bool:
    """Whether a change is in the dataset, and nobody changed the label since."""
    held = find_held(local, change)
    return held is not None and same_document(held.labels.get(change.label_id), change.after)


def rebase(base: Sequence[BaseLabel], values: Mapping[LabelKey, BaseLabel | None]) -> tuple[BaseLabel, ...]:
    """A base with other values for some labels; ``None`` takes a label out."""
    left = dict(values)
    kept = [left.pop(label.key, label) for label in base]
    return tuple(label for label in [*kept, *left.values()] if label is not None)


def recover(labels: Labels, base: BaseStore, log: LoadLog, record: LoadRecord) -> dict[int, JobEntry]:
    """Advances the base with what a killed load wrote.

    Args:
        labels: the dataset's labels
        base: the base that the load was about
        log: the run's loads
        record: the load

    Returns:
        what it wrote of each job
    """
    written: dict[int, JobEntry] = {}
    marks = base.marks()
    for job_id in log.job_ids(record.number):
        entry = log.job(record.number, job_id)
        if entry is None:
            continue
        local = read_changed(labels, entry.changes, record.types)
        done = tuple(change for change in entry.changes if was_written(change, local))
        written[job_id] = replace(entry, changes=done)
        then = base.known_labels(job_id, marks.get(job_id, JobMark()))
        tracks = base.tracks(job_id)
        half = {change.key[1:] for change in entry.changes if change.kind == "moved away" and change not in done}
        nested = {label.key: label for item in tracks for label in item.labels}
        settled_now = [
            change
            for change in done
            if (change.kind != "moved" or change.key[1:] not in half) and not _is_known(change, nested)
        ]
        on_tracks = _tracks_of(then, tracks)
        values = {change.key: _on_its_track(change, on_tracks) for change in settled_now}
        now = rebase(then, values)
        settled = {change.key for change in done if not _in_conflict(change)}
        open_ = base.open(job_id)
        still = tuple(item for item in open_ if item.base.key not in settled)
        if still != open_:
            base.save_open(job_id, still)
        if now != then:
            settled_keys = {change.key for change in settled_now}
            base.save_labels(job_id, now, without(tracks, settled_keys))
    return written


def _tracks_of(labels: Sequence[BaseLabel], tracks: Sequence[TrackLabels]) -> dict[tuple[int, str], int]:
    """The tracks of the base that labels are on, by frame and id: some may have been moved to another field."""
    known = {item.track.id for item in tracks}
    apart = {label.key[1:]: of for label in labels if (of := track_of_label(label)) is not None and of in known}
    return apart | {label.key[1:]: item.track.id or 0 for item in tracks for label in item.labels}


def _on_its_track(change: Change, on_tracks: Mapping[tuple[int, str], int]) -> BaseLabel | None:
    """What a written label is in the base: on its track there, so that the rest of this track is found as before."""
    after, track_id = change.base_after, on_tracks.get(change.key[1:])
    return after if after is None or track_id is None or track_of_label(after) is None else on_track(after, track_id)


def _is_known(change: Change, nested: Mapping[LabelKey, BaseLabel]) -> bool:
    """Whether a label is in its track in the base as the change made it: the job was done when the load was killed."""
    after, label = change.base_after, nested.get(change.key)
    return after is not None and label == after.model_copy(update={"objects": ()})


def _in_conflict(change: Change) -> bool:
    return change.after is not None and CONFLICT_TAG in (change.after.get("tags") or [])


def entry_of(note: JobNote, plan: JobPlan, was_open: Sequence[OpenConflict], earlier: JobEntry | None) -> JobEntry:
    """What a load is about to change in a job, with what it had written before it was killed.

    Args:
        note: the job
        plan: what it is about to change
        was_open: the conflicts of the job that were open
        earlier: what it wrote before
    """
    tally = plan.tally.model_copy(deep=True)
    news = {change.key: change for change in plan.changes}
    changes: list[Change] = []
    for old in earlier.changes if earlier else ():
        new = news.pop(old.key, None)
        if new is not None and old.before is None and new.after is None:
            continue
        changes.append(_joined(old, new) if new else old)
        if new is None:
            _count(tally, old)
    changes += news.values()
    if earlier:
        known = {(item["field"], item["label_id"], item["part"]) for item in tally.conflicts}
        mine = {(change.field, change.label_id) for change in earlier.changes}
        for item in earlier.tally.conflicts:
            where = (item["field"], item["label_id"])
            if where in mine and (*where, item["part"]) not in known:
                tally.conflicts.append(item)
    counts = {what: tally.total(what) for what in ("added", "changed", "deleted")}
    return JobEntry(
        note=note.model_copy(update=counts),
        tally=tally,
        changes=tuple(changes),
        open=earlier.open if earlier else tuple(was_open),
        tagged=tuple(sorted({*(earlier.tagged if earlier else ()), *plan.tagged})),
        untagged=tuple(sorted({*(earlier.untagged if earlier else ()), *plan.untagged})),
    )


def _joined(old: Change, new: Change) -> Change:
    """Two changes of a label, one after the other, as one."""
    kind: Kind = "added" if old.before is None else "deleted" if new.after is None else "changed"
    kind = next((move for move in ("moved", "moved away") if move in (old.kind, new.kind)), kind)
    return replace(new, kind=kind, before=old.before, base=old.base, index=old.index, holder=old.holder)


def _count(tally: Counts, change: Change) -> None:
    tally.samples[change.sample_id] = None
    if (what := COUNTED.get(change.kind)) is not None:
        tally.of(change.field).count(what, str((change.after or change.before or {}).get("label") or ""))
