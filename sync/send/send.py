"""Send: from a selection of samples to tasks in CVAT, so that any interruption can be gone on from."""

import uuid
from typing import Any

from ...cvat import Client
from ..dataset.garbage import paused_garbage_collection
from ..errors import Refused, database_context, error_context, nothing_sent
from ..progress import ProgressReporter
from ..request import SendRequest
from ..runs import record as records
from ..runs.lease import forget_dead_heartbeat
from ..runs.run_record import RunRecord
from ..runs.sent_classes import keep_sent_classes
from ..runs.store import RunStore
from .checks import find_people, summed_up
from .grow_run import GrowRun
from .journal import Journal, SendPlan
from .prepare import prepare
from .send_run import LEFT_OUT_TAG, SendRun

__all__ = ["LEFT_OUT_TAG", "resume", "send"]


@paused_garbage_collection()
@database_context("Nothing was sent. Send again when it is back.")
def send(target: Any, request: SendRequest, client: Client, reporter: ProgressReporter | None = None) -> dict[str, Any]:
    """Sends samples and their labels to CVAT.

    Args:
        target: the dataset or view to send
        request: what to send, and how
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        the run as a plain dict: ``anno_key``, ``tasks`` (``id``, ``name``, ``url``, ``frames``, ``jobs``), ``samples``,
        ``labels``, ``labels_by_field``, ``left_out`` (``what``, ``count``), ``server`` and ``project``

    Raises:
        Refused: if the request can't be carried out; nothing was sent
        SendFailed: if something went wrong on the way; :func:`resume` goes on from there
        CvatError: if CVAT can't be reached or refuses the login; nothing was sent
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    with nothing_sent():
        prepared = prepare(target, request, client, reporter)
    record = RunRecord(
        run_id=uuid.uuid4().hex,
        server=client.url,
        organization=prepared.server.organization,
        project_id=prepared.project.project.id if prepared.project.project else None,
        project_name=prepared.project_name,
        created_by=prepared.server.user.username,
        media_type=prepared.media,
        of_frames=prepared.of_frames,
        media_field=request.media_field,
        label_schema=prepared.schema.as_annotate(),
        samples=prepared.images,
        left_out=summed_up(prepared.left_out),
        created_at=records.now(),
        notes=prepared.order_notes,
    )
    dataset = prepared.collection._root_dataset
    records.sweep(dataset)
    run = SendRun(prepared.collection, record, prepared.plan(), prepared.people, client, reporter, resumed=False)
    with run.lease:
        keep_sent_classes(run.store, prepared.labels)  # before the record: a run that can be seen has all of it
        run.begin(prepared.tasks)
        return run.carry_out(prepared.project)


@paused_garbage_collection()
@database_context("What was sent is kept. Resume the run when it is back.")
def resume(
    dataset: Any,
    key: str,
    client: Client,
    reporter: ProgressReporter | None = None,
    *,
    bad_files: str | None = None,
    organization: str | None = None,
) -> dict[str, Any]:
    """Goes on with a send that was interrupted, from the last step that is known to be done.

    Args:
        dataset: the dataset
        key: the run's key
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop
        bad_files: what to do from now on about files that CVAT can't read; ``None`` for what the send said
        organization: the workspace, if somebody names one; the run goes on in its own one, whatever is configured

    Returns:
        the run as :func:`send` returns it, also if it had been complete

    Raises:
        RunMissing: if there is no such run
        Refused: if it can't be resumed, or is being sent at this moment
        SendFailed: if something went wrong again; what is done stays done
        CvatError: if CVAT can't be reached or refuses the login
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    record = records.find(dataset, key)
    store = RunStore(dataset, record.run_id)
    if record.status == "sent":  # perhaps by a process that ended while it tidied up
        Journal(store).finish()
        forget_dead_heartbeat(store)
        return record.summary(key)
    _check_place(key, record, client, organization)
    client = client.within(record.organization)
    plan = Journal(store).plan()
    if plan is None:
        raise Refused(f"{records.not_here(key)} Resume it there, or delete it here without its tasks.")
    said = {"anno_key": key} if bad_files is None else {"anno_key": key, "bad_files": bad_files}
    plan = plan.model_copy(update={"request": plan.request.model_copy(update=said)})  # FiftyOne may have renamed it
    reporter.step("Connecting to CVAT")
    with error_context(lambda: f"The run '{key}' is as it was; resume it when that is mended."):
        client.check()
        people = find_people(client, plan.request)
    kind = GrowRun if plan.before else SendRun
    run = kind(_view(dataset, key, plan), record, plan, people, client, reporter, resumed=True)
    with run.lease:
        return run.carry_out(None)


def _check_place(key: str, record: RunRecord, client: Client, organization: str | None) -> None:
    """Refuses another server, or another workspace that somebody names."""
    if client.url != record.server:
        raise Refused(f"The run '{key}' was begun on {record.server}, but you are connected to {client.url}.")
    if organization is not None and organization != (record.organization or ""):
        where = f"in the organization '{record.organization}'" if record.organization else "outside of an organization"
        raise Refused(f"The run '{key}' was begun {where} and can only go on there. Nothing was changed.")


def _view(dataset: Any, key: str, plan: SendPlan) -> Any:
    """The view that an interrupted run sends."""
    try:
        return records.view_of(dataset, plan.before.stages) if plan.before else dataset.load_annotation_view(key)
    except Exception as error:  # whatever a stage of the view stumbles over
        raise Refused(
            f"The view that the run '{key}' sends can't be opened any more: {error}. Nothing was changed. Bring back "
            "what it needs and resume, or delete the run with its tasks and send again."
        ) from error
