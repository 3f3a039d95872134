"""Import: tasks that were made and annotated in CVAT become a run, which then loads and merges like any other."""

import uuid
from dataclasses import replace
from typing import Any

from ...cvat import Client
from ..errors import Refused, RunMissing, error_context
from ..load.load import load
from ..progress import ProgressReporter
from ..request import LoadRequest
from ..runs import record as records
from ..runs.base import BaseStore
from ..runs.lease import Lease, is_held
from ..runs.marks import JobMark
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from ..send.made_tasks import made_tasks
from .checks import NAMED
from .growing import grow
from .making import UNCLEAR, make_samples
from .plan import PreparedImport, prepare_import, task_ids
from .registering import task_base, task_record
from .request import ImportRequest

IMPORTS = "imports"
"""What the lease of a dataset's imports is kept under, as if they were a run."""

UNMATCHED = {"image": "frames that match no sample", "video": "videos that match no sample"}
"""What the frames, or videos, are called that an import leaves out."""


def import_from_cvat(
    target: Any, request: ImportRequest, client: Client, reporter: ProgressReporter | None = None
) -> dict[str, Any]:
    """Makes a run of tasks that FiftyOne did not make, and loads what was drawn in them as new labels.

    Frames are linked to the samples with the same file names. From then on the run is like any other: it is loaded,
    merged, undone and deleted by its key, but its tasks in CVAT are never deleted with it. Importing again with the
    same key and tasks only loads. Samples are added only with ``create_samples``; an import that was interrupted goes
    on where it ended: images that came are kept, and no sample is made twice. With it, importing again also brings the
    tasks that came to a project since, and images that could not be fetched before.

    Args:
        target: the dataset, or a view of it to look for samples in
        request: what to import
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        the report of the load (see :func:`sync.load.load`), with ``imported``: what
        :func:`sync.imports.plan.prepare_import` found, ``None`` if the run was there already

    Raises:
        Refused: if it can't be done; nothing was changed
        CvatError: if CVAT can't be reached or refuses; if the run is made by then, load_run it goes on
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    dataset = target._root_dataset
    held = RunStore(dataset, IMPORTS)
    if is_held(held):
        raise Refused("Another import into this dataset is on at this moment; wait for its end.")
    with Lease(held, request.anno_key, "loaded") as lease:  # two at once would make the same samples, each for itself
        found = _make(target, request, client, lease.through(reporter))
    with error_context(lambda: f"The run '{request.anno_key}' is made; load it to go on."):
        report = load(dataset, LoadRequest(anno_key=request.anno_key), client, reporter)
    return {**report, "notes": [*(found or {}).get("notes", ()), *report["notes"]], "imported": found}


def _make(target: Any, request: ImportRequest, client: Client, reporter: ProgressReporter) -> dict[str, Any] | None:
    """Makes the run and its samples, or what they lack; what is told of it, ``None`` if all was there."""
    dataset = target._root_dataset
    record = _made(dataset, request, client)
    if record is not None and not request.create_samples:
        return None
    if record is not None:
        return grow(dataset, request, record, task_ids(client, request), client, reporter)
    prepared = prepare_import(target, request, client, reporter)
    found = prepared.as_dict()
    records.sweep(dataset)  # what an import left that was killed before its record was there
    reporter.step("Linking frames to samples")
    if request.create_samples:
        prepared, found = _with_samples(prepared, client, reporter)
    _register(prepared, client)
    return found


def _made(dataset: Any, request: ImportRequest, client: Client) -> RunRecord | None:
    """The run of such an import, if it is there because it was interrupted or is asked for again."""
    try:
        record = records.find(dataset, request.anno_key)
    except RunMissing:
        return None
    if not record.imported or record.server != client.url:
        return None
    made = made_tasks(RunStore(dataset, record.run_id), record).keys()  # by which samples were added to the run
    known, asked = {task.id for task in record.tasks} - made, set(task_ids(client, request)) - made
    if request.create_samples and record.media_type == "image":  # what is new comes, too; tasks may have been deleted
        is_it = known <= asked or (request.project is not None and bool(known & asked))
    else:  # of videos, a task that is no sample's is no task of the run
        is_it = known == asked or (record.media_type == "video" and known < asked)
    if not is_it and known & asked:
        raise Refused(_other_tasks(request.anno_key, known, asked))
    return record if is_it else None


def _other_tasks(key: str, known: set[int], asked: set[int]) -> str:
    """Why a run is not imported again with other tasks than it has, and what to do."""
    if asked < known:
        what = f"the run '{key}' has {len(known):,} tasks, and you name only {len(asked):,} of them"
        todo = f"Load the run '{key}' (`load_annotations` with `tasks=` for just these), or import with all its tasks"
    else:
        new = ", ".join(map(str, sorted(asked - known)[:NAMED]))
        what = f"the run '{key}' was imported without task {new}"
        todo = f"Import the other tasks under a key of their own, and load the run '{key}' for what is new in its tasks"
    return f"{what[0].upper()}{what[1:]}. Nothing was changed. {todo}."


def _with_samples(
    prepared: PreparedImport, client: Client, reporter: ProgressReporter
) -> tuple[PreparedImport, dict[str, Any]]:
    """Makes the samples that are missing; the import with them, and what is told of it."""
    request, dataset = prepared.request, prepared.collection._root_dataset
    safe = f"Images that came are in '{request.folder}'; import again with the same parameters to go on."
    with error_context(lambda: safe):
        made = make_samples(dataset, prepared.links, prepared.tasks, prepared.files, request.said, client, reporter)
    if not made.links.samples:
        why = next(iter(made.failed.values()), "all frames were removed there.")
        raise Refused(f"None of the images could be fetched: {why} Nothing was imported.")
    whole = replace(prepared, links=made.links, left_out=made.reasons)
    return whole, {**whole.as_dict(), "make": 0, "made": made.count, "not_fetched": made.not_fetched}


def _register(prepared: PreparedImport, client: Client) -> None:
    """Keeps what is known of the tasks, and then the record: a run that can be seen can be loaded."""
    request, schema, links = prepared.request, prepared.schema, prepared.links
    dataset = prepared.collection._root_dataset
    run_id = uuid.uuid4().hex
    store = RunStore(dataset, run_id)
    base = BaseStore(store)
    projects = {found.task.project_id for found in prepared.tasks}
    project_id = projects.pop() if len(projects) == 1 else None
    record = RunRecord(
        run_id=run_id,
        status="sent",
        server=client.url,
        organization=request.organization or client.session.credentials.organization,
        project_id=project_id,
        created_by=prepared.user,
        media_field=request.media_field,
        label_schema=schema.as_annotate(),
        tasks=tuple(task_record(found, client) for found in prepared.tasks),
        samples=len(links.samples),
        media_type=prepared.media,
        left_out=dict(prepared.left_out) or _unmatched(prepared),
        created_at=records.now(),
        imported=True,
    )
    with Lease(store, request.anno_key, "loaded"):  # nobody takes for left over what has no record yet
        try:
            for found in prepared.tasks:
                base.save_task(found.task.id, task_base(found, schema, links))
            base.marks().save_all({job.id: JobMark() for found in prepared.tasks for job in found.jobs})
            records.register(_view(prepared), request.anno_key, record)
        except BaseException:
            store.drop()
            raise


def _unmatched(prepared: PreparedImport) -> dict[str, int]:
    """How many frames, or videos, match no sample, or more than one, if any."""
    links = prepared.links
    counts = {UNMATCHED[prepared.media]: len(links.unmatched), UNCLEAR: len(links.unclear)}
    return {why: count for why, count in counts.items() if count}


def _view(prepared: PreparedImport) -> Any:
    """The samples that have a frame, in their order."""
    linked = set(prepared.links.samples.values())
    if len(linked) == len(prepared.collection):
        return prepared.collection
    return prepared.collection._root_dataset.select(linked)
