"""Whose images a folder has: each task's has a small file that says so, as the numbers of tasks tell nothing alone."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ...cvat import Task
from ..errors import Refused
from ..new_files import write_new

MARK = "cvat.json"
"""The name of the file. No image is called so."""
MOST = 4_096
"""Bytes of it that are read."""


class Origin(BaseModel):
    """Where the images of a folder come from.

    Args:
        server: the address of the CVAT server
        task: the id of the task
        created: when the task was made: a server that begins anew gives its numbers again
    """

    model_config = ConfigDict(frozen=True)

    server: str
    task: int
    created: str = ""

    @classmethod
    def of(cls, server: str, task: Task) -> "Origin":
        return cls(server=server, task=task.id, created=task.created_date)


def folder_of(folder: str, task: int) -> Path:
    """The folder of a task's images."""
    return Path(folder) / f"task_{task}"


def check_folders(folder: str, server: str, tasks: Iterable[Task]) -> None:
    """Refuses a folder that has images of other tasks under the numbers of these.

    Raises:
        Refused: if it has
    """
    for task in tasks:
        path, own = folder_of(folder, task.id), Origin.of(server, task)
        known = _read(path / MARK)
        if known is None or known == own:
            continue
        if known.server == server and known.task == task.id:
            whose = f"an earlier task {task.id} of {server}, made {known.created or 'before'},"
        else:
            whose = f"task {known.task} of {known.server}"
        raise Refused(
            f"'{path}' has images of {whose} and not of task {task.id} of {server}. Nothing was changed. Choose "
            "another folder."
        )


def mark_folder(folder: str, server: str, task: Task) -> None:
    """Says in a task's folder, which is there, whose images it has.

    Raises:
        OSError: if that can't be written
    """
    text = Origin.of(server, task).model_dump_json()
    try:
        write_new(folder_of(folder, task.id) / MARK, lambda temporary: _write(temporary, text))
    except FileExistsError:
        return


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> Origin | None:
    """What a folder says; ``None`` if it says nothing."""
    try:
        with path.open("rb") as file:
            return Origin.model_validate_json(file.read(MOST))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError):
        raise Refused(
            f"'{path}' does not say whose images are beside it. Nothing was changed. Choose another folder, or remove "
            "that file if they are the right ones."
        ) from None
