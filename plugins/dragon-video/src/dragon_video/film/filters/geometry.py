"""Filters that move pixels: `grow` scales, `displacement` shifts each by the colours of another picture."""

import cv2
import numpy as np

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.mattes import matte_of
from dragon_video.film.filters.pixels import as_bytes, resized
from dragon_video.film.frames import Frame

NEUTRAL = 127.5
"""The level of red or green that shifts nothing."""


def draw_grow(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture scaled about a point; what comes from outside of it is transparent."""
    start, end = values["zoomStart"], values["zoomEnd"]
    zoom = start + (end - start) * min(max(moment.progress, 0), 1)
    if zoom == 1:
        return picture
    height, width = picture.shape[:2]
    if zoom * min(width, height) < 1e-3:
        return np.zeros_like(picture)
    x, y = values["center"][0] * width, values["center"][1] * height
    source = picture
    if zoom < 1:  # one sample a pixel would skip some
        source = resized(picture, max(1, round(width * zoom)), max(1, round(height * zoom)))
    scale_x, scale_y = zoom * width / source.shape[1], zoom * height / source.shape[0]
    # Edges to edges: the middle of the first pixel is at half a pixel from the edge, before and after.
    matrix = np.array(
        [
            [scale_x, 0, x * (1 - zoom) + scale_x / 2 - 0.5],
            [0, scale_y, y * (1 - zoom) + scale_y / 2 - 0.5],
        ]
    )
    result = cv2.warpAffine(
        source,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    return as_bytes(result)


def draw_displacement(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return at each place the picture's colour from where red (along x) and green (along y) of the child point."""
    height, width = picture.shape[:2]
    matte = matte_of(picture, moment)
    reach = values["width"] * height * 2 / 255
    # Where the child is transparent, its colour is 0, and so must be the shift: level - neutral × alpha.
    blue_green_red = cv2.split(matte)
    alpha = blue_green_red[3].astype(np.float32) * np.float32(NEUTRAL / 255)
    x = (blue_green_red[2].astype(np.float32) - alpha) * np.float32(reach / moment.pixel_ratio(picture))
    y = (blue_green_red[1].astype(np.float32) - alpha) * np.float32(-reach)
    x += np.arange(width, dtype=np.float32)
    y += np.arange(height, dtype=np.float32)[:, None]
    return as_bytes(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


KINDS = (
    FilterKind(
        "grow",
        "Scales the picture about a point over the window.",
        {
            "zoomStart": Parameter("number", 1.0, "Scale at the start of the window; 1 is the picture's size.", 0, 100),
            "zoomEnd": Parameter("number", 1.1, "Scale at the end of the window.", 0, 100),
            "center": Parameter(
                "pair", (0.5, 0.5), "The point that stays, as fractions from the left and the top.", -100, 100
            ),
        },
        draw_grow,
    ),
    FilterKind(
        "displacement",
        "Bends the picture: red and green of the picture inside the filter point to where each colour comes from.",
        {
            "width": Parameter(
                "number",
                0.05,
                "How far full red points to the right, and full green up, as a fraction of the height; none of it "
                "points as far the other way, the middle nowhere.",
                -10,
                10,
            )
        },
        draw_displacement,
        children=(1, None),
    ),
)
