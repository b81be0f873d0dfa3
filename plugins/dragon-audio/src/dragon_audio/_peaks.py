"""The least, the greatest and the mean square of the samples of each column, in one pass.

In: a sound file and a part of its time. Out: arrays of (channels, columns). The sound is
decoded piece by piece; what is kept is the columns. Stands on PyAV and numpy; import it
inside a task's function alone.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragon_framework.media.reading import decoded

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

Floats = NDArray[np.float32]

PIECE_SAMPLES = 65_536
"""So many samples of a channel are looked at together."""

FAR_SECONDS = 10.0
"""A start that is later than this is sought, where seeking is exact."""
SOUGHT_BY_GUESS = {"mp3", "aac", "ac3", "eac3", "dts", "amr", "mpeg", "mpegts"}
"""Formats without an index, in which a time after seeking is an estimate: they are decoded from the beginning."""

_SCALES = {"u8": 128.0, "s16": 32_768.0, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}


class Columns(NamedTuple):
    """What is known of each column; 1 is full scale.

    Args:
        least: Least sample, (channels, columns); 0 where there is no sound.
        greatest: Greatest sample, likewise.
        power: Mean square of the samples, likewise.
    """

    least: Floats
    greatest: Floats
    power: Floats


def columns_of(
    container: "InputContainer",
    stream: "AudioStream",
    start: float,
    end: float,
    count: int,
    on_second: Callable[[float], None],
    *,
    power: bool,
) -> Columns:
    """Return *count* columns of the sound from *start* to *end*, in seconds.

    Column i has the samples from round(rate × (start + i × (end - start) / count)) up to the next column's.

    Args:
        container: The file, at its beginning.
        stream: One of its sound streams.
        start: Where the first column begins.
        end: Where the last one ends.
        count: Number of columns.
        on_second: Told now and then which second has been reached.
        power: Whether the mean square is asked for; else it is 0.
    """
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    edges = np.rint(rate * (start + np.arange(count + 1) * ((end - start) / count))).astype(np.int64)
    least = np.full((channels, count), np.inf, np.float32)
    greatest = np.full((channels, count), -np.inf, np.float32)
    squares = np.zeros((channels, count))
    for place, piece in _pieces(container, stream, start, end):
        on_second(place / rate)
        first, last = max(place, int(edges[0])), min(place + piece.shape[1], int(edges[-1]))
        if first >= last:
            continue
        samples = piece[:, first - place : last - place]
        left = int(np.searchsorted(edges, first, "right")) - 1
        right = int(np.searchsorted(edges, last - 1, "right")) - 1
        cuts = np.maximum(edges[left : right + 1] - first, 0)
        some = np.flatnonzero(np.diff(np.append(cuts, last - first)) > 0)  # columns that are narrower than a sample
        cuts, at = cuts[some], left + some
        least[:, at] = np.minimum(least[:, at], np.minimum.reduceat(samples, cuts, axis=1))
        greatest[:, at] = np.maximum(greatest[:, at], np.maximum.reduceat(samples, cuts, axis=1))
        if power:
            squares[:, at] += np.add.reduceat(np.square(samples, dtype=np.float64), cuts, axis=1)
    silent = ~np.isfinite(least) | ~np.isfinite(greatest)  # no sound there, or samples that are no numbers
    least[silent] = greatest[silent] = 0
    widths = np.maximum(np.diff(edges), 1)
    return Columns(
        _filled(least, edges), _filled(greatest, edges), _filled((squares / widths).astype(np.float32), edges)
    )


def _filled(values: Floats, edges: NDArray[np.int64]) -> Floats:
    """Give columns that are narrower than a sample what the column before them has, the first ones what comes next."""
    empty = np.diff(edges) == 0
    if not empty.any():
        return values
    known = np.maximum.accumulate(np.where(empty, int(np.argmin(empty)), np.arange(len(empty))))
    return values[:, known]


def _pieces(
    container: "InputContainer", stream: "AudioStream", start: float, end: float
) -> Iterator[tuple[int, Floats]]:
    """Yield (place of the first sample, samples) in order: about `PIECE_SAMPLES` at a time."""
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    base = stream.time_base or Fraction(1, rate)
    origin = float((stream.start_time or 0) * base)
    if start > FAR_SECONDS and not SOUGHT_BY_GUESS & set(container.format.name.split(",")):
        container.seek(int((start - 1 + origin) / base), stream=stream, backward=True)
    place, held, kept = -1, 0, list[Floats]()
    for frame in decoded(container, stream):
        if place < 0:
            time = frame.time if frame.time is not None else origin
            place = max(0, round((time - origin) * rate))
        samples = _floats(frame.to_ndarray(), frame.format.name, len(frame.layout.channels))
        if samples.shape[0] != channels:  # a file that changes its mind
            samples = np.resize(samples, (channels, samples.shape[1]))
        kept.append(samples)
        held += samples.shape[1]
        if held >= PIECE_SAMPLES:
            yield place, np.concatenate(kept, axis=1)
            place, held = place + held, 0
            kept.clear()
            if place > end * rate:
                return
    if kept:
        yield place, np.concatenate(kept, axis=1)


def _floats(samples: "NDArray[np.generic]", kind: str, channels: int) -> Floats:
    """Return samples as (channels, samples) of -1 to 1."""
    if not kind.endswith("p"):  # packed: one row, channel after channel
        samples = samples.reshape(-1, channels).T
    scale = _SCALES[kind.removesuffix("p")]
    floats = samples.astype(np.float32, copy=False)
    if kind.startswith("u8"):
        floats = floats - 128.0
    if scale != 1.0:
        floats = floats * np.float32(1 / scale)
    return floats
