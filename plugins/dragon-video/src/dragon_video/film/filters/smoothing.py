"""Blurs that look at the picture: `bilateralBlur` keeps edges, `maskedBlur` follows another picture."""

import cv2
import numpy as np

from dragon_video.film.filters.blurs import enlarged, gaussian, padded
from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.mattes import matte_of
from dragon_video.film.filters.pixels import as_bytes, fourfold, luma, masked, reduced, within_alpha
from dragon_video.film.frames import Frame


def smoothed(picture: Frame, across: float, down: float, tolerance: float) -> Frame:
    """Return the picture with small differences blurred and edges kept: the guided filter, with itself as guide.

    Args:
        picture: Premultiplied.
        across: Width of the window in pixels.
        down: Height of the window in pixels.
        tolerance: 0 to 1: differences well below it are blurred, those well above it stay.

    In each window it is the line a × colour + b with b = (1 - a) × mean (He, Sun and Tang, "Guided image filtering",
    2013), found on a smaller picture (He and Sun, "Fast guided filter", 2015). There a is v / (v + e²) for a variance
    v; here it is v² / (v² + e⁴), which parts noise from edges more sharply, and e is half of the tolerance: the
    deviation of a window with a step of that height in its middle.
    """
    height, width = picture.shape[:2]
    by = 4 if min(across, down) >= 12 else 2 if min(across, down) >= 6 else 1
    by = by if min(width, height) >= 4 * by else 1
    small = reduced(padded(picture, by, by), by, by).astype(np.float32)
    window = (2 * round((across / by - 1) / 2) + 1, 2 * round((down / by - 1) / 2) + 1)
    mean = cv2.blur(small, window, borderType=cv2.BORDER_REPLICATE)
    variance = cv2.blur(small * small, window, borderType=cv2.BORDER_REPLICATE) - mean * mean
    square = variance * variance
    slope = square / (square + np.float32(max((127.5 * tolerance) ** 4, 1e-3)))
    rest = (1 - slope) * mean
    means = (cv2.blur(plane, window, borderType=cv2.BORDER_REPLICATE) for plane in (slope * 255, rest))
    kept, added = (enlarged(np.rint(np.clip(plane, 0, 255)).astype(np.uint8), width, height, by, by) for plane in means)
    return within_alpha(as_bytes(cv2.add(masked(picture, kept), added)))


def _widths(picture: Frame, values: Values, moment: Moment) -> tuple[float, float]:
    down = values["diameter"] * moment.unit
    return down / moment.pixel_ratio(picture), down


def draw_bilateral(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with differences below `threshold` blurred."""
    across, down = _widths(picture, values, moment)
    if max(across, down) <= 1:
        return picture
    return smoothed(picture, min(across, 2048), min(down, 2048), values["threshold"])


def draw_masked(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture blurred where the child is light."""
    across, down = _widths(picture, values, moment)
    light = luma(matte_of(picture, moment))
    blurred = masked(gaussian(picture, across / 2, down / 2), fourfold(light))
    sharp = masked(picture, fourfold(as_bytes(cv2.bitwise_not(light))))
    return within_alpha(as_bytes(cv2.add(sharp, blurred)))


KINDS = (
    FilterKind(
        "bilateralBlur",
        "Blurs what differs little, such as skin and noise, and keeps edges sharp.",
        {
            "diameter": Parameter("number", 8.0, "Width of what is blurred, in pixels of a 360-line frame.", 0, 1000),
            "threshold": Parameter("number", 0.1, "Difference of colour, of 0 to 1, that counts as an edge.", 0, 1),
        },
        draw_bilateral,
    ),
    FilterKind(
        "maskedBlur",
        "Blurs the picture where the picture inside the filter is light.",
        {
            "diameter": Parameter(
                "number", 10.0, "Twice the standard deviation, in pixels of a 360-line frame.", 0, 1000
            )
        },
        draw_masked,
        children=(1, None),
    ),
)
