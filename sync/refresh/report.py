"""What a refresh did, or would do, for the person and for programs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, PrivateAttr

from ...labels.base import BaseLabel
from ..readable import readable
from ..runs.refreshes import JobWrites, LabelKey, Tally, key_of

Written = Literal["created", "changed", "deleted"]
NAMED = 20
"""Samples that are named of labels that were left for one reason."""
MOST_LISTED = 1_000
"""Labels that are listed one by one."""

BOTH = "changed here and in CVAT: load, which merges them, then refresh again"
WAITS = "in conflict: decide first"
REMOVED = "on frames that were removed in CVAT"
ON_TRACK = "part of a track in CVAT"
OTHER_TRACK = "on tracks that have other ids in CVAT by now: load first, then refresh again"
RENAMED = "in a task whose labels were changed in CVAT: load first"
TOUCHED = "changed in CVAT while the refresh was on: load, which merges them"
DISAGREES = "another one in CVAT after the write: an open editor may have saved over it. Load to see what is there"
HIDDEN = "that the view hid which was sent, so they were not sent then, either"
JOB_GONE = "in a task that was deleted in CVAT while the refresh was on"
TWIN = "with the id of another one in the same list"
GONE = "of samples that the dataset does not have any more"


class Left(BaseModel):
    """Labels that were left for one reason: how many, and the first of their samples."""

    count: int = 0
    samples: dict[str, None] = Field(default_factory=dict)


class RefreshReport(BaseModel):
    """What a refresh did.

    Args:
        anno_key: the run
        refresh: its number; ``None`` if nothing was written
        preview: whether this is only what it would do
        fields: the labels that were ``created``, ``changed`` and ``deleted`` in CVAT, by field, then kind, then class
        unchanged: labels that are the same here as when both sides last agreed
        left: labels that changed here and were not written, by reason
        listed: which they are, as far as they are not too many: ``field``, ``sample_id``, ``label_id``, ``reason``
        jobs, jobs_written: how many jobs the run has, and into how many something was, or would be, written
        jobs_left: jobs that were left out: ``job_id``, ``task_id``, ``why``, and how many ``labels`` wait for them
        notes: sentences for the person
    """

    anno_key: str
    refresh: int | None = None
    preview: bool = False
    fields: dict[str, dict[str, Counter[str]]] = Field(default_factory=dict)
    unchanged: int = 0
    left: dict[str, Left] = Field(default_factory=dict)
    listed: list[dict[str, str]] = Field(default_factory=list)
    jobs: int = 0
    jobs_written: int = 0
    jobs_left: list[dict[str, Any]] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    _tally: Tally = PrivateAttr(default_factory=Tally)
    _kept: set[LabelKey] = PrivateAttr(default_factory=set)

    def keep(self, label: BaseLabel, *, in_others: bool) -> None:
        """Counts a label as unchanged.

        Args:
            label: the label
            in_others: whether jobs that are looked at later may have it, too, and find that it is to be changed there
        """
        if key_of(label) not in self._kept:
            self.unchanged += 1
        if in_others:
            self._kept.add(key_of(label))

    def has_kept(self, key: LabelKey) -> bool:
        """Whether a label was counted as unchanged that another job has, too."""
        return key in self._kept

    def _give_way(self, label: BaseLabel) -> None:
        """Counts a label no more as unchanged, as it is counted as something else."""
        if key_of(label) in self._kept:
            self._kept.discard(key_of(label))
            self.unchanged -= 1

    def count(self, writes: JobWrites) -> None:
        """Counts the labels that are written into a job."""
        for kind, label in self._tally.new(writes):
            if kind == "agreed":
                self.unchanged += 1
                continue
            self._give_way(label)
            name = str(label.parts.get("label") or "")
            self.fields.setdefault(label.field, {}).setdefault(kind, Counter())[name] += 1

    def leave_job(self, writes: JobWrites, why: str) -> None:
        """Tells of a job that nothing was written into after all, as it is in another state by now."""
        labels = sum(kind != "agreed" and label.frame not in writes.told for kind, label in writes.changes)
        self.jobs_left.append({"job_id": writes.job_id, "task_id": writes.task_id, "why": why, "labels": labels})
        self.jobs_written -= 1

    def leave(self, reason: str, label: BaseLabel | None = None, count: int = 1) -> None:
        """Counts a label that stays behind."""
        reason = readable(reason)
        left = self.left.setdefault(reason, Left())
        left.count += count
        if label is None:
            return
        self._give_way(label)
        if len(left.samples) < NAMED:
            left.samples[label.sample_id] = None
        if len(self.listed) < MOST_LISTED:
            where = {"field": label.field, "sample_id": label.sample_id, "label_id": label.label_id}
            self.listed.append({**where, "reason": reason})

    def leave_all(self, reasons: Counter[str]) -> None:
        """Counts labels that stay behind, by reason."""
        for reason, count in reasons.items():
            self.leave(reason, count=count)

    def note(self, sentences: Iterable[str]) -> None:
        """Adds sentences, each once."""
        self.notes += [text for text in map(readable, sentences) if text not in self.notes]

    @property
    def samples(self) -> set[str]:
        """The samples, or documents of frames, that it names."""
        return {own for left in self.left.values() for own in left.samples} | {one["sample_id"] for one in self.listed}

    def name_videos(self, videos: Mapping[str, str]) -> None:
        """Names videos instead of the documents of their frames.

        Args:
            videos: the videos by the ids of these documents
        """
        for left in self.left.values():
            left.samples = {videos.get(own, own): None for own in left.samples}
        for item in self.listed:
            item["sample_id"] = videos.get(item["sample_id"], item["sample_id"])

    def total(self, kind: Written) -> int:
        """How many labels were created, changed or deleted in all fields."""
        return sum(found.get(kind, Counter()).total() for found in self.fields.values())

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, with the totals of all fields."""
        data = self.model_dump(mode="json")
        data["left"] = [
            {"reason": reason, "count": left.count, "samples": list(left.samples)} for reason, left in self.left.items()
        ]
        data.update(created=self.total("created"), changed=self.total("changed"), deleted=self.total("deleted"))
        return data
