"""Which files go together, and what CVAT says is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvat import UploadFile
from cvat.groups import Group, Plan, check_names, halves, lacking, missing_names, plan


def files(text: str) -> Group:
    """``a3 b4``: a file a of 3 bytes and a file b of 4."""
    return tuple(UploadFile(word[0], Path(word[0]), int(word[1:])) for word in text.split())


def names(groups: tuple[Group, ...]) -> str:
    return " ".join("".join(file.name for file in group) for group in groups)


@pytest.mark.parametrize(
    ("given", "groups", "chunked"),
    [
        ("a3", "a", ""),
        ("a3 b4 c3", "abc", ""),
        ("a3 b4 c3 d1", "abc d", ""),  # ten bytes
        ("a1 b1 c1 d1 e1", "abcd e", ""),  # four files
        ("a10 b10", "a b", ""),
        ("a11", "", "a"),
        ("a1 b11 c1", "ac", "b"),
        ("a0 b0", "ab", ""),
    ],
)
def test_plan(given: str, groups: str, chunked: str) -> None:
    made = plan(files(given), group_bytes=10, group_files=4)
    assert (names(made.groups), names((made.chunked,))) == (groups, chunked)
    assert sorted(made.files, key=lambda file: file.name) == list(files(given))


@pytest.mark.parametrize(
    ("stored", "groups", "chunked"),
    [("", "ab cd", "e"), ("ab", "cd", "e"), ("c", "ab d", "e"), ("bc", "a d", "e"), ("abcde", "", "")],
)
def test_groups_are_thinned_and_never_cut_anew(stored: str, groups: str, chunked: str) -> None:
    left = plan(files("a1 b1 c1 d1 e99"), group_bytes=10, group_files=2).without(lambda name: name in stored)
    assert (names(left.groups), names((left.chunked,))) == (groups, chunked)


@pytest.mark.parametrize(("begun", "groups", "chunked"), [("", "ab", "e"), ("b", "a", "eb"), ("abe", "", "eab")])
def test_what_was_begun_in_chunks_stays_there(begun: str, groups: str, chunked: str) -> None:
    left = Plan((files("a1 b1"),), files("e99")).chunking(lambda name: name in begun)
    assert (names(left.groups), names((left.chunked,))) == (groups, chunked)


def test_halves() -> None:
    assert halves(files("a1 b1 c1")) == (files("a1"), files("b1 c1"))


def test_names_must_be_there_and_unique() -> None:
    check_names(files("a1 b1"))
    with pytest.raises(ValueError, match="no files"):
        check_names(())
    with pytest.raises(ValueError, match="'b'"):
        check_names(files("a1 b1 b2"))


SAYS = "Uploaded files do not match the 'upload_file_order' field contents. Please check. Mismatching files: "


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("Adding more data is not supported", set()),
        (SAYS + "no.png (missing)", {"no.png"}),
        (SAYS + "a.png (missing), b.png (extra), c, d (1).png (missing)", {"a.png", "c, d (1).png"}),
        # CVAT shows five at most, in any order
        (SAYS + "a (missing), b (missing), c (missing), d (extra), e (missing) (and 12 more). ", set("abce")),
    ],
)
def test_missing_names(detail: str, expected: set[str]) -> None:
    assert missing_names(detail) == expected


def test_lacking() -> None:
    spaced = (UploadFile("x  y.png", Path("x"), 1),)
    groups = [files("a1 b1"), files("c1"), spaced]
    assert lacking(groups, frozenset({"b"})) == [groups[0]]
    assert lacking(groups, frozenset({"x y.png", "c"})) == groups[1:]
    assert lacking(groups, frozenset()) == []
