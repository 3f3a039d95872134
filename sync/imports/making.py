"""Making the samples of frames that have none: their images are fetched from CVAT."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import fiftyone as fo

from ...cvat import Client
from ..errors import Refused
from ..progress import ProgressReporter
from .fetch import fetch
from .linking import Links, NamedFrame, link
from .places import places_of
from .survey import FoundTask

Fact = Literal["task", "job", "subset", "assignee"]
"""What a made sample can say of where it came from."""

FACTS: dict[Fact, type] = {
    "task": fo.StringField,
    "job": fo.IntField,
    "subset": fo.StringField,
    "assignee": fo.StringField,
}
AT_ONCE = 1_000
"""Samples that are added to the dataset together."""


@dataclass(frozen=True)
class Made:
    """What was made.

    Args:
        links: which frame is which sample now
        count: how many samples are new
        failed: frames that have no sample because their image did not come, with the reasons
    """

    links: Links
    count: int
    failed: Mapping[NamedFrame, str]

    @property
    def not_fetched(self) -> list[dict[str, str]]:
        """The same as plain data, with the names of the frames."""
        return [{"name": frame.name, "reason": why} for frame, why in self.failed.items()]

    @property
    def reasons(self) -> dict[str, int]:
        """How many frames were left out, by reason."""
        return dict(Counter(f"frames whose image could not be fetched: {why}" for why in self.failed.values()))


def files_of(folder: str, frames: Sequence[NamedFrame]) -> dict[tuple[int, int], Path]:
    """The file of each frame, by task and number."""
    return {key: Path(folder) / place for key, place in places_of(frames).items()}


def link_made(
    frames: Sequence[NamedFrame], paths: Mapping[str, str | None], files: Mapping[tuple[int, int], Path]
) -> Links:
    """Links frames to samples: those that were made of them before by their files, the others by name.

    Args:
        frames: the frames
        paths: the path of each sample, by its id
        files: where the image of each frame is, or would be
    """
    by_path = {path: sample for sample, path in paths.items() if path}
    made = {key: by_path[str(path)] for key, path in files.items() if str(path) in by_path}
    taken = set(made.values())
    others = {sample: path for sample, path in paths.items() if sample not in taken}
    links = link([frame for frame in frames if (frame.task, frame.number) not in made], others)
    links.samples.update(made)
    return links


def check_facts(dataset: Any, facts: Sequence[Fact]) -> None:
    """Refuses fields that hold something else.

    Raises:
        Refused: if there is one
    """
    for name in facts:
        known = dataset.get_field(name)
        if known is not None and not isinstance(known, FACTS[name]):
            raise Refused(
                f"The dataset has a field '{name}' of another type, so samples can't say their {name} there. Nothing "
                "was changed. Leave it out of `sample_fields`, or rename the field."
            )


def make_samples(
    dataset: Any,
    links: Links,
    tasks: Sequence[FoundTask],
    files: Mapping[tuple[int, int], Path],
    facts: Sequence[Fact],
    client: Client,
    reporter: ProgressReporter,
) -> Made:
    """Fetches the images of frames that are no sample's, and adds their samples.

    Raises:
        Refused: if a file can't be written
        CvatError: if CVAT can't be reached; what came is kept, and found again
    """
    missing = {frame: files[frame.task, frame.number] for frame in links.unmatched}
    fetched = fetch(client, missing, reporter)
    reporter.step("Adding samples")
    for name in facts:
        dataset.add_sample_field(name, FACTS[name])
    new = [frame for frame in missing if frame in fetched.files]
    said = _facts_of(tasks, facts)
    made: dict[tuple[int, int], str] = {}
    for start in range(0, len(new), AT_ONCE):
        portion = new[start : start + AT_ONCE]
        samples = [fo.Sample(str(missing[frame]), **said[frame.task, frame.number]) for frame in portion]
        ids = dataset.add_samples(samples, progress=False)
        made.update({(frame.task, frame.number): sample for frame, sample in zip(portion, ids, strict=True)})
    left = [frame for frame in links.unmatched if frame in fetched.failed]
    whole = replace(links, samples={**links.samples, **made}, unmatched=left)
    return Made(whole, len(made), fetched.failed)


def _facts_of(tasks: Sequence[FoundTask], facts: Sequence[Fact]) -> dict[tuple[int, int], dict[str, Any]]:
    """What the sample of each frame says, by task and number."""
    return {key: {name: value for name, value in said.items() if name in facts} for key, said in _each(tasks)}


def _each(tasks: Sequence[FoundTask]) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    for found in tasks:
        jobs = {number: job for job in found.jobs for number in range(job.start_frame, job.stop_frame + 1)}
        for number in range(len(found.meta.frames)):
            job = jobs.get(number)
            who = job.assignee.username if job and job.assignee else None
            said = {"task": found.task.name, "job": job.id if job else None, "subset": found.task.subset or None}
            yield (found.task.id, number), {**said, "assignee": who}
