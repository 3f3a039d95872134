"""Which frames a task gets of its files, and in which order."""

from __future__ import annotations

import random
from typing import Any

from .media import MediaError, kind_of, natural_key, read_images, read_video, unpack
from .models import ClientFile, Data, Frame
from .video import Video

_NO_FRAMES = "ValueError: range() arg 3 must not be zero"
_MANIFEST = (
    "FileNotFoundError: Can't find upload manifest file 'manifest.jsonl' in the uploaded files. When the "
    "'predefined' sorting method is used, this file is required in the input files. Read more: "
    "https://docs.cvat.ai/docs/manual/advanced/dataset_manifest/"
)


def read_media(data: Data, files: list[ClientFile], options: dict[str, Any]) -> tuple[list[Frame], Video | None]:
    """The selected frames of files, and the video they are from if any.

    Raises:
        MediaError: with the message of the failed request.
    """
    by_kind: dict[str, list[ClientFile]] = {"image": [], "video": [], "archive": [], "pdf": []}
    for file in files:
        kind = kind_of(file.name)
        if kind:
            by_kind[kind].append(file)
    _check_mix(by_kind)
    video: Video | None = None
    if by_kind["video"]:
        video, frames = read_video(data, by_kind["video"][0])
    else:
        files = by_kind["image"]
        if by_kind["archive"]:
            if options["sorting_method"] == "predefined":
                raise MediaError(_MANIFEST)
            files = unpack(by_kind["archive"][0].data or b"")
        frames = read_images(data, _sorted(files, options))
    return _select(frames, data, options, video is not None), video


def _check_mix(by_kind: dict[str, list[ClientFile]]) -> None:
    images, videos, archives, pdfs = (len(by_kind[kind]) for kind in ("image", "video", "archive", "pdf"))
    if not images + videos + archives + pdfs:
        raise MediaError("ValueError: No media data found")
    if videos + archives + pdfs > 1 or (videos + archives + pdfs and images):
        raise MediaError(
            "ValueError: Only one video, archive, pdf, zip or many image, directory can be used "
            f"simultaneously,             but {images} image(s), {videos} video(s), 0 archive(s), "
            f"0 directory(s), {pdfs} pdf(s), {archives} zip(s) found."
        )
    if pdfs:
        raise MediaError("NotImplementedError: the sandbox, which is not CVAT, does not read PDFs")


def _sorted(files: list[ClientFile], options: dict[str, Any]) -> list[ClientFile]:
    method = options["sorting_method"]
    if options["job_file_mapping"]:
        by_name = {file.name: file for file in files}
        names = [name for group in options["job_file_mapping"] for name in group]
        if sorted(names) != sorted(by_name):
            raise MediaError("ValueError: Job mapping file names do not match the uploaded files")
        return [by_name[name] for name in names]
    if method == "predefined":
        by_name = {file.name: file for file in files}
        order = options["upload_file_order"]
        return [by_name[name] for name in order if name in by_name] if order else files
    if method == "natural":
        return sorted(files, key=lambda file: natural_key(file.name))
    if method == "random":
        return random.sample(files, len(files))
    return sorted(files, key=lambda file: file.name)


def _select(frames: list[Frame], data: Data, options: dict[str, Any], video: bool) -> list[Frame]:
    last = len(frames) - 1
    stop = last if options["stop_frame"] is None else min(options["stop_frame"], last)
    chosen = frames[data.start_frame : stop + 1 : data.step]
    if not chosen:
        raise MediaError(_NO_FRAMES if video else "AssertionError")
    return chosen


def chunk_size(frames: list[Frame], as_video: bool) -> int:
    if as_video:
        return 36
    area = max(1, frames[0].width * frames[0].height)
    return max(2, min(72, 36 * 1920 * 1080 // area))
