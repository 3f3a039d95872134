"""Files that stand in for the recorded uploads: same name, size in bytes, and size in pixels."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

from PIL import Image

_FORMATS = {
    "avif": "AVIF", "bmp": "BMP", "dib": "DIB", "gif": "GIF", "ico": "ICO", "pcx": "PCX", "ppm": "PPM", "sgi": "SGI",
    "tga": "TGA", "jp2": "JPEG2000", "jpeg": "JPEG", "jpg": "JPEG", "png": "PNG",
    "tif": "TIFF", "tiff": "TIFF", "webp": "WEBP",
}  # fmt: skip
_LARGEST = 10_000_000
_MEMBERS = ("a/b.png", "a/deep/er/c.png", "top.png", "z/b.png")


class StandIns:
    """Finds or makes the bytes of a recorded file.

    Args:
        media: real files, found by their SHA-256.
        sizes: displayed width and height by file name, where they are known.
        members: the names inside the recorded archive.
    """

    def __init__(self, media: Path, sizes: dict[str, tuple[int, int]], members: tuple[str, ...] = _MEMBERS) -> None:
        self.media = media
        files = [path.read_bytes() for path in sorted(media.iterdir())]
        self._media = {hashlib.sha256(content).hexdigest(): content for content in files}
        self._sizes = sizes
        self._members = members

    def find(self, name: str, size: int, sha256: str) -> bytes:
        """The bytes for one uploaded file."""
        if sha256 in self._media:
            return self._media[sha256]
        extension = name.rpartition(".")[2].lower()
        if size == 0:
            return b""
        if extension == "zip":
            return self._archive()
        if extension in ("txt", "mp4"):
            return b"x" * size
        content = self._image(name, _FORMATS.get(extension, "PNG"))
        return content.ljust(size, b"\0")

    def _image(self, name: str, kind: str) -> bytes:
        width, height = (64, 48) if kind == "ICO" else self._sizes.get(name, (64, 48))
        if width * height > _LARGEST:
            return _header(width, height)
        exif = Image.Exif()
        turned = re.match(r"exif(\d)", name)
        if turned:
            exif[0x0112] = 8 if name.endswith("png") else int(turned[1])
            if exif[0x0112] >= 5:
                width, height = height, width
        out = io.BytesIO()
        Image.new("RGB", (width, height), (200, 30, 40)).save(out, kind, **({"exif": exif} if turned else {}))
        return out.getvalue()

    def _archive(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in self._members:
                archive.writestr(name, self._image(name, "PNG"))
        return out.getvalue()


def _header(width: int, height: int) -> bytes:
    """A PNG of which nothing but the size is there."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
