"""Film grain: a plate of noise that is laid over pictures at places by chance.

Stands on `chance` and `pixels`. Grain is strongest in the middle tones and gone in black and white, as in film.
"""

import functools

import cv2
import numpy as np

from dragon_video.film.filters.chance import chance
from dragon_video.film.filters.pixels import Plane, alpha_of, as_bytes, fourfold
from dragon_video.film.frames import Frame

ROOM = 61
"""Pixels by which a plate is larger than the picture, to lie at other places."""

GRAIN = 0.4
"""Standard deviation of a grain, in pixels of a 360-line frame."""


@functools.lru_cache(maxsize=2)
def plates(width: int, height: int, unit: float) -> tuple[Plane, Plane]:
    """Return what grain adds and what it takes, as two planes.

    Args:
        width: Pixels of a row of the picture; the planes are `ROOM` larger.
        height: Pixels of a column.
        unit: Pixels in the height of one line of a 360-line frame.

    The noise is normal with a standard deviation of 32 levels, the same for the same size.
    """
    noise = np.random.default_rng(0x6DA1).standard_normal((height + ROOM, width + ROOM), np.float32)
    if GRAIN * unit > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), GRAIN * unit).astype(np.float32, copy=False)
    noise *= 32 / max(float(noise.std()), 1e-6)
    planes = tuple(np.rint(np.clip(sign * noise, 0, 255)).astype(np.uint8) for sign in (1, -1))
    for plane in planes:
        plane.setflags(write=False)
    return planes[0], planes[1]


def grained(picture: Frame, strength: float, unit: float, *keys: int) -> Frame:
    """Return the picture with grain on it.

    Args:
        picture: Premultiplied.
        strength: Standard deviation in the middle tones, in levels of 255.
        unit: Pixels in the height of one line of a 360-line frame.
        keys: What the place of the plate is hashed of.
    """
    height, width = picture.shape[:2]
    left, top = (int(chance(*keys, axis) * (ROOM + 1)) for axis in (0, 1))
    turned = chance(*keys, 2) < 0.5
    more, less = (plane[top : top + height, left : left + width] for plane in plates(width, height, round(unit, 3)))
    if turned:
        more, less = less, more
    # 4 c (1 - c) for premultiplied colours: 0 in black and in white. It keeps colours at or below their alpha.
    alpha = fourfold(alpha_of(picture))
    middle = cv2.multiply(picture, cv2.subtract(alpha, picture), scale=4 / 255)
    scale = strength / 32 / 255
    up = cv2.multiply(middle, _colours(more), scale=scale)
    down = cv2.multiply(middle, _colours(less), scale=scale)
    return as_bytes(cv2.subtract(cv2.add(picture, up), down))


def _colours(plane: Plane) -> Frame:
    """Return the plane as blue, green and red; alpha 0."""
    return as_bytes(cv2.merge((plane, plane, plane, np.zeros_like(plane))))
