"""Beats: onsets in three bands, a path of tempos, and the chain of beats that fits both best.

    sound, 22.05 kHz mono → strength of onsets, 100 a second → tempo for each second
    → chain of beats (dynamic programming) → seconds

Onsets: superflux (Böck and Widmer, "Maximum filter vibrato suppression for onset detection",
DAFx 2013). Chain: Ellis, "Beat tracking by dynamic programming", JNMR 36 (2007), here with a
period that changes. What is kept of a sound is its onset strength: 400 bytes a second, so that
hours take megabytes. Stands on PyAV and numpy; import it inside a task's function alone.
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragon_audio._probe import EXPECTED, first_sound
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
LEAST_SECONDS = 2.0
SLOWEST_BPM, FASTEST_BPM = 45, 220
TEMPO_WINDOW_SECONDS, TEMPO_STEP_SECONDS = 8.0, 1.0
USUAL_BPM, TEMPO_SPREAD_OCTAVES = 120.0, 0.9
"""What people tap along to: a bell over the logarithm of the tempo. It decides between octaves."""
TEMPO_CHANGE_COST = 60.0
"""Cost of a change of tempo from one second to the next, by the square of the change in octaves."""
STRONGER_BEATS = 2.0
"""If every second or third is so much stronger than those between, these are no beats but what divides them."""
BEAT_TIGHTNESS = 200.0
"""Cost of a distance that is not the period, by the square of its logarithm."""
LEAST_RISE = 0.01
"""Weaker rises are those of a coded steady tone (0.005); music at 2 % of full scale still has 0.08."""
EDGE_FRAMES = 20
_LAG = 2


def beats_of(source: Path, url: str, ctx: TaskContext) -> tuple[Array, float]:
    """Return the times of the beats of a file, and its duration, in seconds.

    Raises:
        UnreadableSourceError: If there is no sound.
    """
    parts: list[Array] = []
    samples = 0
    with open_media(source, url, EXPECTED) as container:
        stream = first_sound(container, url)
        total = (container.duration or 0) / 1e6
        tail = np.zeros((0, 0), np.float32)
        for block in _blocks(container, stream):
            samples += len(block.fresh)
            tail = _add_levels(block.frames, parts, tail)
            if total > 0:
                ctx.progress(min(90, int(90 * samples / RATE / total)))
            ctx.check()
    duration = samples / RATE
    if duration < LEAST_SECONDS or not parts:
        return np.zeros(0), duration
    bands = np.concatenate(parts)
    if bands[EDGE_FRAMES:-EDGE_FRAMES].sum(1).max(initial=0) < LEAST_RISE:
        return np.zeros(0), duration  # where a steady sound begins and ends is no beat
    strength = _strength(bands)
    return tracked(strength), duration


class _Block:
    """Some frames of windowed sound, and the samples that were new in them."""

    __slots__ = ("frames", "fresh")

    def __init__(self, frames: Array, fresh: Array) -> None:
        self.frames = frames
        self.fresh = fresh


def _blocks(container: Any, stream: Any) -> Iterator[_Block]:
    """Yield frames of `WINDOW` samples, `HOP` apart, the first one centred on the first sample."""
    import av

    resampler = av.AudioResampler("flt", "mono", RATE)
    held = np.zeros(WINDOW // 2, np.float32)
    kept: list[Array] = []
    count = 0

    def cut(held: Array, fresh: Array) -> tuple[_Block, Array]:
        frames = np.lib.stride_tricks.sliding_window_view(held, WINDOW)[::HOP]
        return _Block(frames, fresh), held[len(frames) * HOP :]

    def pieces() -> Iterator[Array]:
        for frame in decoded(container, stream):
            for piece in resampler.resample(frame):
                yield piece.to_ndarray()[0]
        for piece in resampler.resample(None):
            yield piece.to_ndarray()[0]

    for piece in pieces():
        kept.append(piece)
        count += len(piece)
        if count >= BLOCK_FRAMES * HOP:
            fresh = np.nan_to_num(np.concatenate(kept), copy=False)
            block, held = cut(np.concatenate([held, fresh]), fresh)
            yield block
            kept, count = [], 0
    fresh = np.nan_to_num(np.concatenate(kept), copy=False) if kept else np.zeros(0, np.float32)
    end = np.concatenate([held, fresh, np.zeros(WINDOW, np.float32)])
    if len(end) >= WINDOW:
        yield cut(end, fresh)[0]


@lru_cache(maxsize=1)
def _filters() -> list[tuple[int, int, Array]]:
    """Return triangular filters, 24 an octave from 30 Hz to 10 kHz, in groups: first bin, end, (bins, filters)."""
    lowest, highest, per_octave = 30.0, 10_000.0, 24
    steps = np.arange(np.floor(per_octave * np.log2(lowest / 440)), np.ceil(per_octave * np.log2(highest / 440)) + 1)
    bins = np.unique(np.round(440 * 2.0 ** (steps / per_octave) / RATE * WINDOW).astype(int))
    bins = bins[(bins > 0) & (bins < WINDOW // 2)]
    filters = np.zeros((WINDOW // 2 + 1, len(bins) - 2), np.float32)
    for number, (left, middle, right) in enumerate(zip(bins, bins[1:], bins[2:], strict=False)):
        filters[left:middle, number] = np.linspace(0, 1, middle - left, endpoint=False)
        filters[middle:right, number] = np.linspace(1, 0, right - middle, endpoint=False)
        filters[:, number] /= filters[:, number].sum()
    groups = []
    for first in range(0, filters.shape[1], per_octave):  # a filter sees a few bins: most products are with nothing
        last = min(first + per_octave, filters.shape[1])
        begin, end = int(bins[first]), int(bins[last + 1])
        groups.append((begin, end, np.ascontiguousarray(filters[begin:end, first:last])))
    return groups


def _levels(frames: Array) -> Array:
    """Return the logarithm of what each filter hears in each frame, (frames, filters)."""
    spectrum = np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)
    magnitudes = np.sqrt(spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    heard: Array = np.log10(1 + np.concatenate([magnitudes[:, a:b] @ part for a, b, part in _filters()], axis=1))
    return heard


def _add_levels(frames: Array, parts: list[Array], tail: Array) -> Array:
    """Add the rise of bass, middle and treble in *frames* to *parts*; return the levels the next block needs."""
    if not len(frames):
        return tail
    levels = np.concatenate([_levels(frames[at : at + CACHED_FRAMES]) for at in range(0, len(frames), CACHED_FRAMES)])
    before = np.concatenate([tail, levels]) if len(tail) else np.concatenate([levels[:1].repeat(_LAG, 0), levels])
    widened = before.copy()
    widened[:, 1:] = np.maximum(widened[:, 1:], before[:, :-1])
    widened[:, :-1] = np.maximum(widened[:, :-1], before[:, 1:])
    rise = np.maximum(levels - widened[: len(levels)], 0)
    count = rise.shape[1]
    cuts = (0, count // 4, count * 2 // 3, count)
    parts.append(np.stack([rise[:, a:b].mean(1) for a, b in itertools.pairwise(cuts)], axis=1))
    return before[-_LAG:]


def _strength(bands: Array) -> Array:
    """Return the strength of onsets, all bands counting the same."""
    total = np.zeros(len(bands))
    for band in bands.T:
        rise = np.maximum(band - 0.7 * _smooth(band, FRAMES_PER_SECOND), 0)
        rise = rise / (np.sqrt(_smooth(rise * rise, 4 * FRAMES_PER_SECOND)) + 0.15 * rise.std() + 1e-9)
        total += rise / (rise.std() + 1e-9)
    return total


def _smooth(values: Array, deviation: float) -> Array:
    """Return *values* smoothed by a bell of *deviation* frames."""
    reach = int(4 * deviation) + 1
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    bell /= bell.sum()
    size = 1 << (len(values) + len(bell) - 1).bit_length()
    spectrum = np.fft.rfft(values, size) * np.fft.rfft(bell, size)
    smoothed: Array = np.fft.irfft(spectrum, size)[reach : reach + len(values)]
    return smoothed


def tracked(strength: Array) -> Array:
    """Return the times of beats, in seconds, from the strength of onsets at `FRAMES_PER_SECOND`."""
    tempos, lags, step = _tempogram(strength)
    path = _tempo_path(tempos, lags)
    periods = np.interp(np.arange(len(strength)), np.arange(len(path)) * step, path)
    beats = _without_weak_between(_chain(strength, periods), strength)
    return _without_weak_ends(beats, strength) / FRAMES_PER_SECOND


def _tempogram(strength: Array) -> tuple[Array, Array, int]:
    """Return how well each distance between beats fits, (seconds, lags); the lags in frames; frames in a step."""
    window, step = int(TEMPO_WINDOW_SECONDS * FRAMES_PER_SECOND), int(TEMPO_STEP_SECONDS * FRAMES_PER_SECOND)
    shortest, longest = int(60 * FRAMES_PER_SECOND / FASTEST_BPM), int(np.ceil(60 * FRAMES_PER_SECOND / SLOWEST_BPM))
    lags = np.arange(shortest, longest + 1)
    padded = np.concatenate([np.zeros(window // 2), _smooth(strength, 1.5), np.zeros(window)])
    size = 1 << int(np.ceil(np.log2(4 * window)))
    taper = np.hanning(window)
    rows = []
    for number in range(1 + -(-len(strength) // step)):
        part = padded[number * step : number * step + window]
        part = np.pad(part, (0, window - len(part)))
        spectrum = np.fft.rfft((part - part.mean()) * taper, size)
        alike = np.fft.irfft(spectrum * spectrum.conj())
        alike = alike / (alike[0] + 1e-9)
        twice, four = (np.maximum.reduce([alike[lags * many + near] for near in (-1, 0, 1)]) for many in (2, 4))
        rows.append(alike[lags] + 0.5 * twice + 0.25 * four)
    return np.array(rows), lags, step


def _tempo_path(tempos: Array, lags: Array) -> Array:
    """Return the most plausible lag for each step (Viterbi), in frames."""
    bell = np.exp(-0.5 * (np.log2(60 * FRAMES_PER_SECOND / lags / USUAL_BPM) / TEMPO_SPREAD_OCTAVES) ** 2)
    fits = np.maximum(tempos, 0) * bell
    fits = np.log(fits / (fits.max(1, keepdims=True) + 1e-9) + 0.02)
    octaves = np.log2(lags)
    change = np.maximum(-TEMPO_CHANGE_COST * (octaves[:, None] - octaves[None]) ** 2, -6.0)
    score, came_from = fits[0], np.zeros(fits.shape, np.int16)
    for number in range(1, len(fits)):
        ways = score[:, None] + change
        came_from[number] = ways.argmax(0)
        score = ways.max(0) + fits[number]
    best = int(score.argmax())
    path = [best]
    for number in range(len(fits) - 1, 0, -1):
        best = int(came_from[number, best])
        path.append(best)
    chosen: Array = lags[np.array(path[::-1])].astype(float)
    return chosen


def _chain(strength: Array, periods: Array) -> Array:
    """Return the frames of the chain of beats with the best sum of strengths, less what uneven distances cost."""
    count = len(strength)
    smoothed = _smooth(strength, 2.0)
    smoothed = smoothed / (smoothed.std() + 1e-9)
    periods = np.round(periods, 1)
    longest, shortest = np.rint(2 * periods).astype(int), np.rint(periods / 2).astype(int) + 1
    most, least = int(longest.max()), int(shortest.min())
    distances = np.arange(most, least - 1, -1)
    logarithms = np.log(distances)
    score = np.concatenate([np.full(most, -np.inf), np.zeros(count)])  # before the first frame there is nothing
    back = np.full(count, -1)
    for start in range(0, count, least):  # within so many frames none follows on another
        frames = np.arange(start, min(start + least, count))
        near = periods[frames, None]
        ways = score[frames[:, None] + most - distances] - BEAT_TIGHTNESS * (logarithms - np.log(near)) ** 2
        ways[(distances > longest[frames, None]) | (distances < shortest[frames, None])] = -np.inf
        best = ways.argmax(1)
        gain = ways[np.arange(len(frames)), best]
        follows = gain > 0
        score[most + frames] = smoothed[frames] + np.where(follows, gain, 0)
        back[frames] = np.where(follows, frames - distances[best], -1)
    score = score[most:]
    tail = min(count, int(periods[-1] * 1.5))
    frame = count - tail + int(score[count - tail :].argmax())
    chain = []
    while frame >= 0:
        chain.append(frame)
        frame = int(back[frame])
    return np.array(chain[::-1])


def _without_weak_between(beats: Array, strength: Array) -> Array:
    """Return every second or third of the beats if the others are weak beside them."""
    near = _strength_at(beats, strength)
    for many in (2, 3):
        if len(beats) < 4 * many:
            continue
        means = np.array([near[first::many].mean() for first in range(many)])
        first = int(means.argmax())
        between = (means.sum() - means[first]) / (many - 1)
        slowest = 60 * FRAMES_PER_SECOND / (many * np.median(np.diff(beats)))
        if means[first] > STRONGER_BEATS * between and slowest > SLOWEST_BPM:
            return beats[first::many]
    return beats


def _strength_at(beats: Array, strength: Array) -> Array:
    """Return the strength of onsets around each beat."""
    return np.array([strength[max(0, beat - 3) : beat + 4].max() for beat in beats])


def _without_weak_ends(beats: Array, strength: Array) -> Array:
    """Drop the beats before the music begins and after it has faded."""
    if len(beats) <= 3:
        return beats
    near = _strength_at(beats, strength)
    strong = np.flatnonzero(near > 0.3 * np.sqrt((near**2).mean()))
    return beats[strong[0] : strong[-1] + 1] if len(strong) else beats[:0]
