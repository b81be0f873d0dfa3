"""Tones: `tint`, `threetint`, `threshold`, `exposure` and `bleach`.

Luma is that of ITU-R BT.709. What is linear, or a step at a part of white, is done on premultiplied pixels as it
stands, with alpha in the place of white.
"""

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.colours import saturation
from dragon_video.film.filters.kinds import Colour, FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import (
    LEVELS,
    LUMA,
    alpha_of,
    as_bytes,
    fourfold,
    luma,
    masked,
    mixed,
    on_straight,
    tabled,
    transform,
)
from dragon_video.film.frames import Frame, is_opaque


def _premultiplied(colour: Colour) -> npt.NDArray[np.float64]:
    """Return a colour as (b, g, r, a), 0 to 1, premultiplied."""
    pixel = np.asarray(colour, np.float64) / 255
    pixel[:3] *= pixel[3]
    return pixel


def draw_tint(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return black + (white - black) × luma, with a share of the original.

    All of it is one matrix on premultiplied pixels, in which black is multiplied by alpha.
    """
    black, white = _premultiplied(values["blackColor"]), _premultiplied(values["whiteColor"])
    matrix = np.outer(white - black, (*LUMA, 0))
    matrix[:, 3] = black
    share = values["originalBlend"]
    return transform(picture, (1 - share) * matrix + share * np.eye(4))


def draw_threetint(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the colour on the way from black over medium to white where luma is, with a share of the original."""
    black, medium, white = (_premultiplied(values[f"{name}Color"]) for name in ("black", "medium", "white"))
    light = luma(picture)
    if is_opaque(picture):
        t = LEVELS[:, None]
        colours = np.where(t < 0.5, black + (medium - black) * 2 * t, medium + (white - medium) * (2 * t - 1))
        table = np.rint(colours * 255).astype(np.uint8).view(np.uint32)[:, 0]
        tinted = table.take(light).view(np.uint8).reshape(picture.shape)
    else:
        alpha = alpha_of(picture)
        lower = cv2.min(cv2.add(light, light), alpha)
        upper = cv2.subtract(light, cv2.subtract(alpha, light))
        parts = as_bytes(cv2.merge((lower, upper, alpha, alpha)))
        tinted = transform(parts, np.stack((medium - black, white - medium, black, np.zeros(4)), 1))
    return mixed(tinted, picture, values["originalBlend"])


def draw_threshold(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return white where luma is at least the threshold, else black."""
    alpha = alpha_of(picture)
    step = as_bytes(cv2.convertScaleAbs(alpha, alpha=values["threshold"]))
    light = cv2.bitwise_and(cv2.compare(luma(picture), step, cv2.CMP_GE), alpha)
    return mixed(as_bytes(cv2.merge((light, light, light, alpha))), picture, values["originalBlend"])


def draw_exposure(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return (colour × 2^offset)^(1 / gamma)."""
    gain, power = 2.0 ** values["offset"], 1 / values["gamma"]
    if gain == power == 1:
        return picture
    return on_straight(picture, lambda straight: tabled(straight, np.minimum(LEVELS * gain, 1) ** power))


def draw_bleach(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return half of the colour, with luma laid over it as "overlay": 2ab below the middle, 1 - 2(1-a)(1-b) above.

    So look prints whose silver was left in: the grey image lies over the colours, contrast grows, colour goes. The
    two cases are one: a + min(a, 1 - a)(2b - 1).
    """
    matrix = saturation(0.5)
    matrix[3] = (*LUMA, 0, 0)  # the luma comes along as the fourth channel

    def bleached(straight: Frame) -> Frame:
        base = transform(straight, matrix)
        light = alpha_of(base)
        dark = as_bytes(cv2.bitwise_not(light))
        room = as_bytes(cv2.min(base, cv2.bitwise_not(base)))
        lighter, darker = cv2.subtract(light, dark), cv2.subtract(dark, light)
        up, down = (masked(room, fourfold(as_bytes(part))) for part in (lighter, darker))
        result = as_bytes(cv2.subtract(cv2.add(base, up), down))
        cv2.insertChannel(alpha_of(straight), result, 3)
        return result

    return mixed(on_straight(picture, bleached), picture, values["originalBlend"])


_BLEND = Parameter("number", 0.0, "Share of the original picture: 0 is all tone, 1 no change.", 0, 1)
_WHITE, _BLACK = (255, 255, 255, 255), (0, 0, 0, 255)

KINDS = (
    FilterKind(
        "tint",
        "Paints the picture in the tones from one colour to another, by its light.",
        {
            "whiteColor": Parameter("colour", _WHITE, "What white becomes; a transparent colour takes opacity away."),
            "blackColor": Parameter("colour", _BLACK, "What black becomes, likewise."),
            "originalBlend": _BLEND,
        },
        draw_tint,
    ),
    FilterKind(
        "threetint",
        "Paints the picture in the tones from one colour over a second to a third, by its light.",
        {
            "whiteColor": Parameter("colour", _WHITE, "What white becomes; a transparent colour takes opacity away."),
            "mediumColor": Parameter("colour", (90, 110, 140, 255), "What the grey in the middle becomes, likewise."),
            "blackColor": Parameter("colour", _BLACK, "What black becomes, likewise."),
            "originalBlend": _BLEND,
        },
        draw_threetint,
    ),
    FilterKind(
        "threshold",
        "Makes a picture of black and white alone.",
        {
            "threshold": Parameter("number", 0.5, "Light from which on it is white.", 0, 1),
            "originalBlend": _BLEND,
        },
        draw_threshold,
    ),
    FilterKind(
        "exposure",
        "Makes the picture lighter or darker.",
        {
            "offset": Parameter("number", 0.0, "Colours are multiplied by 2 to the power of this.", -10, 10),
            "gamma": Parameter("number", 1.0, "Then they are raised to the power of 1 / gamma.", 0.1, 10),
        },
        draw_exposure,
    ),
    FilterKind(
        "bleach",
        "Little colour and much contrast, as of film prints whose bleach was left out.",
        {"originalBlend": _BLEND},
        draw_bleach,
    ),
)
