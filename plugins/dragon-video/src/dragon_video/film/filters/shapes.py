"""What is done to a picture's border: `frame`, `borderBlur`, `cornerCut`.

Fractions are of the picture's shorter side as shown, so that a border is as wide at the sides as at the top.
"""

import functools

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import Plane, as_bytes, dyed, fourfold, masked
from dragon_video.film.frames import Frame

Line = npt.NDArray[np.float64]


@functools.lru_cache(maxsize=8)
def soft_border(width: int, height: int, ratio: float, margin: float, soft: float) -> Plane:
    """Return a mask that fades out towards the border.

    Args:
        width: Pixels of a row.
        height: Pixels of a column.
        ratio: Width of a pixel as shown, in its heights.
        margin: Fraction of the shorter side, from the border, that is gone.
        soft: Fraction of the shorter side over which the picture comes, from there inwards.
    """
    shorter = min(width * ratio, height)
    across = _ramp(width, ratio, margin * shorter, soft * shorter)
    down = _ramp(height, 1.0, margin * shorter, soft * shorter)
    return _frozen(np.outer(down, across))


def _ramp(count: int, step: float, margin: float, soft: float) -> Line:
    """Return 0 to 1 for each of *count* pixels of the length *step*: 0 up to *margin* from an end, 1 from there on.

    Over *soft* it goes as t² (3 - 2t), which begins and ends without a kink that the eye would take for a line.
    """
    places = (np.arange(count) + 0.5) * step
    inside = np.minimum(places, places[::-1]) - margin
    if soft < step:
        return np.asarray(np.clip(inside / step + 0.5, 0, 1))
    t = np.clip(inside / soft, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


@functools.lru_cache(maxsize=8)
def rounded_corners(width: int, height: int, ratio: float, margin: float, radius: float) -> Plane:
    """Return a mask of a rectangle with round corners, its edge smooth over a pixel.

    Args:
        width: Pixels of a row.
        height: Pixels of a column.
        ratio: Width of a pixel as shown, in its heights.
        margin: Fraction of the shorter side between the border and the rectangle.
        radius: Radius of the corners as a fraction of the shorter side.
    """
    shorter = min(width * ratio, height)
    half_x, half_y = (side / 2 - margin * shorter for side in (width * ratio, height))
    if half_x <= 0 or half_y <= 0:
        return _frozen(np.zeros((height, width)))
    radius = min(radius * shorter, half_x, half_y)
    x = np.abs((np.arange(width) + 0.5) * ratio - width * ratio / 2) - (half_x - radius)
    y = np.abs((np.arange(height) + 0.5) - height / 2)[:, None] - (half_y - radius)
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0) - radius
    return _frozen(np.clip(0.5 - outside, 0, 1))


def _frozen(mask: Line) -> Plane:
    result = np.rint(mask * 255).astype(np.uint8)
    result.setflags(write=False)  # it is shared by all frames
    return result


def draw_border_blur(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture × a ramp along its border."""
    if values["width"] == values["transWidth"] == 0:
        return picture
    height, width = picture.shape[:2]
    ratio = moment.pixel_ratio(picture)
    return masked(picture, fourfold(soft_border(width, height, ratio, values["width"], values["transWidth"])))


def draw_corner_cut(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture × a rectangle with round corners."""
    if values["margin"] == values["width"] == 0:
        return picture
    height, width = picture.shape[:2]
    ratio = moment.pixel_ratio(picture)
    return masked(picture, fourfold(rounded_corners(width, height, ratio, values["margin"], values["width"])))


def draw_frame(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture in a border that is `width` of the whole's shorter side wide.

    The whole has the shape that the picture had, so that it takes its place without being stretched: a still grows by
    the border, and loses as much along its longer sides as keeps its shape. A frame of the film keeps its size: its
    picture is shrunk until it just covers what the border leaves.
    """
    *colours, opacity = values["color"]
    colour = [level * opacity / 255 for level in colours] + [opacity]
    height, width = picture.shape[:2]
    if not values["width"]:
        return picture
    if moment.rendered:
        return _framed_inside(picture, values["width"], colour, moment.pixel_ratio(picture))
    shorter, longer = min(width, height), max(width, height)
    border = round(values["width"] * shorter / (1 - 2 * values["width"] * shorter / longer))
    lost = min(shorter - 1, round(2 * border * (1 - shorter / longer)))
    before, after = lost // 2, lost - lost // 2
    shown = picture[before : height - after] if height < width else picture[:, before : width - after]
    pixel = [round(level) for level in colour]
    sides = (border,) * 4
    return as_bytes(cv2.copyMakeBorder(shown, *sides, cv2.BORDER_CONSTANT, value=pixel))


def _framed_inside(picture: Frame, share: float, colour: list[float], ratio: float) -> Frame:
    height, width = picture.shape[:2]
    border = share * min(width * ratio, height)
    scale = max((width * ratio - 2 * border) / (width * ratio), (height - 2 * border) / height)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    matrix = np.array([[scale, 0, middle_x * (1 - scale)], [0, scale, middle_y * (1 - scale)]])
    inner = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = soft_border(width, height, ratio, share, 0)
    around = dyed(as_bytes(cv2.bitwise_not(mask)), colour)
    return as_bytes(cv2.add(masked(as_bytes(inner), fourfold(mask)), around))


KINDS = (
    FilterKind(
        "frame",
        "Draws a border around the picture, which shrinks by it.",
        {
            "width": Parameter("number", 0.05, "Width of the border, as a fraction of the shorter side.", 0, 0.49),
            "color": Parameter("colour", (255, 255, 255, 255), "Colour of the border."),
        },
        draw_frame,
        resizes=True,
        tier=1,
    ),
    FilterKind(
        "borderBlur",
        "Makes the edges soft: the picture fades out towards its border.",
        {
            "transWidth": Parameter(
                "number", 0.05, "Width over which it fades, as a fraction of the shorter side.", 0, 0.5
            ),
            "width": Parameter("number", 0.0, "Width outside of that where nothing is left, likewise.", 0, 0.5),
        },
        draw_border_blur,
        tier=1,
    ),
    FilterKind(
        "cornerCut",
        "Rounds the corners.",
        {
            "width": Parameter("number", 0.1, "Radius of the corners, as a fraction of the shorter side.", 0, 0.5),
            "margin": Parameter("number", 0.0, "What is cut off along the border, likewise.", 0, 0.5),
        },
        draw_corner_cut,
    ),
)
