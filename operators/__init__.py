"""What a person clicks or calls: a folder for each verb, one operator a file, its form and its texts beside it."""

from typing import Any

from .comments.comments import Comments
from .conflicts.resolve_conflicts import ResolveConflicts
from .history.load_history import LoadHistory
from .imports.import_from_cvat import ImportFromCvat
from .imports.look import LookAtImport
from .load.load_annotations import LoadAnnotations
from .load.look import LookAtLoad
from .load.undo_load import UndoLoad
from .refresh.refresh_run import RefreshRun
from .refresh.undo_refresh import UndoRefresh
from .runs.change_job import ChangeJob
from .runs.delete_run import DeleteRun
from .runs.move_run import MoveRun
from .runs.open_in_cvat import OpenInCvat
from .runs.rename_run import RenameRun
from .runs.run_info import RunInfo
from .runs.view_run import ViewRun
from .send.add_samples import AddSamples
from .send.resume_run import ResumeRun
from .send.send_to_cvat import SendToCvat
from .send.stop_run import StopRun
from .shared.show_form import ShowForm
from .shared.view_samples import ViewSamples
from .watch.watch_runs import WatchRuns

OPERATORS = (
    SendToCvat,
    AddSamples,
    ResumeRun,
    StopRun,
    LoadAnnotations,
    UndoLoad,
    RefreshRun,
    UndoRefresh,
    WatchRuns,
    ResolveConflicts,
    LoadHistory,
    ImportFromCvat,
    Comments,
    ShowForm,
    LookAtLoad,
    LookAtImport,
    ViewSamples,
    OpenInCvat,
    RunInfo,
    ViewRun,
    RenameRun,
    MoveRun,
    ChangeJob,
    DeleteRun,
)


def register(plugin: Any) -> None:
    """Registers every operator."""
    for operator in OPERATORS:
        plugin.register(operator)
