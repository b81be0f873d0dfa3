"""What a film is: its header, and the first picture for what only that tells (the rotation).

Stands on PyAV through the core's `media`; import it inside a task's function alone.
"""

import struct
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.fields import MAX_SIDE_PIXELS
from dragon_framework.media.geometry import Size
from dragon_framework.media.kinds import has_codec, media_type, moving_pictures
from dragon_video._display_matrix import stored_turn

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

EXPECTED = "a video file"

HIGH_RANGE = (16, 18)
"""PQ and HLG, as ISO/IEC 23091-2 numbers transfer characteristics."""

PROGRESSIVE = 1
"""AV_FIELD_PROGRESSIVE; 0 is unknown, what is above is interlaced."""

BARE = {"h264", "hevc"}
"""Formats, as FFmpeg names them, that cannot be sought in and do not say when a picture is shown."""

PALETTE = "pal8"

VARIABLE_BY = 0.02

LYING_SECONDS = 30.0
"""A header that claims so much more than the index has is not believed; the last packet may be that long."""

FIRST_PACKETS = 400
"""So many packets are looked through for a picture that can be decoded."""


class Film(NamedTuple):
    """What is told of a film.

    Sizes in pixels, as stored and as shown; durations in seconds, angles counter clockwise in degrees, bit rates in
    bits per second; the matrix of its colours as ISO/IEC 23091-2 numbers them, 2 for unknown.
    """

    content_type: str
    size: Size
    shown: Size
    duration: float
    frame_rate: float | None
    variable: bool
    alpha: bool
    rotation: float
    mirrored: bool
    audio_codec: str | None
    video_codec: str
    video_index: int
    audio_index: int | None
    audio_channels: int
    interlaced: bool
    hdr: bool
    matrix: int
    bit_rate: int | None
    streams: int


def probe(container: "InputContainer", url: str, file: IO[bytes], check: Callable[[], None]) -> Film:
    """Return what an open film is.

    Raises:
        UnreadableSourceError: If there is no video, or its size is none.
    """
    stream = picture_stream(container, url)
    context = stream.codec_context
    content_type = media_type(container, file)
    sounds = [stream for stream in container.streams.audio if has_codec(stream)]
    audio_codec = sounds[0].codec_context.codec.canonical_name if sounds else None
    turn = stored_turn(file, stream.id) if "mov" in container.format.name.split(",") else None
    # All but the turn is told by the header and what FFmpeg looks at of the stream anyway.
    unsaid = turn is None or not context.pix_fmt or context.pix_fmt == PALETTE
    frame = _first_picture(container, stream) if unsaid else None
    size = (frame.width, frame.height) if frame is not None else (context.width, context.height)
    if min(size) < 1 or max(size) > MAX_SIDE_PIXELS:
        raise UnreadableSourceError(url, EXPECTED, f"its pictures have {size[0]} × {size[1]} px")
    flipped = frame is not None and mirrored(frame)
    rotation = turn if turn is not None else 0.0 if frame is None else (frame.rotation + 180 * flipped) % 360.0
    pixel_format = context.pix_fmt or (frame.format.name if frame is not None else "")
    alpha = has_alpha(pixel_format) and (pixel_format != PALETTE or _has_clear_pixels(frame))
    return Film(
        content_type=content_type,
        size=size,
        shown=_shown(size, stream, rotation),
        duration=duration_of(container, stream, check),
        frame_rate=frame_rate_of(stream),
        variable=_is_variable(stream),
        alpha=alpha or stream.metadata.get("alpha_mode") == "1",
        rotation=round(rotation, 3),
        mirrored=flipped,
        audio_codec=audio_codec,
        video_codec=context.codec.canonical_name,
        video_index=stream.index,
        audio_index=sounds[0].index if sounds else None,
        audio_channels=sounds[0].codec_context.channels if sounds else 0,
        interlaced=int(context.field_order) > PROGRESSIVE,
        hdr=int(context.color_trc) in HIGH_RANGE,
        matrix=int(context.colorspace),
        bit_rate=container.bit_rate or None,
        streams=len(container.streams),
    )


def picture_stream(container: "InputContainer", url: str) -> "VideoStream":
    """Return the video stream that counts: the first that is no cover.

    Raises:
        UnreadableSourceError: If there is none, or nothing tells when its pictures are shown.
    """
    if container.format.name in BARE:
        hint = "a bare stream of pictures without times; put it into a container: ffmpeg -r 25 -i FILE film.mp4"
        raise UnreadableSourceError(url, EXPECTED, f"it is {hint}")
    streams = moving_pictures(container)
    if not streams:
        raise UnreadableSourceError(url, EXPECTED, "it has no video")
    return streams[0]


def frame_rate_of(stream: "VideoStream") -> float | None:
    """Return the frames per second, of a variable rate the average; None if nothing tells."""
    rate = stream.average_rate or stream.guessed_rate
    return round(float(rate), 3) if rate and 0 < rate <= 1000 else None


def _is_variable(stream: "VideoStream") -> bool:
    """Whether the pictures do not come at one rate: their average is not what most of them are apart."""
    average, base = stream.average_rate, stream.base_rate
    return bool(average and base and abs(float(average / base) - 1) > VARIABLE_BY)


def _first_picture(container: "InputContainer", stream: "VideoStream") -> "VideoFrame | None":
    """Return the first picture that can be decoded, None if it is not found soon."""
    import av

    for number, packet in enumerate(container.demux(stream)):
        if number > FIRST_PACKETS:
            return None
        try:
            for frame in packet.decode():
                return frame
        except av.FFmpegError:  # a damaged packet: players go on, too
            continue
    return None


def mirrored(frame: "VideoFrame") -> bool:
    """Whether the display matrix of a frame (ISO/IEC 14496-12, 8.3.2) mirrors it: its determinant is negative.

    FFmpeg's angle of such a frame is half a turn off: it is that of the mirrored axis.
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")  # PyAV's types have it as a dictionary, which it is not
    if matrix is None:
        return False
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    return bool(a * d < b * c)


def _has_clear_pixels(frame: "VideoFrame | None") -> bool:
    """Whether any pixel of a picture with a palette is not opaque; the unused rest of a palette often is not."""
    return frame is not None and min(bytes(frame.reformat(format="rgba").planes[0])[3::4], default=255) < 255


def has_alpha(pixel_format: str) -> bool:
    """Whether pixels of this format have an alpha channel (palettes may have a clear colour, and GIF's do)."""
    return pixel_format.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8"))


def _shown(size: Size, stream: "VideoStream", rotation: float) -> Size:
    width, height = size
    aspect = stream.sample_aspect_ratio
    if aspect is not None and aspect > 0 and aspect != 1:
        width = max(1, min(MAX_SIDE_PIXELS, round(width * aspect)))
    return (height, width) if rotation in {90.0, 270.0} else (width, height)


def duration_of(container: "InputContainer", stream: "VideoStream", check: Callable[[], None]) -> float:
    """Return the duration of the film: as the file says, else as its packets do."""
    base = float(stream.time_base or 0)
    told = container.duration / 1e6 if container.duration else 0.0
    indexed = _indexed_end(container)
    if told > 0 and (indexed is None or told <= indexed + LYING_SECONDS):
        return told
    if indexed is not None:
        return indexed
    container.seek(0)
    first, last = None, 0.0
    for number, packet in enumerate(container.demux(stream)):
        if number % 512 == 0:
            check()
        if packet.pts is None:
            continue
        first = packet.pts * base if first is None else min(first, packet.pts * base)
        last = max(last, (packet.pts + (packet.duration or 0)) * base)
    return last - (first or 0.0)


def _indexed_end(container: "InputContainer") -> float | None:
    """Return when the last packet of all begins, as the index of an mp4 tells; None where there is no such index."""
    if "mov" not in container.format.name.split(","):
        return None
    ends = []
    for stream in (*container.streams.video, *container.streams.audio):
        entries, base = stream.index_entries, float(stream.time_base or 0)
        if len(entries):
            ends.append((entries[len(entries) - 1].timestamp - (stream.start_time or 0)) * base)
    return max(ends, default=0.0) or None
