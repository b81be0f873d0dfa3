"""Many tracks to one sound: decoded, placed by sample, ducked, added and limited, in windows.

In: `Track`s. Out: arrays of float32, (2, n), one after another. Memory is that of a window and of the peaks of
masters (50 numbers a second), whatever the length. Stands on the other modules here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dragon_video.film.sound.gains import PEAK_SECONDS, Ducking, ducking, lowest, track_gain
from dragon_video.film.sound.limiting import Limiter
from dragon_video.film.sound.reading import SoundReader
from dragon_video.film.sound.tracks import Track, samples_in

Samples = NDArray[np.float32]

WINDOW_SECONDS = 30

LOUDEST = 64.0
"""Samples of floating point that are higher (36 dB over full scale), or no numbers, are no sound."""


def mix(
    tracks: Sequence[Track],
    seconds: Fraction,
    rate: int,
    *,
    limit: bool = True,
    window_seconds: Fraction | int = WINDOW_SECONDS,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Samples]:
    """Yield the sound of a film.

    Args:
        tracks: What is heard; what is beyond the film's end is not.
        seconds: Length of the film.
        rate: Samples per second.
        limit: Whether what is over -1 dBFS is turned down.
        window_seconds: How much is mixed at a time.
        check: Called for each piece that is decoded; raises when the task is cancelled.

    Yields:
        (2, n) float32, left and right, full scale ±1; together exactly the nearest number of samples, halves up.

    Raises:
        UnreadableSourceError: If a source is no medium, or damaged.
    """
    total, window = samples_in(seconds, rate), max(1, samples_in(window_seconds, rate))
    duckings = [curve for track in tracks if (curve := _curve(track, total, rate, window, check)) is not None]
    limiter = Limiter(rate)
    with ExitStack() as stack:
        voices = [stack.enter_context(closing(_Voice(track, rate, check))) for track in tracks]
        for first in range(0, total, window):
            check()
            mixed: Samples = np.zeros((2, min(window, total - first)), np.float32)
            factors = lowest(duckings, first, mixed.shape[1], rate)
            for voice in voices:
                voice.add_to(mixed, first, factors)
            yield limiter.process(mixed) if limit else mixed
        if limit:
            yield limiter.rest()


class _Voice:
    """A track while it is read: opened when it begins, closed when it ends."""

    def __init__(self, track: Track, rate: int, check: Callable[[], None]) -> None:
        self.first = samples_in(track.start, rate)
        self.end = self.first + samples_in(track.duration, rate)
        self._track, self._rate, self._check = track, rate, check
        self._reader: SoundReader | None = None
        self._over = False

    def add_to(self, mixed: Samples, first: int, factors: "NDArray[np.float64] | None") -> None:
        """Add what is heard of it in a window of the film that begins with sample *first*."""
        begins, ends = max(self.first, first), min(self.end, first + mixed.shape[1])
        if self._over or begins >= ends:
            return
        heard: Samples = np.zeros((2, ends - begins), np.float32)
        read = self._source().add_to(heard)
        np.clip(heard, -LOUDEST, LOUDEST, out=heard)
        if np.isnan(heard.sum()):
            np.nan_to_num(heard, copy=False, nan=0.0)
        gain = track_gain(self._track, begins - self.first, ends - begins, self._rate)
        if factors is not None and self._track.duck_others is None:
            gain = gain * factors[begins - first : ends - first]
        heard *= np.asarray(gain, np.float32)
        mixed[:, begins - first : ends - first] += heard
        if read < ends - begins or ends == self.end:
            self.close()

    def close(self) -> None:
        self._over = True
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _source(self) -> SoundReader:
        if self._reader is None:
            track = self._track
            self._reader = SoundReader(
                track.path,
                self._rate,
                skip=track.skip,
                speed=track.speed,
                loop=track.loop,
                name=track.name,
                check=self._check,
            )
        return self._reader


def _curve(track: Track, total: int, rate: int, window: int, check: Callable[[], None]) -> Ducking | None:
    """Return how a master lowers the others, None if the track is none or silent: it is listened to beforehand."""
    if track.duck_others is None:
        return None
    each = samples_in(PEAK_SECONDS, rate)
    window = max(each, window - window % each)
    peaks = []
    with closing(_Voice(track, rate, check)) as voice:
        for first in range(voice.first, min(voice.end, total), window):
            heard: Samples = np.zeros((2, min(window, min(voice.end, total) - first)), np.float32)
            voice.add_to(heard, first, None)
            heard = np.pad(heard, ((0, 0), (0, -heard.shape[1] % each)))
            peaks.append(np.abs(heard).reshape(2, -1, each).max(axis=(0, 2)).astype(np.float64))
    return ducking(track, np.concatenate(peaks)) if peaks else None
