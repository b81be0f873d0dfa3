"""Steps on premultiplied pixels that several filters share. Stands on `film.frames`."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.frames import Frame, is_opaque, over, straight

Plane = npt.NDArray[np.uint8]
"""(height, width): one byte a pixel, such as a picture's alpha."""

LUMA = (0.0722, 0.7152, 0.2126)
"""Weights of blue, green and red in the luma of ITU-R BT.709, which films are coded in."""

LEVELS = np.arange(256) / 255
"""What the 256 levels stand for."""


def as_bytes(array: Any) -> npt.NDArray[np.uint8]:
    """Return what OpenCV made, which it types too widely, as the bytes it is."""
    assert array.dtype == np.uint8
    return array  # type: ignore[no-any-return]


def alpha_of(picture: Frame) -> Plane:
    """Return the alpha of a picture."""
    return as_bytes(cv2.extractChannel(picture, 3))


def fourfold(plane: Plane) -> Frame:
    """Return a frame whose four channels are *plane*."""
    return as_bytes(cv2.merge((plane, plane, plane, plane)))


def dyed(plane: Plane, colour: Sequence[float]) -> Frame:
    """Return plane × colour / 255.

    Args:
        plane: How much of it there is.
        colour: (blue, green, red, alpha), 0 to 255, premultiplied.
    """
    scaled = [plane if level == 255 else cv2.convertScaleAbs(plane, alpha=level / 255) for level in colour]
    return as_bytes(cv2.merge(scaled))


def transform(picture: Frame, matrix: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return for each pixel matrix × pixel, rounded and held in 0 to 255.

    Args:
        picture: Four channels.
        matrix: (n, 4), or (n, 5) with a last column in levels that is added.

    Returns:
        (height, width, n), or (height, width) for n = 1.
    """
    return as_bytes(cv2.transform(picture, np.asarray(matrix, np.float64)))


def luma(picture: Frame) -> Plane:
    """Return the luma of the premultiplied colours: 0 where the picture is transparent."""
    return transform(picture, [[*LUMA, 0]])


def masked(picture: Frame, mask: Frame) -> Frame:
    """Return picture × mask / 255, channel by channel."""
    return as_bytes(cv2.multiply(picture, mask, scale=1 / 255))


def within_alpha(picture: Frame, alpha: Plane | None = None) -> Frame:
    """Return the picture with no channel above its alpha, or above *alpha*, which thereby limits alpha too."""
    if alpha is None and is_opaque(picture):
        return picture
    return as_bytes(cv2.min(picture, fourfold(alpha_of(picture) if alpha is None else alpha)))


def mixed(first: Frame, second: Frame, share: float) -> Frame:
    """Return (1 - share) × first + share × second; one of the two itself where *share* is 0 or 1."""
    if share <= 0:
        return first
    if share >= 1:
        return second
    return as_bytes(cv2.addWeighted(first, 1 - share, second, share, 0))


def gained(picture: Frame, gain: float) -> Frame:
    """Return the picture with its colours × *gain*, held at its alpha."""
    result = as_bytes(cv2.convertScaleAbs(picture, alpha=gain))
    if gain > 1:
        return within_alpha(result, alpha_of(picture))
    cv2.insertChannel(alpha_of(picture), result, 3)
    return result


def on_straight(picture: Frame, change: Callable[[Frame], Frame]) -> Frame:
    """Return the picture with *change* done to its straight colours.

    Args:
        picture: Premultiplied.
        change: Is given straight BGRA, which it must not write into, and returns straight BGRA of the same size.
    """
    changed = change(picture if is_opaque(picture) else straight(picture))
    if is_opaque(changed):
        return changed
    alpha = alpha_of(changed)
    return masked(changed, as_bytes(cv2.merge((alpha, alpha, alpha, np.full_like(alpha, 255)))))


def tabled(picture: Frame, results: npt.ArrayLike) -> Frame:
    """Return a straight picture with each colour's level looked up; alpha stays.

    Args:
        picture: Straight.
        results: What becomes of each of the 256 levels, 0 to 1.
    """
    table = np.rint(np.clip(np.asarray(results, np.float64), 0, 1) * 255).astype(np.uint8)
    result = as_bytes(cv2.LUT(picture, table))
    cv2.insertChannel(alpha_of(picture), result, 3)
    return result


def resized(picture: Frame, width: int, height: int) -> Frame:
    """Return the picture stretched to that size; where it shrinks each source pixel has its share."""
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = width <= picture.shape[1] and height <= picture.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return as_bytes(cv2.resize(picture, (width, height), interpolation=how))


def reduced(picture: Frame, by_x: int, by_y: int) -> Frame:
    """Return the picture that many times smaller: powers of two that divide its size."""
    height, width = picture.shape[:2]
    while by_x > 1 or by_y > 1:  # OpenCV is quick at halves; half way between two pixels is their mean
        across, down = 2 if by_x > 1 else 1, 2 if by_y > 1 else 1
        width, height, by_x, by_y = width // across, height // down, by_x // across, by_y // down
        how = cv2.INTER_AREA if across == down else cv2.INTER_LINEAR
        picture = as_bytes(cv2.resize(picture, (width, height), interpolation=how))
    return picture


def layered(children: Sequence[Frame], width: int, height: int) -> Frame:
    """Return the children laid over each other in their order, each stretched to that size; at least one."""
    result = resized(children[0], width, height)
    for place, child in enumerate(children[1:]):
        if place == 0:
            result = result.copy()
        over(result, resized(child, width, height))
    return result
