"""The colour that most of a picture is near to.

The picture is made small, its colours are counted in 16 × 16 × 16 cells of sRGB, and of all
blocks of 3 × 3 × 3 cells the one with most pixels wins; its colour is their mean. So two
shades of one sky count together, and a colour that nothing in the picture has is never
the answer, as the mean of all pixels would be. Of equal blocks the one whose middle cell
has most, then the first by red, green and blue. Stands on numpy and Pillow; import it
inside a task's function alone.
"""

import numpy as np
from PIL import Image

from dragon_framework.media.geometry import Size

SIDE = 128
"""Pixels of the longer side at which the colours are counted."""

_CELLS = 16
_OPAQUE = 128


def small_size(size: Size) -> Size:
    """Return *size* reduced to `SIDE` on its longer side, never enlarged."""
    longer = max(size)
    if longer <= SIDE:
        return size
    return max(1, size[0] * SIDE // longer), max(1, size[1] * SIDE // longer)


def dominant_colour(image: Image.Image) -> str | None:
    """Return the colour of *image* (L, LA, RGB or RGBA, small) as `#rrggbb`; None if all of it is transparent."""
    pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    pixels = pixels[pixels[:, 3] >= _OPAQUE, :3].astype(np.int64)
    if len(pixels) == 0:
        return None
    cells = pixels // (256 // _CELLS)
    counts = np.zeros((_CELLS + 2,) * 3, np.int64)  # a margin, so that each cell has 26 neighbours
    np.add.at(counts, tuple(cells.T + 1), 1)
    for axis in range(3):
        counts = counts + np.roll(counts, 1, axis) + np.roll(counts, -1, axis)
    blocks = counts[1:-1, 1:-1, 1:-1]
    # Of blocks with equally many, one whose own cell is not empty.
    own = np.zeros(blocks.shape, np.int64)
    np.add.at(own, tuple(cells.T), 1)
    best = np.array(np.unravel_index(np.lexsort((-own.ravel(), -blocks.ravel()))[0], blocks.shape))
    members = pixels[(abs(cells - best) <= 1).all(axis=1)]
    red, green, blue = np.rint(members.mean(axis=0)).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
