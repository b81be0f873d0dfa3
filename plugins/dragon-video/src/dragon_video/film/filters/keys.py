"""Keying: `key` takes a colour out by its hue, as of a green screen; `makeTransparent` by its blue, green and red.

What is left of the screen in pixels that are partly transparent is taken out of them: a pixel is a mix of the picture
and the screen, colour = a × picture + (1 - a) × screen, so that a × picture, which is what a premultiplied pixel
holds, is colour - (1 - a) × screen.
"""

import functools
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.kinds import Colour, FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import LUMA, Plane, alpha_of, as_bytes, dyed, fourfold, transform
from dragon_video.film.frames import Frame, is_opaque, straight

SPARSE = 3
"""One pixel of so many, along each axis, is looked at for the colour of the screen."""

Far = Callable[[Frame, Colour, float, float], Plane]
"""Takes straight colours, the key, the width and the soft width; gives 0 where a colour is the key's, 255 far away."""

_BLUE, _RED = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
CHROMA = np.stack(((_BLUE - LUMA) / 1.8556, (_RED - LUMA) / 1.5748))
"""Cb and Cr, -0.5 to 0.5, of blue, green and red, 0 to 1 (ITU-R BT.709)."""


@functools.lru_cache(maxsize=4)
def chroma_table(width: float, soft: float) -> tuple[float, Plane]:
    """Return a scale and a table: alpha by the distance from the key in Cb and Cr.

    Args:
        width: Distance up to which alpha is 0.
        soft: Distance over which it then grows to 255.

    Returns:
        The scale: levels that a distance of 1 is in the table, and 65,536 alphas, at 128 + scale × difference in
        Cb, plus 256 times the same of Cr.
    """
    scale = 126 / max(width + soft, 1 / 255)
    differences = (np.arange(256) - 128) / scale
    distance = np.hypot(differences, differences[:, None])
    table = np.rint(_ramp(distance, width, soft) * 255).astype(np.uint8).reshape(-1)
    table.setflags(write=False)
    return scale, table


def _ramp(distance: npt.NDArray[np.float64], width: float, soft: float) -> npt.NDArray[np.float64]:
    if not soft:
        return np.asarray(distance > width, np.float64)
    return np.asarray(np.clip((distance - width) / soft, 0, 1))


def far_in_chroma(colours: Frame, key: Colour, width: float, soft: float) -> Plane:
    """Return 0 to 255: how far straight colours are from the key in Cb and Cr."""
    scale, table = chroma_table(width, soft)
    rows = np.zeros((4, 5))
    rows[:2, :3] = CHROMA * scale / 255
    rows[:2, 4] = 128 - rows[:2, :3] @ np.asarray(key[:3], np.float64)
    places = transform(colours, rows).view("<u2")[:, :, 0]
    return as_bytes(table.take(places))


def far_in_colours(colours: Frame, key: Colour, width: float, soft: float) -> Plane:
    """Return 0 to 255: how far straight colours are from the key in the channel where they differ most."""
    blue, green, red = (
        cv2.absdiff(plane, np.full_like(plane, round(level)))
        for plane, level in zip(cv2.split(colours), key[:3], strict=False)
    )
    distance = cv2.max(cv2.max(blue, green), red)
    table = np.rint(_ramp(np.arange(256) / 255, width, soft) * 255).astype(np.uint8)
    return as_bytes(cv2.LUT(distance, table))


def without(picture: Frame, key: Colour, far: Far, values: Values) -> Frame:
    """Return the picture with the key colour taken out.

    Args:
        picture: Premultiplied.
        key: Straight.
        far: Tells what each pixel keeps of its alpha.
        values: `width` and `transWidth` of the filter.

    What is subtracted is not the colour that was asked for, but the mean of the pixels that are gone, if there are
    such: a real screen is never quite as green as one says.
    """
    full = is_opaque(picture)
    colours = picture if full else straight(picture)
    kept = far(colours, key, values["width"], values["transWidth"])
    gone = as_bytes(cv2.bitwise_not(kept))
    wholly = (kept[::SPARSE, ::SPARSE] == 0).view(np.uint8)
    screen = cv2.mean(colours[::SPARSE, ::SPARSE], wholly)[:3] if wholly.any() else key[:3]
    if not full:
        gone = as_bytes(cv2.multiply(gone, alpha_of(picture), scale=1 / 255))
    rest = as_bytes(cv2.subtract(picture, dyed(gone, (*screen, 255))))
    return as_bytes(cv2.min(rest, fourfold(alpha_of(rest))))


def draw_key(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture without what has the hue of `color`."""
    return without(picture, values["color"], far_in_chroma, values)


def draw_make_transparent(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture without what has the colour `color`."""
    return without(picture, values["color"], far_in_colours, values)


KINDS = (
    FilterKind(
        "key",
        "Takes out what has the hue of a colour, whatever its light, as of a green screen.",
        {
            "color": Parameter("colour", (0, 255, 0, 255), "The colour to take out; its alpha does not count."),
            "width": Parameter(
                "number", 0.4, "Distance in Cb and Cr (each -0.5 to 0.5) up to which a pixel is gone.", 0, 1
            ),
            "transWidth": Parameter("number", 0.1, "Distance over which pixels then come back.", 0, 1),
        },
        draw_key,
    ),
    FilterKind(
        "makeTransparent",
        "Takes out what has a colour, as the white around a logo.",
        {
            "color": Parameter("colour", (255, 255, 255, 255), "The colour to take out; its alpha does not count."),
            "width": Parameter(
                "number", 0.05, "Difference (of 0 to 1, in the channel with the greatest) up to which it is gone.", 0, 1
            ),
            "transWidth": Parameter("number", 0.6, "Difference over which pixels then come back.", 0, 1),
        },
        draw_make_transparent,
    ),
)
