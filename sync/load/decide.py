"""What becomes of a job's labels: a pure function of what changed in CVAT and what the dataset has now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId

from ...labels.attributes import Unreadable
from ...labels.base import BaseLabel, apply_changes
from ...labels.codec import Parts
from ...labels.objects import key_of
from ...labels.schema import LabelSchema
from ...labels.types import LABEL_TYPES, NEW_FIELD_FOR
from ..dataset.labels import SampleLabels
from ..dataset.mask_files import name_arrays
from ..dataset.samples import Document, FieldPlace
from ..request import Policy
from ..runs.base import OpenConflict
from ..runs.change import CONFLICT_TAG, Change, JobPlan
from ..runs.report import Count, Counts
from .copying import derived_id
from .diff import Edited, JobDiff, New
from .merge import SPATIAL_EDITS, Decision, Rules, forbidden, merge
from .rebase import agreed, local_of, restorable, stored

Local = Mapping[str, Mapping[str, SampleLabels]]
"""What the dataset has now: by field, then sample."""


Resolver = Callable[[BaseLabel], Mapping[str, Policy]]


@dataclass(frozen=True)
class MergeSettings:
    """What a load goes by.

    Args:
        run_id: the run's own id
        schema: the run's schema, under the names of the fields that are loaded into
        policy: whose change counts where both sides changed the same part
        resolver: the parts of a label that somebody decides now, in addition to those that were decided before
        rooms: the field for labels that no field of the run can hold, by label type; without one they are ignored
    """

    run_id: str
    schema: LabelSchema
    policy: Policy = "remote"
    resolver: Resolver = lambda label: {}
    rooms: Mapping[str, str] = field(default_factory=dict)

    def place(self, name: str) -> FieldPlace:
        """Where a field's labels are."""
        return FieldPlace.of(name, LABEL_TYPES[self.schema.fields[name].type])

    def field_of(self, new: New) -> str | None:
        """Where a label that was drawn in CVAT belongs."""
        return new.drawn.field or self.rooms.get(NEW_FIELD_FOR[new.figure])


def concerned(diff: JobDiff, was_open: Sequence[OpenConflict], settings: MergeSettings) -> dict[str, set[str]]:
    """The samples whose labels have to be known for a decision, by field."""
    samples: dict[str, set[str]] = {}
    labels = [*(edited.base for edited in diff.edited), *diff.deleted, *(conflict.base for conflict in was_open)]
    for label in labels:
        samples.setdefault(label.field, set()).add(label.sample_id)
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
    job = _Decisions(was_open, local, settings)
    base = [*diff.kept]
    base.extend(label for edited in diff.edited if (label := job.edit(edited)))
    base.extend(label for gone in diff.deleted if (label := job.delete(gone)))
    base.extend(label for new in diff.new if (label := job.add(new)))
    job.unmark_kept(diff.kept)
    job.tally.matches.update(diff.matches)
    for what, count in diff.unreadable.items():
        job.tally.unexpected[f"{what}: not loaded, they stay in CVAT"] += count
    before = {conflict.base.sample_id for conflict in was_open if conflict.on_sample}
    after = {conflict.base.sample_id for conflict in job.open if conflict.on_sample}
    return JobPlan(
        changes=tuple(job.changes),
        base=tuple(base),
        open=tuple(job.open),
        tagged=tuple(sorted(after - before)),
        untagged=tuple(sorted(before - after)),
        tally=job.tally,
    )


class _Decisions:
    """The decisions of one job, one after the other."""

    def __init__(self, was_open: Sequence[OpenConflict], local: Local, settings: MergeSettings) -> None:
        self.settings = settings
        self.local = local
        self.was_open = {(conflict.base.field, conflict.base.label_id): conflict for conflict in was_open}
        self.changes: list[Change] = []
        self.open: list[OpenConflict] = []
        self.tally = Counts()

    def edit(self, edited: Edited) -> BaseLabel | None:
        """Merges a label that was edited in CVAT; its new base."""
        base, remote = edited.base, edited.reading.parts
        held = self._held(base)
        if held is None:
            return None
        schema = self.settings.schema.fields[base.field]
        document = held.labels.get(base.label_id)
        decision, decided = self._merge(base, document, remote)
        self.tally.of(base.field).refused.update(edited.reading.refused)
        if decision.action == "ask":
            self._leave_open(
                base, held, OpenConflict(base=base, remote=remote, objects=edited.objects, decided=decided)
            )
            return base
        values: Document = {}
        settled: Parts = {}
        if decision.action == "edit" and document is not None:
            decision, values, settled = self._applied(base, document, decision)
        elif decision.action == "restore" and (whole := restorable(edited, decision.changes, schema)):
            change, settled = self._made(base, held, whole)
            after = agreed(edited, decision, settled, schema)
            self._note(replace(change, base=base, base_after=after))
            return after
        elif decision.action == "restore":
            self.tally.of(base.field).refused["edits of segmentations that were deleted here"] += 1
        after = agreed(edited, decision, settled, schema)
        self._write(base, after, held, values)
        return after

    def _applied(self, base: BaseLabel, document: Document, decision: Decision) -> tuple[Decision, Document, Parts]:
        """What to write for a decision, and the parts that both sides then agree on.

        Where the label can't hold its new geometry, that stays as it is, and the decision says so.
        """
        schema = self.settings.schema.fields[base.field]
        try:
            return decision, *apply_changes(document, schema, decision.changes)
        except Unreadable as error:
            self.tally.of(base.field).refused[f"edits of shapes that the label can't hold ({error})"] += 1
        geometry = LABEL_TYPES[schema.type].codec.geometry
        rest = {path: value for path, value in decision.changes.items() if path not in geometry}
        refused = replace(decision, changes=rest, refused=(*decision.refused, SPATIAL_EDITS))
        return refused, *apply_changes(document, schema, rest)

    def delete(self, gone: BaseLabel) -> BaseLabel | None:
        """Merges a label that was deleted in CVAT; its base, if it stays."""
        held = self._held(gone)
        if held is None:
            return None
        document = held.labels.get(gone.label_id)
        decision, decided = self._merge(gone, document, None)
        if decision.action == "ask":
            self._leave_open(gone, held, OpenConflict(base=gone, remote=None, decided=decided))
            return gone
        if decision.action == "delete" and document is not None:
            index = list(held.labels).index(gone.label_id)
            self._note(
                Change("deleted", gone.field, gone.sample_id, gone.label_id, document, None, index=index, base=gone)
            )
            return None
        after = gone if decision.refused else None
        self._write(gone, after, held, {})
        return after

    def add(self, new: New) -> BaseLabel | None:
        """Adds a label that was drawn in CVAT; its base."""
        name = self.settings.field_of(new)
        if name is None:
            self.tally.unexpected[f"{new.figure}: ignored"] += 1
            return None
        if new.drawn.field is None:
            self.tally.unexpected[f"{new.figure}: put into '{name}'"] += 1
        place, schema = self.settings.place(name), self.settings.schema.fields[name]
        label_id = derived_id(self.settings.run_id, name, *map(str, key_of(new.objects[0])))
        nothing = dict.fromkeys(schema.all_attributes)
        base = BaseLabel(
            field=name,
            sample_id=new.sample_id,
            frame=new.frame,
            label_id=new.sample_id if place.plain else label_id,
            parts={**nothing, **new.drawn.parts},
            objects=new.objects,
        )
        held = self._held(base)
        if held is None:
            return None
        refused = self.tally.of(name).refused
        refused.update(new.drawn.refused)
        if schema.existing_field and not schema.allow_additions:
            refused["additions"] += 1
            return None
        if not place.many and not self._is_free(base, held):
            refused["second labels on a sample, for which the field has no room"] += 1
            return None
        if base.label_id in held.labels:
            return base
        change, settled = self._made(base, held, new.drawn.parts)
        after = base.model_copy(update={"parts": {**nothing, **settled}})
        self._note(replace(change, base_after=after))
        return after

    def unmark_kept(self, kept: Sequence[BaseLabel]) -> None:
        """Takes the tag from labels that were in conflict and are in CVAT what they were before."""
        for label in kept if self.was_open else ():
            if (label.field, label.label_id) in self.was_open and (held := self._held(label)):
                self._write(label, label, held, {})

    def _merge(
        self, base: BaseLabel, document: Document | None, remote: Parts | None
    ) -> tuple[Decision, dict[str, Policy]]:
        """Decides about a label; the decision, and what somebody decided about its parts."""
        schema = self.settings.schema.fields[base.field]
        earlier = self.was_open.get((base.field, base.label_id))
        decided = {**(earlier.decided if earlier else {}), **self.settings.resolver(base)}
        geometry = LABEL_TYPES[schema.type].codec.geometry
        rules = Rules(self.settings.policy, decided, geometry, forbidden(schema))
        local = None if document is None else local_of(base, document, schema)
        decision = merge(base.parts, local, remote, rules)
        self.tally.of(base.field).refused.update(decision.refused)
        where = {"field": base.field, "sample_id": base.sample_id, "label_id": base.label_id}
        self.tally.conflicts += [{**where, **vars(conflict)} for conflict in decision.conflicts]
        if decision.conflicts:
            self.tally.samples[base.sample_id] = None
        return decision, decided

    def _leave_open(self, base: BaseLabel, held: SampleLabels, conflict: OpenConflict) -> None:
        carrier = base.label_id in held.labels and not self.settings.place(base.field).plain
        self.open.append(conflict.model_copy(update={"on_sample": not carrier}))
        self._write(base, base, held, {}, marked=True)

    def _write(
        self, base: BaseLabel, after: BaseLabel | None, held: SampleLabels, values: Document, marked: bool = False
    ) -> None:
        """Writes an edited label, if anything of it or its tag changes."""
        document = held.labels.get(base.label_id)
        if document is None:
            return
        tags = document.get("tags") or []
        tag = {}
        if not self.settings.place(base.field).plain and marked != (CONFLICT_TAG in tags):
            tag = {"tags": [*tags, CONFLICT_TAG] if marked else [item for item in tags if item != CONFLICT_TAG]}
        if not values and not tag:
            return
        named, files = name_arrays(document, {**values, **tag})
        change = Change(
            kind="changed" if values else "marked",
            field=base.field,
            sample_id=base.sample_id,
            label_id=base.label_id,
            before=stored(document),
            after={**stored(document), **named},
            values=named,
            base=base,
            base_after=after,
            files=files,
        )
        self._note(change)

    def _made(self, base: BaseLabel, held: SampleLabels, parts: Parts) -> tuple[Change, Parts]:
        """A label that is made anew, and its parts as they will be read from its document."""
        schema = self.settings.schema.fields[base.field]
        blank = LABEL_TYPES[schema.type].codec.blank()
        values, settled = apply_changes(blank, schema, parts)
        document = {**blank, "_id": ObjectId(base.label_id), **values}
        where = (base.field, base.sample_id, base.label_id)
        return Change("added", *where, None, document, holder=held.holder), settled

    def _note(self, change: Change) -> None:
        self.changes.append(change)
        self.tally.samples[change.sample_id] = None
        if change.kind != "marked":
            document: Mapping[str, Any] = change.after or change.before or {}
            what: Count = change.kind
            self.tally.of(change.field).count(what, str(document.get("label") or ""))

    def _held(self, label: BaseLabel) -> SampleLabels | None:
        """What a label's sample has; ``None`` if the dataset does not have the sample any more."""
        held = self.local.get(label.field, {}).get(label.sample_id)
        if held is None:
            self.tally.samples_gone += 1
        return held

    def _is_free(self, base: BaseLabel, held: SampleLabels) -> bool:
        """Whether a field for one label has room for this one."""
        here = [c for c in self.changes if (c.field, c.sample_id) == (base.field, base.sample_id)]
        gone = {change.label_id for change in here if change.kind == "deleted"}
        return not any(c.kind == "added" for c in here) and not set(held.labels) - gone - {base.label_id}
