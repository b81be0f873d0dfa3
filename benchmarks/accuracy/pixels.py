"""How far two pictures of one size are from each other. Stands on numpy and Pillow."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float64]


def error(picture: Image.Image, original: Image.Image, blur: float = 0.0) -> float:
    """Return the root of the mean squared error, of 255, of RGB; after a Gaussian blur of so many pixels."""
    pair = [image.convert("RGB") for image in (picture, original)]
    if blur:
        pair = [image.filter(ImageFilter.GaussianBlur(blur)) for image in pair]
    first, second = (np.asarray(image, np.float64) for image in pair)
    return float(np.sqrt(((first - second) ** 2).mean()))


def ssim(picture: Image.Image, original: Image.Image) -> float:
    """Return the structural similarity of luma: Wang et al. 2004, Gaussian window of 11 px, sigma 1.5, no padding."""
    first, second = (np.asarray(image.convert("L"), np.float64) for image in (picture, original))
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_1, mean_2 = _window(first), _window(second)
    var_1, var_2 = _window(first**2) - mean_1**2, _window(second**2) - mean_2**2
    both = _window(first * second) - mean_1 * mean_2
    value: Any = ((2 * mean_1 * mean_2 + low) * (2 * both + high)) / (
        (mean_1**2 + mean_2**2 + low) * (var_1 + var_2 + high)
    )
    return float(value.mean())


def _window(values: Floats) -> Floats:
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    rows = sum(tap * values[at : values.shape[0] - 10 + at] for at, tap in enumerate(taps))
    columns: Floats = sum(tap * rows[:, at : rows.shape[1] - 10 + at] for at, tap in enumerate(taps))
    return columns
