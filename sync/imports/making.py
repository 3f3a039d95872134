"""Making the samples of frames that have none: their images are fetched from CVAT."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import fiftyone as fo

from ...cvat import Client
from ...labels.shapes import Size
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

REMOVED = "frames that were removed in CVAT"
UNCLEAR = "frames whose names do not tell which sample they are"


@dataclass(frozen=True)
class Said:
    """The fields in which made samples say what they are.

    Args:
        facts: where they came from
        order: of frames of videos, the field with their numbers, from 1; their sequence names the other field
        media_field: the field with the paths by which samples are found again
    """

    facts: tuple[Fact, ...] = ()
    order: str = "frame_number"
    media_field: str = "filepath"

    def sample(self, path: str, values: Mapping[str, Any], size: Size) -> fo.Sample:
        """A sample of an image, of which CVAT says the size."""
        facts = {**values, self.media_field: path, "filepath": path}
        return fo.Sample(**facts, metadata=metadata_of(path, size))

    def fields(self, tasks: Sequence[FoundTask]) -> dict[str, type]:
        """The types of the fields that samples of these tasks have, by name."""
        sequences = {name for found in tasks if found.sequence for name in found.sequence.fields}
        types = dict.fromkeys(sorted(sequences), fo.StringField) | ({self.order: fo.IntField} if sequences else {})
        return {**{name: FACTS[name] for name in self.facts}, **types}

    def values(self, tasks: Sequence[FoundTask]) -> dict[tuple[int, int], dict[str, Any]]:
        """What the sample of each frame says, by task and number."""
        return {key: values for found in tasks for key, values in self._of(found)}

    def _of(self, found: FoundTask) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
        jobs = {number: job for job in found.jobs for number in range(job.start_frame, job.stop_frame + 1)}
        for frame in found.frames:
            job = jobs.get(frame.number)
            who = job.assignee.username if job and job.assignee else None
            known: dict[Fact, Any] = {
                "task": found.task.name,
                "job": job.id if job else None,
                "subset": found.task.subset or None,
            }
            all_facts: dict[Fact, Any] = {**known, "assignee": who}
            said: dict[str, Any] = {name: all_facts[name] for name in self.facts}
            if found.sequence is not None:
                said.update(zip(found.sequence.fields, found.sequence.values, strict=True))
                said[self.order] = found.span.number_of(frame.number)
            yield (found.task.id, frame.number), said


def metadata_of(path: str, size: Size) -> fo.ImageMetadata:
    """What FiftyOne notes of an image: of a file that is here, as `compute_metadata()`; else its size."""
    if "://" not in path:
        with suppress(Exception):  # whatever is wrong with the file: the size is known all the same
            return fo.ImageMetadata.build_for(path)
    return fo.ImageMetadata(width=size.width, height=size.height)


@dataclass(frozen=True)
class Made:
    """What was made.

    Args:
        links: which frame is which sample now
        count: how many samples are new
        failed: frames that have no sample because their image did not come, with the reasons
        removed: how many have none because somebody removed them in CVAT
    """

    links: Links
    count: int
    failed: Mapping[NamedFrame, str]
    removed: int = 0

    @property
    def not_fetched(self) -> list[dict[str, str]]:
        """The same as plain data, with the names of the frames."""
        return [{"name": frame.name, "reason": why} for frame, why in self.failed.items()]

    @property
    def reasons(self) -> dict[str, int]:
        """How many frames were left out, by reason."""
        failed = Counter(f"frames whose image could not be fetched: {why}" for why in self.failed.values())
        others = {REMOVED: self.removed, UNCLEAR: len(self.links.unclear)}
        return {**failed, **{why: count for why, count in others.items() if count}}


@dataclass(frozen=True)
class Files:
    """Where the images of frames are, or will be.

    Args:
        folder: the folder of those that are fetched
        fetched: their files, by task and number of the frame
        own: the paths of those that are here, or in a bucket, and are not fetched
    """

    folder: str = ""
    fetched: Mapping[tuple[int, int], Path] = field(default_factory=dict)
    own: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: str, frames: Sequence[NamedFrame], own: Mapping[tuple[int, int], str]) -> "Files":
        """Those of some frames."""
        return cls(folder, {key: Path(folder) / place for key, place in places_of(frames).items()}, own)

    def paths(self) -> Iterator[tuple[tuple[int, int], str]]:
        """The paths that the sample of a frame may have, by its task and number."""
        yield from self.own.items()
        yield from ((key, str(path)) for key, path in self.fetched.items())


def link_made(frames: Sequence[NamedFrame], paths: Mapping[str, str | None], files: Files) -> Links:
    """Links frames to samples: those that were made of them before by their files, the others by name.

    Args:
        frames: the frames
        paths: the path of each sample, by its id
        files: where the image of each frame is, or would be
    """
    by_path = {path: sample for sample, path in paths.items() if path}
    made = {key: by_path[path] for key, path in files.paths() if path in by_path}
    taken = set(made.values())
    others = {sample: path for sample, path in paths.items() if sample not in taken}
    new = [frame for frame in frames if (frame.task, frame.number) not in made]
    links = link([frame for frame in new if not frame.of_video], others, whole=True)
    links.samples.update(made)
    links.sure = frozenset(made)
    links.unmatched += [frame for frame in new if frame.of_video]
    return links


def check_said(dataset: Any, said: Said, tasks: Sequence[FoundTask] = ()) -> None:
    """Refuses fields that hold something else.

    Raises:
        Refused: if there is one
    """
    for name, type_ in said.fields(tasks).items():
        known = dataset.get_field(name)
        if known is not None and not isinstance(known, type_):
            if name not in said.facts:
                raise Refused(
                    f"The dataset has a field '{name}' of another type, so the frames of videos can't say their place "
                    "there. Nothing was changed. Name other fields by `sequence_field` and `sequence_order`."
                )
            raise Refused(
                f"The dataset has a field '{name}' of another type, so samples can't say their {name} there. Nothing "
                "was changed. Leave it out of `sample_fields`, or rename the field."
            )


def make_samples(
    dataset: Any,
    links: Links,
    tasks: Sequence[FoundTask],
    files: Files,
    said: Said,
    client: Client,
    reporter: ProgressReporter,
) -> Made:
    """Fetches the images of frames that are no sample's, and adds their samples; frames that were removed get none.

    Raises:
        Refused: if a file can't be written
        CvatError: if CVAT can't be reached; what came is kept, and found again
    """
    removed = {(found.task.id, number) for found in tasks for number in found.meta.deleted_frames}
    missing = [frame for frame in links.unmatched if (frame.task, frame.number) not in removed]
    own = {frame: files.own[key] for frame in missing if (key := (frame.task, frame.number)) in files.own}
    wanted = {frame: files.fetched[frame.task, frame.number] for frame in missing if frame not in own}
    fetched = fetch(client, files.folder, wanted, tasks, reporter)
    reporter.step("Adding samples")
    for name, type_ in said.fields(tasks).items():
        if dataset.get_field(name) is None:
            dataset.add_sample_field(name, type_)
    new = [frame for frame in missing if frame in own or frame in fetched.files]
    values, surveyed = said.values(tasks), {found.task.id: found for found in tasks}
    made: dict[tuple[int, int], str] = {}
    for start in range(0, len(new), AT_ONCE):
        portion = new[start : start + AT_ONCE]
        samples = [
            said.sample(own.get(frame) or str(wanted[frame]), values[frame.task, frame.number], _size(surveyed, frame))
            for frame in portion
        ]
        ids = dataset.add_samples(samples, progress=False)
        made.update({(frame.task, frame.number): sample for frame, sample in zip(portion, ids, strict=True)})
    left = [frame for frame in links.unmatched if (frame.task, frame.number) not in made]
    whole = replace(links, samples={**links.samples, **made}, unmatched=left)
    return Made(whole, len(made), fetched.failed, len(links.unmatched) - len(missing))


def _size(surveyed: Mapping[int, FoundTask], frame: NamedFrame) -> Size:
    image = surveyed[frame.task].image_of(frame.number)
    return Size(image.width, image.height)
