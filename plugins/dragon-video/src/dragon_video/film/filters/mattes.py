"""Where a picture shows is told by another: `mask`, `alphamask`, `alphainvmask`, `lumamask`, `lumainvmask`.

The other is the filter's children, laid over each other and stretched to the picture's size.
"""

import cv2
import numpy as np

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.filters.kinds import Colour, Draw, FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import Plane, alpha_of, as_bytes, fourfold, layered, luma, masked, transform
from dragon_video.film.frames import Frame


def matte_of(picture: Frame, moment: Moment) -> Frame:
    """Return the children as one picture of the size of *picture*."""
    height, width = picture.shape[:2]
    return layered(moment.children, width, height)


def between(picture: Frame, transparent: Colour, opaque: Colour) -> Plane:
    """Return how far each colour is from *transparent* (0) to *opaque* (255), as its projection on that line.

    Args:
        picture: Premultiplied; where it is transparent, it counts as *transparent*.
        transparent: Straight (b, g, r, a); alpha does not count.
        opaque: Likewise.

    Raises:
        InvalidContentError: If the two are the same colour.
    """
    start = np.asarray(transparent[:3], np.float64)
    line = np.asarray(opaque[:3], np.float64) - start
    square = line @ line
    if not square:
        raise InvalidContentError("opaqueColor and transparentColor of filter mask are the same colour")
    # (c - start) · line / |line|² for c = colours + (1 - a) start: the ground under a premultiplied colour
    row = np.append(line, -(start @ line) / 255) * 255 / square
    return transform(picture, row[None])


def draw_mask(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture × where the child's colour lies between the two colours."""
    matte = matte_of(picture, moment)
    return masked(picture, fourfold(between(matte, values["transparentColor"], values["opaqueColor"])))


def _drawing(*, light: bool, inverse: bool) -> Draw:
    def draw(picture: Frame, values: Values, moment: Moment) -> Frame:
        matte = matte_of(picture, moment)
        plane = luma(matte) if light else alpha_of(matte)
        return masked(picture, fourfold(as_bytes(cv2.bitwise_not(plane)) if inverse else plane))

    return draw


_WHITE, _BLACK = (255, 255, 255, 255), (0, 0, 0, 255)

KINDS = (
    FilterKind(
        "mask",
        "Shows the picture where the picture inside the filter has one colour, and hides it where it has another.",
        {
            "opaqueColor": Parameter("colour", _WHITE, "Colour where the picture shows; its alpha does not count."),
            "transparentColor": Parameter(
                "colour",
                _BLACK,
                "Colour where it does not; between the two it shows in part. Where the inner picture is "
                "transparent, it counts as this colour.",
            ),
        },
        draw_mask,
        children=(1, None),
        tier=1,
    ),
    FilterKind(
        "alphamask",
        "Shows the picture where the picture inside the filter is opaque.",
        {},
        _drawing(light=False, inverse=False),
        children=(1, None),
    ),
    FilterKind(
        "alphainvmask",
        "Shows the picture where the picture inside the filter is transparent.",
        {},
        _drawing(light=False, inverse=True),
        children=(1, None),
    ),
    FilterKind(
        "lumamask",
        "Shows the picture where the picture inside the filter is light; transparent counts as black.",
        {},
        _drawing(light=True, inverse=False),
        children=(1, None),
    ),
    FilterKind(
        "lumainvmask",
        "Shows the picture where the picture inside the filter is dark; transparent counts as black.",
        {},
        _drawing(light=True, inverse=True),
        children=(1, None),
    ),
)
