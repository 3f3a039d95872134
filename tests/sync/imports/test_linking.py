"""Which sample a frame is: every kind of name, as a table."""

from __future__ import annotations

import pytest
from fiftyone.plugins.orgs.roundtrip.cvat.sync.imports.linking import NamedFrame, link, parts_of

CASES = {
    # frames -> paths of the samples -> for each frame the sample's number, None for unmatched, "?" for ambiguous
    "by file name": (["a.png", "b.png"], ["/d/b.png", "/d/a.png"], [1, 0]),
    "a frame without a sample": (["a.png", "c.png"], ["/d/a.png"], [0, None]),
    "a sample without a frame": (["a.png"], ["/d/a.png", "/d/b.png"], [0]),
    "other directories do not matter": (["train/a.png"], ["/d/val/a.png"], [0]),
    "directories tell equal names apart": (["x/a.png", "y/a.png"], ["/d/y/a.png", "/d/x/a.png"], [1, 0]),
    "as many as it takes": (["p/x/a.png", "q/x/a.png"], ["/d/q/x/a.png", "/d/p/x/a.png"], [1, 0]),
    "the nearest counts": (["y/a.png"], ["/d/x/a.png", "/d/y/a.png"], [1]),
    "a flat name with two samples": (["a.png"], ["/d/x/a.png", "/d/y/a.png"], ["?"]),
    "two frames with one name": (["a.png", "a.png"], ["/d/a.png"], ["?", "?"]),
    "a frame that another one beats": (["x/a.png", "y/a.png"], ["/d/x/a.png"], [0, None]),
    "the same file twice": (["a.png"], ["/d/a.png", "/d/a.png"], ["?"]),
    "ambiguity is not settled by elimination": (["x/a.png", "a.png"], ["/d/x/a.png", "/d/y/a.png"], [0, "?"]),
    "one name in each folder": (
        ["a/000.jpg", "b/000.jpg", "c/000.jpg"],
        ["/d/c/000.jpg", "/d/a/000.jpg", "/d/e/000.jpg"],
        [1, "?", 0],
    ),
    "one name in each folder, on Windows": (
        ["set\\a\\000.jpg", "set/b/000.jpg"],
        ["C:\\set\\b\\000.jpg", "//server/set/a/000.jpg"],
        [1, 0],
    ),
    "equal ends are left": (["a/000.jpg", "b/1.jpg"], ["/d/a/000.jpg", "/e/a/000.jpg", "/d/1.jpg"], ["?", 2]),
    "Windows": (["x\\a.png"], ["C:\\d\\x\\a.png", "C:\\d\\y\\a.png"], [0]),
    "URLs": (["x/a.png"], ["s3://bucket/x/a.png", "s3://bucket/y/a.png"], [0]),
    "case counts": (["A.png"], ["/d/a.png"], [None]),
    "no path": (["a.png"], [None, "/d/a.png"], [1]),
    "nothing": ([], ["/d/a.png"], []),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    names, paths, expected = CASES[case]
    frames = [NamedFrame(7, number, name) for number, name in enumerate(names)]
    links = link(frames, {str(number): path for number, path in enumerate(paths)})
    found = {frame.number: None for frame in links.unmatched}
    found |= {number: int(sample) for (_, number), sample in links.samples.items()}
    assert [found.get(frame.number, "?") for frame in frames] == expected
    assert bool(links.ambiguous) == ("?" in expected)
    assert len(set(links.samples.values())) == len(links.samples)


WHOLE = {
    "a folder of its own": (["b/000.jpg"], ["/d/a/000.jpg", "/d/c/000.jpg"], [None]),
    "two of them for one sample": (["b/000.jpg", "c/000.jpg"], ["/d/a/000.jpg"], [None, None]),
    "its folder is there twice": (["a/000.jpg"], ["/d/a/000.jpg", "/e/a/000.jpg"], ["?"]),
    "no folder": (["000.jpg"], ["/d/a/000.jpg", "/d/c/000.jpg"], ["?"]),
    "two without": (["000.jpg", "000.jpg"], ["/d/a/000.jpg"], ["?", "?"]),
    "one fits": (["x/a/000.jpg", "b/000.jpg"], ["/d/a/000.jpg", "/d/c/000.jpg"], [0, None]),
}


@pytest.mark.parametrize("case", WHOLE)
def test_where_samples_are_made_a_folder_of_its_own_is_another_image(case: str) -> None:
    names, paths, expected = WHOLE[case]
    frames = [NamedFrame(7, number, name) for number, name in enumerate(names)]
    links = link(frames, {str(number): path for number, path in enumerate(paths)}, whole=True)
    found = {frame.number: None for frame in links.unmatched}
    found |= {number: int(sample) for (_, number), sample in links.samples.items()}
    assert [found.get(frame.number, "?") for frame in frames] == expected
    assert {frame.number for frame in links.unclear} == {n for n, item in enumerate(expected) if item == "?"}


def test_what_is_ambiguous_is_named() -> None:
    frames = [NamedFrame(5, 0, "a.png"), NamedFrame(6, 3, "b.png"), NamedFrame(7, 4, "b.png")]
    links = link(frames, {"1": "/x/a.png", "2": "/y/a.png", "3": "/x/b.png"})
    assert links.ambiguous == [
        "frame 0 of task 5, 'a.png', fits '/x/a.png', '/y/a.png'",
        "'/x/b.png' fits frame 3 of task 6, frame 4 of task 7",
    ]


def test_many_equal_names_take_no_time_worth_mentioning() -> None:
    count = 20_000
    frames = [NamedFrame(1, number, f"{number}/image.png") for number in range(count)]
    links = link(frames, {str(number): f"/data/{number}/image.png" for number in range(count)})
    assert links.samples == {(1, number): str(number) for number in range(count)}


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/a/b.png", ("a", "b.png")),
        ("https://x.org/a/b.png", ("x.org", "a", "b.png")),
        ("./a//b.png", ("a", "b.png")),
        ("C:\\a\\b.png", ("C:", "a", "b.png")),
        ("", ()),
    ],
)
def test_parts(path: str, parts: tuple[str, ...]) -> None:
    assert parts_of(path) == parts


class Counted(str):
    """A path that counts how often it is put into a sentence."""

    told = 0

    def __format__(self, spec: str) -> str:
        Counted.told += 1
        return str(self)


def test_a_name_that_thousands_of_tasks_have_makes_no_long_sentences() -> None:
    """Each frame names a few of the samples that it fits, and looks at no others."""
    paths = {str(number): Counted(f"/data/{number}/000.jpg") for number in range(50)}
    links = link([NamedFrame(task, 0, "000.jpg") for task in range(50)], paths)
    assert (len(links.unclear), Counted.told) == (50, 150)
    assert links.ambiguous[0].endswith("'/data/2/000.jpg' and 47 more")
