"""What is drawn again and again at the same place: titles, bars, pictures at rest. It is sampled once and laid down.

The bytes are those of drawing it anew. Stands on `frames` and OpenCV.
"""

from collections.abc import Hashable

import cv2
import numpy as np

from dragon_video.film.frames import OPAQUE, Frame


class Repeats:
    """Remembers how one picture was drawn last, and what came of it if it was drawn so twice in a row."""

    def __init__(self) -> None:
        self._how: Hashable = None
        self._corner = 0, 0
        self._above: Frame | None = None
        self._rest: Frame | None = None

    def again(self, how: Hashable) -> bool:
        """Return whether the picture was drawn in this way the last time, too; forget what is kept if not."""
        if self._how == how:
            return True
        self._how, self._above, self._rest = how, None, None
        return False

    def lay(self, frame: Frame) -> bool:
        """Draw what is kept over *frame*, in place; return False if nothing is."""
        if self._above is None:
            return False
        x, y = self._corner
        below = frame[y : y + self._above.shape[0], x : x + self._above.shape[1]]
        if self._rest is None:
            np.copyto(below, self._above)
        else:
            cv2.multiply(below, self._rest, below, 1 / OPAQUE)
            cv2.add(below, self._above, below)
        return True

    def keep(self, above: Frame, corner: tuple[int, int], *, opaque: bool) -> None:
        """Keep pixels for the next time.

        Args:
            above: Not to be changed from here on.
            corner: Their upper left one in the frame: column and row.
            opaque: Whether they replace what is below; else they are laid over it, as `frames.over` does.
        """
        self._above, self._corner = above, corner
        if not opaque:
            rest = cv2.bitwise_not(cv2.extractChannel(above, 3))
            self._rest = cv2.merge((rest, rest, rest, rest)).astype(np.uint8, copy=False)
