"""Looks of old media that move by themselves: `noise`, `flick`, `tv`, `flashback`.

What is by chance is a hash of the node's seed and the time, so that a frame is the same in every process.
"""

import functools
import math

import cv2
import numpy as np

from dragon_video.film.filters.chance import chance, wander
from dragon_video.film.filters.colours import SEPIA, coloured
from dragon_video.film.filters.grain import grained
from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import Plane, as_bytes, gained, masked, mixed, within_alpha
from dragon_video.film.frames import Frame

NOISE = 11.0
"""Standard deviation of the grain of `noise` in the middle tones, in levels."""

FLICKER = 0.15
"""How much lighter or darker `flick` becomes at most."""


def _clock(values: Values, moment: Moment) -> float:
    """Return how many changes there have been: those of `rate` a second since `offset` seconds before the window."""
    return float((moment.seconds + values["offset"]) * values["rate"]) + 1e-6  # n / fps × rate may fall just short


def _step(values: Values, moment: Moment) -> int:
    return math.floor(_clock(values, moment))


def draw_noise(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with the grain of film."""
    strength = NOISE * (1 - values["originalBlend"])
    return grained(picture, strength, moment.unit, moment.seed, _step(values, moment))


def draw_flick(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture lighter or darker, as by the lamp of an old projector."""
    strength = FLICKER * (1 - values["originalBlend"])
    return gained(picture, 1 + strength * wander(_clock(values, moment), moment.seed))


@functools.lru_cache(maxsize=4)
def screen(width: int, height: int, lines: float, corners: float) -> Plane:
    """Return a mask of a screen: dark between its lines, and darker towards its corners.

    Args:
        width: Pixels of a row.
        height: Pixels of a column.
        lines: Distance of the lines in pixels; 0 for none.
        corners: How much darker the very corners are, 0 to 1.
    """
    y = np.arange(height)[:, None] + 0.5
    x = np.arange(width) + 0.5
    distance = np.hypot((2 * x / width - 1), (2 * y / height - 1)) / math.sqrt(2)
    light = 1 - corners * distance**3
    if lines:
        light = light * (1 - 0.3 * (0.5 + 0.5 * np.cos(2 * np.pi * y / lines)))
    plane = np.rint(light * 255).astype(np.uint8)
    plane.setflags(write=False)
    return plane


def _screened(picture: Frame, plane: Plane) -> Frame:
    """Return colours × plane; alpha stays."""
    return masked(picture, as_bytes(cv2.merge((plane, plane, plane, np.full_like(plane, 255)))))


def torn(picture: Frame, moment: Moment, clock: float) -> Frame:
    """Return the picture with a band in it that is shifted sideways and wanders down, as when a tape has no hold."""
    height, width = picture.shape[:2]
    middle = ((clock / 60 + chance(moment.seed, 1)) % 1) * 1.4 - 0.2
    half = 0.1
    top, bottom = (min(max(int((middle + side) * height), 0), height) for side in (-half, half))
    if bottom - top < 2:
        return picture
    y = np.arange(top, bottom) + 0.5
    within = np.cos(np.clip((y / height - middle) / half, -1, 1) * np.pi / 2)
    step = math.floor(clock)
    rough = np.array([chance(moment.seed, step, int(row / moment.unit)) for row in y]) - 0.5
    shift = within * (8 + 6 * rough + 4 * np.sin(y / moment.unit / 3 + step)) * moment.unit
    x = (np.arange(width) - shift[:, None]).astype(np.float32)
    rows = np.broadcast_to(np.arange(bottom - top, dtype=np.float32)[:, None], x.shape)
    result = picture.copy()
    result[top:bottom] = cv2.remap(
        picture[top:bottom], x, np.ascontiguousarray(rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return result


def fringed(picture: Frame, distance: int) -> Frame:
    """Return the picture with red shifted to the right and blue to the left by so many pixels."""
    width = picture.shape[1]
    if not 0 < distance < width:
        return picture
    blue, green, red, alpha = cv2.split(picture)
    left = cv2.copyMakeBorder(blue[:, distance:], 0, 0, 0, distance, cv2.BORDER_REPLICATE)
    right = cv2.copyMakeBorder(red[:, :-distance], 0, 0, distance, 0, cv2.BORDER_REPLICATE)
    return within_alpha(as_bytes(cv2.merge((left, green, right, alpha))))


def draw_tv(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture as on an old television: lines, colours apart, noise, and a band that has lost its hold."""
    height, width = picture.shape[:2]
    clock = _clock(values, moment)
    result = fringed(torn(picture, moment, clock), round(moment.unit))
    result = grained(result, 1.4 * NOISE, moment.unit, moment.seed, math.floor(clock))
    lines = max(3 * moment.unit, 2) if height >= 8 else 0
    result = gained(_screened(result, screen(width, height, lines, 0.45)), 1.2)
    return mixed(result, picture, values["originalBlend"])


def draw_flashback(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture as a memory: brown, dark at its corners, with grain and a lamp that is not steady."""
    height, width = picture.shape[:2]
    clock = _clock(values, moment)
    result = _screened(coloured(picture, SEPIA), screen(width, height, 0, 0.75))
    result = grained(result, NOISE, moment.unit, moment.seed, math.floor(clock))
    result = gained(result, 1.12 + 0.08 * wander(clock / 2, moment.seed, 1))
    return mixed(result, picture, values["originalBlend"])


def _parameters(rate: float, what: str) -> dict[str, Parameter]:
    return {
        "rate": Parameter("number", rate, f"How often a second {what} changes; 0 never.", 0, 1000),
        "offset": Parameter("number", 0.0, "Seconds by which its clock is ahead.", -1e6, 1e6),
        "originalBlend": Parameter("number", 0.0, "Share of the original picture: 0 is all look, 1 no change.", 0, 1),
    }


KINDS = (
    FilterKind(
        "noise", "Lays the grain of film over the picture.", _parameters(24, "the grain"), draw_noise, moving=True
    ),
    FilterKind(
        "flick",
        "Flickers, as by the lamp of an old projector.",
        _parameters(10, "the light"),
        draw_flick,
        moving=True,
    ),
    FilterKind(
        "tv",
        "Looks as on an old television that is badly tuned.",
        _parameters(24, "the noise"),
        draw_tv,
        moving=True,
    ),
    FilterKind(
        "flashback",
        "Looks as an old film of long ago: brown, grainy, dark at the corners.",
        _parameters(18, "the grain"),
        draw_flashback,
        moving=True,
    ),
)
