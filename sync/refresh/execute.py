"""Writing into one job what was planned. Whatever was done of it before is done once: it can be killed anywhere."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ...cvat import Annotations, Client, CvatError, Job, Shape, Tag
from ...cvat.models import Track
from ...labels.base import BaseLabel
from ...labels.objects import Key, Object, key_of
from ..runs.outbox import Batch, BatchAnswer, JobPlace, Outbox, TrackLabels, labels_of
from ..runs.refreshes import JobWrites, LabelKey, LabelWrite, TrackWrite
from ..runs.store import Store
from ..send.attempts import Attempts
from ..send.encode import Identity, identities
from ..send.job_doubts import settle
from ..send.job_writer import JobWriter, WriterContext
from ..send.refusals import is_about_labels
from ..send.video_labels import batches_of
from .draw import as_written, in_order
from .execute_tracks import TrackExecutor, first_of, new_entry, tracks_of
from .portions import in_portions
from .prefixed_store import PrefixedStore
from .report import DISAGREES, TOUCHED

PLACE = JobPlace(0, 0)
OBJECTS = 5_000
"""Objects in a request."""

Current = Mapping[Key, Object]


@dataclass
class Outcome:
    """What became of what was planned for a job.

    Args:
        written: the labels that CVAT has as they were written, with their objects
        tracks: the tracks, too
        left: the other labels, and why
        refused: labels that CVAT does not take, by reason
        date: the job's, afterwards
        quiet: whether nothing else changed in the job since the plan was made
        met: whether somebody else saved the job between the last reading before the write and the one after it
        why_not: why nothing was written, as the job is in another state by now
    """

    written: list[LabelWrite] = field(default_factory=list)
    tracks: list[TrackWrite] = field(default_factory=list)
    left: list[tuple[BaseLabel, str]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    date: str = ""
    quiet: bool = False
    met: bool = False
    why_not: str | None = None

    def of(self, plan: JobWrites) -> JobWrites:
        """What was written of what was planned."""
        return plan.model_copy(update={"writes": tuple(self.written), "tracks": tuple(self.tracks)})


class JobExecutor:
    """Writes into one job.

    Args:
        client: the CVAT server
        store: the run's store
        plan: what to write
        check: raises if this is to end
        say: reports what is being done
        why_not: why nothing is written into a job that is in such a state by now; ``None`` if something is
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        plan: JobWrites,
        check: Callable[[], None],
        say: Callable[[str], None],
        why_not: Callable[[Job], str | None],
    ) -> None:
        self._client, self._plan, self._check, self._why_not = client, plan, check, why_not
        outbox_store = PrefixedStore(store, f"refresh/out/{plan.job_id}/")
        self._writers = WriterContext(client, Outbox(outbox_store), Attempts(outbox_store), check, say)
        self._outcome = Outcome()
        self._late: set[LabelKey] = set()  # labels that somebody touched after the first portion was written

    def run(self) -> Outcome:
        """Writes, reads the job again, and compares.

        What replaces or deletes comes right after the reading, before what is new: what an annotator saves in between
        would be written over.
        """
        job, there = self._client.stable_job(self._plan.job_id, before=self._plan.date or None)
        self._outcome.why_not = self._why_not(job)
        if self._outcome.why_not is not None:
            return self._outcome
        before, tracks = current(there), tracks_of(there)
        writer = TrackExecutor(self._client, self._plan, self._outcome.left)
        blocked = writer.sort(tracks, self._stuck(before))
        kept = self._sort(before, blocked)
        self._update([write for write in kept if write.kind == "changed" and not write.drops_objects])
        writer.write(self._check, self._read, self._outcome.refused)
        self._delete([write for write in kept if write.drops_objects], before)
        created, new_tracks = self._create(before, tracks, blocked)
        made = self._replace(self._made(created, blocked))
        wanted = [*(write for write in kept if write.key not in self._late), *made]
        self._outcome.date, there = self._client.stable_annotations(self._plan.job_id)
        after, tracks_after = current(there), tracks_of(there)
        for write in wanted:
            # What was created is known by its ids, whatever somebody made of it since
            self._compare(write, after, known=write.key in created)
        self._outcome.tracks = writer.compare(tracks_after, new_tracks, self._refused())
        self._outcome.met = self._others(before, tracks, wanted) != self._others(after, tracks_after, wanted)
        self._outcome.quiet = job.updated_date == self._plan.date and not self._outcome.met
        return self._outcome

    def _others(
        self, there: Current, tracks: Mapping[int, Track], wanted: Sequence[LabelWrite]
    ) -> tuple[dict[Key, Object], dict[int, Track]]:
        """What of a job is not about what is written."""
        own = {key_of(item) for write in self._plan.writes for item in write.objects}
        own |= {key_of(item) for write in wanted for item in (write.after.objects if write.after else ())}
        ours = {write.id for write in (*self._plan.tracks, *self._outcome.tracks)}
        return (
            {key: item for key, item in there.items() if key not in own},
            {track_id: track for track_id, track in tracks.items() if track_id not in ours},
        )

    # New objects

    def _create(
        self, before: Current, tracks: Mapping[int, Track], blocked: Collection[Identity]
    ) -> tuple[dict[Identity, BaseLabel], dict[Identity, TrackLabels]]:
        """Creates objects, each once: the labels with what CVAT made, and the tracks by their first label."""
        new = [write for write in self._plan.writes if write.makes_objects and write.key not in blocked]
        new_tracks = [entry for write in self._plan.tracks if (entry := new_entry(write, blocked))]
        if not new and not new_tracks:
            return {}, {}
        outbox = self._writers.outbox
        if next(outbox.batches(PLACE), None) is None:  # what was there before is nothing that a request made
            outbox.draw(PLACE, 0, Batch())
            outbox.save(PLACE, 0, _ids(before, tracks))
        earlier = settle(self._client, self._plan.job_id, PLACE, outbox, self._writers.attempts, self._check)
        done = identities([kept.batch for kept in earlier]) | self._refused()
        free: list[BaseLabel | TrackLabels] = [
            write.label for write in new if not write.objects or _is_as(write.objects, before)
        ]
        rest = [entry for entry in (*free, *new_tracks) if first_of(entry) not in done]
        writer = JobWriter(self._writers, PLACE, batches_of(rest, {}), self._outcome.refused, earlier)
        for _ in writer.write(self._plan.job_id):
            self._check()
        made = [
            entry
            for kept in outbox.batches(PLACE)
            if kept.saved is not None
            for entry in labels_of(kept.batch, kept.saved, kept.number)
        ]
        return (
            {first_of(entry): entry for entry in made if isinstance(entry, BaseLabel)},
            {first_of(entry): entry for entry in made if isinstance(entry, TrackLabels)},
        )

    def _refused(self) -> set[Identity]:
        """Labels that CVAT is known not to take."""
        refusals = self._writers.attempts.refusals(PLACE)
        return {(item.field, item.sample_id, item.label_id) for item in refusals}

    # What is there

    def _stuck(self, before: Current) -> set[LabelKey]:
        """The labels whose objects somebody touched since."""
        planned = [write for write in self._plan.writes if not write.makes_objects and write.kind != "agreed"]
        return {w.key for w in planned if not (_is_as(w.objects, before) or self._is_done(w, before))}

    def _sort(self, before: Current, blocked: Collection[LabelKey]) -> list[LabelWrite]:
        """What can be written as planned without new objects: nobody touched those that it has since, nor its track."""
        told = {first_of(label) for label, _ in self._outcome.left}
        found = []
        for write in self._plan.writes:
            if write.makes_objects:
                continue
            if write.kind == "agreed" or self._is_done(write, before) or write.key not in blocked:
                found.append(write)
            elif write.key not in told:
                self._outcome.left.append((write.label, TOUCHED))
        return found

    def _made(self, created: Mapping[Identity, BaseLabel], blocked: Collection[Identity]) -> list[LabelWrite]:
        """What got new objects, with these."""
        found, refused = [], self._refused()
        for write in self._plan.writes:
            if not write.makes_objects:
                continue
            if (made := created.get(write.key)) is not None:
                found.append(write.model_copy(update={"after": made}))
            elif write.key not in refused and write.key not in blocked:  # of a track it is told already
                self._outcome.left.append((write.label, TOUCHED))
        return found

    def _is_done(self, write: LabelWrite, before: Current) -> bool:
        """Whether an earlier process did it."""
        if write.after is None:
            return not any(key_of(item) in before for item in write.objects)
        return _is_written(write.after.objects, before)

    def _read(self) -> Annotations:
        """What the job has at this moment."""
        return self._client.annotations(self._plan.job_id)

    def _update(self, writes: Sequence[LabelWrite]) -> None:
        for number, part in enumerate(in_portions(writes, lambda write: len(write.label.objects), OBJECTS)):
            self._check()
            self._try_update(self._untouched(part) if number else part)

    def _untouched(self, writes: Sequence[LabelWrite]) -> list[LabelWrite]:
        """Those whose objects nobody touched while portions before them were written."""
        there = current(self._read())
        late = [write for write in writes if not (_is_as(write.objects, there) or self._is_done(write, there))]
        self._late.update(write.key for write in late)
        self._outcome.left += [(write.label, TOUCHED) for write in late]
        return [write for write in writes if write.key not in self._late]

    def _replace(self, made: Sequence[LabelWrite]) -> list[LabelWrite]:
        """Deletes what new objects stand for; where somebody touched that meanwhile, it stays, and the new ones go."""
        replaced = [write for write in made if write.objects]
        if not replaced:
            return list(made)
        there = current(self._read())
        touched = [write for write in replaced if any(there.get(key_of(item), item) != item for item in write.objects)]
        keys = {write.key for write in touched}
        self._outcome.left += [(write.label, TOUCHED) for write in touched]
        self._delete_objects([item for write in touched for item in write.label.objects])
        self._delete([write for write in replaced if write.key not in keys], there)
        return [write for write in made if write.key not in keys]

    def _try_update(self, writes: Sequence[LabelWrite]) -> None:
        """Updates the objects of labels; what CVAT refuses is left out, label by label."""
        objects = [item for write in writes for item in (write.after.objects if write.after else ())]
        try:
            self._client.update_annotations(self._plan.job_id, _annotations(objects))
        except CvatError as error:
            if not is_about_labels(error):
                raise
            if len(writes) == 1:
                self._outcome.refused[f"{writes[0].label.field}: refused by CVAT: {error.detail or error}"] += 1
                return
            middle = len(writes) // 2
            self._try_update(writes[:middle])
            self._try_update(writes[middle:])

    def _delete(self, writes: Sequence[LabelWrite], before: Current) -> None:
        self._delete_objects([i for write in writes for i in write.objects if before.get(key_of(i)) == i])

    def _delete_objects(self, objects: Sequence[Object]) -> None:
        for start in range(0, len(objects), OBJECTS):
            self._check()
            self._client.delete_annotations(self._plan.job_id, _annotations(objects[start : start + OBJECTS]))

    def _compare(self, write: LabelWrite, after: Current, *, known: bool) -> None:
        """Takes what the job has now of a label, if that is what was written."""
        if write.kind == "agreed":
            self._outcome.written.append(write)
        elif write.after is None:
            gone = not any(key_of(item) in after for item in write.objects)
            self._finish(write, gone, good=gone)
        else:
            good = _is_written(write.after.objects, after)
            if good:
                objects = tuple(after[key_of(item)] for item in write.after.objects)
                write = write.model_copy(update={"after": write.after.model_copy(update={"objects": objects})})
            self._finish(write, good or known, good=good)

    def _finish(self, write: LabelWrite, known: bool, *, good: bool) -> None:
        if known:
            self._outcome.written.append(write)
        if not good:
            self._outcome.left.append((write.label, DISAGREES))


def current(annotations: Annotations) -> dict[Key, Object]:
    """The tags and shapes of a job, by identity, in a form in which they compare."""
    objects: list[Object] = [*annotations.tags, *annotations.shapes]
    return {key_of(item): in_order(item) for item in objects}


def _is_as(objects: Sequence[Object], there: Current) -> bool:
    return bool(objects) and all(there.get(key_of(item)) == item for item in objects)


def _is_written(objects: Sequence[Object], there: Current) -> bool:
    found = [there.get(key_of(item)) for item in objects]
    return all(new is not None and as_written(item, new) for item, new in zip(objects, found, strict=True))


def _ids(there: Current, tracks: Mapping[int, Track]) -> BatchAnswer:
    return BatchAnswer(
        tags=tuple(key[1] for key in there if key[0] == "tag"),
        shapes=tuple(key[1] for key in there if key[0] != "tag"),
        tracks=tuple({"id": track_id} for track_id in tracks),
    )


def _annotations(objects: Sequence[Object]) -> Annotations:
    return Annotations(
        tags=tuple(item for item in objects if isinstance(item, Tag)),
        shapes=tuple(item for item in objects if isinstance(item, Shape)),
    )
