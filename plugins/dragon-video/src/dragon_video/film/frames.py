"""What one picture of a film is in memory, and how one is laid over another.

Every module of the renderer speaks in `Frame`: blue, green, red and alpha, one byte each, with the
colours already multiplied by alpha. Mixing and resampling such pixels is right as it stands;
with straight colours, what hides in transparent pixels would darken every soft edge. Stands on
numpy and OpenCV alone.
"""

import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
"""(height, width, 4), BGRA, premultiplied by alpha: no colour is above its alpha. Row 0 is on top."""

OPAQUE = 255


def blank(width: int, height: int) -> Frame:
    """Return a frame of that size in pixels with nothing on it: all transparent."""
    return np.zeros((height, width, 4), np.uint8)


def plain(width: int, height: int, colour: tuple[float, float, float, float]) -> Frame:
    """Return a frame of one colour: blue, green, red, alpha from 0 to 255, straight."""
    *colours, alpha = colour
    pixel = [round(value * alpha / OPAQUE) for value in colours] + [round(alpha)]
    return np.full((height, width, 4), pixel, np.uint8)


def premultiplied(array: npt.NDArray[np.uint8]) -> Frame:
    """Return a picture as a frame of its own memory.

    Args:
        array: Straight pixels: grey (height, width), BGR (height, width, 3) or BGRA
            (height, width, 4).

    Raises:
        ValueError: If it has another shape or type, or no pixel.
    """
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise ValueError(f"expected uint8 pixels, got {array.dtype} of the shape {array.shape}")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 1:
        return cv2.cvtColor(np.ascontiguousarray(array), cv2.COLOR_GRAY2BGRA).astype(np.uint8, copy=False)
    if channels == 3:
        return cv2.cvtColor(np.ascontiguousarray(array), cv2.COLOR_BGR2BGRA).astype(np.uint8, copy=False)
    if channels != 4:
        raise ValueError(f"expected 1, 3 or 4 channels, got {channels}")
    alpha = np.ascontiguousarray(array[:, :, 3])
    frame = np.ascontiguousarray(array).copy()
    if is_opaque(frame):
        return frame
    cv2.multiply(frame, cv2.merge((alpha, alpha, alpha, np.full_like(alpha, OPAQUE))), frame, 1 / OPAQUE)
    return frame


def straight(frame: Frame) -> npt.NDArray[np.uint8]:
    """Return BGRA with the colours divided by alpha again, in memory of its own.

    Where alpha is 0 the colour is 0. What alpha made coarse stays coarse: at an alpha of 10 a
    colour has eleven steps.
    """
    if is_opaque(frame):
        return frame.copy()
    alpha = np.ascontiguousarray(frame[:, :, 3])
    full = np.full_like(alpha, OPAQUE)
    # OpenCV's division by 0 is 0.
    result: Frame = cv2.divide(frame, cv2.merge((alpha, alpha, alpha, full)), scale=OPAQUE).astype(np.uint8, copy=False)
    return result


def is_opaque(frame: Frame) -> bool:
    """Return whether nothing shines through anywhere."""
    return bool(frame[:, :, 3].min() == OPAQUE)


def over(below: Frame, above: Frame, alpha: float = 1.0) -> None:
    """Lay *above* over *below*, in place: below × (1 − a) + above (Porter and Duff 1984, "over").

    Args:
        below: Changed; may be a part of a larger frame.
        above: As large as *below*; not changed.
        alpha: 0 to 1: how much of *above* there is.
    """
    if alpha <= 0:
        return
    if alpha < 1:
        above = cv2.convertScaleAbs(above, alpha=alpha).astype(np.uint8, copy=False)
    rest = cv2.bitwise_not(cv2.extractChannel(above, 3))
    cv2.multiply(below, cv2.merge((rest, rest, rest, rest)), below, 1 / OPAQUE)
    cv2.add(below, above, below)
