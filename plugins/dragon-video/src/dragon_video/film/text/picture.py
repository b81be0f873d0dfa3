"""The picture of a text, and how ink becomes one: finely drawn, then reduced to the film's pixels.

Glyphs are drawn several times as large as they are shown when they are small, and reduced by
averaging: each pixel then has the exact share of ink that covers it, and letters stand where the
face says and not on whole pixels. Stands on `_pango`, `distance`
and `frames`.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from dragon_video.film.frames import Frame, blank, over, plain, premultiplied
from dragon_video.film.text._pango import Ink
from dragon_video.film.text.distance import DistanceStyle, distance_field, styled
from dragon_video.film.text.style import REFERENCE_LINES, Colour

FINE = 160
"""Pixels of the em that letters have at least before they are reduced: the engine puts them on whole pixels."""
FINEST = 8


@dataclass(frozen=True, slots=True)
class TextPicture:
    """A text as a picture, and where it lies.

    Args:
        frame: The pixels, tightly cropped; 1 × 1 and transparent if there is no ink.
        x, y: Its upper left corner in pixels of the film's frame, right and down: from the upper
            left corner of the box of a zone, of the film's frame for a legend, from the anchor
            for an advanced text.
        width, height: Its size in the same pixels. `frame` has *scale* times as many of them.
    """

    frame: Frame
    x: float
    y: float
    width: float
    height: float

    @property
    def scale(self) -> float:
        """Pixels of `frame` for one of the film."""
        return float(self.frame.shape[0] / self.height)

    def moved(self, x: float, y: float) -> "TextPicture":
        """Return the same further right and down."""
        return replace(self, x=self.x + x, y=self.y + y)


def fineness(size: float) -> int:
    """Return how many times finer than shown letters of *size* pixels are drawn: 1 to 8."""
    return max(1, min(FINEST, math.ceil(FINE / size)))


def nothing(scale: float) -> TextPicture:
    """Return the picture of a text without ink."""
    return TextPicture(blank(1, 1), 0.0, 0.0, 1 / scale, 1 / scale)


def reduced(ink: Ink, fine: int, scale: float, widening: float, colour: Colour) -> TextPicture:
    """Return ink as a picture.

    Args:
        ink: Drawn *fine* × *scale* times as large as the film's pixels.
        fine: Whole number.
        scale: Pixels of the picture for one of the film.
        widening: How much wider letters are made than they were drawn.
        colour: Of the ink where it has none of its own; its alpha is for all of it.
    """
    if not ink.width or not ink.height:
        return nothing(scale)
    left, top = ink.x // fine, ink.y // fine
    width, height = -(-(ink.x + ink.width) // fine) - left, -(-(ink.y + ink.height) // fine) - top
    pixels = ink.pixels if ink.pixels.ndim == 2 else premultiplied(ink.pixels[:, :, [2, 1, 0, 3]])
    canvas = np.zeros((height * fine, width * fine, *pixels.shape[2:]), np.uint8)
    x, y = ink.x - left * fine, ink.y - top * fine
    canvas[y : y + ink.height, x : x + ink.width] = pixels
    across = max(1, round(width * widening))
    if fine > 1 or across != width:
        canvas = cv2.resize(canvas, (across, height), interpolation=cv2.INTER_AREA)
    alpha = colour[3] / 255
    if canvas.ndim == 3:
        frame = canvas if colour[3] == 255 else cv2.convertScaleAbs(canvas, alpha=alpha)
    else:
        table = np.arange(256)[:, None] * np.array([*colour[:3], 255]) * (alpha / 255)
        frame = np.rint(table).astype(np.uint8)[canvas]
    return TextPicture(
        np.ascontiguousarray(frame),
        left * widening / scale,
        top / scale,
        width * widening / scale,
        height / scale,
    )


class Box(NamedTuple):
    """A rectangle in pixels of the film: its upper left corner, right and down, and its size."""

    x: float
    y: float
    width: float
    height: float


def on_ground(picture: TextPicture, box: Box, colour: Colour, scale: float) -> TextPicture:
    """Return a picture over a rectangle of one colour; it grows to hold both."""
    if not colour[3]:
        return picture
    x, y, width, height = box
    left, top = min(picture.x, x), min(picture.y, y)
    right, bottom = max(picture.x + picture.width, x + width), max(picture.y + picture.height, y + height)
    columns, rows = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    frame = blank(columns, rows)
    at = [round(value * scale) for value in (x - left, y - top, x - left + width, y - top + height)]
    frame[at[1] : at[3], at[0] : at[2]] = plain(1, 1, colour)[0, 0]
    row, column = round((picture.y - top) * scale), round((picture.x - left) * scale)
    part = frame[row : row + picture.frame.shape[0], column : column + picture.frame.shape[1]]
    over(part, np.ascontiguousarray(picture.frame[: part.shape[0], : part.shape[1]]))
    return TextPicture(frame, left, top, columns / scale, rows / scale)


def joined(pictures: list[TextPicture], scale: float) -> TextPicture:
    """Return several pictures of one text as one, each on the nearest whole pixels."""
    if not pictures:
        return nothing(scale)
    places = [(round(one.x * scale), round(one.y * scale)) for one in pictures]
    left, top = min(x for x, _ in places), min(y for _, y in places)
    right = max(x + one.frame.shape[1] for one, (x, _) in zip(pictures, places, strict=True))
    bottom = max(y + one.frame.shape[0] for one, (_, y) in zip(pictures, places, strict=True))
    frame = blank(right - left, bottom - top)
    for one, (x, y) in zip(pictures, places, strict=True):
        over(frame[y - top : y - top + one.frame.shape[0], x - left : x - left + one.frame.shape[1]], one.frame)
    return TextPicture(frame, left / scale, top / scale, (right - left) / scale, (bottom - top) / scale)


def in_style(picture: TextPicture, style: DistanceStyle, *, lines: int, height: float) -> TextPicture:
    """Return ink in a style of distances, over nothing; larger by what lies outside of it.

    Args:
        picture: The ink.
        style: What is drawn.
        lines: Height of the film's frame in pixels.
        height: Of the text's box in pixels of the film: what positions of shadows are parts of.

    Where the style changes with time, keep the field: `distance_field` once with the largest
    `margin`, then `styled` for each frame.
    """
    scale = picture.scale
    unit = lines / REFERENCE_LINES * scale
    margin = style.margin(unit, height * scale)
    frame = styled(distance_field(picture.frame, margin), style, unit=unit, height=height * scale)
    room = margin / scale
    return TextPicture(frame, picture.x - room, picture.y - room, picture.width + 2 * room, picture.height + 2 * room)
