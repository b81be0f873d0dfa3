"""How much of each pixel a polygon covers: what makes edges smooth, and their motion with them.

Stands on numpy and OpenCV alone.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Point = tuple[float, float]

_SHIFT = 4  # bits of a pixel in OpenCV's polygons


class Coverage(NamedTuple):
    """What a polygon covers of a grid of pixels.

    Args:
        mask: uint8 (height, width): 0 outside, 255 inside.
        rows: Of the pixels that an edge runs through, or near; some may be named twice.
        columns: As *rows*.
    """

    mask: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


def clipped(polygon: Sequence[Point], left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Return the part of a convex polygon inside a rectangle (Sutherland and Hodgman 1974)."""
    for axis, bound, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        inside = [sign * (point[axis] - bound) for point in polygon]
        polygon = cut(polygon, inside)
    return list(polygon)


def cut(polygon: Sequence[Point], inside: Sequence[float]) -> list[Point]:
    """Return the part of a convex polygon where a linear function, given at its corners, is at least 0."""
    result: list[Point] = []
    for index, (point, here) in enumerate(zip(polygon, inside, strict=True)):
        last, there = polygon[index - 1], inside[index - 1]
        if (here >= 0) != (there >= 0):
            share = there / (there - here)
            result.append((last[0] + share * (point[0] - last[0]), last[1] + share * (point[1] - last[1])))
        if here >= 0:
            result.append(point)
    return result


def area(polygon: Sequence[Point]) -> float:
    """Return the area; negative for the other sense of turning."""
    return (
        sum(polygon[index - 1][0] * point[1] - point[0] * polygon[index - 1][1] for index, point in enumerate(polygon))
        / 2
    )


def span(start: float, end: float, first: int, count: int) -> npt.NDArray[np.float64]:
    """Return how much of *count* pixels from *first* on lies between *start* and *end*, each 0 to 1."""
    edges = np.arange(first, first + count)
    shares: npt.NDArray[np.float64] = np.clip(np.minimum(edges + 1, end) - np.maximum(edges, start), 0, 1)
    return shares


def coverage(polygon: Sequence[Point], width: int, height: int, *, smooth: bool = True) -> Coverage:
    """Return what a convex polygon covers of a grid of pixels.

    Args:
        polygon: Corners in pixels from the left and top edge of the grid; at most some
            thousand pixels outside it.
        width: Of the grid, in pixels.
        height: As *width*.
        smooth: Whether a pixel at an edge counts in part: as much as of its diagonal across the
            edge, so that the sum along an edge is its area. If not, it counts where its centre is inside.
    """
    mask = np.zeros((height, width), np.uint8)
    corners = np.round((np.asarray(polygon) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 255, cv2.LINE_8, _SHIFT)
    cv2.polylines(mask, [corners], isClosed=True, color=255, thickness=2, lineType=cv2.LINE_8, shift=_SHIFT)
    sense = math.copysign(1, area(polygon))
    rows: list[npt.NDArray[np.intp]] = []
    columns: list[npt.NDArray[np.intp]] = []
    for index, end in enumerate(polygon):
        start = polygon[index - 1]
        if abs(end[0] - start[0]) >= abs(end[1] - start[1]):
            along, across, inside = _near(start, end, width, height)
        else:
            across, along, inside = _near(start[::-1], end[::-1], height, width)
            inside = -inside
        inside *= sense
        share = np.clip(inside + 0.5, 0, 1) if smooth else (inside >= 0)
        mask[across, along] = np.round(mask[across, along] * share)
        rows.append(across)
        columns.append(along)
    return Coverage(mask, np.concatenate(rows), np.concatenate(columns))


def _near(
    start: Point, end: Point, length: int, breadth: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the pixels within two of a line that runs more along the first axis than along the second.

    Returns:
        Their places on the first axis, on the second, and how far they are from the line,
        positive to the left of it where the second axis points up: a pixel that touches it is at ±0.5.
    """
    run, rise = end[0] - start[0], end[1] - start[1]
    first = max(0, math.floor(min(start[0], end[0])) - 2)
    last = min(length, math.ceil(max(start[0], end[0])) + 2)
    along = np.arange(first, max(first, last))
    if not run:
        along = along[:0]
        run = 1.0
    line = start[1] + (along + 0.5 - start[0]) * (rise / run)
    across = np.floor(line).astype(np.intp)[:, None] + np.arange(-2, 3)
    distance = (across + 0.5 - line[:, None]) * (run / (abs(run) + abs(rise)))
    valid = (across >= 0) & (across < breadth)
    return np.broadcast_to(along[:, None], across.shape)[valid], across[valid], distance[valid]
