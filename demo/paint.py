"""Brushes for made-up photographs: light, grain, soft shadows and textures over plain shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Color = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
Place = Callable[[float, float], Point]

DETAIL = 2  # everything is drawn this much larger and scaled down at the end: soft edges for free


class Canvas:
    """A picture under way. Coordinates are those of the finished picture, in pixels.

    Args:
        size: width and height of the finished picture.
        rng: where all chance comes from, so that a seed gives the same picture again.
    """

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self.width, self.height = size
        self.rng = rng
        self.image = Image.new("RGB", (self.width * DETAIL, self.height * DETAIL))
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """A filled polygon."""
        self._draw.polygon(_scaled(points), fill=color)

    def line(self, points: Sequence[Point], color: Color, width: float = 1) -> None:
        """An open line with round bends."""
        self._draw.line(_scaled(points), fill=color, width=max(1, round(width * DETAIL)), joint="curve")

    def ellipse(self, box: Box, color: Color) -> None:
        """A filled ellipse in a box of left, top, right, bottom."""
        self._draw.ellipse([v * DETAIL for v in box], fill=color)

    def block(self, box: Box, color: Color, radius: float = 0, shade: float = 0.25) -> None:
        """A rounded rectangle, lit from above: its lower part is darker by `shade`."""
        left, top, right, bottom = (round(v * DETAIL) for v in box)
        if right <= left or bottom <= top:
            return
        size = (right - left, bottom - top)
        light = np.linspace(1 + shade / 2, 1 - shade, size[1])[:, None, None]
        body = np.clip(np.array(color)[None, None, :] * light, 0, 255).astype(np.uint8)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius * DETAIL, fill=255)
        self.image.paste(Image.fromarray(np.repeat(body, size[0], axis=1)), (left, top), mask)

    def gradient(self, top: Color, bottom: Color, box: Box) -> None:
        """A vertical fade."""
        left, upper, right, lower = (round(v * DETAIL) for v in box)
        ramp = np.linspace(0, 1, max(1, lower - upper))[:, None, None]
        rows = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
        pixels = np.repeat(rows, max(1, right - left), axis=1).astype(np.uint8)
        self.image.paste(Image.fromarray(pixels), (left, upper))

    def shadow(self, box: Box, strength: float = 0.6, blur: float = 4) -> None:
        """A soft dark ellipse."""
        fill = round(255 * strength)
        self._darken(box, blur, lambda draw, at: draw.ellipse((*at(*box[:2]), *at(*box[2:])), fill=fill))

    def cast(self, points: Sequence[Point], strength: float = 0.45, blur: float = 3) -> None:
        """The soft shadow of a polygon."""
        xs, ys = zip(*points, strict=True)
        fill = round(255 * strength)
        self._darken(
            (min(xs), min(ys), max(xs), max(ys)),
            blur,
            lambda draw, at: draw.polygon([at(*point) for point in points], fill=fill),
        )

    def texture(self, points: Sequence[Point], strength: float, grain: float = 1) -> None:
        """Roughen a polygon: asphalt, plaster, wood. `grain` is the size of a spot in pixels."""
        xs, ys = zip(*_scaled(points), strict=True)
        left, top = max(0, math.floor(min(xs))), max(0, math.floor(min(ys)))
        right, bottom = min(self.image.width, math.ceil(max(xs)) + 1), min(self.image.height, math.ceil(max(ys)) + 1)
        size = (right - left, bottom - top)
        spots = (max(2, round(size[1] / grain / DETAIL)), max(2, round(size[0] / grain / DETAIL)))
        noise = Image.fromarray((128 + self.rng.normal(0, strength, spots)).clip(0, 255).astype(np.uint8))
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in zip(xs, ys, strict=True)], fill=255)
        patch = self.image.crop((left, top, right, bottom))
        rough = ImageChops.overlay(patch, noise.resize(size, Image.Resampling.BILINEAR).convert("RGB"))
        self.image.paste(rough, (left, top), mask)

    def leaves(self, center: Point, radius: float, color: Color) -> None:
        """A round of foliage: many small dabs, darker below."""
        angles, distances = self.rng.uniform(0, 2 * np.pi, 160), self.rng.uniform(0, 1, 160) ** 0.6
        for angle, distance, tone in zip(angles, distances, self.rng.normal(0, 12, 160), strict=True):
            x, y = center[0] + radius * distance * np.cos(angle), center[1] + radius * distance * np.sin(angle)
            dab, light = radius * 0.2, tone - 35 * distance * np.sin(angle)
            self.ellipse((x - dab, y - dab, x + dab, y + dab), lighter(color, light))

    def text(self, center: Point, words: str, height: float, color: Color) -> None:
        """Words centred on a point."""
        font = ImageFont.load_default(max(4, round(height * DETAIL)))
        self._draw.text((center[0] * DETAIL, center[1] * DETAIL), words, fill=color, font=font, anchor="mm")

    def develop(self, warmth: float = 0, brightness: float = 1) -> Image.Image:
        """Finish the picture: scale it down, colour its light, add a vignette and film grain."""
        small = self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        pixels = np.asarray(small.filter(ImageFilter.GaussianBlur(0.4)), dtype=float)
        ys, xs = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        pixels *= (1 - 0.2 * ((xs**2 + ys**2) / 2) ** 1.5)[..., None]
        pixels *= brightness * np.array([1 + warmth, 1, 1 - warmth])
        pixels += self.rng.normal(0, 4.5, pixels.shape[:2])[..., None] + self.rng.normal(0, 2, pixels.shape)
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

    def _darken(self, box: Box, blur: float, draw_shape: Callable[[ImageDraw.ImageDraw, Place], None]) -> None:
        """Paint a shape dark and soft, touching no more of the picture than its box and the blur around it."""
        left, top = (math.floor((edge - 3 * blur) * DETAIL) for edge in box[:2])
        right, bottom = (math.ceil((edge + 3 * blur) * DETAIL) for edge in box[2:])
        mask = Image.new("L", (right - left, bottom - top), 0)
        draw_shape(ImageDraw.Draw(mask), lambda x, y: (x * DETAIL - left, y * DETAIL - top))
        soft = mask.filter(ImageFilter.GaussianBlur(blur * DETAIL))
        self.image.paste(Image.new("RGB", soft.size, (12, 14, 22)), (left, top), soft)


def lighter(color: Color, amount: float) -> Color:
    """The colour, lighter (or with a negative amount darker)."""
    red, green, blue = (int(min(255, max(0, part + amount))) for part in color)
    return red, green, blue


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * DETAIL, y * DETAIL) for x, y in points]
