"""How much of each pixel a polygon covers: what makes edges smooth, and their motion with them.

Stands on numpy and OpenCV alone.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Point = tuple[float, float]

Span = tuple[float, float]

Mask = npt.NDArray[np.uint8]

_TOUCH = 1e-6  # pixels


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


def spans(polygon: Sequence[Point], top: float, bottom: float) -> tuple[Span, Span]:
    """Return what a convex polygon reaches between two lines, and what it covers of all that is between them.

    Returns:
        Left and right ends in pixels; the second is empty where the left is not below the right.
    """
    below = cut(polygon, [y - top for _, y in polygon])
    band = cut(below, [bottom - y for _, y in below])
    if len(band) < 3:
        return (0.0, 0.0), (0.0, 0.0)
    xs = [x for x, _ in band]
    lines = [[x for x, y in band if abs(y - line) < _TOUCH] for line in (top, bottom)]
    if not all(lines):  # it ends before the line
        return (min(xs), max(xs)), (0.0, 0.0)
    return (min(xs), max(xs)), (max(min(line) for line in lines), min(max(line) for line in lines))


def coverage(polygon: Sequence[Point], width: int, height: int, *, smooth: bool = True) -> Mask:
    """Return what a convex polygon covers of a grid of pixels.

    Args:
        polygon: Corners in pixels from the left and top edge of the grid.
        width: Of the grid, in pixels.
        height: As *width*.
        smooth: Whether a pixel at an edge counts in part: as much as of its diagonal across the
            edge, so that the sum along an edge is its area. If not, it counts where its centre is inside.

    Returns:
        (height, width), 0 outside to 255 inside.
    """
    sense = math.copysign(1, area(polygon))
    columns, rows = (np.arange(side, dtype=np.float32) + np.float32(0.5) for side in (width, height))
    inside: npt.NDArray[np.float32] | None = None
    for index, end in enumerate(polygon):
        start = polygon[index - 1]
        run, rise = sense * (end[0] - start[0]), sense * (end[1] - start[1])
        breadth = abs(run) + abs(rise)  # of a pixel as seen along the edge, times the edge's length
        if not breadth:
            continue
        down, right = run / breadth, -rise / breadth
        constant = -down * start[1] - right * start[0]
        nearest = constant + min(down * 0.5, down * (height - 0.5)) + min(right * 0.5, right * (width - 0.5))
        if nearest >= 0.5:
            continue  # no pixel of the grid touches it
        distance = (rows * np.float32(down) + np.float32(constant))[:, None] + columns * np.float32(right)
        inside = distance if inside is None else np.minimum(inside, distance, out=inside)
    if inside is None:
        return np.full((height, width), 255, np.uint8)
    if not smooth:
        return np.where(inside >= 0, np.uint8(255), np.uint8(0))
    # To 0 to 255 with the half that rounds, and cut at both ends on the way to bytes.
    mask: Mask = cv2.addWeighted(inside, 255, inside, 0, 127.5, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
    return mask
