"""Media: which uploaded files are what, sizes as displayed, frames of images, archives and videos."""

from __future__ import annotations

import io
import mimetypes
import re
import zipfile
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from .models import ClientFile, Data, Frame
from .video import OpenCVMissing, Video, VideoError

# Not all that Python knows by name is known to the server, and the other way round.
_TYPES = {
    ".avif": "image/avif",
    ".webp": "image/x-webp",
    ".jp2": "image/jp2",
    ".tga": "image/x-tga",
    ".pcx": "image/vnd.zbrush.pcx",
    ".sgi": "image/x-sgi",
    ".eps": "image/x-eps",
    ".dib": "",
    ".svg": "",
    ".zip": "application/zip",
    ".mp4": "video/mp4",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
_KNOWN = mimetypes.MimeTypes()
_KINDS = {"application/zip": "archive", "application/pdf": "pdf"}
_ROTATED = (5, 6, 7, 8)
_ORIENTATION = 0x0112
_ROOT = "/home/django"


class MediaError(Exception):
    """The creation of a task fails with this message."""


def media_type(name: str) -> str:
    """The type that a file has by its name, "" if unknown."""
    extension = PurePosixPath(name).suffix.lower()
    return _TYPES[extension] if extension in _TYPES else _KNOWN.guess_type(f"x{extension}")[0] or ""


def kind_of(name: str) -> str | None:
    """`image`, `video`, `archive`, `pdf`, or None for files that are ignored."""
    kind = media_type(name)
    family = kind.partition("/")[0]
    return family if family in ("image", "video") else _KINDS.get(kind)


def stored_path(data: Data, name: str) -> str:
    """Where the real server keeps a task's file; it says so in its messages."""
    if data.storage == "share":
        return shared_path(name)
    return f"{_ROOT}/data/data/{data.id}/raw/{name}"


def shared_path(name: str) -> str:
    """Where the real server looks for a file of its share."""
    return f"{_ROOT}/share/{name}"


def read_images(data: Data, files: list[ClientFile]) -> list[Frame]:
    """Frames of image files, in the given order.

    Raises:
        MediaError: for a file that is not an image.
    """
    frames = []
    for number, file in enumerate(files):
        path = stored_path(data, file.name)
        if file.data is None:
            raise MediaError(f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'")
        frames.append(Frame(file.name, *_size(file, path, number), number, file.data, file.path, file.related))
    return frames


def _size(file: ClientFile, path: str, number: int) -> tuple[int, int]:
    """Width and height of the file with this number.

    Raises:
        MediaError: if it is not an image that the server reads.
    """
    if media_type(file.name) == "image/x-eps":
        raise MediaError("OSError: Unable to locate Ghostscript on paths")
    try:
        return displayed_size(file.data or b"")
    except Image.DecompressionBombError as error:
        raise MediaError(f"PIL.Image.DecompressionBombError: {error}") from None
    except (UnidentifiedImageError, OSError, ValueError):
        if number == 0:
            raise MediaError(f"PIL.UnidentifiedImageError: cannot identify image file '{path}'") from None
        raise MediaError(
            f"utils.dataset_manifest.errors.InvalidImageError: failed to parse image file '{file.name}'"
        ) from None


def displayed_size(content: bytes) -> tuple[int, int]:
    """Width and height of an image with its EXIF orientation applied."""
    with Image.open(io.BytesIO(content)) as image:
        width, height = image.size
        return (height, width) if _orientation(image, content) in _ROTATED else (width, height)


def _orientation(image: Image.Image, content: bytes) -> int:
    """The EXIF orientation. A PNG would be decoded for it, so look first whether it can have one."""
    if image.format == "PNG" and b"eXIf" not in content:
        return 1
    return int(image.getexif().get(_ORIENTATION, 1))


def unpack(content: bytes) -> list[ClientFile]:
    """The images of an archive, with their directories.

    Raises:
        MediaError: if it is no archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if kind_of(name) == "image"]
            return [ClientFile(name, archive.read(name)) for name in names]
    except zipfile.BadZipFile as error:
        raise MediaError(f"zipfile.BadZipFile: {error}") from None


def read_video(data: Data, file: ClientFile) -> tuple[Video, list[Frame]]:
    """A video and its frames, without their pixels.

    Raises:
        MediaError: if it cannot be decoded.
    """
    try:
        video = Video(file.data or b"")
    except OpenCVMissing as error:
        raise MediaError(str(error)) from None
    except VideoError as error:
        path = stored_path(data, file.name)
        raise MediaError(
            f"av.error.InvalidDataError: [Errno 1094995529] Invalid data found when processing input: '{path}'"
        ) from error
    return video, [Frame(file.name, *size, number) for number, size in enumerate(video.sizes)]


def frame_picture(data: Data, number: int) -> tuple[bytes, str]:
    """A frame upright, in its own format, with its type.

    Raises:
        MediaError: if the file that it was made of is no longer there.
    """
    frame = data.frames[number]
    if data.video is not None:
        return data.video.picture(frame.source), "image/png"
    if frame.path is not None and not frame.path.is_file():
        raise MediaError(f"FileNotFoundError: [Errno 2] No such file or directory: '{frame.name}'")
    return upright(frame)


def upright(frame: Frame) -> tuple[bytes, str]:
    """A frame of a file that is an image; TIFF is written anew."""
    kind = media_type(frame.name)
    with Image.open(io.BytesIO(frame.data)) as image:
        if _orientation(image, frame.data) == 1 and image.format != "TIFF":
            return frame.data, kind
        picture = ImageOps.exif_transpose(image)
        out = io.BytesIO()
        picture.save(out, format=image.format)
        return out.getvalue(), kind


def jpeg(content: bytes, quality: int, longest: int | None = None) -> bytes:
    """A picture as JPEG; a file that was cut off is filled up."""
    with Image.open(io.BytesIO(content)) as image:
        picture = _forgiving_load(image)
    if longest:
        picture.thumbnail((longest, longest))
    out = io.BytesIO()
    picture.save(out, format="JPEG", quality=max(1, quality))
    return out.getvalue()


def _forgiving_load(image: Image.Image) -> Image.Image:
    try:
        return image.convert("L" if image.mode in ("1", "L", "I;16") else "RGB")
    except OSError:
        return Image.new("RGB", image.size)


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which numbers count as numbers."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
