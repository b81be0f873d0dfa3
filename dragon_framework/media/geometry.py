"""Sizes and turns of pictures: fitting, filling, and what EXIF's orientation asks for.

In and out: sizes as (width, height) in whole pixels, boxes as (left, top, right, bottom)
in pixels with fractions, x to the right and y downwards. Pure arithmetic, exact up to the
one rounding that is named; stands on nothing.
"""

from typing import NamedTuple

Size = tuple[int, int]
Box = tuple[float, float, float, float]


class Turn(NamedTuple):
    """One of the eight ways to lay a picture over its rectangle: mirror it, then rotate it.

    Args:
        mirrored: Whether left and right are exchanged first.
        quarters: Quarter turns counter clockwise afterwards, 0 to 3.
    """

    mirrored: bool = False
    quarters: int = 0

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.quarters % 2 == 1

    def then_rotated(self, degrees: int) -> "Turn":
        """Return this turn followed by a counter clockwise rotation.

        Raises:
            ValueError: If *degrees* is not a multiple of 90.
        """
        if degrees % 90:
            raise ValueError(f"{degrees} degrees are not a number of quarter turns")
        return Turn(self.mirrored, (self.quarters + degrees // 90) % 4)

    def size(self, size: Size) -> Size:
        """Return the size of a picture of *size* after the turn."""
        return (size[1], size[0]) if self.swaps_sides else size


# What shows a picture upright, by EXIF orientation (Exif 2.32, 4.6.4 A, tag 0x0112, which
# names the side of the scene that row 0 and column 0 are on).
_UPRIGHT = {
    1: Turn(),  # row 0 is the top, column 0 the left
    2: Turn(mirrored=True),  # top, right
    3: Turn(quarters=2),  # bottom, right
    4: Turn(mirrored=True, quarters=2),  # bottom, left
    5: Turn(mirrored=True, quarters=1),  # left, top
    6: Turn(quarters=3),  # right, top: the common portrait
    7: Turn(mirrored=True, quarters=3),  # right, bottom
    8: Turn(quarters=1),  # left, bottom
}


def upright(orientation: int | None) -> Turn:
    """Return the turn that shows a picture of this EXIF orientation as it was shot.

    No turn at all for None, and for values that EXIF does not define (it reserves them).
    """
    return _UPRIGHT.get(orientation or 1, Turn())


def upright_degrees(orientation: int | None) -> int | None:
    """Return the counter clockwise rotation, in degrees, that shows a picture as it was shot.

    None if that takes a flip, or if *orientation* is None or undefined in EXIF.
    """
    turn = _UPRIGHT.get(orientation or 0)
    return None if turn is None or turn.mirrored else 90 * turn.quarters


def fit_within(size: Size, box: Size) -> Size:
    """Return the largest size of the same shape that fits in *box*.

    Args:
        size: (width, height) of the source, in pixels.
        box: (width, height) to fit into, in pixels.

    Returns:
        (width, height) in pixels, each at least 1. One side equals the box; the
        other is rounded to the nearest pixel, halves up. A small source grows.

    Raises:
        ValueError: If a side is below 1.
    """
    _check(size, box)
    if size[0] * box[1] >= size[1] * box[0]:  # wider than the box, in whole numbers
        return box[0], _scaled(size[1], box[0], size[0])
    return _scaled(size[0], box[1], size[1]), box[1]


def scaled_to(size: Size, *, width: int | None = None, height: int | None = None) -> Size:
    """Return *size* scaled to a width, a height, or into the box of both; itself for neither.

    One side alone keeps the shape: the other follows, rounded to the nearest pixel,
    halves up, at least 1. Both are `fit_within`.

    Raises:
        ValueError: If a side is below 1.
    """
    if width is not None and height is not None:
        return fit_within(size, (width, height))
    if width is not None:
        _check(size, (width, 1))
        return width, _scaled(size[1], width, size[0])
    if height is not None:
        _check(size, (1, height))
        return _scaled(size[0], height, size[1]), height
    _check(size, (1, 1))
    return size


def central_part(size: Size, shape: Size) -> Box:
    """Return the largest box of the shape of *shape* in the middle of a picture of *size*.

    Scaling that box to *shape* fills it exactly. Two sides of the box are the picture's;
    what is left over on the other two is the same, and may have a fraction of a pixel.

    Raises:
        ValueError: If a side is below 1.
    """
    _check(size, shape)
    width, height = size
    if width * shape[1] > height * shape[0]:
        part = height * shape[0] / shape[1]
        return (width - part) / 2, 0.0, (width + part) / 2, float(height)
    part = width * shape[1] / shape[0]
    return 0.0, (height - part) / 2, float(width), (height + part) / 2


def _scaled(length: int, numerator: int, denominator: int) -> int:
    """Return length × numerator / denominator to the nearest whole number, halves up, at least 1."""
    return max(1, (2 * length * numerator + denominator) // (2 * denominator))


def _check(*sizes: Size) -> None:
    for size in sizes:
        if min(size) < 1:
            raise ValueError(f"{size[0]} × {size[1]} is not a size in pixels: both sides are at least 1")
