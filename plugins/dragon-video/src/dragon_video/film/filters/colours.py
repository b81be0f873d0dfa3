"""`colormap`: a matrix on the colours, given or by the name of a preset.

The maths is on straight colours in 0 to 1: out = R × row 0 + G × row 1 + B × row 2 + A × row 3 + row 4, each row
a colour, and the sum held in 0 to 1. Where alpha only passes through, the same is done on the
premultiplied pixels at once: there the last row is multiplied by alpha, and the limit is alpha.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import LUMA, on_straight, transform, within_alpha
from dragon_video.film.frames import Frame

Matrix = npt.NDArray[np.float64]
"""(4, 5): from (blue, green, red, alpha, 1) to (blue, green, red, alpha), each 0 to 1."""


def saturation(amount: float, *, gain: float = 1.0, lift: float = 0.0) -> Matrix:
    """Return the matrix that mixes luma and colour.

    Args:
        amount: 0 is grey, 1 the colours as they are, more is more colourful.
        gain: What the result is multiplied by.
        lift: What is added then, 0 to 1.
    """
    colours = gain * (amount * np.eye(3) + (1 - amount) * np.asarray(LUMA)[None])
    return with_alpha(colours, [lift] * 3)


def with_alpha(colours: npt.ArrayLike, bias: npt.ArrayLike) -> Matrix:
    """Return the matrix with this part (3, 3) for blue, green, red and this bias (3); alpha passes."""
    matrix = np.zeros((4, 5))
    matrix[:3, :3] = colours
    matrix[:3, 4] = bias
    matrix[3, 3] = 1
    return matrix


SEPIA = with_alpha(
    np.outer((0.78, 0.95, 1.12), LUMA), (0.0, 0.01, 0.03)
)  # luma in the brown of toned silver prints: neutral stays in the middle, so that the brightness is kept

PRESETS: Mapping[str, tuple[str, Matrix]] = {
    "blackAndWhite": ("Grey by the luma of ITU-R BT.709.", saturation(0)),
    "negative": ("Each colour becomes its complement.", with_alpha(-np.eye(3), [1.0] * 3)),
    "lowContrast": ("Half of the contrast about the middle.", with_alpha(0.5 * np.eye(3), [0.25] * 3)),
    "highContrast": ("One and a half times the contrast.", with_alpha(1.5 * np.eye(3), [-0.25] * 3)),
    "sepia": ("The brown of an old print.", SEPIA),
    "saturate": ("More colourful, by half.", saturation(1.5)),
    "desaturate": ("Half of the colour.", saturation(0.5)),
    "warm": ("As in evening light.", with_alpha(np.diag((0.86, 1.0, 1.1)), [0.0] * 3)),
    "cold": ("As in the shade.", with_alpha(np.diag((1.12, 1.0, 0.88)), [0.0] * 3)),
    "brighten": ("Lighter by a tenth.", with_alpha(np.eye(3), [0.1] * 3)),
    "darken": ("Darker by a tenth.", with_alpha(np.eye(3), [-0.1] * 3)),
}
"""Presets by name: what they do, and their matrix."""


def matrix_of(rows: Sequence[Sequence[float]]) -> Matrix:
    """Return the matrix of the five colours of `rgba-bias-matrix`.

    Args:
        rows: What red, green, blue and alpha contribute, then the bias; each (b, g, r, a), 0 to 255.
    """
    red, green, blue, alpha, bias = np.asarray(rows, np.float64) / 255
    return np.stack((blue, green, red, alpha, bias), 1)


def coloured(picture: Frame, matrix: Matrix) -> Frame:
    """Return the picture with *matrix* done to its straight colours."""
    if np.array_equal(matrix[3], (0, 0, 0, 1, 0)) and not matrix[:3, 3].any():
        linear = matrix[:, :4].copy()
        linear[:3, 3] = matrix[:3, 4]  # the bias × alpha
        return within_alpha(transform(picture, linear))
    levels = matrix.copy()
    levels[:, 4] *= 255
    return on_straight(picture, lambda straight: transform(straight, levels))


def draw_colormap(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with the given matrix done to its colours, or that of the preset."""
    rows = values["rgba-bias-matrix"]
    return coloured(picture, PRESETS[values["preset"]][1] if rows is None else matrix_of(rows))


KINDS = (
    FilterKind(
        "colormap",
        "Changes colours by a matrix; as it stands, to black and white.",
        {
            "preset": Parameter(
                "choice",
                "blackAndWhite",
                "A matrix by its name: " + " ".join(f"`{name}`: {what}" for name, (what, _) in PRESETS.items()),
                choices=tuple(PRESETS),
            ),
            "rgba-bias-matrix": Parameter(
                "matrix",
                None,
                "What red, green, blue and alpha contribute to the result, then what is added: five colours. It goes "
                "before the preset.",
            ),
        },
        draw_colormap,
        tier=1,
    ),
)
