"""An import that is opened again: what came to its project since, and images that did not come the first time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...cvat import Client, NotFound
from ...labels.schema import LabelSchema
from ..errors import Refused, error_context
from ..progress import ProgressReporter
from ..runs import record as records
from ..runs.base import NO_SAMPLE, BaseStore, TaskBase
from ..runs.lease import Lease
from ..runs.marks import JobMark
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from ..send.checks import read_paths
from .checks import check_fields, check_free, check_links, notes_of
from .fitting import find_links
from .linking import Links, NamedFrame
from .making import Files, Made, check_said, make_samples
from .own_media import find_own
from .plan import drawn_in
from .registering import task_base, task_record
from .request import ImportRequest
from .schema import derive_schema
from .survey import FoundTask, survey
from .videos import of_frames

ALIKE = {"instances": "detections"}
"""A type whose labels may be in a field of another one, too."""


def grow(
    dataset: Any,
    request: ImportRequest,
    record: RunRecord,
    ids: Sequence[int],
    client: Client,
    reporter: ProgressReporter,
) -> dict[str, Any] | None:
    """Adds tasks that a run lacks, and samples of frames that have none; what it had stays as it is.

    Args:
        dataset: the dataset
        request: what to import
        record: the run
        ids: all tasks that are asked for
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        what was added, as of :func:`sync.imports.importing.import_from_cvat`; ``None`` if there was nothing

    Raises:
        Refused: if it can't be done, or somebody else is at the run
        CvatError: if CVAT can't be reached or refuses; the run is as it was, and images that came are kept
    """
    store = RunStore(dataset, record.run_id)
    with Lease(store, request.anno_key, "loaded"):
        base, record = BaseStore(store), records.find(dataset, request.anno_key)  # as it is now that nobody loads it
        if record.status != "sent":
            raise Refused(
                f"Adding samples to the run '{request.anno_key}' was interrupted; resume that first, then import "
                "again. Nothing was changed."
            )
        known = {task.id: found for task in record.tasks if (found := base.task(task.id)) is not None}
        new = sorted(set(ids) - {task.id for task in record.tasks})
        lacking = {task: own for task in known if task in ids and (own := _without_sample(task, known[task]))}
        with error_context(lambda: "Nothing was changed."):
            missing = [frame for task, own in lacking.items() for frame in _there(client, task, own)]
            if not new and not missing:
                return None
            check_free(dataset, client.url, new)
            notes: list[str] = []
            left = notes if request.project is not None else None
            tasks = survey(client, new, reporter, left=left, sequence_field=request.sequence_field) if new else ()
            check_said(dataset, request.said, tasks)
            notes += [of_frames(found) for found in tasks if found.sequence is not None]
        return _Growth(dataset, request, record, base, known, tasks, client, reporter).carry_out(missing, notes)


def _without_sample(task: int, kept: TaskBase) -> list[NamedFrame]:
    return [frame for frame in _frames(task, kept) if kept.frames[frame.number].sample_id == NO_SAMPLE]


def _there(client: Client, task: int, frames: Sequence[NamedFrame]) -> list[NamedFrame]:
    """Frames of a task that can be fetched: it is still there, and nobody removed them."""
    try:
        removed = set(client.task_meta(task).deleted_frames)
    except NotFound:
        return []
    return [frame for frame in frames if frame.number not in removed]


def _frames(task: int, kept: TaskBase) -> list[NamedFrame]:
    of_video = kept.sequence is not None
    return [NamedFrame(task, number, frame.name, of_video) for number, frame in enumerate(kept.frames)]


class _Growth:
    """One growth on its way."""

    def __init__(
        self,
        dataset: Any,
        request: ImportRequest,
        record: RunRecord,
        base: BaseStore,
        known: dict[int, TaskBase],
        tasks: Sequence[FoundTask],
        client: Client,
        reporter: ProgressReporter,
    ) -> None:
        self.dataset = dataset
        self.request = request
        self.record = record
        self.base = base
        self.known = known
        self.tasks = tasks
        self.client = client
        self.reporter = reporter
        self.schema = _with_classes(record.schema_, tasks)

    def carry_out(self, missing: Sequence[NamedFrame], notes: Sequence[str]) -> dict[str, Any]:
        """Links, makes samples, and keeps it."""
        found = self._with_facts(missing)
        links, files, wanted = self._link(missing, found)
        check_links(links, len(wanted), self.request, "image")
        notes = [*notes, *notes_of(links, self.request, files.own)]
        check_fields(self.dataset, self.schema, sorted(links.samples.values()))
        safe = f"Images that came are in '{self.request.folder}'; import again with the same parameters to go on."
        with error_context(lambda: safe):
            made = make_samples(
                self.dataset,
                links,
                found,
                files,
                self.request.said,
                self.client,
                self.reporter,
            )
        self._keep(made)
        return {
            "anno_key": self.request.anno_key,
            "tasks": [found.task.id for found in self.tasks],
            "media": "image",
            "frames": len(wanted),
            "linked": len(made.links.samples),
            "unmatched": [frame.name for frame in made.links.unmatched],
            "fields": {name: item.type for name, item in self.schema.fields.items()},
            "objects": sum(found.objects for found in self.tasks),
            "notes": list(notes),
            "make": 0,
            "folder": self.request.folder,
            "made": made.count,
            "not_fetched": made.not_fetched,
        }

    def _link(self, missing: Sequence[NamedFrame], found: Sequence[FoundTask]) -> tuple[Links, Files, list[NamedFrame]]:
        """Looks for samples that no frame of the run has."""
        again = {frame.task for frame in missing}
        old = [frame for task in sorted(again) for frame in _frames(task, self.known[task])]
        new = [frame for found in self.tasks for frame in found.frames]
        files = Files.of(str(self.request.folder), [*old, *new], find_own(self.request.places, found))
        taken = {frame.sample_id for kept in self.known.values() for frame in kept.frames}
        paths = {
            sample: path for sample, path in read_paths(self.dataset, self.request.media_field) if sample not in taken
        }
        wanted = [*missing, *new]
        return find_links(self.dataset, self.request, found, wanted, files, paths), files, wanted

    def _with_facts(self, missing: Sequence[NamedFrame]) -> tuple[FoundTask, ...]:
        """The tasks that samples are made of, also those that the run had."""
        again = sorted({frame.task for frame in missing})
        found = survey(self.client, again, self.reporter, sequence_field=self.request.sequence_field) if again else ()
        return (*self.tasks, *(replace(one, sequence=self.known[one.task.id].sequence) for one in found))

    def _keep(self, made: Made) -> None:
        """Keeps what is known of the tasks, then the record, and the view of all samples."""
        links = made.links
        for found in self.tasks:
            self.base.save_task(found.task.id, task_base(found, self.schema, links))
        marks: dict[int, JobMark] = {job.id: JobMark() for found in self.tasks for job in found.jobs}
        again = {task for task, _ in links.samples if task in self.known}
        for task in sorted(again):
            kept = self.known[task]
            frames = tuple(
                frame.model_copy(update={"sample_id": links.samples.get((task, number), frame.sample_id)})
                for number, frame in enumerate(kept.frames)
            )
            self.base.save_task(task, kept.model_copy(update={"frames": frames}))
        old = self.base.marks()
        for job in self.client.jobs(task_ids=sorted(again)) if again else ():
            if any((job.task_id, number) in links.samples for number in range(job.start_frame, job.stop_frame + 1)):
                marks[job.id] = old.get(job.id, JobMark()).model_copy(update={"updated_date": None})
        old.save(marks)
        key = self.request.anno_key
        facts = {
            "tasks": (*self.record.tasks, *(task_record(found, self.client) for found in self.tasks)),
            "label_schema": self.schema.as_annotate(),
            "samples": self.record.samples + len(links.samples),
            "left_out": made.reasons,
        }
        records.update(self.dataset, key, self.record.model_copy(update=facts))
        tasks = [self.base.task(task) for task in (*self.known, *(found.task.id for found in self.tasks))]
        ids = dict.fromkeys(frame.sample_id for kept in tasks if kept for frame in kept.frames)
        ids.pop(NO_SAMPLE, None)
        records.update_view(self.dataset, key, self.dataset.select(list(ids)))


def _with_classes(schema: LabelSchema, tasks: Sequence[FoundTask]) -> LabelSchema:
    """A schema with the classes that new tasks have beyond it. Types that it lacks get their field from the load."""
    if not tasks:
        return schema
    derived = derive_schema([label for found in tasks for label in found.labels], drawn_in(tasks), None)
    fields = dict(schema.fields)
    for item in derived.fields.values():
        for name, known in schema.fields.items():
            if known.type in (item.type, ALIKE.get(item.type)):
                lacking = [one for one in item.classes if one.name not in fields[name].class_names]
                fields[name] = fields[name].model_copy(update={"classes": (*fields[name].classes, *lacking)})
    return LabelSchema(fields=fields)
