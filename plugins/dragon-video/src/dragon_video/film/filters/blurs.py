"""Blurs along the axes: `blur`, `hblur`, `vblur` (a box) and `gaussianBlur`, `hgaussianBlur`, `vgaussianBlur`.

A length of the language, in pixels of a 360-line frame, is brought to the picture's pixels here. What is beyond
the border is taken to be like the border, so that an opaque picture stays opaque.
"""

import math

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import as_bytes, mixed, reduced
from dragon_video.film.frames import Frame

GREATEST_WIDTH = 4096
"""Pixels: a box is no wider, whatever is asked for; the border would fill it anyway."""

SHORT_BOX = 7
"""Pixels up to which one short kernel is quicker than two boxes."""

FINE_SIGMA = 3.0
"""Pixels of sigma above which a Gaussian is drawn on a smaller picture."""


def box(picture: Frame, across: float, down: float) -> Frame:
    """Return the mean over a box around each pixel.

    Args:
        picture: Premultiplied, as all of it.
        across: Width of the box in pixels, 1 or less for none. Need not be whole: the outermost pixels count
            in part, so that a width that changes slowly makes no steps.
        down: Height of the box in pixels, likewise.
    """
    across, down = (min(max(side, 1.0), GREATEST_WIDTH) for side in (across, down))
    if across == down == 1:
        return picture
    if max(across, down) <= SHORT_BOX:
        rows, columns = _weights(across), _weights(down)
        return as_bytes(cv2.sepFilter2D(picture, -1, rows, columns, borderType=cv2.BORDER_REPLICATE))
    if across != down and across > 1 and down > 1:
        return box(box(picture, across, 1), 1, down)
    # With a part of its outermost pixels a box is a mix of the boxes of the odd widths beside it: exactly so along
    # one axis; along both, but for the corners.
    width = max(across, down)
    inner = _inner(width)
    share = (width - inner) / 2 * (inner + 2) / width
    small, large = ((side if across > 1 else 1, side if down > 1 else 1) for side in (inner, inner + 2))
    first = as_bytes(cv2.blur(picture, small, borderType=cv2.BORDER_REPLICATE))
    if share < 1 / 512:
        return first
    return mixed(first, as_bytes(cv2.blur(picture, large, borderType=cv2.BORDER_REPLICATE)), share)


def _inner(width: float) -> int:
    """Return how many pixels a box of that width covers in whole: odd, for the pixel itself is in the middle."""
    return int((width - 1) // 2) * 2 + 1


def _weights(width: float) -> npt.NDArray[np.float64]:
    """Return what each pixel has in a box of that width."""
    inner = _inner(width)
    weights = np.ones(inner + 2)
    weights[0] = weights[-1] = (width - inner) / 2
    return weights / width


def gaussian(picture: Frame, across: float, down: float) -> Frame:
    """Return the picture blurred by a Gaussian.

    Args:
        picture: Premultiplied, as all of it.
        across: Standard deviation along x in pixels, 0 for none.
        down: Standard deviation along y in pixels, 0 for none.

    A large one is drawn on a picture made smaller by 4, 8, ... times along that axis, and enlarged. Shrinking by
    f has the variance of a box, f² / 12, and enlarging by straight lines that of a triangle, f² / 6: what is left
    of the wanted variance is drawn between the two.
    """
    height, width = picture.shape[:2]
    across, down = min(across, 2.0 * width), min(down, 2.0 * height)
    by_x, by_y = _reduction(across, width), _reduction(down, height)
    small = reduced(padded(picture, by_x, by_y), by_x, by_y)
    left_x, left_y = _left(across, by_x), _left(down, by_y)
    if left_x > 0.15 or left_y > 0.15:
        # OpenCV takes a sigma of 0 to be asked for by the size of the kernel, which is 1 here.
        size_x, size_y = (1 if left <= 0.15 else 2 * math.ceil(3 * left) + 1 for left in (left_x, left_y))
        small = as_bytes(
            cv2.GaussianBlur(
                small, (size_x, size_y), max(left_x, 0.01), sigmaY=max(left_y, 0.01), borderType=cv2.BORDER_REPLICATE
            )
        )
    if by_x == by_y == 1:
        return small
    return enlarged(small, width, height, by_x, by_y)


def _reduction(sigma: float, size: int) -> int:
    """Return how many times smaller an axis of *size* pixels may be for a blur of that sigma."""
    if sigma <= FINE_SIGMA or size < 8:
        return 1
    return int(min(2 ** int(math.log2(sigma / FINE_SIGMA) + 1), 32, 2 ** int(math.log2(size / 4))))


def _left(sigma: float, reduction: int) -> float:
    """Return the sigma in small pixels that shrinking and enlarging leave to be drawn."""
    return math.sqrt(max((sigma / reduction) ** 2 - (0.25 if reduction > 1 else 0), 0))


def enlarged(small: Frame, width: int, height: int, by_x: int, by_y: int) -> Frame:
    """Return what was padded and reduced by those factors at the size that it had before."""
    rows, columns = small.shape[:2]
    large = as_bytes(cv2.resize(small, (columns * by_x, rows * by_y), interpolation=cv2.INTER_LINEAR))
    return large if large.shape[:2] == (height, width) else np.ascontiguousarray(large[:height, :width])


def padded(picture: Frame, by_x: int, by_y: int) -> Frame:
    """Return the picture with its last row and column repeated until it can be divided."""
    height, width = picture.shape[:2]
    right, bottom = -width % by_x, -height % by_y
    if not right and not bottom:
        return picture
    return as_bytes(cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REPLICATE))


def _widths(picture: Frame, values: Values, moment: Moment) -> tuple[float, float]:
    """Return `diameterX` and `diameterY`, or `diameter` for each that is not given, in pixels of the picture."""
    across, down = (
        values["diameter"] if values.get(name) is None else values[name] for name in ("diameterX", "diameterY")
    )
    return across * moment.unit / moment.pixel_ratio(picture), down * moment.unit


def draw_blur(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the mean over a square of `diameter`."""
    return box(picture, *_widths(picture, values, moment))


def draw_hblur(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the mean over `diameter` along x."""
    return box(picture, _widths(picture, values, moment)[0], 1)


def draw_vblur(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the mean over `diameter` along y."""
    return box(picture, 1, _widths(picture, values, moment)[1])


def draw_gaussian(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture blurred with half of the diameters as standard deviations."""
    across, down = _widths(picture, values, moment)
    return gaussian(picture, across / 2, down / 2)


def draw_hgaussian(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture blurred along x."""
    return gaussian(picture, _widths(picture, values, moment)[0] / 2, 0)


def draw_vgaussian(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture blurred along y."""
    return gaussian(picture, 0, _widths(picture, values, moment)[1] / 2)


_BOX = Parameter("number", 5.0, "Width of the box, in pixels of a 360-line frame; 1 or less there is none.", 0, 1000)
_ROUND = Parameter("number", 5.0, "Twice the standard deviation, in pixels of a 360-line frame.", 0, 1000)
_ACROSS = Parameter("number", None, "The same along x alone; not given: `diameter`.", 0, 1000)
_DOWN = Parameter("number", None, "The same along y alone; not given: `diameter`.", 0, 1000)

KINDS = (
    FilterKind("blur", "Blurs by the mean over a square.", {"diameter": _BOX}, draw_blur, tier=1),
    FilterKind("hblur", "Blurs along x by the mean over a line.", {"diameter": _BOX}, draw_hblur, tier=1),
    FilterKind("vblur", "Blurs along y by the mean over a line.", {"diameter": _BOX}, draw_vblur, tier=1),
    FilterKind(
        "gaussianBlur",
        "Blurs softly, as by a lens out of focus.",
        {"diameter": _ROUND, "diameterX": _ACROSS, "diameterY": _DOWN},
        draw_gaussian,
        tier=1,
    ),
    FilterKind(
        "hgaussianBlur", "Blurs softly along x.", {"diameter": _ROUND, "diameterX": _ACROSS}, draw_hgaussian, tier=1
    ),
    FilterKind(
        "vgaussianBlur", "Blurs softly along y.", {"diameter": _ROUND, "diameterY": _DOWN}, draw_vgaussian, tier=1
    ),
)
