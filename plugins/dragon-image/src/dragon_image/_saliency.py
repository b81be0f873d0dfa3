"""The salient points of `image.saliency`: a map of what stands out, and its peaks.

In: pixels of the scaled picture. Out: a map, and points in parts of the picture's sides.
The map is the image signature (X. Hou, J. Harel, C. Koch: Image Signature: Highlighting
Sparse Salient Regions, IEEE Transactions on Pattern Analysis and Machine Intelligence
34(1), 2012) of the three channels of CIE Lab. Stands on numpy; import it inside a task's
function alone.
"""

import math
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

SIDE = 64
"""Rows and columns of the map, as in the paper."""

_BLUR = 2.5  # standard deviation in cells of the map: 0.04 of its width
_APART = 8  # cells between two peaks, at least
_LEAST = 0.3  # of the highest peak
_FAINT = 1.0  # DCT coefficients of Lab below this are rounding of 8 bits: they have no sign

# sRGB with linear light to XYZ, divided by the white of D65 (IEC 61966-2-1).
_TO_XYZ = np.array(
    [
        [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
        [0.2126, 0.7152, 0.0722],
        [0.0193 / 1.0890, 0.1192 / 1.0890, 0.9505 / 1.0890],
    ]
)


class Peak(NamedTuple):
    """A salient point.

    Args:
        x: From the left edge, as a part of the width, 0 to 1.
        y: From the upper edge, as a part of the height, 0 to 1.
        strength: Height of the map by its highest peak, 0 to 1.
    """

    x: float
    y: float
    strength: float


def to_lab(pixels: npt.NDArray[np.uint8]) -> Floats:
    """Return sRGB of 8 bits, (..., 3), as CIE Lab for D65: L 0 to 100, a and b about -100 to 100."""
    coded = np.arange(256) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)[pixels]
    xyz = linear @ _TO_XYZ.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def saliency_map(lab: Floats) -> Floats:
    """Return how much each place stands out, 0 to 1; zeros where nothing does.

    Of each channel the signs of its DCT are transformed back, squared and blurred, and the
    sum of the three is the map. The mean has no sign here, and neither has what is fainter
    than 8 bits can tell: a picture of one colour has nothing that stands out.

    Args:
        lab: (`SIDE`, `SIDE`, 3), CIE Lab.
    """
    cosines, blur = _cosines(), _blur()
    found = np.zeros(lab.shape[:2])
    for channel in np.moveaxis(lab, 2, 0):
        spectrum = cosines @ channel @ cosines.T
        spectrum[0, 0] = 0
        spectrum[np.abs(spectrum) < _FAINT] = 0
        found += (cosines.T @ np.sign(spectrum) @ cosines) ** 2
    found = blur @ found @ blur.T
    highest = found.max()
    return found / highest if highest > 0 else found


def peaks(found: Floats, most: int) -> list[Peak]:
    """Return the peaks of a map, highest first.

    A peak is higher than all that lies within `_APART` cells, and at least `_LEAST` of the
    highest. Its place is refined by the parabola through its neighbours.
    """
    left = found.copy()
    rows, columns = np.indices(found.shape)
    points: list[Peak] = []
    while len(points) < most:
        y, x = divmod(int(left.argmax()), found.shape[1])
        if left[y, x] < _LEAST or left[y, x] <= 0:
            break
        if _is_peak(found, y, x):
            points.append(
                Peak(
                    (x + 0.5 + _offset(found[y, :], x)) / found.shape[1],
                    (y + 0.5 + _offset(found[:, x], y)) / found.shape[0],
                    float(found[y, x]),
                )
            )
            left[(rows - y) ** 2 + (columns - x) ** 2 < _APART**2] = 0
        else:
            left[y, x] = 0  # on the slope of a peak that is already taken
    return points


def _is_peak(found: Floats, y: int, x: int) -> bool:
    around = found[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
    return bool(found[y, x] >= around.max())


def _offset(line: Floats, place: int) -> float:
    """Return where the top of the parabola through three cells lies, -0.5 to 0.5 from the middle one."""
    if not 0 < place < len(line) - 1:
        return 0.0
    before, here, after = (float(value) for value in line[place - 1 : place + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    """Return the orthonormal DCT-II as a matrix."""
    place = np.arange(SIDE)
    matrix = np.cos(np.pi * (place + 0.5) * place[:, None] / SIDE) * math.sqrt(2 / SIDE)
    matrix[0] /= math.sqrt(2)
    return matrix


@lru_cache(maxsize=1)
def _blur() -> Floats:
    """Return a Gaussian blur as a matrix; beyond the borders there is nothing, which lowers what lies on them."""
    place = np.arange(SIDE)
    matrix: Floats = np.exp(-0.5 * ((place - place[:, None]) / _BLUR) ** 2)
    weighed: Floats = matrix / matrix[SIDE // 2].sum()
    return weighed
