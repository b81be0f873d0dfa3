"""High dynamic range toned down: pictures in PQ or HLG become what a film of standard range would have.

In: R'G'B' of 16 bits. Out: R'G'B' of 8 bits as BT.709 films have it, which everybody shows as sRGB. Diffuse
white is at 203 nits (ITU-R BT.2408). Nothing changes up to the knee; what is brighter is compressed into what is
left, with its hue. Colours outside BT.709 lose just as much saturation as brings them inside.

Stands on numpy; import it inside a task's function alone.
"""

import functools
import math

import numpy as np
import numpy.typing as npt

PQ, HLG = 16, 18
"""Transfer characteristics, as ISO/IEC 23091-2 numbers them."""

BT709_PRIMARIES = 1

WHITE_NITS = 203.0
"""Diffuse white of both (ITU-R BT.2408, 2.2)."""

HLG_PEAK_NITS = 1000.0
HLG_GAMMA = 1.2
"""Of a display with that peak (ITU-R BT.2100, table 5)."""

HLG_LUMA = (0.2627, 0.6780, 0.0593)
BT709_LUMA = (0.2126, 0.7152, 0.0722)

BT2020_TO_BT709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
"""ITU-R BT.2087, the inverse of its matrix M2."""

KNEE = 0.8
"""Linear light, of diffuse white, up to which nothing changes: 232 of 255."""

PEAK = HLG_PEAK_NITS / WHITE_NITS
"""What becomes the brightest; films are mastered at 1000 nits, most of them."""

LINES = 64
"""Pictures are done in so many lines at once, which bounds the memory."""

Pixels = npt.NDArray[np.uint16]
Light = npt.NDArray[np.float32]


def toned_down(pixels: Pixels, transfer: int, primaries: int) -> npt.NDArray[np.uint8]:
    """Return a picture in standard range.

    Args:
        pixels: Full-range R'G'B', shape (height, width, 3).
        transfer: PQ or HLG.
        primaries: Of its colours, as ISO/IEC 23091-2 numbers them; all but BT.709 are taken for BT.2020.

    Returns:
        Shape (height, width, 3).
    """
    result = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), LINES):
        light = _light(pixels[top : top + LINES], transfer)
        if primaries != BT709_PRIMARIES:
            light = light @ np.array(BT2020_TO_BT709, np.float32).T
            _bring_inside(light)
        _compress(light)
        result[top : top + LINES] = _signal()[np.rint(light * np.float32(_STEPS)).astype(np.uint16)]
    return result


def _light(pixels: Pixels, transfer: int) -> Light:
    """Return linear light of a display, 1 for diffuse white."""
    light = _linear(transfer)[pixels]
    if transfer == HLG:
        scene = light @ np.array(HLG_LUMA, np.float32)
        light *= (scene ** np.float32(HLG_GAMMA - 1))[..., None] * np.float32(HLG_PEAK_NITS / WHITE_NITS)
    return light


@functools.cache
def _linear(transfer: int) -> Light:
    """Return a table of 65,536: PQ to light of the display (SMPTE ST 2084), HLG to that of the scene (BT.2100)."""
    signal = np.arange(65_536) / 65_535
    if transfer == PQ:
        power = signal ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return np.asarray(nits / WHITE_NITS, np.float32)
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * math.log(4 * a)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return np.asarray(scene, np.float32)


def _bring_inside(light: Light) -> None:
    """Bring colours with a negative part towards grey of the same light, until they have none."""
    least = light.min(axis=-1)
    outside = least < 0
    if outside.any():
        colours = light[outside]
        grey = np.maximum(colours @ np.array(BT709_LUMA, np.float32), 0)
        share = grey / (grey - least[outside])
        light[outside] = np.maximum(grey[:, None] + (colours - grey[:, None]) * share[:, None], 0)


def _compress(light: Light) -> None:
    """Bring all into 0 to 1: a logarithm from the knee to the peak, which begins as steep as what is below it."""
    most = light.max(axis=-1)
    bright = most > KNEE
    if bright.any():
        over = np.minimum(most[bright], PEAK) - KNEE
        less = KNEE + (1 - KNEE) * np.log1p(over / _scale()) / math.log1p((PEAK - KNEE) / _scale())
        light[bright] *= (less / most[bright])[:, None]
    np.clip(light, 0, 1, out=light)


@functools.cache
def _scale() -> float:
    """Return s of (1 - k) ln(1 + x / s) / ln(1 + (p - k) / s) so that its slope at 0 is 1."""
    low, high = 1e-6, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        steep = (1 - KNEE) / (middle * math.log1p((PEAK - KNEE) / middle)) > 1
        low, high = (middle, high) if steep else (low, middle)
    return low


_STEPS = 65_535


@functools.cache
def _signal() -> npt.NDArray[np.uint8]:
    """Return a table of 65,536: linear light to the signal of a BT.709 film, whose display is that of ITU-R BT.1886."""
    return np.asarray(np.rint(255 * (np.arange(_STEPS + 1) / _STEPS) ** (1 / 2.4)), np.uint8)
