"""What all tasks of a run share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...cvat import Client, Label, LabelSpec
from ...labels.schema import LabelSchema
from ...labels.vocabulary import Vocabulary
from ..dataset.media import BadFile
from ..request import SendRequest
from ..runs.base import BaseStore
from ..runs.outbox import Outbox
from .attempts import Attempts
from .encode import LabelReader
from .journal import Journal, TaskStep
from .ordered_gate import OrderedGate
from .send_progress import SendProgress


@dataclass(frozen=True)
class SendContext:
    """What all tasks of a run share.

    Args:
        client: the CVAT server
        journal, outbox, attempts, base: of the run
        request: what the person asked for
        schema: the run's schema
        bind: what the labels of a task, or of its project, mean to the run
        specs: the labels of a task that has its own; empty in a project
        project_id: the project the tasks are in
        project_labels: the project's labels
        assignee_id: the user the tasks are for
        reader: reads the labels of samples
        progress: adds up what is done
        gate: lets the tasks be made in order
        check: raises if the send is to end
        leave_out: takes files that are left out after all
        on_step: takes every step of a task
        forgotten: takes the number of a task that is not in CVAT any more
        in_doubt: takes a task of which a second one may be made late
    """

    client: Client
    journal: Journal
    outbox: Outbox
    attempts: Attempts
    base: BaseStore
    request: SendRequest
    schema: LabelSchema
    bind: Callable[[Sequence[Label]], Vocabulary]
    specs: tuple[LabelSpec, ...]
    project_id: int | None
    project_labels: tuple[Label, ...]
    assignee_id: int | None
    reader: LabelReader
    progress: SendProgress
    gate: OrderedGate
    check: Callable[[], None]
    leave_out: Callable[[Sequence[BadFile]], None]
    on_step: Callable[[int, TaskStep], None]
    forgotten: Callable[[int], None]
    in_doubt: Callable[[int], None]

    def is_stopped(self) -> bool:
        """Whether the send is to end."""
        try:
            self.check()
        except Exception:
            return True
        return False
