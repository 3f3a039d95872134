"""Which sample a frame of CVAT is, by file names: a pure function."""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Parts = tuple[str, ...]
Item = TypeVar("Item")


@dataclass(frozen=True)
class NamedFrame:
    """A frame of a task.

    Args:
        task: the task
        number: the frame's number there
        name: its name, which can have directories
        of_video: whether it is a frame of a video; the name is then none of CVAT's, and tells nothing about samples
    """

    task: int
    number: int
    name: str
    of_video: bool = False


@dataclass
class Links:
    """What was found.

    Args:
        samples: the sample of each frame that has one, by task and number
        unmatched: frames that are no sample's
        ambiguous: sentences about frames that could be several samples', or samples that could be several frames'
        unclear: the frames that these are about, which are in no other list
        sure: the frames in ``samples``, by task and number, that have a sample not by their name alone
        unfit: why frames in ``unmatched`` are not the samples that have their names
    """

    samples: dict[tuple[int, int], str] = field(default_factory=dict)
    unmatched: list[NamedFrame] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    unclear: list[NamedFrame] = field(default_factory=list)
    sure: frozenset[tuple[int, int]] = frozenset()
    unfit: dict[NamedFrame, str] = field(default_factory=dict)


def link(frames: Sequence[NamedFrame], paths: Mapping[str, str | None], *, whole: bool = False) -> Links:
    """Links frames to samples, one to one.

    A frame and a sample belong together if their file names are equal. Where several have the same name, the
    directories before it decide: as many as are equal from the end. What that leaves open is ambiguous, and never
    guessed.

    Args:
        frames: the frames
        paths: the path of each sample, by its id; a sample without one is no frame's
        whole: whether only the frames are ambiguous all of whose directories fit: others may be images of their own,
            and match nothing
    """
    names = [parts_of(frame.name) for frame in frames]
    ids = [sample for sample, path in paths.items() if path]
    places = [parts_of(paths[sample] or "") for sample in ids]
    depth = max(map(len, names), default=0)
    by_name, by_place = _by_ending(names, depth), _by_ending(places, depth)
    links = Links()
    crowded: dict[int, list[NamedFrame]] = {}
    for number, frame in enumerate(frames):
        samples = _nearest(names[number], by_place, depth)
        rivals = _nearest(places[samples[0]], by_name, depth) if len(samples) == 1 else []
        is_rival = _has(rivals, number)
        is_clear = len(samples) == 1 and (not is_rival or len(rivals) == 1)
        if whole and samples and not is_clear and places[samples[0]][-len(names[number]) :] != names[number]:
            links.unmatched.append(frame)
        elif len(samples) > 1:
            fits = _some(samples, lambda sample: f"'{paths[ids[sample]]}'")
            links.ambiguous.append(f"frame {frame.number} of task {frame.task}, '{frame.name}', fits {fits}")
            links.unclear.append(frame)
        elif not is_rival:  # no sample, or one that another frame fits better
            links.unmatched.append(frame)
        elif len(rivals) > 1:
            crowded.setdefault(samples[0], []).append(frame)
        else:
            links.samples[frame.task, frame.number] = ids[samples[0]]
    for sample, several in crowded.items():
        links.unclear += several
        fits = _some(several, lambda frame: f"frame {frame.number} of task {frame.task}")
        links.ambiguous.append(f"'{paths[ids[sample]]}' fits {fits}")
    return links


def parts_of(path: str) -> Parts:
    """The directories and the file name of a path or URL, in the writing of any system."""
    path = re.sub(r"^[a-z][a-z0-9+.-]*://", "", path, flags=re.IGNORECASE)
    return tuple(part for part in re.split(r"[/\\]+", path) if part not in ("", "."))


def _by_ending(paths: Sequence[Parts], depth: int) -> dict[Parts, list[int]]:
    """The numbers of the paths that end so, for every ending up to some length."""
    found: dict[Parts, list[int]] = {}
    for number, parts in enumerate(paths):
        for length in range(1, min(len(parts), depth) + 1):
            found.setdefault(parts[-length:], []).append(number)
    return found


def _nearest(parts: Parts, by_ending: Mapping[Parts, list[int]], depth: int) -> list[int]:
    """The numbers of the paths that have the longest ending in common with one."""
    for length in range(min(len(parts), depth), 0, -1):
        if numbers := by_ending.get(parts[-length:]):
            return numbers
    return []


def _has(numbers: Sequence[int], number: int) -> bool:
    """Whether a number is one of some that are in order; a thousand tasks may have frames of one name."""
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def _some(items: Sequence[Item], name: Callable[[Item], str], most: int = 3) -> str:
    rest = len(items) - most
    return ", ".join(map(name, items[:most])) + (f" and {rest} more" if rest > 0 else "")
