"""`glow`: bright parts shine over what is around them."""

import cv2

from dragon_video.film.filters.blurs import enlarged, gaussian, padded
from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import alpha_of, as_bytes, fourfold, masked, reduced
from dragon_video.film.frames import Frame

STRENGTH = 0.75
"""Share of the blurred light that is laid over the picture."""

COARSE = 4
"""How many times smaller the light is drawn, if it is wide enough for that not to be seen."""


def screened(picture: Frame, light: Frame) -> Frame:
    """Return 1 - (1 - picture)(1 - light), channel by channel: light is added, and nothing is clipped."""
    return as_bytes(cv2.add(picture, masked(as_bytes(cv2.bitwise_not(picture)), light)))


def highlights(picture: Frame, threshold: float) -> Frame:
    """Return what is brighter than *threshold* (0 to 1), stretched to all of the range, as light.

    (colour - threshold) / (1 - threshold), for premultiplied pixels with alpha in the place of 1. Light is as opaque
    as it is bright: what is dark does not shine.
    """
    start = as_bytes(cv2.convertScaleAbs(alpha_of(picture), alpha=threshold))
    above = cv2.subtract(picture, fourfold(start))
    above = as_bytes(cv2.convertScaleAbs(above, alpha=1 / max(1 - threshold, 1 / 255)))
    blue, green, red, _ = cv2.split(above)
    cv2.insertChannel(cv2.max(cv2.max(blue, green), red), above, 3)
    return above


def draw_glow(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with its bright parts, blurred, laid over it as light."""
    height, width = picture.shape[:2]
    down = values["diameter"] * moment.unit / 2
    across = down / moment.pixel_ratio(picture)
    by = COARSE if min(across, down) >= 1.5 * COARSE and min(width, height) >= 4 * COARSE else 1
    bright = highlights(reduced(padded(picture, by, by), by, by), values["threshold"])
    light = enlarged(gaussian(bright, across / by, down / by), width, height, by, by)
    strength = STRENGTH * (1 - values["originalBlend"])
    return screened(picture, as_bytes(cv2.convertScaleAbs(light, alpha=strength)))


KINDS = (
    FilterKind(
        "glow",
        "Lets the bright parts shine over what is around them.",
        {
            "diameter": Parameter(
                "number", 20.0, "Twice the standard deviation of the light, in pixels of a 360-line frame.", 0, 1000
            ),
            "threshold": Parameter("number", 0.6, "Brightness above which a colour shines.", 0, 1),
            "originalBlend": Parameter("number", 0.0, "Share of the original picture: 0 is all glow, 1 none.", 0, 1),
        },
        draw_glow,
    ),
)
