"""Transitions by a mask: an edge runs over the frame, and behind it is the other picture.

Each is a field: 0 where the edge starts, 1 where it ends.
"""

import math
from abc import abstractmethod

import cv2
import numpy as np

from dragon_video.film.frames import Frame
from dragon_video.film.matrices import Viewport
from dragon_video.film.mixing import Field, Mask, grid, mask_mix, mix
from dragon_video.film.options import TRAVELS, Options, Pair, direction
from dragon_video.film.transitions.base import Transition

_BARS = 10
_CELLS = (12, 7)


class Wipe:
    """A field as masks.

    Args:
        field: (height, width) of the frame, 0 to 1.
        soft: Width of the edge, in the units of the field; one number, or one for each pixel.
    """

    def __init__(self, field: Field, soft: float | Field) -> None:
        inverse = np.broadcast_to(np.asarray(1 / np.asarray(soft), np.float32), field.shape)
        self._inverse = np.ascontiguousarray(inverse)
        self._field = np.ascontiguousarray(field * inverse, np.float32)
        self._margin = float(np.median(soft)) / 2

    def mask(self, progress: float) -> Mask:
        """Return 255 where the edge has passed, 0 where it will come: ((edge − field) / soft + 1/2)."""
        edge = progress * (1 + 2 * self._margin) - self._margin
        mask: Mask = cv2.addWeighted(self._inverse, 255 * edge, self._field, -255, 127.5, dtype=cv2.CV_8U).astype(
            np.uint8, copy=False
        )
        return mask


class Wiping(Transition):
    """A transition by the masks of a field."""

    def __init__(self, options: Options, viewport: Viewport) -> None:
        super().__init__(options, viewport)
        self._wipe = self.wipe(options)

    @abstractmethod
    def wipe(self, options: Options) -> Wipe | None:
        """Return the masks; None where nothing moves, which is a dissolve."""

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        if self._wipe is None:
            return mix(before, after, progress)
        return mask_mix(before, after, self._wipe.mask(progress))


class Circle(Wiping):
    """A circle grows from the middle."""

    def wipe(self, options: Options) -> Wipe:
        farthest = math.hypot(self.viewport.aspect, 1)
        return Wipe(distances(self.viewport) / farthest, 0.02 / farthest)


class Radial(Wiping):
    """A hand of a clock goes round from 12; its edge is as wide outside as inside."""

    def wipe(self, options: Options) -> Wipe:
        x, y = places(self.viewport)
        turn = np.arctan2(x, y) / (2 * math.pi) % 1
        around = 2 * math.pi * np.maximum(np.hypot(x, y), 0.05)
        return Wipe(turn.astype(np.float32), (0.04 / around).astype(np.float32))


class Scan(Wiping):
    """An edge runs over the frame the way that the direction says."""

    def wipe(self, options: Options) -> Wipe | None:
        way = direction(options)
        return Wipe(_along(self.viewport, way), 0.1) if any(way) else None


class Scans(Wiping):
    """Ten bars at once, each with an edge of its own."""

    def wipe(self, options: Options) -> Wipe | None:
        way = direction(options)
        if not any(way):
            return None
        return Wipe(np.minimum(_along(self.viewport, way), 1 - 1e-6) * _BARS % 1, 0.1)


class Spiral(Wiping):
    """A band winds from a corner to the middle; the direction is that of its first way."""

    def wipe(self, options: Options) -> Wipe | None:
        way = direction(options)
        if not any(way):
            return None
        columns, rows = _CELLS
        u, v = _fractions(self.viewport)
        column, row = np.minimum((u * columns).astype(int), columns - 1), np.minimum((v * rows).astype(int), rows - 1)
        order, steps = spiral(columns, rows, way)
        rank, (step_x, step_y) = order[row, column], (steps[row, column, axis] for axis in (0, 1))
        inside_x, inside_y = u * columns - column - 0.5, v * rows - row - 0.5
        along = np.clip(0.5 + step_x * inside_x + step_y * inside_y, 0, 1)
        return Wipe(((rank + along) / (columns * rows)).astype(np.float32), 2 / (columns * rows))


def spiral(columns: int, rows: int, way: Pair) -> tuple[Field, Field]:
    """Return the order of cells on a spiral from a corner to the middle, and the way through each.

    Args:
        columns: Of the grid.
        rows: Of the grid.
        way: Of the first steps, in x and y (up): the nearest of left, right, up and down.

    Returns:
        (rows, columns), from 0; and (rows, columns, 2), steps in x and y (down).
    """
    name = max(("left", "right", "up", "down"), key=lambda known: np.dot(TRAVELS[known], way))
    # All turn to the right; each starts in the corner that this leaves.
    starts = {"right": (0, 0, 1, 0), "down": (columns - 1, 0, 0, 1), "left": (columns - 1, rows - 1, -1, 0)}
    x, y, step_x, step_y = starts.get(name, (0, rows - 1, 0, -1))
    order, steps = np.full((rows, columns), -1, np.float32), np.zeros((rows, columns, 2), np.float32)
    for rank in range(columns * rows):
        order[y, x], steps[y, x] = rank, (step_x, step_y)
        ahead_x, ahead_y = x + step_x, y + step_y
        if not (0 <= ahead_x < columns and 0 <= ahead_y < rows) or order[ahead_y, ahead_x] >= 0:
            step_x, step_y = -step_y, step_x
        x, y = x + step_x, y + step_y
    return order, steps


def places(viewport: Viewport) -> tuple[Field, Field]:
    """Return x from −A to A and y from −1 to 1 (up) of the centres of all pixels."""
    u, v = _fractions(viewport)
    return (2 * u - 1) * np.float32(viewport.aspect), 1 - 2 * v


def distances(viewport: Viewport) -> Field:
    """Return how far the centres of all pixels are from the middle, in half heights of the frame."""
    field: Field = np.hypot(*places(viewport)).astype(np.float32)
    return field


def _fractions(viewport: Viewport) -> tuple[Field, Field]:
    u, v = ((np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side) for side in viewport[:2])
    return grid(u, v)


def _along(viewport: Viewport, way: Pair) -> Field:
    """Return 0 to 1 from the corner of the frame where *way* comes from to the one where it goes to."""
    x, y = places(viewport)
    reach = abs(way[0]) * viewport.aspect + abs(way[1])
    field: Field = ((x * way[0] + y * way[1]) / (2 * reach) + 0.5).astype(np.float32)
    return field
