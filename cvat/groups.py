"""Which files go together in one request, and what CVAT says is missing. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .bodies import UploadFile

Group = tuple[UploadFile, ...]


@dataclass(frozen=True)
class Plan:
    """How files are to be sent.

    Attributes:
        groups: Files for one multipart request each.
        chunked: Files that go alone, in chunks.
    """

    groups: tuple[Group, ...] = ()
    chunked: Group = ()

    def without(self, is_stored: Callable[[str], bool]) -> Plan:
        """The plan without the files that the server has. Groups are thinned, never cut anew.

        A group is stored whole or not at all, so that the rest of a thinned group is not a mixture of files
        that are there and files that are not, as it could be after another cut.
        """
        groups = (tuple(file for file in group if not is_stored(file.name)) for group in self.groups)
        chunked = tuple(file for file in self.chunked if not is_stored(file.name))
        return Plan(tuple(group for group in groups if group), chunked)

    def chunking(self, must_be: Callable[[str], bool]) -> Plan:
        """The plan with some more files in chunks."""
        moved = tuple(file for group in self.groups for file in group if must_be(file.name))
        if not moved:
            return self
        names = {file.name for file in moved}
        return Plan(self.without(names.__contains__).groups, self.chunked + moved)

    @property
    def files(self) -> Group:
        """All files of the plan."""
        return tuple(file for group in self.groups for file in group) + self.chunked


def plan(files: Sequence[UploadFile], *, group_bytes: int, group_files: int) -> Plan:
    """Cuts files into groups in their order; those larger than a group are to go in chunks.

    Args:
        files: The files.
        group_bytes: Bytes of the files in a group at most.
        group_files: Files in a group at most.
    """
    groups: list[Group] = []
    group: list[UploadFile] = []
    filled = 0
    for file in files:
        if file.size > group_bytes:
            continue
        if group and (filled + file.size > group_bytes or len(group) >= group_files):
            groups.append(tuple(group))
            group, filled = [], 0
        group.append(file)
        filled += file.size
    if group:
        groups.append(tuple(group))
    return Plan(tuple(groups), tuple(file for file in files if file.size > group_bytes))


def size(group: Group) -> int:
    """Bytes of the files in a group."""
    return sum(file.size for file in group)


def halves(group: Group) -> tuple[Group, Group]:
    """A group of at least two files in two parts."""
    middle = len(group) // 2
    return group[:middle], group[middle:]


def check_names(files: Sequence[UploadFile]) -> None:
    """Raises ``ValueError`` if there are no files or two of the same name."""
    if not files:
        raise ValueError("there are no files to upload")
    seen: set[str] = set()
    for file in files:
        if file.name in seen:
            raise ValueError(f"two files are to be named {file.name!r}; names must be unique in a task")
        seen.add(file.name)


def missing_names(detail: str) -> frozenset[str]:
    """The names that CVAT misses, as far as its refusal of an order list shows them, with spaces collapsed."""
    listed = detail.partition("Mismatching files: ")[2]
    found = re.findall(r"(?:^|, )(.+?) \((missing|extra)\)", listed)
    return frozenset(name for name, fault in found if fault == "missing")


def lacking(groups: Sequence[Group], names: frozenset[str]) -> list[Group]:
    """The groups with one of these names, whose spaces are collapsed."""
    return [group for group in groups if not names.isdisjoint(" ".join(file.name.split()) for file in group)]
