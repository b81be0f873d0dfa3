"""From columns to a picture, and to audiowaveform's JSON.

Stands on numpy and Pillow; import it inside a task's function alone.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from dragon_audio._peaks import Columns, columns_of
from dragon_audio._probe import EXPECTED, first_sound, measured
from dragon_audio.waveform import AudioWaveformParameters
from dragon_framework import TaskContext
from dragon_framework.errors import InvalidParametersError, UnreadableSourceError
from dragon_framework.media.reading import open_media

Floats = NDArray[np.float32]

JPEG_QUALITY = 90
THINNEST_PIXELS = 1.0


def drawn(parameters: AudioWaveformParameters, ctx: TaskContext, path: Path, numbers: Path | None) -> float:
    """Write the picture, and the peaks if *numbers* names a file; return the sound's duration in seconds.

    Raises:
        UnreadableSourceError: If there is no sound.
        InvalidParametersError: If `start` lies after its end.
    """
    source, url = ctx.fetch(parameters.url), parameters.url
    with open_media(source, url, EXPECTED) as container:
        stream = first_sound(container, url)
        duration, _ = measured(container, stream, ctx.check)
    if duration <= 0:
        raise UnreadableSourceError(url, EXPECTED, "its sound is empty")
    if parameters.start >= duration:
        problem = f"must lie before the end of the sound, which is at {duration:.2f} s, got {parameters.start:g}"
        raise InvalidParametersError(ctx.task_name, {"start": [problem]})
    end = duration if parameters.end is None else parameters.end
    length = min(end, duration) - parameters.start
    with open_media(source, url, EXPECTED) as container:
        stream = first_sound(container, url)
        rate = stream.codec_context.sample_rate
        columns = columns_of(
            container,
            stream,
            parameters.start,
            end,
            parameters.width,
            lambda second: ctx.progress(max(0, min(99, int(100 * (second - parameters.start) / length)))),
            power=parameters.mode == "rms",
        )
    if parameters.channels == "merged":
        columns = merged(columns)
    if numbers is not None:
        numbers.write_text(peaks_json(columns, rate, (end - parameters.start) / parameters.width), encoding="ascii")
    painted(columns, parameters).save(path, quality=JPEG_QUALITY)
    return duration


def merged(columns: Columns) -> Columns:
    """Return the columns of all channels together."""
    return Columns(
        columns.least.min(0, keepdims=True),
        columns.greatest.max(0, keepdims=True),
        columns.power.mean(0, keepdims=True),
    )


def painted(columns: Columns, parameters: AudioWaveformParameters) -> Image.Image:
    """Return the picture."""
    channels = columns.least.shape[0]
    if parameters.mode == "rms":
        greatest = np.sqrt(columns.power)
        least = -greatest
    else:
        least, greatest = columns.least, columns.greatest
    if parameters.bars:
        least, greatest = _in_bars(least, greatest, parameters.bars)
    top, inner = parameters.vmargin, parameters.height - 2 * parameters.vmargin
    covered = np.zeros((parameters.height, parameters.width), np.float32)
    for number in range(channels):
        middle = top + inner * (2 * number + 1) / (2 * channels)
        covered = np.maximum(
            covered, _coverage(least[number], greatest[number], middle, inner / (2 * channels), covered.shape[0])
        )
    if parameters.bars:
        gap = max(1, parameters.bars // 2)
        covered[:, np.arange(parameters.width) % (parameters.bars + gap) >= parameters.bars] = 0
    fill, ground = (
        np.array(ImageColor.getcolor(given, "RGBA"), np.float32) for given in (parameters.fill, parameters.background)
    )
    return _blended(covered, fill, ground, opaque=parameters.format == "jpeg")


def _coverage(least: Floats, greatest: Floats, middle: float, scale: float, height: int) -> Floats:
    """Return how much of each pixel lies between two curves: (height, columns), 0 to 1."""
    upper = middle - np.clip(greatest, -1, 1) * scale
    lower = middle - np.clip(least, -1, 1) * scale
    short = np.maximum(THINNEST_PIXELS - (lower - upper), 0) / 2  # silence is a line
    upper, lower = upper - short, lower + short
    rows = np.arange(height, dtype=np.float32)[:, None]
    covered: Floats = np.clip(np.minimum(lower, rows + 1) - np.maximum(upper, rows), 0, 1).astype(np.float32)
    return covered


def _in_bars(least: Floats, greatest: Floats, width: int) -> tuple[Floats, Floats]:
    """Return the curves with one value for each bar and the gap behind it."""
    step = width + max(1, width // 2)
    starts = np.arange(0, least.shape[1], step)
    which = np.arange(least.shape[1]) // step
    return np.minimum.reduceat(least, starts, axis=1)[:, which], np.maximum.reduceat(greatest, starts, axis=1)[:, which]


def _blended(covered: Floats, fill: Floats, ground: Floats, *, opaque: bool) -> Image.Image:
    """Lay *fill* over *ground* where it covers; both are RGBA of 0 to 255."""
    if opaque:
        ground = np.append(ground[:3] * ground[3] / 255 + 255 - ground[3], np.float32(255))  # on white, as paper is
    share = (covered * (fill[3] / 255))[:, :, None]
    under = (1 - share) * (ground[3] / 255)
    alpha = share + under
    colours = (share * fill[:3] + under * ground[:3]) / np.maximum(alpha, 1e-6)
    pixels = np.concatenate([colours, alpha * 255], axis=2)
    image = Image.fromarray(np.rint(pixels).astype(np.uint8), "RGBA")
    return image.convert("RGB") if opaque or (fill[3] == 255 and ground[3] == 255) else image


def peaks_json(columns: Columns, rate: int, seconds: float) -> str:
    """Return audiowaveform's JSON, version 2, of 16 bits.

    Args:
        columns: What was found.
        rate: Sample rate of the sound.
        seconds: Length of a column.
    """
    channels, length = columns.least.shape
    pairs = np.stack([columns.least, columns.greatest], axis=-1)  # channels, columns, 2
    levels = np.clip(np.rint(pairs * 32_768), -32_768, 32_767).astype(int)
    return json.dumps(
        {
            "version": 2,
            "channels": channels,
            "sample_rate": rate,
            "samples_per_pixel": max(1, round(rate * seconds)),
            "bits": 16,
            "length": length,
            "data": levels.transpose(1, 0, 2).ravel().tolist(),
        }
    )
