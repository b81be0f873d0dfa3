"""Mixes two pictures pixel by pixel: by a mask, by one number, or bent by a field of shifts.

Stands on `frames`, numpy and OpenCV.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.frames import OPAQUE, Frame

Mask = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]
Bend = Callable[[Field, Field], tuple[Field, Field]]
"""From places in pixels, x and y by centres, to the places whose colours are seen there."""


def mix(before: Frame, after: Frame, part: float) -> Frame:
    """Return *before* × (1 − *part*) + *after* × *part*."""
    mixed: Frame = cv2.addWeighted(before, 1 - part, after, part, 0).astype(np.uint8, copy=False)
    return mixed


def mask_mix(before: Frame, after: Frame, mask: Mask) -> Frame:
    """Return *after* where *mask* is 255, *before* where it is 0, and their mix between."""
    weight = cv2.merge((mask, mask, mask, mask))
    mixed = cv2.multiply(after, weight, scale=1 / OPAQUE)
    cv2.bitwise_not(weight, weight)
    rest = cv2.multiply(before, weight, weight, scale=1 / OPAQUE)
    result: Frame = cv2.add(mixed, rest, mixed).astype(np.uint8, copy=False)
    return result


def bent(picture: Frame, bend: Bend, step: int) -> Frame:
    """Return *picture* seen through a smooth field of shifts; outside it is its mirror image.

    Args:
        picture: Not changed.
        bend: Where to look, called with a grid of places.
        step: Pixels from one of those places to the next; between them the field is linear.
    """
    height, width = picture.shape[:2]
    # From one place outside the picture to one beyond its other side, so that nothing is extrapolated.
    columns, rows = (
        np.arange(-1, -(-side // step) + 1, dtype=np.float32) * step + np.float32((step - 1) / 2)
        for side in (width, height)
    )
    across, down = grid(columns, rows)
    maps = []
    for part in bend(across, down):
        size = part.shape[1] * step, part.shape[0] * step
        whole = cv2.resize(np.asarray(part, np.float32), size, interpolation=cv2.INTER_LINEAR)
        maps.append(whole[step : step + height, step : step + width])
    result: Frame = cv2.remap(picture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).astype(
        np.uint8, copy=False
    )
    return result


def grid(columns: Field, rows: Field) -> tuple[Field, Field]:
    """Return two fields, of the values of *columns* across and of *rows* down."""
    shape = len(rows), len(columns)
    return np.broadcast_to(columns, shape), np.broadcast_to(rows[:, None], shape)


def remap_mix(before: Frame, after: Frame, part: float, bend: Bend, step: int) -> Frame:
    """Return the mix of both pictures, seen through a field of shifts."""
    return bent(mix(before, after, part), bend, step)
