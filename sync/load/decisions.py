"""The decisions about the labels of one job, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...labels.attributes import Unreadable
from ...labels.base import BaseLabel, LabelKey, apply_changes
from ...labels.codec import Parts
from ...labels.objects import Object, key_of
from ...labels.read import Reading
from ...labels.schema import FieldSchema
from ...labels.types import LABEL_TYPES
from ..dataset.labels import SampleLabels
from ..dataset.samples import FRAMES, Document
from ..request import Policy
from ..runs.base import OpenConflict
from ..runs.change import Change
from ..runs.report import Counts
from .copying import derived_id
from .diff import New
from .drawn_twice import parts_of_copy
from .edited_label import Edited
from .label_changes import added, edited_change, moved_away, moved_here, reset_values
from .label_tracks import track_of_label
from .merge import LABEL, SPATIAL_EDITS, Decision, Rules, forbidden, merge
from .merge_settings import Local, MergeSettings
from .outcome import (
    JOBS_DIFFER,
    NO_ADDITIONS,
    NO_FIELD,
    NO_ROOM,
    NOT_RESTORED,
    READ_ONLY,
    SAMPLE_GONE,
    TOO_LARGE,
    WAITS,
    count_edited,
    leave,
)
from .planned_changes import PlannedChanges
from .rebase import agreed, local_of, restorable


class JobDecisions:
    """The decisions of one job.

    Args:
        was_open: conflicts of the job that nobody has decided so far
        local: the labels of the samples that are concerned
        settings: what to go by
    """

    def __init__(self, was_open: Sequence[OpenConflict], local: Local, settings: MergeSettings) -> None:
        self.settings = settings
        self.local = local
        self.was_open = {conflict.base.key: conflict for conflict in was_open}
        self.tally = Counts()
        self.planned = PlannedChanges(self.tally)
        self.open: list[OpenConflict] = []
        self.again = False
        self.gone: dict[LabelKey, bool] = {}

    def edit(self, edited: Edited) -> BaseLabel | None:
        """Merges a label that was edited in CVAT; its new base."""
        if (base := self._where_it_is(edited.base)) is not edited.base:
            edited = replace(edited, base=base)
        if edited.to is not None and (problem := self._problem_of_move(edited)) is not None:
            self.tally.of(edited.base.field).refused[f"moves to the field '{edited.to}': {problem}"] += 1
            edited = edited.staying()
        base = edited.base
        held = self._held(base)
        if held is None:
            leave(self.tally.objects, edited.objects, SAMPLE_GONE, base, edited.place)
            return None
        if closed := self._closed(base.field, held):
            self._refuse_closed(closed, base, edited.objects, edited.place)
            return base
        document = held.labels.get(base.label_id)
        decision, decided = self._merge(base, document, edited.compared_parts)
        if edited.reading.refused:
            self.tally.of(base.field).refused.update(edited.reading.refused)
        if decision.action == "ask":
            leave(self.tally.objects, edited.objects, WAITS, base, edited.place)
            self._leave_open(base, held, edited.as_conflict(decided))
            return base
        schema = self.settings.schema.fields[base.field]
        values: Document = {}
        settled: Parts = {}
        if decision.action == "restore":
            whole = restorable(edited, decision.changes, schema)
            if whole is None:
                self.tally.of(base.field).refused[NOT_RESTORED] += 1
                leave(self.tally.objects, edited.objects, NOT_RESTORED, base, edited.place)
                return self._agreed(edited, decision, {}, schema)
            decision = replace(decision, changes=whole)
        elif decision.action == "edit" and document is not None:
            decision, values, settled = self._applied(base, document, decision)
        if edited.to is not None and LABEL in decision.changes:
            return self._move(edited, decision, document, held)
        if decision.action == "restore":
            change, settled = added(base, held, schema, decision.changes)
            after = self._agreed(edited, decision, settled, schema)
            fits = self.planned.add(replace(change, base=base, base_after=after), held)
        else:
            if edited.replaced and document is not None and LABEL in decision.changes:
                values = {**reset_values(document, edited.reading.parts, schema), **values}
            after = self._agreed(edited, decision, settled, schema)
            fits = self._write(base, after, held, values)
        if not fits:
            self._leave_large(edited.objects, base, edited.place)
            return base
        count_edited(self.tally.objects, edited, decision, document, after)
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

    def _move(self, edited: Edited, decision: Decision, document: Document | None, held: SampleLabels) -> BaseLabel:
        """Moves a label to the field that its class in CVAT belongs to; its new base."""
        base, to = edited.base, edited.to or ""
        schema = self.settings.schema.fields[to]
        parts = {**decision.changes, LABEL: edited.reading.parts.get(LABEL)}
        there = self.local.get(to, {}).get(base.sample_id, SampleLabels({}))
        change: Change | None
        if document is None:
            change, settled = added(base.model_copy(update={"field": to}), there, schema, parts)
        else:
            change, settled = moved_here(base, to, document, there, schema, parts)
        after = self._agreed(edited, decision, settled, schema)
        after = after.model_copy(update={"field": to, "parts": {**dict.fromkeys(schema.all_attributes), **after.parts}})
        if change is not None and not self.planned.add(replace(change, base_after=after), there):
            self._leave_large(edited.objects, base, edited.place)
            return base
        if document is not None:
            self.planned.moved_away.append(moved_away(base, document, held))
        self.tally.objects.applied += len(edited.objects)
        return after

    def _problem_of_move(self, edited: Edited) -> str | None:
        """Why a label can't move to the field that its class in CVAT belongs to."""
        base, to = edited.base, edited.to or ""
        here, there = self.settings.schema.fields[base.field], self.settings.schema.fields[to]
        if to.startswith(FRAMES) != base.field.startswith(FRAMES):
            return "one is a field of frames, the other of whole videos"
        held = self.local.get(to, {}).get(base.sample_id)
        if closed := self._closed(to, held) or self._closed(base.field, None):
            return closed
        if not here.allow_deletions or not here.allow_label_edits:
            return f"the run does not let labels leave '{base.field}'"
        if there.existing_field and not there.allow_additions:
            return "the run allows no additions there"
        place = self.settings.place(to)
        if held is not None and not place.many and not self.planned.is_free(to, base, held):
            return NO_ROOM
        return None

    def delete(self, gone: BaseLabel) -> BaseLabel | None:
        """Merges a label that was deleted in CVAT; its base, if it stays."""
        gone = self._where_it_is(gone)
        held = self._held(gone)
        if held is None:
            return None
        if closed := self._closed(gone.field, held):
            self._refuse_closed(closed, gone, (), "")
            return gone
        document = held.labels.get(gone.label_id)
        decision, decided = self._merge(gone, document, None)
        if decision.action == "ask":
            self._leave_open(gone, held, OpenConflict(base=gone, remote=None, decided=decided))
            return gone
        if decision.action == "delete" and document is not None:
            self._note_gone(gone, by_load=True)
            index = list(held.labels).index(gone.label_id)
            where = (gone.field, gone.sample_id, gone.label_id)
            self.planned.add(Change("deleted", *where, document, None, index=index, base=gone), held)
            return None
        after = gone if decision.refused else None
        if after is None and document is None:
            self._note_gone(gone, by_load=False)
        self._write(gone, after, held, {})
        return after

    def add(self, news: Sequence[New]) -> Iterator[BaseLabel]:
        """Adds labels that were drawn in CVAT; their bases."""
        drawn = [(new, base) for new in news if (base := self._drawn(new)) is not None]
        alike = self.settings.shared.alike([base for _, base in drawn], self.settings.schema)
        for number, (new, base) in enumerate(drawn):
            after = self._add(new, base, alike.get(number))
            if after is not None:
                yield after

    def _drawn(self, new: New) -> BaseLabel | None:
        """A new label as it would be; ``None`` if it has no field."""
        name = self.settings.field_of(new)
        if name is None:
            self.tally.unexpected[f"{new.figure}: ignored"] += 1
            leave(self.tally.objects, new.objects, NO_FIELD, new.as_label(), new.place)
            return None
        plain, schema = self.settings.place(name).plain, self.settings.schema.fields[name]
        label_id = derived_id(self.settings.run_id, name, *map(str, key_of(new.objects[0])))
        return BaseLabel(
            field=name,
            sample_id=new.sample_id,
            frame=new.frame,
            label_id=new.sample_id if plain else label_id,
            parts={**dict.fromkeys(schema.all_attributes), **new.drawn.parts},
            objects=new.objects,
        )

    def _add(self, new: New, base: BaseLabel, alike: BaseLabel | None) -> BaseLabel | None:
        """Adds a label; its base.

        Args:
            new: what was drawn
            base: the label as it would be
            alike: the label of another job that it is
        """
        name, place, schema = base.field, self.settings.place(base.field), self.settings.schema.fields[base.field]
        held = self._held(base)
        if closed := self._closed(name, held):
            self._refuse_closed(closed, base, new.objects, new.place)
            return None
        if new.drawn.field is None:
            self.tally.unexpected[f"{new.figure}: put into '{name}'"] += 1
        if held is None:
            leave(self.tally.objects, new.objects, SAMPLE_GONE, base, new.place)
            return None
        if alike is not None and alike.label_id in held.labels:
            return self._join(new, base, alike, held)
        refused = self.tally.of(name).refused
        refused.update(new.drawn.refused)
        problem = "additions" if schema.existing_field and not schema.allow_additions else None
        if problem is None and not place.many and not self.planned.is_free(name, base, held):
            problem = NO_ROOM
        if problem is not None:
            refused[problem] += 1
            leave(self.tally.objects, new.objects, NO_ADDITIONS if problem == "additions" else problem, base, new.place)
            return None
        if base.label_id in held.labels:
            self.tally.objects.applied += len(new.objects)
            return base
        try:
            change, settled = added(base, held, schema, new.drawn.parts)
        except Unreadable as error:
            leave(self.tally.objects, new.objects, f"not readable: {error}", base, new.place)
            return None
        after = base.model_copy(update={"parts": {**dict.fromkeys(schema.all_attributes), **settled}})
        if not self.planned.add(replace(change, base_after=after), held):
            self._leave_large(new.objects, base, new.place)
            return None
        self.tally.objects.applied += len(new.objects)
        return after

    def _join(self, new: New, base: BaseLabel, alike: BaseLabel, held: SampleLabels) -> BaseLabel | None:
        """Makes a new label the one that a load of another job made; its base.

        What differs in the two jobs is merged like a part that both changed.
        """
        schema = self.settings.schema.fields[base.field]
        try:
            _, settled = added(base, held, schema, base.parts)
        except Unreadable as error:
            leave(self.tally.objects, new.objects, f"not readable: {error}", base, new.place)
            return None
        then, now = parts_of_copy(alike.parts, settled, base.parts, LABEL_TYPES[schema.type].codec.geometry)
        copy = base.model_copy(update={"label_id": alike.label_id, "parts": then})
        document, plain = held.labels[alike.label_id], self.settings.place(base.field).plain
        decision, decided = self._merge(copy, document, now)
        edited = Edited(copy, Reading(now, new.drawn.refused), new.objects, new.place)
        self.tally.of(base.field).refused.update(new.drawn.refused)
        values: Document = {}
        if decision.action == "ask":
            self.open.append(edited.as_conflict(decided).model_copy(update={"on_sample": plain}))
            leave(self.tally.objects, edited.objects, WAITS, copy, edited.place)
            after, marked = copy, None if plain else True
        else:
            decision, values, written = self._applied(copy, document, decision)
            read = replace(edited, reading=Reading({path: settled.get(path, value) for path, value in now.items()}))
            after, marked = self._agreed(read, decision, written, schema), None
            count_edited(self.tally.objects, edited, decision, document, after)
        change = edited_change(copy, after, document, values, marked)
        if change is not None and not self.planned.add(replace(change, base=None), held):
            self._leave_large(new.objects, copy, new.place)
            return None
        return after

    def unmark_kept(self, kept: Sequence[BaseLabel]) -> None:
        """Takes the tag from labels that were in conflict and are in CVAT what they were before."""
        for label in kept if self.was_open else ():
            if label.key in self.was_open and (held := self._held(label)):
                self._write(label, label, held, {})

    def _merge(
        self, base: BaseLabel, document: Document | None, remote: Parts | None
    ) -> tuple[Decision, dict[str, Policy]]:
        """Decides about a label; the decision, and what somebody decided about its parts."""
        schema = self.settings.schema.fields[base.field]
        earlier = self.was_open.get(base.key)
        decided = {**(earlier.decided if earlier else {}), **self.settings.resolver(base)}
        geometry = LABEL_TYPES[schema.type].codec.geometry
        other = self.settings.shared.other(base)
        rules = Rules(self.settings.policy, decided, geometry, forbidden(schema), other)
        local = None if document is None else local_of(base, document, schema, remote or ())
        decision = merge(base.parts, local, remote, rules)
        if decision.refused or decision.jobs_differ:
            refused = [*decision.refused, *([JOBS_DIFFER] if decision.jobs_differ else [])]
            self.tally.of(base.field).refused.update(refused)
        if decision.conflicts:
            where = self._where(base)
            self.tally.conflicts += [{**where, **conflict.facts()} for conflict in decision.conflicts]
            self.tally.samples[base.sample_id] = None
        return decision, decided

    def _where(self, base: BaseLabel) -> dict[str, Any]:
        """How a conflict says which label it is about."""
        where: dict[str, Any] = {"field": base.field, "sample_id": base.sample_id, "label_id": base.label_id}
        if self.settings.in_sequence or self.settings.place(base.field).on_frames:
            where |= {"frame": base.frame, "track": track_of_label(base)}
        return where

    def _agreed(self, edited: Edited, decision: Decision, settled: Parts, schema: FieldSchema) -> BaseLabel:
        """The base after a merge; with what is written of it, if another job has the label, too."""
        after = agreed(edited, decision, settled, schema)
        if not decision.changes or not self.settings.shared.has(after.frame):
            return after
        return after.model_copy(update={"wrote": tuple(sorted({*after.wrote, *decision.changes}))})

    def _note_gone(self, label: BaseLabel, *, by_load: bool) -> None:
        """Notes that a label is gone from this job, if another job may have it."""
        if self.settings.shared.has(label.frame):
            self.gone[label.key] = by_load

    def _where_it_is(self, label: BaseLabel) -> BaseLabel:
        """A label in the field that it is in, should another job have moved it."""
        field = self.settings.shared.field_of(label)
        return label if field == label.field else label.model_copy(update={"field": field})

    def _leave_open(self, base: BaseLabel, held: SampleLabels, conflict: OpenConflict) -> None:
        carrier = base.label_id in held.labels and not self.settings.place(base.field).plain
        self.open.append(conflict.model_copy(update={"on_sample": not carrier}))
        self._write(base, base, held, {}, marked=True)

    def _write(
        self, base: BaseLabel, after: BaseLabel | None, held: SampleLabels, values: Document, marked: bool = False
    ) -> bool:
        """Writes an edited label, if anything of it or its tag changes; whether its sample has room for that."""
        document = held.labels.get(base.label_id)
        if document is None or held.closed:
            return True
        plain = self.settings.place(base.field).plain
        tagged = None if plain or (not marked and self.settings.shared.waits(base)) else marked
        change = edited_change(base, after, document, values, tagged)
        return change is None or self.planned.add(change, held)

    def _leave_large(self, objects: Sequence[Object], label: BaseLabel, place: str) -> None:
        """Leaves a change that a sample has no room for; it comes once there is room."""
        self.tally.of(label.field).refused[TOO_LARGE] += 1
        leave(self.tally.objects, objects, TOO_LARGE, label, place)
        self.again = True

    def _closed(self, field: str, held: SampleLabels | None) -> str:
        """Why nothing is written into a field, or into what a sample has of it; empty if it can be."""
        return READ_ONLY if field in self.settings.read_only else held.closed if held else ""

    def _refuse_closed(self, reason: str, label: BaseLabel, objects: Sequence[Object], place: str) -> None:
        """Leaves a change where nothing is written; it comes once something may be."""
        self.tally.of(label.field).refused[f"changes: {reason}"] += 1
        leave(self.tally.objects, objects, reason, label, place)
        self.again = True

    def _held(self, label: BaseLabel) -> SampleLabels | None:
        """What a label's sample has; ``None`` if the dataset does not have the sample any more."""
        held = self.local.get(label.field, {}).get(label.sample_id)
        if held is None:
            self.tally.samples_gone += 1
        return held
