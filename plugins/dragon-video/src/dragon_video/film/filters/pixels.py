"""Steps on premultiplied pixels that several filters share. Stands on `film.frames`."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.frames import Frame

Plane = npt.NDArray[np.uint8]
"""(height, width): one byte a pixel, such as a picture's alpha."""

Table = npt.NDArray[np.uint8]
"""256 bytes: what becomes of each level."""

LUMA = (0.0722, 0.7152, 0.2126)
"""Weights of blue, green and red in the luma of ITU-R BT.709, which films are coded in."""

LEVELS = np.arange(256) / 255


def alpha_of(picture: Frame) -> Plane:
    """Return the alpha of a picture."""
    return _bytes(cv2.extractChannel(picture, 3))


def opaque(picture: Frame) -> bool:
    """Return whether no pixel is transparent, be it in part."""
    return bool(cv2.minMaxLoc(cv2.extractChannel(picture, 3))[0] == 255)


def fourfold(plane: Plane) -> Frame:
    """Return a frame whose four channels are *plane*."""
    return _bytes(cv2.merge((plane, plane, plane, plane)))


def transform(picture: Frame, matrix: npt.ArrayLike) -> Frame:
    """Return for each pixel matrix × pixel, rounded and held in 0 to 255.

    Args:
        picture: Four channels.
        matrix: (n, 4), or (n, 5) with a last column in levels that is added.

    Returns:
        (height, width, n), or (height, width) for n = 1.
    """
    return _bytes(cv2.transform(picture, np.asarray(matrix, np.float64)))


def luma(picture: Frame) -> Plane:
    """Return the luma of the premultiplied colours: 0 where the picture is transparent."""
    return transform(picture, [[*LUMA, 0]])


def masked(picture: Frame, mask: Frame) -> Frame:
    """Return picture × mask / 255, channel by channel."""
    return _bytes(cv2.multiply(picture, mask, scale=1 / 255))


def within_alpha(picture: Frame, alpha: Plane | None = None) -> Frame:
    """Return the picture with no colour above its alpha (or above *alpha*, which becomes its own limit)."""
    return _bytes(cv2.min(picture, fourfold(alpha_of(picture) if alpha is None else alpha)))


def mixed(first: Frame, second: Frame, share: float) -> Frame:
    """Return (1 - share) × first + share × second; one of the two itself where *share* is 0 or 1."""
    if share <= 0:
        return first
    if share >= 1:
        return second
    return _bytes(cv2.addWeighted(first, 1 - share, second, share, 0))


def on_straight(picture: Frame, change: Callable[[Frame], Frame]) -> Frame:
    """Return the picture with *change* done to its straight colours.

    Args:
        picture: Premultiplied.
        change: Is given straight BGRA and returns straight BGRA of the same size.
    """
    if opaque(picture):
        changed = change(picture)
    else:
        alpha = alpha_of(picture)
        full = np.full_like(alpha, 255)
        # OpenCV's division by 0 is 0.
        changed = change(_bytes(cv2.divide(picture, cv2.merge((alpha, alpha, alpha, full)), scale=255)))
    alpha = alpha_of(changed)
    if cv2.minMaxLoc(alpha)[0] == 255:
        return changed
    return masked(changed, _bytes(cv2.merge((alpha, alpha, alpha, np.full_like(alpha, 255)))))


def tabled(picture: Frame, table: npt.ArrayLike) -> Frame:
    """Return a straight picture with each colour's level looked up; alpha stays.

    Args:
        picture: Straight, or premultiplied if opaque.
        table: 256 results, 0 to 1.
    """
    levels = np.rint(np.clip(np.asarray(table, np.float64), 0, 1) * 255).astype(np.uint8)
    colours = np.repeat(levels[:, None], 3, 1)
    full = np.concatenate((colours, np.arange(256, dtype=np.uint8)[:, None]), 1)
    return _bytes(cv2.LUT(picture, full[None]))


def resized(picture: Frame, width: int, height: int) -> Frame:
    """Return the picture stretched to that size, each source pixel having its share when it shrinks."""
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = width <= picture.shape[1] and height <= picture.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return _bytes(cv2.resize(picture, (width, height), interpolation=how))


def _bytes(array: object) -> npt.NDArray[np.uint8]:
    """Return what OpenCV made, which it types too widely, as the bytes it is."""
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.uint8
    return array
