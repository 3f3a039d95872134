"""Adding samples to a run: those that it lacks go into new tasks, of the same schema and in the same project."""

from collections import Counter
from typing import Any

from ...cvat import Client
from ..dataset.garbage import paused_garbage_collection
from ..errors import Refused, database_context, nothing_sent
from ..progress import ProgressReporter
from ..request import SendRequest
from ..runs import record as records
from ..runs.run_record import RunRecord
from .grow_run import GrowRun
from .growth import prepare_growth
from .journal import Before
from .prepare import Prepared


@paused_garbage_collection()
@database_context("Nothing was added. Try again when it is back.")
def grow(target: Any, request: SendRequest, client: Client, reporter: ProgressReporter | None = None) -> dict[str, Any]:
    """Adds the samples that a run lacks to it, with their labels.

    Args:
        target: the dataset or view to add; samples that the run has are left as they are, and counted
        request: which run; what it does not say is as when the run was sent
        client: the CVAT server
        reporter: takes the progress, and carries the wish to stop

    Returns:
        the run as :func:`sync.send.send.send` returns it, and what was ``added``: ``samples``, ``labels``, ``tasks``
        (their ids), and ``already``: how many of the samples it had

    Raises:
        RunMissing: if there is no such run
        Refused: if nothing can be added; nothing was sent
        SendFailed: if something went wrong on the way; what the run had can be loaded, and
            :func:`sync.send.send.resume` goes on
        CvatError: if CVAT can't be reached or refuses the login; nothing was sent
    """
    reporter = reporter or ProgressReporter()
    client = client.stopping_when(reporter.stop.is_set)
    with nothing_sent():
        earlier, prepared = prepare_growth(target, request, client, reporter)
    before = before_growth(earlier, prepared)
    plan = prepared.plan(before)
    facts = {
        "status": "sending",
        "organization": prepared.request.organization,
        "label_schema": prepared.schema.as_annotate(),
        "tasks": before.tasks,
        "samples": before.samples + prepared.images,
        "left_out": dict(Counter(before.left_out) + Counter(plan.left_out)),
        "problem": "",
    }
    record = earlier.model_copy(update=facts)
    client = client.within(record.organization)
    run = GrowRun(prepared.collection, record, plan, prepared.people, client, reporter, resumed=False)
    with run.lease:
        now = records.find(run.dataset, request.anno_key)
        if now != earlier:
            raise Refused(f"The run '{request.anno_key}' changed meanwhile. Nothing was added; try again.")
        run.begin_growing(prepared.tasks, earlier)
        return run.carry_out(prepared.project)


def before_growth(record: RunRecord, prepared: Prepared) -> Before:
    """What a run has before samples are added to it."""
    return Before(
        first=prepared.tasks[0].number,
        tasks=tuple(task.model_copy(update={"complete": True}) for task in record.tasks),
        samples=record.samples,
        labels=record.labels,
        left_out=record.left_out,
        already=prepared.already,
        stages=records.stages_of(prepared.collection),
        at=records.now(),
    )
