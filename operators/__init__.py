"""What a person clicks or calls: one operator a file."""

from typing import Any

from .comments import Comments
from .delete_run import DeleteRun
from .import_from_cvat import ImportFromCvat
from .load_annotations import LoadAnnotations
from .load_history import LoadHistory
from .open_in_cvat import OpenInCvat
from .rename_run import RenameRun
from .resolve_conflicts import ResolveConflicts
from .resume_run import ResumeRun
from .run_info import RunInfo
from .send_to_cvat import SendToCvat
from .show_form import ShowForm
from .stop_run import StopRun
from .undo_load import UndoLoad
from .view_run import ViewRun
from .view_samples import ViewSamples

OPERATORS = (
    SendToCvat,
    ResumeRun,
    StopRun,
    LoadAnnotations,
    UndoLoad,
    ResolveConflicts,
    LoadHistory,
    ImportFromCvat,
    Comments,
    ShowForm,
    ViewSamples,
    OpenInCvat,
    RunInfo,
    ViewRun,
    RenameRun,
    DeleteRun,
)


def register(plugin: Any) -> None:
    """Registers every operator."""
    for operator in OPERATORS:
        plugin.register(operator)
