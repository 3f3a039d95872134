"""Pictures for the documentation: they go where `ROUNDTRIP_IMAGES` says, and nowhere without it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page

SIZE, COLORS = (1200, 857), 128
"""Of a picture: enough to look right, and below 200 kB."""

FILM_SIZE, BAND = (1000, 714), 46
LARGEST_FILM = 3_000_000
"""Bytes."""


def publish(path: Path) -> None:
    """Puts a picture of a page into the documentation."""
    folder = _folder()
    if folder is not None:
        small = Image.open(path).convert("RGB")
        small.thumbnail(SIZE, Image.Resampling.LANCZOS)
        small.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            folder / path.name, optimize=True
        )


def _folder() -> Path | None:
    named = os.environ.get("ROUNDTRIP_IMAGES")
    return Path(named) if named else None


class Film:
    """A moving picture: what a page showed at several moments, each with a line of words."""

    def __init__(self) -> None:
        self._frames: list[tuple[Image.Image, int]] = []

    def take(self, page: Page, words: str, seconds: float = 2.5) -> None:
        """Adds what the page shows now.

        Args:
            page: what is shown
            words: what a person reads below it
            seconds: how long it is shown
        """
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        frame = Image.new("RGB", (FILM_SIZE[0], FILM_SIZE[1] + BAND), (18, 20, 28))
        frame.paste(shot.resize(FILM_SIZE, Image.Resampling.LANCZOS))
        font = ImageFont.load_default(24)
        place = (FILM_SIZE[0] / 2, FILM_SIZE[1] + BAND / 2)
        ImageDraw.Draw(frame).text(place, words, fill=(255, 255, 255), font=font, anchor="mm")
        self._frames.append((frame, round(seconds * 1000)))

    def cut(self, name: str) -> bytes:
        """The film as an animated WebP, which goes into the documentation, too.

        Args:
            name: of the file, without its ending
        """
        reel = io.BytesIO()
        (first, *rest), times = zip(*self._frames, strict=True)
        first.save(reel, "WEBP", save_all=True, append_images=rest, duration=list(times), loop=0, quality=85, method=4)
        folder = _folder()
        if folder is not None:
            (folder / f"{name}.webp").write_bytes(reel.getvalue())
        return reel.getvalue()


def frames(film: bytes) -> Iterator[Image.Image]:
    """The pictures of a film."""
    with Image.open(io.BytesIO(film)) as reel:
        for number in range(getattr(reel, "n_frames", 1)):
            reel.seek(number)
            yield reel.copy()
