"""`directionalBlur`: blurs along a line, as a camera does that moves."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.blurs import box
from dragon_video.film.filters.kinds import DIRECTIONS, FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import as_bytes
from dragon_video.film.frames import Frame

GREATEST_LENGTH = 1024
"""Pixels: no streak is longer."""


def streaked(picture: Frame, across: float, down: float) -> Frame:
    """Return the mean along a line through each pixel.

    Args:
        picture: Premultiplied.
        across: Extent of the line along x in pixels.
        down: Its extent along y in pixels, positive if it goes up to the right.

    The mean of two copies, shifted by a quarter of the line one way and the other, then of two of those at half of the
    distance, and so on, is the mean at points along the line; shifts are whole pixels. What they leave of the line's
    variance, length² / 12, a short line drawn in a kernel of 3 × 3 pixels has.
    """
    longer = max(abs(across), abs(down))
    if longer <= 1:
        return picture
    if min(abs(across), abs(down)) < 0.5:
        return box(picture, abs(across), abs(down))
    way = (across / longer, -down / longer)
    shifts, left = _shifts(longer)
    steps = _steps(shifts, way)
    room_x, room_y = (sum(abs(step[axis]) for step in steps) + 1 for axis in (0, 1))
    result = as_bytes(cv2.copyMakeBorder(picture, room_y, room_y, room_x, room_x, cv2.BORDER_REPLICATE))
    for x, y in steps:
        rows, columns = result.shape[0] - 2 * abs(y), result.shape[1] - 2 * abs(x)
        before, after = (
            result[abs(y) + sign * y : abs(y) + sign * y + rows, abs(x) + sign * x : abs(x) + sign * x + columns]
            for sign in (-1, 1)
        )
        result = as_bytes(cv2.addWeighted(before, 0.5, after, 0.5, 0))
    result = as_bytes(cv2.filter2D(result, -1, short_line(way, left)))
    return np.ascontiguousarray(result[1:-1, 1:-1])


def _shifts(length: float) -> tuple[list[int], float]:
    """Return the shifts for a line, in pixels along its longer axis, and the length of the short line that is left."""
    shifts: list[int] = []
    variance, shift = length**2 / 12, length / 4
    while shift >= 0.75:
        shifts.append(round(shift))
        variance -= shifts[-1] ** 2
        shift /= 2
    if variance > 0.65:
        shifts.append(1)
        variance -= 1
    return shifts, min(math.sqrt(max(12 * variance, 0.25)), 2)


def _steps(shifts: list[int], way: tuple[float, float]) -> list[tuple[int, int]]:
    """Return the shifts as (x, y) in whole pixels.

    Among shifts of one or two pixels, what rounding took from one the next gives back: else the slope of short lines
    would be that of the rounding.
    """
    steep = abs(way[1]) > abs(way[0])
    along, slope = (way[1], way[0]) if steep else way
    steps: list[tuple[int, int]] = []
    owed = 0.0
    for shift in shifts:
        wanted = shift * slope + owed
        aside = round(wanted)
        owed = wanted - aside if shift <= 2 else 0.0
        first = round(shift * along)
        steps.append((aside, first) if steep else (first, aside))
    return steps


def short_line(way: tuple[float, float], length: float) -> npt.NDArray[np.float64]:
    """Return a kernel of 3 × 3 pixels with a line through its middle, smooth in both directions; its sum is 1.

    Args:
        way: Its direction as (x, y), the longer of them 1 or -1.
        length: Its length along the longer axis in pixels, at most 2.
    """
    kernel = np.zeros((3, 3))
    places = np.arange(-1, 2)
    for part in (np.arange(16) + 0.5) / 16 - 0.5:
        x, y = (np.maximum(1 - np.abs(places - part * length * axis), 0) for axis in way)
        kernel += np.outer(y, x) / 16
    return kernel


def line_of(values: Values) -> tuple[float, float]:
    """Return the way of the line as (x, y), y up, of the length 1, or (0, 0) for `static`."""
    direction = values["direction"]
    if direction is None:
        angle = math.radians(values["angle"])
        return math.cos(angle), math.sin(angle)
    x, y = DIRECTIONS[direction] if isinstance(direction, str) else direction
    length = math.hypot(x, y)
    return (x / length, y / length) if length else (0.0, 0.0)


def draw_directional(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the mean over `diameter` along the direction."""
    x, y = line_of(values)
    ratio = moment.pixel_ratio(picture)
    length = min(values["diameter"] * moment.unit, GREATEST_LENGTH)
    return streaked(picture, x * length / ratio, y * length)


KINDS = (
    FilterKind(
        "directionalBlur",
        "Blurs along a line, as a camera does that moves.",
        {
            "diameter": Parameter("number", 10.0, "Length of the line, in pixels of a 360-line frame.", 0, 1000),
            "angle": Parameter("number", 0.0, "Degrees from the horizontal, counter-clockwise.", -36000, 36000),
            "direction": Parameter(
                "direction", None, "The way by its name, or as a vector with y up; not given: by `angle`."
            ),
        },
        draw_directional,
    ),
)
