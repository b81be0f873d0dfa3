"""Onsets: how much begins in bass, middle and treble at each moment of a sound, and what sounds meanwhile.

    sound, 22.05 kHz mono → spectra, 100 a second → levels of 24 filters an octave → their rise in three bands

Superflux: Böck and Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013. What is
kept of a second of sound is 1.2 kB of rises and 7 kB of levels, so that hours take megabytes.
Stands on PyAV and numpy; import it inside a task's function alone.
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragon_audio._probe import EXPECTED, first_sound, with_a_layout
from dragon_framework import TaskContext
from dragon_framework.media.reading import decoded, open_media

Array = NDArray[Any]

RATE = 22_050
HOP = 220
WINDOW = 2048
FRAMES_PER_SECOND = RATE / HOP
BLOCK_FRAMES = 2048
"""Frames whose spectra are reckoned together: 20 s, 17 MB."""
CACHED_FRAMES = 64
"""Frames whose spectra are reckoned at once: 1 MB, which a core's cache holds; thrice as fast as all of a block."""
LEVEL_STEP = 4
"""Every so many frames their levels are kept: 25 times a second, and a window is twice as long as that."""
LOWEST_HERTZ, HIGHEST_HERTZ, FILTERS_PER_OCTAVE = 30.0, 10_000.0, 24
_LAG = 2
_MOST_PRODUCTS = 250_000
"""Products of one multiplication: OpenBLAS wakes its threads above 2**18, which cost more than they bring here."""


class Heard(NamedTuple):
    """What is known of a sound.

    Args:
        rises: How much begins in bass, middle and treble, (frames, 3), `FRAMES_PER_SECOND`.
        levels: Logarithm of what each filter hears, (frames / `LEVEL_STEP` rounded up, filters).
        duration: Seconds.
    """

    rises: Array
    levels: Array
    duration: float


def heard(source: Path, url: str, ctx: TaskContext) -> Heard:
    """Return what is in a file, in one pass.

    Raises:
        UnreadableSourceError: If there is no sound, or it has too many channels.
    """
    rises: list[Array] = []
    levels: list[Array] = []
    samples = frames = 0
    with open_media(source, url, EXPECTED) as container:
        stream = first_sound(container, url)
        with_a_layout(stream, url)
        total = (container.duration or 0) / 1e6
        tail = np.zeros((0, 0), np.float32)
        for block in _blocks(container, stream):
            samples += block.fresh
            if len(block.frames):
                before = _levels_after(block.frames, tail)
                fresh = before[_LAG:]
                rises.append(_rises(before))
                levels.append(fresh[-frames % LEVEL_STEP :: LEVEL_STEP].astype(np.float16))
                frames, tail = frames + len(fresh), before[-_LAG:]
            if total > 0:
                ctx.progress(min(90, int(90 * samples / RATE / total)))
            ctx.check()
    if not rises:
        return Heard(np.zeros((0, 3)), np.zeros((0, 0)), samples / RATE)
    return Heard(np.concatenate(rises), np.concatenate(levels), samples / RATE)


class _Block(NamedTuple):
    """Some frames of sound, (frames, `WINDOW`), and how many samples in them were new."""

    frames: Array
    fresh: int


def _blocks(container: Any, stream: Any) -> Iterator[_Block]:
    """Yield frames of `WINDOW` samples, `HOP` apart, the first one centred on the first sample."""
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    held = np.zeros(WINDOW // 2, np.float32)
    kept: list[Array] = []
    count = 0

    def cut(held: Array, fresh: int) -> tuple[_Block, Array]:
        frames = np.lib.stride_tricks.sliding_window_view(held, WINDOW)[::HOP]
        return _Block(frames, fresh), held[len(frames) * HOP :]

    def pieces() -> Iterator[Array]:
        for frame in itertools.chain(decoded(container, stream), (None,)):
            for piece in resampler.resample(frame):
                yield np.frombuffer(memoryview(piece.planes[0]), np.float32, piece.samples)

    for piece in pieces():
        kept.append(piece)
        count += len(piece)
        if count >= BLOCK_FRAMES * HOP:
            block, held = cut(np.nan_to_num(np.concatenate([held, *kept]), copy=False), count)
            yield block
            kept, count = [], 0
    end = np.nan_to_num(np.concatenate([held, *kept, np.zeros(WINDOW, np.float32)]), copy=False)
    yield cut(end, count)[0]


class _Filters(NamedTuple):
    """Some triangular filters that lie side by side: (bins, filters) for the bins from *first* to *end*."""

    first: int
    end: int
    weights: Array


@lru_cache(maxsize=1)
def _filters() -> list[_Filters]:
    """Return the filters, each of sum 1, in groups: a filter sees a few bins, most products would be with nothing."""
    low, high = (FILTERS_PER_OCTAVE * np.log2(hertz / 440) for hertz in (LOWEST_HERTZ, HIGHEST_HERTZ))
    steps = np.arange(np.floor(low), np.ceil(high) + 1)
    bins = np.unique(np.round(440 * 2.0 ** (steps / FILTERS_PER_OCTAVE) / RATE * WINDOW).astype(int))
    bins = bins[(bins > 0) & (bins < WINDOW // 2)]
    filters = np.zeros((WINDOW // 2 + 1, len(bins) - 2), np.float32)
    for number, (left, middle, right) in enumerate(zip(bins, bins[1:], bins[2:], strict=False)):
        filters[left:middle, number] = np.linspace(0, 1, middle - left, endpoint=False)
        filters[middle:right, number] = np.linspace(1, 0, right - middle, endpoint=False)
        filters[:, number] /= filters[:, number].sum()
    groups, first = [], 0
    for last in range(1, filters.shape[1] + 1):
        products = CACHED_FRAMES * (bins[min(last + 2, len(bins) - 1)] - bins[first]) * (last + 1 - first)
        if last == filters.shape[1] or products > _MOST_PRODUCTS:
            begin, end = int(bins[first]), int(bins[last + 1])
            groups.append(_Filters(begin, end, np.ascontiguousarray(filters[begin:end, first:last])))
            first = last
    return groups


@lru_cache(maxsize=1)
def _window() -> Array:
    return np.hanning(WINDOW).astype(np.float32)


def filter_hertz() -> Array:
    """Return the middle of each filter, in Hz."""
    middles = [(group.first + np.arange(len(group.weights))) @ group.weights * RATE / WINDOW for group in _filters()]
    return np.concatenate(middles)


def _levels(frames: Array) -> Array:
    """Return the logarithm of what each filter hears in each frame, (frames, filters)."""
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    magnitudes = np.sqrt(spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    parts = [magnitudes[:, group.first : group.end] @ group.weights for group in _filters()]
    levels: Array = np.log10(1 + np.concatenate(parts, axis=1))
    return levels


def _levels_after(frames: Array, tail: Array) -> Array:
    """Return the levels of *frames* behind those of the `_LAG` frames before them, (lag + frames, filters)."""
    levels = [_levels(frames[at : at + CACHED_FRAMES]) for at in range(0, len(frames), CACHED_FRAMES)]
    return np.concatenate([tail if len(tail) else levels[0][:1].repeat(_LAG, 0), *levels])


def _rises(levels: Array) -> Array:
    """Return how much rose in bass, middle and treble since `_LAG` frames before, (frames - lag, 3)."""
    widened = levels.copy()
    widened[:, 1:] = np.maximum(widened[:, 1:], levels[:, :-1])
    widened[:, :-1] = np.maximum(widened[:, :-1], levels[:, 1:])
    rise = np.maximum(levels[_LAG:] - widened[:-_LAG], 0)
    count = rise.shape[1]
    cuts = (0, count // 4, count * 2 // 3, count)
    return np.stack([rise[:, a:b].mean(1) for a, b in itertools.pairwise(cuts)], axis=1)
