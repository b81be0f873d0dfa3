"""A picture that is to be drawn at any size: its pixels, and smaller copies of them.

Bilinear sampling is sharp and free of moiré while 1.5 to 2.1 pixels of the picture fall on one of
the screen. So each picture offers itself in steps of √2, made when first asked for.
`Picture.prepared` shrinks a photograph once for all the frames of a film. Stands on `frames`.
"""

import math

import cv2
import numpy as np

from dragon_video.film.frames import Frame, is_opaque
from dragon_video.film.repeats import Repeats

OVERSAMPLING = 1.75
"""Pixels of a prepared picture for one on the screen: the sharpest that bilinear sampling shows without moiré."""

LEAST_SAMPLING = 1.5
"""Pixels of the picture for one on the screen, where the next smaller copy takes over (at √2 times this)."""

MOST_SIDE = 32_000
"""OpenCV's warps reach 32 767 pixels of a picture."""

_ENLARGEMENT = 8
_MOST_ENLARGED = 1 << 22  # pixels


class Picture:
    """Pixels with smaller copies of themselves.

    Args:
        pixels: Not to be changed from here on.
        opaque: Whether nothing shines through, where the caller knows; else it is looked up when
            it is needed.

    Raises:
        ValueError: If *pixels* are no frame, or have no pixel.
    """

    def __init__(self, pixels: Frame, *, opaque: bool | None = None) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 4 or not pixels.size:
            raise ValueError(f"expected uint8 of the shape (height, width, 4), got {pixels.dtype} {pixels.shape}")
        self.pixels = pixels
        self.width, self.height = int(pixels.shape[1]), int(pixels.shape[0])
        self._opaque = opaque
        self._copies: dict[int, Frame] = {}
        self.repeats = Repeats()

    @property
    def ratio(self) -> float:
        """Width by height, for square pixels."""
        return self.width / self.height

    @property
    def opaque(self) -> bool:
        """Whether nothing shines through anywhere."""
        if self._opaque is None:
            self._opaque = is_opaque(self.pixels)
        return self._opaque

    def prepared(self, max_width: float, max_height: float) -> "Picture":
        """Return this picture as small as it can be without a loss that shows.

        Args:
            max_width: Of the whole picture, in pixels of the film, where it is shown largest.
            max_height: As *max_width*.
        """
        factor = shrinking(self.width, self.height, max_width, max_height)
        if factor >= 1:
            return self
        size = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return Picture(_resized(self.pixels, *size), opaque=self._opaque)

    def sampled(self, ratio: float) -> Frame:
        """Return the copy to sample where *ratio* pixels of the whole picture fall on one of the screen."""
        if ratio < 1 / _ENLARGEMENT and self.width * self.height * _ENLARGEMENT**2 <= _MOST_ENLARGED:
            return self._copy(-1)
        step = max(0, math.floor(2 * math.log2(max(ratio, 1) / LEAST_SAMPLING)))
        return self._copy(max(step, self._least_step()))

    def _least_step(self) -> int:
        return max(0, math.ceil(2 * math.log2(max(self.width, self.height) / MOST_SIDE)))

    def _copy(self, step: int) -> Frame:
        """Return the copy smaller by √2 to the power of *step*; -1 is the enlarged one."""
        if step == 0:
            return self.pixels
        copy = self._copies.get(step)
        if copy is None:
            copy = self._copies[step] = self._made(step)
        return copy

    def _made(self, step: int) -> Frame:
        if step < 0:  # OpenCV 4 knows 32 places between two pixels: a gradient would show steps
            size = self.width * _ENLARGEMENT, self.height * _ENLARGEMENT
            return cv2.resize(self.pixels, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        factor = 2 ** (-step / 2)
        # Twice the size is the same mean in fewer pixels; single steps would blur again and again. It is made
        # if it is not there: a frame must not depend on what was drawn before.
        source = self._copy(step - 2) if step > 2 else self.pixels
        return _resized(source, max(1, round(self.width * factor)), max(1, round(self.height * factor)))


def shrinking(width: int, height: int, max_width: float, max_height: float) -> float:
    """Return by which factor a picture may be made smaller without a loss that shows; 1 or more if it may not.

    Args:
        width: Of the picture, in pixels.
        height: As *width*.
        max_width: Of the whole picture, in pixels of the film, where it is shown largest.
        max_height: As *max_width*.
    """
    factor = OVERSAMPLING * max(max_width / width, max_height / height)
    return min(factor, MOST_SIDE / max(width, height))


def _resized(pixels: Frame, width: int, height: int) -> Frame:
    """Return *pixels* shrunk so that each new one is the mean of the area that it covers."""
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
