"""Where to cut: the part of a picture that holds most, or the most of its faces.

In: a picture and a box of the wanted shape in it, which touches two opposite sides. Out:
the box moved along the other two.

`most_entropy`: to where the Shannon entropy of the luma histogram (64 levels) is greatest; of
equal places the one nearest to the middle. One cumulative histogram answers for every place
at once. `most_of_faces`: to where it holds the largest sum of what is seen of each face times
its area; of equal places the one nearest to the middle of those faces. Stands on numpy and
Pillow; import it inside a task's function alone.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dragon_framework.media.geometry import Box, Size

_SIDE = 256
"""Pixels of the longer side at which the places are compared."""

_LEVELS = 64


def most_of_faces(size: Size, box: Box, faces: Sequence[Box]) -> Box:
    """Return *box*, moved in a picture of *size* to where it holds most of *faces* (boxes, at least one)."""
    left, top, right, bottom = box
    across = (size[0] - (right - left)) > (size[1] - (bottom - top))
    length = size[0] if across else size[1]
    kept = right - left if across else bottom - top
    if length <= kept:
        return box
    begins, ends = (0, 2) if across else (1, 3)
    spans = [(face[begins], face[ends], (face[2] - face[0]) * (face[3] - face[1])) for face in faces]

    def held(start: float) -> list[tuple[float, float, float]]:
        """Return of each face that is seen: how much counts, and where it begins and ends."""
        seen = []
        for first, last, area in spans:
            part = min(last, start + kept) - max(first, start)
            if part > 0:
                seen.append((area * part / (last - first), first, last))
        return seen

    def goodness(start: float) -> tuple[float, float]:
        seen = held(start)
        if not seen:
            return 0.0, 0.0
        middle = (min(face[1] for face in seen) + max(face[2] for face in seen)) / 2
        return round(sum(face[0] for face in seen), 6), -abs(start + kept / 2 - middle)

    # The best begins or ends with a face, or has some of them in its middle.
    edges = [edge for first, last, _ in spans for edge in (first, last - kept)]
    middles = [(first + last - kept) / 2 for first, _, _ in spans for _, last, _ in spans]
    start = max((min(max(place, 0.0), length - kept) for place in edges + middles), key=goodness)
    if across:
        return start, top, start + kept, bottom
    return left, start, right, start + kept


def most_entropy(image: Image.Image, box: Box) -> Box:
    """Return *box*, moved in *image* to where it holds most; what is transparent counts as one more level."""
    left, top, right, bottom = box
    width, height = image.size
    across = (width - (right - left)) > (height - (bottom - top))
    length = width if across else height
    kept = right - left if across else bottom - top
    free = length - kept
    if free <= 0:
        return box
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    levels = np.asarray(small.convert("L")) // (256 // _LEVELS)
    weights = np.asarray(small.convert("RGBA").getchannel("A"), np.float64) / 255
    if not across:
        levels, weights = levels.T, weights.T
    columns = levels.shape[1]
    histograms = np.zeros((columns + 1, _LEVELS + 1))
    np.add.at(histograms, (np.broadcast_to(np.arange(1, columns + 1), levels.shape), levels), weights)
    histograms[1:, _LEVELS] = (1 - weights).sum(axis=0)
    sums = histograms.cumsum(axis=0)
    window = min(columns, max(1, round(columns * kept / length)))
    found = sums[window:] - sums[:-window]
    shares = found / found.sum(axis=1, keepdims=True)
    entropies = -(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=1)
    last = len(entropies) - 1
    good = entropies >= entropies.max() - 1e-9
    if good[last // 2] and good[-(-last // 2)]:
        start = free / 2
    else:
        places = np.flatnonzero(good)
        start = free * float(places[np.argmin(abs(places - last / 2))]) / last
    if across:
        return start, top, start + kept, bottom
    return left, start, right, start + kept
