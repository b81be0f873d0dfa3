"""Transcoding with ffmpeg: which sample rates and channels a codec holds, and what came out.

Stands on the core's `media`; import it inside a task's function alone.
"""

from pathlib import Path

import ffmpeg

from dragon_audio._probe import EXPECTED, first_sound, measured, with_a_layout
from dragon_audio.convert import FORMS
from dragon_framework import TaskContext
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.ffmpeg import FfmpegError, compiled, input_of, run_ffmpeg
from dragon_framework.media.reading import open_media

_MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # ISO/IEC 11172-3, 13818-3, and MPEG-2.5
_RATES = {
    "mp3": _MPEG_RATES,
    "aac": (7350, *_MPEG_RATES, 64000, 88200, 96000),  # ISO/IEC 14496-3, table 1.18
    "opus": (8000, 12000, 16000, 24000, 48000),  # RFC 6716, 2
    "vorbis": (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000),  # libvorbis's own modes
}


def converted(source: Path, url: str, path: Path, codec: str, ctx: TaskContext) -> float:
    """Write the sound of *source* to *path*; return the duration of what was written, in seconds.

    Raises:
        UnreadableSourceError: If there is no sound, or it cannot be decoded.
        NoRoomError: If the disk is full.
    """
    with open_media(source, url, EXPECTED) as container:
        stream = first_sound(container, url)
        with_a_layout(stream, url)
        index, channels = stream.index, stream.codec_context.channels
        rate, total = stream.codec_context.sample_rate, (container.duration or 0) / 1e6
    options = dict(FORMS[codec][2])
    if codec == "mp3" and channels > 2:
        options["ac"] = "2"
    if codec in _RATES and rate not in _RATES[codec]:
        options["ar"] = str(held_rate(rate, _RATES[codec]))
    name, opened = input_of(source)
    graph = ffmpeg.input(name, **opened)[str(index)].output(f"file:{path}", map_metadata="0", vn=None, **options)

    def show(seconds: float) -> None:
        if total > 0:
            ctx.progress(min(99, int(100 * seconds / total)))

    try:
        run_ffmpeg(compiled(graph), ctx, on_seconds=show)
    except FfmpegError as error:
        raise UnreadableSourceError(url, EXPECTED, "its sound cannot be decoded") from error
    with open_media(path, url, EXPECTED) as container:
        duration, _ = measured(container, first_sound(container, url), ctx.check)
    if duration <= 0:
        raise UnreadableSourceError(url, EXPECTED, "its sound is empty")
    return duration


def held_rate(rate: int, rates: tuple[int, ...]) -> int:
    """Return the least of *rates* that loses nothing of a sound of *rate*, or the greatest there is."""
    return min((held for held in rates if held >= rate), default=max(rates))
