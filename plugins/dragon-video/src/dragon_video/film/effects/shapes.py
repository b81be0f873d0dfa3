"""What the effects are told, and the pieces that they are made of: windows on a picture, clocks, chance."""

from collections.abc import Callable
from typing import NamedTuple

from dragon_video.film.adapters import adapter, eased
from dragon_video.film.matrices import Matrix, scale, translate
from dragon_video.film.options import Options, choice
from dragon_video.film.raster import Plane

OVERLAP = 0.025
"""How far a piece reaches under the next, in half heights of the frame: no seam shows between them."""

_ADAPTERS = ("none", "fixed", "zoom", "panoramic", "kenburns", "fit")
_NAMES = (*_ADAPTERS, *(f"{name}Adapter" for name in _ADAPTERS if name != "none"))
_HOLD = 0.6  # part of its share for which one of several pictures stays


class Shot(NamedTuple):
    """What an effect is told.

    Args:
        ratios: Width by height, as shown, of each picture.
        aspect: Width by height of the frame as shown.
        progress: 0 to 1 of its time.
        seconds: Since it started.
        options: Attributes of the element.
    """

    ratios: tuple[float, ...]
    aspect: float
    progress: float
    seconds: float
    options: Options


Draw = Callable[[Shot], list[Plane]]


class Box(NamedTuple):
    """A rectangle of the scene at z = 0."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> tuple[float, float]:
        """Return x and y of the middle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def grown(self, left: float = 0, bottom: float = 0, right: float = 0, top: float = 0) -> "Box":
        """Return this with its sides moved out."""
        return Box(self.left - left, self.bottom - bottom, self.right + right, self.top + top)

    def within(self, other: "Box") -> "Box":
        """Return what is in both."""
        return Box(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def cell(self, column: int, row: int, columns: int, rows: int) -> "Box":
        """Return one of equal cells, counted from the left and the top."""
        wide, high = (self.right - self.left) / columns, (self.top - self.bottom) / rows
        left, top = self.left + column * wide, self.top - row * high
        return Box(left, top - high, left + wide, top)


def placed(shot: Shot, default: str, picture: int = 0, progress: float | None = None) -> Matrix:
    """Return the matrix that the element's adapter, or the one called *default*, gives a picture."""
    kind = choice(shot.options, "adapter", default, _NAMES)
    at = shot.progress if progress is None else progress
    # A direction is the effect's own.
    options = {name: value for name, value in shot.options.items() if name != "direction"}
    return adapter(kind, shot.ratios[picture], shot.aspect, at, options)


def box(matrix: Matrix) -> Box:
    """Return where a matrix that only scales and shifts carries the square from −1 to 1."""
    x, y, wide, high = (float(matrix[at]) for at in ((0, 3), (1, 3), (0, 0), (1, 1)))
    return Box(x - wide, y - high, x + wide, y + high)


def seen(matrix: Matrix, aspect: float) -> Box:
    """Return what of a picture is in the frame."""
    return box(matrix).within(Box(-aspect, -1, aspect, 1))


def piece(picture: int, matrix: Matrix, window: Box, move: Matrix, alpha: float = 1.0) -> Plane:
    """Return what of a picture is in *window*, moved.

    Args:
        picture: Its number.
        matrix: Where the whole picture is at rest; it only scales and shifts.
        window: In the scene.
        move: Away from there, about the middle of the window.
        alpha: 0 to 1.
    """
    whole = box(matrix)
    window = window.within(whole)
    wide, high = whole.right - whole.left, whole.top - whole.bottom
    part = (
        (window.left - whole.left) / wide,
        (whole.top - window.top) / high,
        (window.right - whole.left) / wide,
        (whole.top - window.bottom) / high,
    )
    x, y = window.middle
    rest = scale((window.right - window.left) / 2, (window.top - window.bottom) / 2)
    return Plane(picture, translate(x, y) @ move @ rest, alpha, part)


def screen(shot: Shot, picture: int, move: Matrix, alpha: float = 1.0) -> Plane:
    """Return what of one of several pictures fills the frame, moved; the picture drifts inside."""
    # From half a share before its own, when it comes, to the end of its own, when it goes.
    drift = min(max((shot.progress * len(shot.ratios) - picture + 0.5) / 1.5, 0), 1)
    matrix = placed(shot, "kenburns", picture, drift)
    window = seen(matrix, shot.aspect)
    x, y = window.middle
    return piece(picture, matrix, window, translate(-x, -y) @ move @ translate(x, y), alpha)


def entrance(shot: Shot, share: float, most_seconds: float) -> float:
    """Return 0 to 1 while pictures come in: for a share of the time, but not for longer than that."""
    return min(max(shot.progress / share, shot.seconds / most_seconds), 1.0)


def arrived(clock: float, start: float, length: float) -> float:
    """Return 0 to 1 of a way that starts at *start* at full speed and ends at rest."""
    rest = 1 - min(max((clock - start) / length, 0.0), 1.0)
    return 1 - rest * rest * rest


def visit(shot: Shot) -> tuple[int, float]:
    """Return which of several pictures is shown, and how far it has gone on its way to the next, eased.

    Each has an equal share of the time, at the start of which it is shown alone; the last stays.
    """
    count = len(shot.ratios)
    picture = min(int(shot.progress * count + 1e-9), count - 1)
    if picture == count - 1:
        return picture, 0.0
    return picture, eased((shot.progress * count - picture - _HOLD) / (1 - _HOLD))


def chance(*numbers: int) -> float:
    """Return 0 to 1, always the same for the same numbers, and without a pattern (the mixer of MurmurHash3)."""
    value = 0
    for number in numbers:
        value = (value * 31 + number + 1) * 0x9E3779B1 & 0xFFFFFFFF
        value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
        value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        value ^= value >> 16
    return value / 0xFFFFFFFF
