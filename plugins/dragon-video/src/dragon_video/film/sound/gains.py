"""How loud a track is at each of its samples, apart from what is in it: fades, transitions, ducking.

Arithmetic alone: numpy arrays, no files.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragon_video.film.sound.tracks import Track, samples_in

Floats = NDArray[np.float64]

PEAK_SECONDS = Fraction(1, 50)
"""Whether a master sounds is looked at in stretches of this length."""


def track_gain(track: Track, first: int, count: int, rate: int) -> Floats | float:
    """Return the factors on samples *first* to *first* + *count* of a track, counted from its start.

    A fade is linear: sample i of a rise of n has i/n, sample i from the end of a fall i/n. A side of a transition
    has the sine of that quarter of a circle, so that the squares of both sides add up to 1.
    """
    total = samples_in(track.duration, rate)
    gain: Floats | float = track.volume
    ends = (
        (track.fade_in, first, 1, False),
        (track.fade_out, total - first, -1, False),
        (track.crossfade_in, first, 1, True),
        (track.crossfade_out, total - first, -1, True),
    )
    for seconds, at, step, equal_power in ends:
        length = float(seconds * rate)
        nearest = at if step > 0 else at - count + 1
        if length <= 0 or nearest >= length:
            continue
        part = np.clip((at + step * np.arange(count)) / length, 0.0, 1.0)
        gain = gain * (np.sin(np.pi / 2 * part) if equal_power else part)
    return gain


class Ducking(NamedTuple):
    """How a master lowers the others: the factor on their amplitude at some times, with lines between them.

    Times in seconds, rising.
    """

    times: Floats
    factors: Floats

    def at(self, first: int, count: int, rate: int) -> Floats:
        """Return the factors on samples *first* to *first* + *count* of the film."""
        return np.interp((first + np.arange(count)) / rate, self.times, self.factors, left=1.0, right=1.0)

    def touches(self, first: int, count: int, rate: int) -> bool:
        """Whether any of these samples is lowered."""
        return bool(np.any((self.times[::4] < (first + count) / rate) & (self.times[3::4] > first / rate)))


def ducking(track: Track, peaks: Floats) -> Ducking | None:
    """Return how a master lowers the others; None if it is silent.

    Args:
        track: A master.
        peaks: Its greatest amplitudes in stretches of `PEAK_SECONDS` from its start on.

    It sounds where a peak is above the threshold. The others are low from the margin before that until the margin
    after it, and go down and up outside of that. Where they could not come up fully in between, they stay low.
    """
    if track.duck_others is None or not peaks.size or peaks.max() <= 0:
        return None
    sounds = np.flatnonzero(peaks > track.duck_threshold * peaks.max())
    if not sounds.size:
        return None
    silent = np.diff(sounds) - 1  # stretches of silence between two that sound
    breaks = np.flatnonzero(silent > 2 * (track.duck_margin + track.duck_fade) // PEAK_SECONDS)
    begins = sounds[np.concatenate(([0], breaks + 1))] * float(PEAK_SECONDS) + float(track.start - track.duck_margin)
    ends = (sounds[np.append(breaks, -1)] + 1) * float(PEAK_SECONDS) + float(track.start + track.duck_margin)
    fade = float(track.duck_fade)
    times = np.stack((begins - fade, begins, ends, ends + fade), axis=1).reshape(-1)
    return Ducking(times, np.array([1.0, track.duck_others, track.duck_others, 1.0] * begins.size))


def lowest(duckings: Sequence[Ducking], first: int, count: int, rate: int) -> Floats | None:
    """Return the factors of all masters together on some samples of the film, the lowest each; None if all are 1."""
    factors = [one.at(first, count, rate) for one in duckings if one.touches(first, count, rate)]
    return np.minimum.reduce(factors) if factors else None
