"""The images of a run: are they there, can CVAT read them, and what are they called there."""

import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict

from .clips import Clip

KNOWN_SUFFIXES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".gif",
        ".webp",
        ".tif",
        ".tiff",
        ".jp2",
        ".avif",
        ".ppm",
        ".pgm",
    )
)
"""Suffixes that CVAT takes for images. It drops files with any other in silence, so those get one that fits."""
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)
"""The EXIF tag, and its values that swap width and height."""
NAME_BYTES = 255  # CVAT keeps the files under their names
SUFFIX_OF_FORMAT = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "TIFF": ".tif",
    "JPEG2000": ".jp2",
    "PPM": ".ppm",
    "BMP": ".bmp",
    "GIF": ".gif",
    "WEBP": ".webp",
    "AVIF": ".avif",
    "ICO": ".ico",
    "TGA": ".tga",
    "PCX": ".pcx",
    "SGI": ".sgi",
}
"""The formats that CVAT reads, whatever a file is called. One file of another format fails a task, or is dropped."""
MOST_PIXELS = 178_956_970
"""Pixels of an image; CVAT fails a task that has a larger one."""


class VideoFrame(BaseModel):
    """A frame of a video that is sent as an image.

    Args:
        sample_id: the video
        number: of the frame, from 1
    """

    model_config = ConfigDict(frozen=True)

    sample_id: str
    number: int


class Frame(BaseModel):
    """One image, or one video, of a run.

    Args:
        sample_id: the sample it belongs to; of an image that is a frame of a video, the frame's document
        name: what it is called in CVAT: flat, and unique in the run
        path: where it is
        size: bytes
        width, height: in pixels as displayed, as far as the file says so at a glance; CVAT has the last word
        server_path: where the server finds it by itself, on its share or in a cloud storage; ``None`` to upload it
        storage_id: the cloud storage that has it
        video: whether it is a video, and stands for all frames of a task
        clip: the frames that are sent of a video; ``None`` for those that the request says
        of: the frame of a video that the image is; ``None`` for other images
    """

    model_config = ConfigDict(frozen=True)

    sample_id: str
    name: str
    path: str
    size: int
    width: int = 0
    height: int = 0
    server_path: str | None = None
    storage_id: int | None = None
    video: bool = False
    clip: Clip | None = None
    of: VideoFrame | None = None


class BadFile(NamedTuple):
    """A file that can't be sent, and why; of a video perhaps only a clip."""

    sample_id: str
    path: str
    reason: str
    clip: Clip | None = None


def bad_file(frame: Frame, reason: str) -> BadFile:
    """A file that can't be sent after all."""
    return of_video(BadFile(frame.sample_id, frame.path, reason, frame.clip), frame.of)


def of_video(file: BadFile, frame: VideoFrame | None) -> BadFile:
    """A file that can't be sent, under the name of the video whose frame it is, if it is one."""
    if frame is None:
        return file
    return file._replace(sample_id=frame.sample_id, clip=Clip(first=frame.number, last=frame.number, leads=False))


def find_frames(paths: Iterable[tuple[str, str | None]]) -> tuple[list[Frame], list[BadFile]]:
    """Looks at the files of a run.

    Args:
        paths: sample id and path, in the order of the run

    Returns:
        the frames, and the files that can't be sent
    """
    good: list[tuple[str, Path, Look]] = []
    bad: list[BadFile] = []
    for sample_id, path in paths:
        try:
            look = _look(path)
        except ValueError as error:
            bad.append(BadFile(sample_id, path or "", str(error)))
        else:
            good.append((sample_id, Path(path or ""), look))
    names = frame_names([(sample_id, path, look.suffix) for sample_id, path, look in good])
    frames = [
        Frame(sample_id=sample_id, name=name, path=str(path), size=look.size, width=look.width, height=look.height)
        for (sample_id, path, look), name in zip(good, names, strict=True)
    ]
    return frames, bad


def refreshed(frame: Frame) -> Frame:
    """A frame with what its file is like now.

    Raises:
        ValueError: if it can't be sent any more; the message says why
    """
    look = _look(frame.path)
    return frame.model_copy(update={"size": look.size, "width": look.width, "height": look.height})


class Look(NamedTuple):
    """What a glance at a file tells: the suffix that CVAT needs for it, its bytes, its pixels as displayed."""

    suffix: str
    size: int
    width: int = 0
    height: int = 0


def _look(path: str | None) -> Look:
    """Glances at a file.

    Raises:
        ValueError: if it can't be sent; the message says why
    """
    if not path:
        raise ValueError("has no path")
    width = height = 0
    try:
        found = Path(path).stat()
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is not a file")
        if size == 0:
            raise ValueError("is empty")
        with Image.open(path) as image:
            kind = image.format or ""
            width, height = _displayed(image)
    except FileNotFoundError:
        raise ValueError("is missing") from None
    except Image.DecompressionBombError:
        raise ValueError(TOO_LARGE) from None
    except Image.DecompressionBombWarning:  # where warnings are errors: large, but not too large
        kind = "JPEG"
    except UnidentifiedImageError:
        raise ValueError("is not an image that can be read") from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"can't be read ({getattr(error, 'strerror', None) or error})") from None
    if width * height > MOST_PIXELS:
        raise ValueError(TOO_LARGE)
    if kind not in SUFFIX_OF_FORMAT:
        raise ValueError(f"is of the format {kind or 'unknown'}, which CVAT is not known to read")
    suffix = Path(path).suffix
    return Look(suffix if suffix.lower() in KNOWN_SUFFIXES else SUFFIX_OF_FORMAT[kind], size, width, height)


TOO_LARGE = f"has more than {MOST_PIXELS:,} pixels, which is the most that CVAT takes"


def displayed_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an image as displayed, in pixels; ``None`` if it is too large to say.

    Raises:
        ValueError: if it is no image; the message is the end of a sentence
    """
    try:
        with Image.open(path) as image:
            return _displayed(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    except (OSError, SyntaxError, ValueError):
        raise ValueError("is not an image that can be read") from None


def decoding_fault(path: str) -> str:
    """What is wrong with an image of which all is read; empty if nothing is, or it is not here.

    A file that was cut off is not faulty: CVAT reads what there is of it.
    """
    if not Path(path).is_file():
        return ""
    try:
        _look(path)
        with Image.open(path) as image:
            image.load()
    except ValueError as error:
        return str(error)
    except Exception as error:  # whatever a decoder stumbles over
        return "" if "truncated" in str(error) else f"can't be read ({type(error).__name__})"
    return ""


def _displayed(image: Image.Image) -> tuple[int, int]:
    """The size of an image after its EXIF orientation, without reading its pixels."""
    width, height = image.size
    turned = "exif" in image.info and image.getexif().get(ORIENTATION) in TURNED
    return (height, width) if turned else (width, height)


def frames_named(frames: Iterable[Frame], file: str | None) -> list[Frame]:
    """The frames that CVAT may mean by a file's name without folders: several, if it sees them by itself."""
    return [frame for frame in frames if frame.name.rpartition("/")[2] == file]


def frame_names(files: Sequence[tuple[str, Path, str]]) -> list[str]:
    """Names for CVAT, which keeps no folders: the file's own name, with its folders' only where two are alike.

    Args:
        files: sample id, path and the suffix the name must have
    """
    names = [_flat(path, suffix, parents=0) for _, path, suffix in files]
    for parents in (1, 2, 3):
        uses = Counter(names)
        if len(uses) == len(names):
            return names
        names = [
            _flat(path, suffix, parents) if uses[name] > 1 else name
            for name, (_, path, suffix) in zip(names, files, strict=True)
        ]
    uses = Counter(names)
    names = [
        _fit(f"{sample_id}_{name}", suffix) if uses[name] > 1 else name
        for name, (sample_id, _, suffix) in zip(names, files, strict=True)
    ]
    if len(set(names)) < len(names):  # one sample twice in a view
        names = [
            _fit(f"{number:06d}_{name}", file[2]) for number, (name, file) in enumerate(zip(names, files, strict=True))
        ]
    return names


def _flat(path: Path, suffix: str, parents: int) -> str:
    name = path.name if path.suffix == suffix else path.name + suffix
    if parents:
        folders = [part for part in path.parent.parts if part not in (path.anchor, ".", "..")]
        name = "_".join([*folders[len(folders) - parents :], name])
    clean = "".join(c if c.isprintable() and c not in '\\/"' else "_" for c in name).strip()
    has_stem = bool(clean.removesuffix(suffix).strip())  # without one, CVAT takes the suffix for the name
    return _fit(clean if has_stem else f"image{suffix}", suffix)


def _fit(name: str, suffix: str) -> str:
    """Shortens a name to what a file system takes; what tells it from others is at its beginning."""
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem = name.removesuffix(suffix).encode()[: NAME_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix
