"""What a person clicks or calls: one operator a file."""

from typing import Any

from .delete_run import DeleteRun
from .load_annotations import LoadAnnotations
from .open_in_cvat import OpenInCvat
from .rename_run import RenameRun
from .resume_run import ResumeRun
from .run_info import RunInfo
from .send_to_cvat import SendToCvat
from .stop_run import StopRun
from .view_run import ViewRun

OPERATORS = (
    SendToCvat,
    ResumeRun,
    StopRun,
    LoadAnnotations,
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
