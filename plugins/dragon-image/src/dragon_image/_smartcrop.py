"""The rectangles of `image.smartcrop`: where they may lie, how much each tells, which are kept.

In: pixels of the scaled picture and the size of the whole one. Out: boxes in pixels of the
whole picture. The entropy of every box comes from one integral histogram over the edges of
all boxes, so its cost is the same for large boxes and small ones. Stands on numpy; import
it inside a task's function alone.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dragon_framework.media.geometry import Size

BINS = 64
"""Grey levels that count as different: 4 of 256 each."""

_TILE = 4_000_000  # counts held at once while entropies are computed: 32 MB
_TIE = 1e-9  # bits; entropies nearer than this are equal

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]


class ScoredBox(NamedTuple):
    """A box in pixels from the top left corner, and its entropy in bits."""

    x: int
    y: int
    width: int
    height: int
    score: float


def box_size(size: Size, aspect_ratio: float, diag_ratio: float) -> Size:
    """Return the size of a box of a shape in a picture of *size*.

    Its diagonal is *diag_ratio* of the picture's, or less where it would not fit inside.
    One side is rounded to the nearest pixel; the other follows from it by the ratio, so the
    ratio is exact to a pixel. Sides are at least 1.

    Args:
        size: (width, height) of the picture, in pixels.
        aspect_ratio: Width of the box by its height, above 0.
        diag_ratio: Diagonal of the box by that of the picture, above 0 and at most 1.
    """
    height = diag_ratio * math.hypot(*size) / math.hypot(aspect_ratio, 1)
    height = min(height, size[1], size[0] / aspect_ratio)
    if aspect_ratio >= 1:
        down = max(1, round(height))
        across = max(1, round(down * aspect_ratio))
        if across > size[0]:
            across, down = size[0], max(1, round(size[0] / aspect_ratio))
    else:
        across = max(1, round(height * aspect_ratio))
        down = max(1, round(across / aspect_ratio))
        if down > size[1]:
            across, down = max(1, round(size[1] * aspect_ratio)), size[1]
    return across, down


def places(length: int, box: int, step: float) -> Integers:
    """Return where a box of *box* pixels is tried along *length* pixels.

    Evenly from edge to edge, at most *step* and at least one pixel apart, the same from both ends.
    """
    room = length - box
    number = 1 + max(0, math.ceil(room / max(step, 1.0) - 1e-9))
    found = np.floor(np.linspace(0, room, number) + 0.5).astype(np.int64)
    half = number // 2
    if half:
        found[number - half :] = room - found[:half][::-1]
    return np.unique(found)


def entropies(
    grey: npt.NDArray[np.uint8], across: tuple[Integers, Integers], down: tuple[Integers, Integers]
) -> Floats:
    """Return the entropy in bits of the grey levels in every box.

    Args:
        grey: Luma, (rows, columns), 0 to 255, counted in `BINS` equal bins.
        across: First column of each box, and the one behind its last.
        down: First row of each box, and the one behind its last.

    Returns:
        One value for each pair, (len(down), len(across)), 0 to log2(BINS).
    """
    rows, columns = grey.shape
    x_edges = np.unique(np.concatenate([[0, columns], *across]))
    y_edges = np.unique(np.concatenate([[0, rows], *down]))
    wide, high = len(x_edges) - 1, len(y_edges) - 1
    cell_x = np.searchsorted(x_edges, np.arange(columns), "right") - 1
    cell_y = np.searchsorted(y_edges, np.arange(rows), "right") - 1
    level = grey.astype(np.int64) * BINS >> 8
    cell = (cell_y[:, None] * wide + cell_x) * BINS + level
    counts = np.bincount(cell.ravel(), minlength=high * wide * BINS).reshape(high, wide, BINS)
    integral = np.zeros((high + 1, wide + 1, BINS), np.int32)
    integral[1:, 1:] = counts.cumsum(0).cumsum(1)
    left, right = (np.searchsorted(x_edges, edge) for edge in across)
    top, bottom = (np.searchsorted(y_edges, edge) for edge in down)

    amount = np.arange(rows * columns + 1, dtype=np.float64)
    logs = amount * np.log2(np.maximum(amount, 1))
    found = np.empty((len(top), len(left)))
    for part in _parts(len(top), len(left)):
        strip = integral[bottom[part]] - integral[top[part]]
        inside = strip[:, right] - strip[:, left]
        pixels = inside.sum(-1)
        found[part] = np.log2(pixels) - logs[inside].sum(-1) / pixels
    return np.maximum(found, 0.0)


def best_boxes(
    grey: npt.NDArray[np.uint8],
    size: Size,
    *,
    aspect_ratio: float,
    boxes_number: int,
    step_ratio: float,
    diag_ratio: float,
    reverse: bool,
) -> list[ScoredBox]:
    """Return the boxes with most entropy (least, if *reverse*) that do not overlap, best first.

    Of equals, the one nearer to the middle comes first, then the upper, then the left one.

    Args:
        grey: Luma of the picture at any size, (rows, columns).
        size: (width, height) of the whole picture, whose pixels the boxes are given in.
        aspect_ratio: See `box_size`.
        boxes_number: Most boxes.
        step_ratio: Step by the picture's width, and by its height.
        diag_ratio: See `box_size`.
        reverse: Whether those with least entropy are wanted.
    """
    box = box_size(size, aspect_ratio, diag_ratio)
    rows, columns = grey.shape
    # A step of less than a pixel of the scaled picture would see the same pixels again.
    xs = places(size[0], box[0], size[0] * max(step_ratio, 1 / columns))
    ys = places(size[1], box[1], size[1] * max(step_ratio, 1 / rows))
    scores = entropies(grey, _edges(xs, box[0], size[0], columns), _edges(ys, box[1], size[1], rows))
    found: list[ScoredBox] = []
    for y, x in _ordered(scores, xs, ys, box, size, reverse=reverse):
        if len(found) >= boxes_number:
            break
        found.append(ScoredBox(int(xs[x]), int(ys[y]), *box, score=float(scores[y, x])))
    return found


def _edges(starts: Integers, box: int, length: int, pixels: int) -> tuple[Integers, Integers]:
    """Return where boxes begin and end in the scaled picture, each at least a pixel long."""
    first = np.minimum(np.floor(starts * pixels / length + 0.5).astype(np.int64), pixels - 1)
    last = np.floor((starts + box) * pixels / length + 0.5).astype(np.int64)
    return first, np.maximum(last, first + 1)


def _ordered(
    scores: Floats, xs: Integers, ys: Integers, box: Size, size: Size, *, reverse: bool
) -> Iterator[tuple[int, int]]:
    """Yield (row, column) of the best score, again and again, of those whose boxes overlap none before."""
    off_x = 2 * xs + box[0] - size[0]
    off_y = 2 * ys + box[1] - size[1]
    off = off_x[None, :].astype(np.float64) ** 2 + off_y[:, None].astype(np.float64) ** 2
    rank = np.round(scores / _TIE) * (1 if reverse else -1)
    order: Any = np.lexsort((np.broadcast_to(xs, scores.shape).ravel(), off.ravel(), rank.ravel()))
    free = np.ones(scores.shape, bool)
    for place in order:
        y, x = divmod(int(place), len(xs))
        if not free[y, x]:
            continue
        yield y, x
        left, right = np.searchsorted(xs, [xs[x] - box[0] + 1, xs[x] + box[0]])
        top, bottom = np.searchsorted(ys, [ys[y] - box[1] + 1, ys[y] + box[1]])
        free[top:bottom, left:right] = False


def _parts(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of *rows* that need no more memory than `_TILE` counts each."""
    height = max(1, _TILE // max(1, columns * BINS))
    for start in range(0, rows, height):
        yield slice(start, min(rows, start + height))
