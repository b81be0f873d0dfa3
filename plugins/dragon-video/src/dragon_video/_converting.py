"""The steps of `video.convert`: probe → one ffmpeg, or two → probe what came out.

Stands on the other private modules here; import it inside a task's function alone.
"""

from pathlib import Path
from typing import Any

import ffmpeg

from dragon_framework import TaskContext
from dragon_framework.errors import TaskLimitError, UnreadableSourceError
from dragon_framework.media.ffmpeg import FfmpegError, compiled, input_of, run_ffmpeg
from dragon_framework.media.geometry import Size
from dragon_framework.media.reading import open_media
from dragon_video._encoding import audio_options, even, plain, video_options
from dragon_video._pictures import result_size
from dragon_video._probe import EXPECTED, Film, probe
from dragon_video.convert import CONTAINERS, VideoConvertParameters

MAX_SIDE = 16_384
"""The longest side that x264 takes."""


def converted(parameters: VideoConvertParameters, ctx: TaskContext, path: Path) -> tuple[Film, Film]:
    """Write the film to *path*; return what the source is, and what was made.

    Raises:
        UnreadableSourceError: If there are no pictures, or they cannot be decoded.
        TaskLimitError: If the pictures would be too large.
        NoRoomError: If the disk is full.
    """
    source = ctx.fetch(parameters.url)
    film = probed(source, parameters.url, ctx)
    size = even_size(film, ctx, width=parameters.width, height=parameters.height, crop=parameters.crop)
    fills = parameters.crop and parameters.width is not None and parameters.height is not None
    video = video_options(parameters.video_bitrate, crf=parameters.crf, gop=parameters.gop)
    kind = CONTAINERS[parameters.held_in][2]
    options: dict[str, Any] = {"f": kind, "map_metadata": 0, "dn": None, "sn": None}
    if kind in {"mp4", "mov"} and parameters.faststart:
        options["movflags"] = "+faststart"

    name, opened = input_of(source)
    given = ffmpeg.input(name, **opened, **decoder_of(film))
    streams = [plain(given[str(film.video_index)], film, size, fills=fills)]
    if film.audio_index is not None:
        streams.append(given[str(film.audio_index)])
        options |= audio_options(
            parameters.audio_codec, parameters.audio_bitrate, parameters.sample_rate, film.audio_channels
        )
    runs = [(streams, video | options, f"file:{path}")]
    if parameters.passes == 2:
        log = {"passlogfile": str(ctx.temporary_directory / "pass")}
        first = (streams[:1], video | log | {"pass": 1, "f": "null"}, "-")
        runs = [first, (streams, video | options | log | {"pass": 2}, f"file:{path}")]
    for number, (mapped, how, target) in enumerate(runs):
        try:
            run_ffmpeg(
                compiled(ffmpeg.output(*mapped, target, **how)), ctx, on_seconds=_shown(ctx, film, number, len(runs))
            )
        except FfmpegError as error:
            raise UnreadableSourceError(parameters.url, EXPECTED, "its pictures or sound cannot be decoded") from error
    return film, probed(path, parameters.url, ctx)


def probed(path: Path, url: str, ctx: TaskContext) -> Film:
    """Return what the film at *path* is.

    Raises:
        UnreadableSourceError: If it has no pictures.
    """
    with open_media(path, url, EXPECTED) as container, path.open("rb") as file:
        return probe(container, url, file, ctx.check)


def even_size(film: Film, ctx: TaskContext, *, width: int | None, height: int | None, crop: bool) -> Size:
    """Return the size of the output, in even pixels.

    Raises:
        TaskLimitError: If it is too large.
    """
    size = even(result_size(film.shown, width=width, height=height, crop=crop))
    if max(size) > MAX_SIDE:
        raise TaskLimitError(ctx.task_name, f"video of {size[0]} × {size[1]}", f"{MAX_SIDE} px a side")
    return size


def decoder_of(film: Film) -> dict[str, str]:
    """Return input options that choose a decoder: FFmpeg's own ones of VP8 and VP9 know no alpha."""
    if film.alpha and film.video_codec in {"vp8", "vp9"}:
        return {"c:v": "libvpx" if film.video_codec == "vp8" else "libvpx-vp9"}
    return {}


def _shown(ctx: TaskContext, film: Film, number: int, runs: int) -> Any:
    """Return what turns seconds of one of the runs into progress in percent."""

    def show(seconds: float) -> None:
        if film.duration > 0:
            part = min(1.0, seconds / film.duration)
            ctx.progress(min(99, int(100 * (number + part) / runs)))

    return show
