"""What a person clicks or calls: one operator a file."""

from typing import Any

from .delete_run import DeleteRun
from .load_annotations import LoadAnnotations
from .open_in_cvat import OpenInCvat
from .rename_run import RenameRun
from .run_info import RunInfo
from .send_to_cvat import SendToCvat
from .view_run import ViewRun


def register(plugin: Any) -> None:
    """Registers every operator."""
    for operator in (SendToCvat, LoadAnnotations, OpenInCvat, RunInfo, ViewRun, RenameRun, DeleteRun):
        plugin.register(operator)
