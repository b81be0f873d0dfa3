"""Ramps of colour over a picture: `gradient` along a line, `radialGradient` around a point.

Places are fractions of the picture, x from its left, y from its top. A ramp lies on what is there: where the picture
is transparent there is none.
"""

import functools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.kinds import Colour, FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import alpha_of, as_bytes, fourfold, masked, within_alpha
from dragon_video.film.frames import Frame, is_opaque

Pair = tuple[float, float]


@functools.lru_cache(maxsize=4)
def ramp(
    width: int,
    height: int,
    ratio: float,
    points: tuple[Pair, Pair],
    colours: tuple[Colour, Colour],
    *,
    radial: bool,
) -> Frame:
    """Return a picture that goes from one colour to the other.

    Args:
        width: Pixels of a row.
        height: Pixels of a column.
        ratio: Width of a pixel as shown, in its heights: a ramp is round, and square to its line, as shown.
        points: Where the first colour ends and the second begins; the first is the centre of a radial one. In the
            same place: all of it has the second colour.
        colours: The two, straight; they are mixed premultiplied.
        radial: Whether it grows with the distance, in all directions.

    What lies between two levels is rounded up or down by chance, the same for every frame, so that slow ramps
    make no bands.
    """
    (x0, y0), (x1, y1) = ((x * width * ratio, y * height) for x, y in points)
    x = (np.arange(width) + 0.5) * ratio - x0
    y = (np.arange(height)[:, None] + 0.5) - y0
    across, down = x1 - x0, y1 - y0
    length = float(np.hypot(across, down))
    if not length:
        part: npt.NDArray[np.float64] = np.ones((height, width))
    elif radial:
        part = np.hypot(x, y) / length
    else:
        part = (x * across + y * down) / length**2
    part = np.clip(part, 0, 1)[:, :, None]
    first, second = (np.array([*colour[:3], 255]) * colour[3] / 255 for colour in colours)
    chance = np.random.default_rng(0x3A3F).uniform(-0.5, 0.5, (height, width, 1))
    levels = np.clip(first + (second - first) * part + chance, 0, 255)
    # Numbers in the middle of two levels are rounded like their alpha, so that no colour comes above it.
    result = np.floor(levels + 0.5).clip(0, 255).astype(np.uint8)
    result.setflags(write=False)
    return result


def _over(picture: Frame, values: Values, moment: Moment, *, radial: bool) -> Frame:
    height, width = picture.shape[:2]
    points, colours = ((_pair(values[f"{name}0"]), _pair(values[f"{name}1"])) for name in ("point", "color"))
    layer = ramp(width, height, moment.pixel_ratio(picture), points, colours, radial=radial)
    alpha = alpha_of(picture)
    rest = fourfold(as_bytes(cv2.bitwise_not(alpha_of(layer))))
    if not is_opaque(picture):
        layer = masked(layer, fourfold(alpha))
    # Porter and Duff's "atop": picture × (1 - ramp's alpha) + ramp × picture's alpha, which leaves alpha as it was
    result = as_bytes(cv2.add(masked(picture, rest), layer))
    cv2.insertChannel(alpha, result, 3)
    return within_alpha(result)


def _pair(value: Any) -> Any:
    return tuple(float(number) for number in value)  # a list could not be a key of the cache


def draw_gradient(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture under a ramp along the line from `point0` to `point1`."""
    return _over(picture, values, moment, radial=False)


def draw_radial_gradient(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture under a ramp around `point0` that ends at `point1`."""
    return _over(picture, values, moment, radial=True)


def _parameters(point0: Pair, point1: Pair, meaning0: str, meaning1: str) -> dict[str, Parameter]:
    place = "as fractions from the left and the top."
    return {
        "color0": Parameter("colour", (0, 0, 0, 0), "Colour at `point0`."),
        "color1": Parameter("colour", (0, 0, 0, 192), "Colour at `point1`."),
        "point0": Parameter("pair", point0, f"{meaning0}, {place}", -100, 100),
        "point1": Parameter("pair", point1, f"{meaning1}, {place}", -100, 100),
    }


KINDS = (
    FilterKind(
        "gradient",
        "Lays a ramp of colour over the picture; as it stands, dark towards the bottom.",
        _parameters((0.5, 0.0), (0.5, 1.0), "Where the ramp begins", "Where it ends"),
        draw_gradient,
    ),
    FilterKind(
        "radialGradient",
        "Lays a round ramp of colour over the picture; as it stands, dark towards the corners.",
        _parameters((0.5, 0.5), (1.0, 1.0), "The centre", "A point of the circle where the ramp ends"),
        draw_radial_gradient,
    ),
)
