"""The steps of `video.reverse`: probe → a plain copy, where it is needed → windows backwards → one encoder.

Most films are read as they are. One that has to be turned, toned down, deinterlaced or laid on
black, and one in a container that cannot be sought in, is copied first by ffmpeg, nearly without loss,
into one that is plain and has a key picture each second.

Stands on the other private modules here; import it inside a task's function alone.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import ffmpeg

from dragon_framework import TaskContext
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.ffmpeg import FfmpegError, compiled, input_of, run_ffmpeg
from dragon_framework.media.geometry import Size
from dragon_framework.media.reading import open_media
from dragon_video._backward_sound import BackwardSound
from dragon_video._converting import decoder_of, even_size, probed
from dragon_video._encoding import ENCODERS, audio_options, plain, tagged_matrix, video_options
from dragon_video._frames import UNSAFE
from dragon_video._probe import EXPECTED, Film, picture_stream
from dragon_video._windows import LEAST_FRAMES, backwards, picture_times, windows
from dragon_video.convert import CONTAINERS
from dragon_video.reverse import VideoReverseParameters

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

WINDOW_BYTES = 200_000_000
SOUND_AHEAD_SECONDS = 0.2
PADDING_SECONDS = Fraction(1, 10)
"""Encoders fill up the last block of sound; what is that short after the last picture is left out."""


class Reversed(NamedTuple):
    """What was made; sizes in pixels, durations in seconds."""

    duration: float
    size: Size
    frames: int


def reversed_film(parameters: VideoReverseParameters, ctx: TaskContext, path: Path) -> Reversed:
    """Write the reversed film to *path*.

    Raises:
        UnreadableSourceError: If there are no pictures, or they cannot be decoded.
        TaskLimitError: If the pictures would be too large.
        NoRoomError: If the disk is full.
    """
    url = parameters.url
    source = ctx.fetch(url)
    film = probed(source, url, ctx)
    size = even_size(film, ctx, width=parameters.width, height=parameters.height, crop=False)
    share = 0.0
    if _needs_copy(source, url, film):
        source, share = _plain_copy(source, url, film, size, ctx), 0.4
        film = probed(source, url, ctx)
    with open_media(source, url, EXPECTED) as container:
        stream = picture_stream(container, url)
        times, keys = picture_times(container, stream, ctx.check)
        if not times:
            raise UnreadableSourceError(url, EXPECTED, "it has no pictures")
        base = Fraction(stream.time_base or 1)
        sound = _sound(parameters, film, source, url, float(times[0] * base), ctx)
        end = _end(stream, times, base, sound)
        stream.thread_type = "AUTO"
        cut = windows(times, keys, max(LEAST_FRAMES, int(WINDOW_BYTES / (size[0] * size[1] * 1.5))))
        kind = CONTAINERS[parameters.held_in][2]
        with av.open(f"file:{path}", "w", format=kind, options=_muxing(parameters)) as out:
            writer = _Writer(out, parameters, film, stream, size=size, ticks=end - times[0], sound=sound)
            following = end
            for frame in backwards(container, stream, cut, _kept(size), ctx.check):
                time = frame.pts or 0
                writer.write(frame, end - following)
                following = time
                ctx.progress(min(99, int(100 * (share + (1 - share) * writer.frames / len(times)))))
            writer.close()
    if not writer.frames:
        raise UnreadableSourceError(url, EXPECTED, "none of its pictures can be decoded")
    return Reversed(float((end - times[0]) * base), size, writer.frames)


def _needs_copy(source: Path, url: str, film: Film) -> bool:
    """Whether the film cannot be read backwards as it is."""
    if film.rotation or film.mirrored or film.hdr or film.alpha or film.interlaced:
        return True
    with open_media(source, url, EXPECTED) as container:
        return bool((UNSAFE - {"flv"}) & set(container.format.name.split(",")))


def _plain_copy(source: Path, url: str, film: Film, size: Size, ctx: TaskContext) -> Path:
    """Return a copy of the film with plain pictures of *size*, a key picture each second, and the sound as it is."""
    path = ctx.temporary_directory / "plain.mkv"
    name, opened = input_of(source)
    given = ffmpeg.input(name, **opened, **decoder_of(film))
    every = film._replace(frame_rate=None)  # the cap of `plain` is for convert
    streams = [plain(given[str(film.video_index)], every, size, fills=False)]
    options: dict[str, Any] = {"c:v": "libx264", "preset": "ultrafast", "crf": 12, "g": 30, "fps_mode": "vfr"}
    if film.audio_index is not None:
        streams.append(given[str(film.audio_index)])
        options |= {"c:a": "pcm_s16le"}

    def show(seconds: float) -> None:
        if film.duration > 0:
            ctx.progress(min(40, int(40 * seconds / film.duration)))

    try:
        run_ffmpeg(compiled(ffmpeg.output(*streams, f"file:{path}", f="matroska", **options)), ctx, on_seconds=show)
    except FfmpegError as error:
        raise UnreadableSourceError(url, EXPECTED, "its pictures or sound cannot be decoded") from error
    return path


def _sound(
    parameters: VideoReverseParameters, film: Film, source: Path, url: str, start: float, ctx: TaskContext
) -> BackwardSound | None:
    """Return the sound, decoded; None if there is none."""
    if film.audio_index is None:
        return None
    sound = BackwardSound(
        ctx.temporary_directory / "sound", parameters.sample_rate, max(1, min(2, film.audio_channels))
    )
    with open_media(source, url, EXPECTED) as container:
        sound.read(container, film.audio_index, start, ctx.check)
    return sound


def _end(stream: "VideoStream", times: list[int], base: Fraction, sound: BackwardSound | None) -> int:
    """Return when the film ends, in ticks of the stream: the last picture stays while there is sound."""
    rate = stream.average_rate
    step = times[-1] - times[-2] if len(times) > 1 else int(1 / (rate * base)) if rate else 1
    if rate:  # the last picture's own length is not told; the usual one is the best guess
        step = min(step, round(1 / (rate * base))) or 1
    end = times[-1] + max(1, step)
    if sound is not None:
        heard = times[0] + int(Fraction(sound.samples, sound.rate) / base)
        if heard - end > PADDING_SECONDS / base:
            end = heard
    return end


def _kept(size: Size) -> "Callable[[VideoFrame], VideoFrame]":
    """Return what makes of a picture what is kept of it: scaled, in the format of the encoder."""

    def keep(frame: "VideoFrame") -> "VideoFrame":
        if (frame.width, frame.height) == size and frame.format.name == "yuv420p":
            return frame
        return frame.reformat(*size, format="yuv420p", interpolation="BICUBIC")

    return keep


def _muxing(parameters: VideoReverseParameters) -> dict[str, str]:
    return {"movflags": "+faststart"} if parameters.held_in == "mp4" else {}


class _Writer:
    """Encodes pictures and, a little ahead of them, the sound."""

    def __init__(
        self,
        out: "OutputContainer",
        parameters: VideoReverseParameters,
        film: Film,
        source: "VideoStream",
        *,
        size: Size,
        ticks: int,
        sound: BackwardSound | None,
    ) -> None:
        self._out = out
        self._base = Fraction(source.time_base or 1)
        self.frames = 0
        how = video_options(parameters.video_bitrate)
        options = {name: str(how[name]) for name in ("preset", "g", "maxrate", "bufsize")}
        video: Any = out.add_stream("libx264", rate=source.average_rate or 25, options=options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.bit_rate = parameters.video_bitrate * 1000
        video.time_base = video.codec_context.time_base = self._base
        if (matrix := tagged_matrix(film)) is not None:
            video.codec_context.colorspace = matrix
        self._video = video
        self._audio: AudioStream | None = None
        self._blocks: Iterator[AudioFrame] = iter(())
        self._sounded = 0.0
        if sound is not None:
            self._rate = sound.rate
            channels = 1 if sound.layout == "mono" else 2
            told = audio_options(parameters.audio_codec, parameters.audio_bitrate, sound.rate, channels)
            audio: Any = out.add_stream(ENCODERS[parameters.audio_codec], rate=sound.rate, layout=sound.layout)
            audio.bit_rate = int(told["b:a"].removesuffix("k")) * 1000
            self._audio = audio
            self._blocks = sound.backwards(int(ticks * self._base * sound.rate))

    def write(self, frame: "VideoFrame", time: int) -> None:
        """Encode a picture that comes on screen at *time*, in ticks."""
        frame.pts, frame.time_base, frame.pict_type = time, self._base, 0
        self._sound_until(float(time * self._base) + SOUND_AHEAD_SECONDS)
        self._out.mux(self._video.encode(frame))
        self.frames += 1

    def close(self) -> None:
        """Encode what is left."""
        self._sound_until(float("inf"))
        self._out.mux(self._video.encode(None))
        if self._audio is not None:
            self._out.mux(self._audio.encode(None))

    def _sound_until(self, seconds: float) -> None:
        while self._audio is not None and self._sounded < seconds:
            block = next(self._blocks, None)
            if block is None:
                return
            self._sounded = ((block.pts or 0) + block.samples) / self._rate
            self._out.mux(self._audio.encode(block))
