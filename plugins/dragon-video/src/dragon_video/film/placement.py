"""Where a text or an overlay lies: boxes of fractions, solved as style sheets do.

In: `left`, `right`, `top`, `bottom`, `width`, `height` as fractions of the container. Out: a box. On each axis
the three values add up to 1; what is not given follows. Stands on `matrices` alone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dragon_video.film.matrices import Matrix, scale, translate


class Box(NamedTuple):
    """A rectangle in fractions of its container, from the left and top edges."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge, from the left edge of the container."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge, from the top edge of the container."""
        return self.top + self.height

    def ratio(self, aspect: float) -> float:
        """Return its width by its height as shown, in a container of this ratio."""
        return aspect * self.width / max(self.height, 1e-9)

    def matrix(self, aspect: float) -> Matrix:
        """Return what carries the square from -1 to 1 into this box of a scene of this ratio."""
        x = aspect * (2 * self.left + self.width - 1)
        return translate(x, 1 - 2 * self.top - self.height) @ scale(aspect * self.width, self.height)


FULL = Box(0.0, 0.0, 1.0, 1.0)


def placed(values: Mapping[str, Any], aspect: float, ratio: float | None) -> Box:
    """Return the box that these attributes describe.

    Args:
        values: Attributes by name; None stands for `auto`.
        aspect: Width by height of the container.
        ratio: Width by height of what is in the box; None if it takes any. Where only one of width and height
            can be known, the other follows from it.
    """
    across = values.get("left"), values.get("width"), values.get("right")
    down = values.get("top"), values.get("height"), values.get("bottom")
    if ratio is not None:
        wide, high = _size(*across), _size(*down)
        if high is not None and wide is None:
            across = _kept(across, high * ratio / aspect)
        elif wide is not None and high is None:
            down = _kept(down, wide * aspect / ratio)
    left, width = _axis(*across)
    top, height = _axis(*down)
    return Box(left, top, width, height)


def _size(first: float | None, size: float | None, last: float | None) -> float | None:
    if size is not None:
        return size
    if first is not None and last is not None:
        return 1 - first - last
    return None


def _kept(
    axis: tuple[float | None, float | None, float | None], size: float
) -> tuple[float | None, float | None, float | None]:
    first, _, last = axis
    return first, size, last if first is None else None


def _axis(first: float | None, size: float | None, last: float | None) -> tuple[float, float]:
    """Return (start, size) of one axis."""
    if size is not None:
        if first is not None:
            return first, size
        if last is not None:
            return 1 - last - size, size
        return (1 - size) / 2, size
    start = first or 0.0
    return start, 1 - start - (last or 0.0)
