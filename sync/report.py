"""What a load did, for the person and for programs."""

from collections import Counter
from typing import Any

from pydantic import BaseModel, Field


class FieldReport(BaseModel):
    """The labels of one field: how many were added, changed, deleted and left as they were.

    ``copied`` are the labels that were copied into a ``dest_field`` when it was first loaded into; ``refused`` are
    edits made in CVAT that were not applied, by reason.
    """

    added: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    copied: int = 0
    refused: Counter[str] = Field(default_factory=Counter)


class LoadReport(BaseModel):
    """What a load did.

    Args:
        anno_key: the run
        fields: what was done, by field
        jobs, jobs_read: how many jobs the run has, and how many had changed and were read
        matched: labels that had lost their id in CVAT and were found again by what they look like
        conflicts: parts that both sides had changed; CVAT's value was taken
        unexpected: labels that no field of the run can hold, by what they are and where they were put
        frames_deleted, frames_restored: samples whose frame was removed in CVAT, or brought back
        samples_gone: labels of samples that the dataset does not have any more
        notes: sentences for the person
    """

    anno_key: str
    fields: dict[str, FieldReport] = Field(default_factory=dict)
    jobs: int = 0
    jobs_read: int = 0
    matched: int = 0
    conflicts: list[dict[str, Any]] = Field(default_factory=list)
    unexpected: Counter[str] = Field(default_factory=Counter)
    frames_deleted: int = 0
    frames_restored: int = 0
    samples_gone: int = 0
    notes: list[str] = Field(default_factory=list)

    def of(self, field: str) -> FieldReport:
        """The report of a field."""
        return self.fields.setdefault(field, FieldReport())

    def note(self, sentence: str) -> None:
        """Adds a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def changed_anything(self) -> bool:
        """Whether any label was written."""
        return any(r.added or r.changed or r.deleted or r.copied for r in self.fields.values())

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, with the totals of all fields."""
        data = self.model_dump(mode="json")
        for name in ("added", "changed", "deleted", "unchanged"):
            data[name] = sum(getattr(report, name) for report in self.fields.values())
        return data
