"""Load: from CVAT's jobs back to the dataset's labels."""

import contextlib
import getpass
from functools import partial
from typing import Any

from pydantic import ValidationError

from ...cvat import Client
from ...labels.types import LABEL_TYPES
from ..dataset.garbage import paused_garbage_collection
from ..dataset.labels import DatasetLabels
from ..dataset.samples import check_room
from ..errors import LoadStopped, Refused, database_context, error_context
from ..progress import ProgressReporter
from ..request import LoadRequest
from ..runs import record as records
from ..runs.comments import refresh_comments
from ..runs.lease import Lease, is_held
from ..runs.refreshes import check_no_refresh
from ..runs.report import LoadReport
from ..runs.run_record import RunRecord
from ..runs.store import RunStore
from .cautions import DELETED, find_cautions, stop_sentence
from .copying import map_fields
from .load_context import LoadContext
from .load_run import LoadRun
from .remote_changes import RemoteChanges, find_remote_changes


@database_context("Nothing was changed.")
def load(
    target: Any,
    request: LoadRequest,
    client: Client,
    reporter: ProgressReporter | None = None,
    *,
    by_itself: bool = False,
) -> dict[str, Any]:
    """Brings what people decided in CVAT into the dataset.

    Args:
        target: the dataset, or any view of it
        request: which run, and how
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop
        by_itself: whether nobody asked for it; the history says so

    Returns:
        the report as a plain dict: ``fields`` with the counts of ``added``, ``changed``, ``deleted`` and ``unchanged``
        labels of each, their totals, ``conflicts``, and what else there is to know (see
        :class:`sync.runs.report.LoadReport`). Of a preview, it is what the load would do

    Raises:
        RunMissing: if there is no such run
        Refused: if it can't be loaded, or is being sent or loaded at this moment; nothing was changed
        LoadStopped: if it would do something that has to be confirmed; nothing was changed
        CvatError: if CVAT can't be reached or refuses; what was loaded so far is consistent, and loading again goes on
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    dataset = target._root_dataset
    record = records.find(dataset, request.anno_key)
    store = RunStore(dataset, record.run_id)
    check_loadable(request, record, client, is_sending=record.status != "sent" and is_held(store))
    check_no_refresh(store, request.anno_key)
    client = client.within(record.organization)
    mapped = map_fields(record.schema_, request.dest_field).with_declared(dataset)
    for name, item in mapped.schema.fields.items():
        check_room(dataset, name, LABEL_TYPES[item.type].field)
    context = LoadContext(
        labels=DatasetLabels(dataset),
        store=store,
        record=record,
        mapped=mapped,
        request=request,
        user=client.session.credentials.user or getpass.getuser(),
        by_itself=by_itself,
        made=_fields_of_runs(dataset),
        keep=partial(records.update, dataset, request.anno_key),
        check=partial(records.check_there, dataset, request.anno_key),
        review=partial(refresh_comments, dataset, record, client),
    )
    with paused_garbage_collection():
        if request.preview:
            return carry_out(context, client, reporter).as_dict()
        with Lease(store, request.anno_key, "loaded") as lease:
            return carry_out(context, client, lease.through(reporter)).as_dict()


def _fields_of_runs(dataset: Any) -> frozenset[str]:
    """The fields of a dataset that runs made."""
    made: set[str] = set()
    for record in records.find_all(dataset).values():
        with contextlib.suppress(ValidationError):  # of a run that can't be loaded
            made.update(name for name, item in record.schema_.fields.items() if not item.existing_field)
    return frozenset(made)


def check_loadable(request: LoadRequest, record: RunRecord, client: Client, *, is_sending: bool) -> None:
    """Checks that a run was sent to this server, and whole, or at least that some of its tasks are complete.

    Raises:
        Refused: if not
    """
    key = request.anno_key
    if is_sending:
        raise Refused(f"The run '{key}' is being sent at this moment; wait for its end, or stop it, then load it.")
    if record.status != "sent" and (not record.complete_tasks or request.dest_field):
        why = record.problem or "its process ended before it was complete."
        raise Refused(f"The run '{key}' was not sent completely: {why} Resume it first, or delete it with its tasks.")
    if record.status == "sent" and not record.tasks:
        raise Refused(
            f"The run '{key}' has no tasks any more, so there is nothing to load. {' '.join(record.notes[-1:])}"
        )
    if client.url != record.server:
        raise Refused(
            f"The run '{key}' was sent to {record.server}, but you are connected to {client.url}. If that is the same "
            "server under a new address, move the run there first (`move_run`)."
        )


def carry_out(context: LoadContext, client: Client, reporter: ProgressReporter) -> LoadReport:
    """Looks, asks if there is need to, and writes.

    Raises:
        LoadStopped: if it would do something that has to be confirmed; nothing was changed
        CvatError: if CVAT can't be reached or refuses; what was loaded so far is consistent
    """
    request = context.request
    trial = LoadRun(context.dry_run(), ProgressReporter(stop=reporter.stop))
    with error_context(lambda: "Nothing was changed."):
        reporter.step("Asking CVAT what changed")
        trial.prepare()
        found = find_remote_changes(
            client, context.record, context.mapped.schema, trial.base, request, reporter, context.labels
        )
        if request.preview:
            report = trial.apply(found.copy())
            cautions = find_cautions(request, report, found.labels, _emptied(found))
            return report.model_copy(update={"preview": True, "cautions": cautions})
        _check(trial, found)
    real = LoadRun(context, reporter)
    with error_context(real.so_far):
        real.prepare()
        report = real.apply(found)
    reporter.step("Reading review comments")
    comments = context.review(found.listed)
    report.comments = comments if any(comments.values()) else {}
    return report


def _check(trial: LoadRun, found: RemoteChanges) -> None:
    """Stops the load if something is not confirmed. What it would delete is tried only if that may be too much."""
    request = trial.context.request
    report = LoadReport(anno_key=request.anno_key)
    gone = sum(changes.deleted for changes in found.job_changes)
    if gone > request.max_deleted * found.labels and not request.confirms(DELETED):
        report = trial.apply(found.copy())
    cautions = find_cautions(request, report, found.labels, _emptied(found))
    if any(not request.confirms(caution["caution"]) for caution in cautions):
        if not report.jobs:
            report = trial.apply(found.copy())
        cautions = [caution for caution in cautions if not request.confirms(caution["caution"])]
        report = report.model_copy(update={"preview": True, "cautions": cautions})
        raise LoadStopped(stop_sentence(cautions), report.as_dict())


def _emptied(found: RemoteChanges) -> list[tuple[int, int]]:
    return [(changes.job.id, changes.emptied) for changes in found.job_changes if changes.emptied]
