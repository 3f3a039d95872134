"""Whether what has the name of a frame can be the same image, or video: its size is compared with the frame's."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ...labels.shapes import Size
from ..dataset.media import displayed_size
from .linking import Links, NamedFrame, link
from .making import Files, link_made
from .request import ImportRequest
from .survey import FoundTask

AT_ONCE = 8
"""Files that are looked at at the same time."""

Paths = Mapping[str, str | None]
"""The paths of samples, by their ids."""


def find_links(
    dataset: Any,
    request: ImportRequest,
    tasks: Sequence[FoundTask],
    frames: Sequence[NamedFrame],
    files: Files,
    paths: Paths,
) -> Links:
    """Finds the samples of frames: by the files that were made of them, or by name and size.

    Args:
        dataset: the dataset
        request: what was asked for
        tasks: what is known of the tasks
        frames: those that have no sample so far
        files: where the images of frames are, or would be
        paths: the path of each sample that is no frame's so far
    """
    links = link_made(frames, paths, files) if request.create_samples else link(frames, paths)
    by_name = [sample for key, sample in links.samples.items() if key not in links.sure]
    if not by_name:
        return links
    sizes = read_sizes(dataset, request.media_field, by_name)
    return fitting(links, tasks, sizes, exactly=request.create_samples)


def fit(frame: Size, image: Size | None) -> Literal["same", "scaled", "other"]:
    """What an image can be: the frame's, a smaller or larger copy of it, or another one.

    Width and height may be swapped, as metadata in FiftyOne need not know of a rotation that is noted in the file.

    Args:
        frame: what CVAT says of the frame
        image: the image, if its size is known
    """
    if image is None or not (frame.width and frame.height) or image in (frame, Size(frame.height, frame.width)):
        return "same"
    for width, height in ((image.width, image.height), (image.height, image.width)):
        off = width * frame.height / frame.width - height, height * frame.width / frame.height - width
        if min(map(abs, off)) <= 1:
            return "scaled"
    return "other"


def read_sizes(dataset: Any, field: str, sample_ids: Sequence[str]) -> dict[str, Size]:
    """The sizes of images, or videos, in pixels: by their metadata, or those of files that are here by a glance.

    Args:
        dataset: the dataset
        field: the field with their paths
        sample_ids: the samples
    """
    names = ("metadata.frame_width", "metadata.frame_height")
    if dataset.media_type != "video":
        names = ("metadata.width", "metadata.height")
    known = field == "filepath" and all(dataset.get_field(name) is not None for name in names)
    ids, paths, *told = dataset.select(list(sample_ids)).values(["id", field, *(names if known else ())])
    sizes = {sample: Size(*size) for sample, *size in zip(ids, *told, strict=True) if known and all(size)}
    lacking = {sample: path for sample, path in zip(ids, paths, strict=True) if path and sample not in sizes}
    if dataset.media_type != "video":
        with ThreadPoolExecutor(AT_ONCE, "image-sizes") as pool:
            found = zip(lacking, pool.map(size_of, lacking.values()), strict=True)
            sizes.update((sample, size) for sample, size in found if size is not None)
    return sizes


def size_of(path: str) -> Size | None:
    """The size of an image as displayed, in pixels; ``None`` if it is not here, or can't be said."""
    try:
        size = displayed_size(Path(path)) if "://" not in path else None
    except ValueError:
        return None
    return None if size is None else Size(*size)


def fitting(links: Links, tasks: Sequence[FoundTask], sizes: Mapping[str, Size], exactly: bool) -> Links:
    """The links without those to images of another size; these frames match no sample then.

    Args:
        links: by name
        tasks: the tasks
        sizes: of samples, as far as they are known
        exactly: whether a smaller or larger copy is another image, too
    """
    samples, unfit = dict(links.samples), dict(links.unfit)
    for found, frame, sample in _linked(links, tasks):
        said = found.image_of(frame.number)
        size = sizes.get(sample)
        kind = fit(Size(said.width, said.height), size)
        if size is not None and (kind == "other" or (exactly and kind == "scaled")):
            del samples[frame.task, frame.number]
            has = f"{size.width:,} x {size.height:,} pixels"
            unfit[frame] = f"what has its name has {has}, the frame {said.width:,} x {said.height:,}"
    unmatched = [*links.unmatched, *(frame for frame in unfit if frame not in links.unfit)]
    return replace(links, samples=samples, unmatched=unmatched, unfit=unfit)


def _linked(links: Links, tasks: Sequence[FoundTask]) -> Iterator[tuple[FoundTask, NamedFrame, str]]:
    """The frames that are linked by name."""
    for found in tasks:
        for frame in found.frames:
            key = frame.task, frame.number
            if key in links.samples and key not in links.sure:
                yield found, frame, links.samples[key]
