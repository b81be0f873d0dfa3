"""Pictures to a piece of a film: BGRA → YUV → one encoder → a file without sound, which `joining` puts together.

In: frames of a `Profile`'s size, one after another. Out: a NUT file of packets that are timed in frames of the whole
film. Everything runs on one thread, because pieces are encoded side by side. Stands on PyAV.
"""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from dragon_video.film.frames import Frame
from dragon_video.film.profiles import BT601, BT709, Profile

PIECE_FORMAT = "nut"
"""Holds all of the codecs and any frame rate exactly; MP4 has no WMV, Matroska counts in milliseconds."""

PRESET = "veryfast"
PREVIEW_PRESET = "superfast"
PREVIEW_CRF = 28

ENCODERS = {
    "h264": "libx264",
    "mpeg4": "mpeg4",
    "mpeg2": "mpeg2video",
    "mpeg1": "mpeg1video",
    "flv1": "flv",
    "wmv1": "wmv1",
    "wmv2": "wmv2",
}

THUMBNAIL_QUALITY = 90

_CRF = "18"
"""H.264 has this quality, at which little is seen of coding, or as much of it as the profile's bit rate allows.

An encoder that is told a mean bit rate begins each piece carefully: measured on pieces of 2 s at 720p it used 75 % of
the rate, and lost 3 dB after each joint. So the bit rate is a bound (over a second), reached by whatever needs it.
"""

_KEY_SECONDS = 10  # x264's 250 frames, at 25 a second

_DVD_BUFFER_BITS = 1_835_008  # the decoder's buffer of MPEG-2 MP@ML (ISO/IEC 13818-2, table 8-14), as on DVD
_DVD_KILOBITS = 9000  # DVD-Video's limit is 9800 for pictures alone
_VCD_BUFFER_BITS = 327_680  # constrained parameters (ISO/IEC 11172-2, 2.4.3.2)
_VCD_KILOBITS = 1152

_SWS_MATRIX = {BT709: Colorspace.ITU709, BT601: Colorspace.ITU601}


class Converter:
    """BGRA frames to YUV 4:2:0 of standard range, in a profile's matrix.

    Chroma is the mean of four pixels (`AREA`). Alpha is not looked at: premultiplied colour is what is over black.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._reformatter = VideoReformatter()

    def yuv(self, frame: Frame) -> VideoFrame:
        """Return a BGRA frame, (height, width, 4) uint8 of the profile's size, as YUV.

        Raises:
            ValueError: If it is of another size.
        """
        profile = self._profile
        if frame.shape != (profile.height, profile.width, 4) or frame.dtype != np.uint8:
            wanted = f"({profile.height}, {profile.width}, 4) of uint8"
            raise ValueError(f"frames of {profile.name} are arrays {wanted}, got {frame.shape} of {frame.dtype}")
        given = VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), "bgra")
        return self._reformat(given, src_color_range=ColorRange.JPEG)

    def scaled(self, frame: VideoFrame, matrix: int) -> VideoFrame:
        """Return a YUV frame, of any size and of *matrix*, in this profile's size and matrix."""
        return self._reformat(frame, src_colorspace=_SWS_MATRIX[matrix], src_color_range=ColorRange.MPEG)

    def _reformat(self, frame: VideoFrame, **source: Any) -> VideoFrame:
        return self._reformatter.reformat(
            frame,
            width=self._profile.width,
            height=self._profile.height,
            format="yuv420p",
            dst_colorspace=_SWS_MATRIX[self._profile.matrix],
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=1,
            **source,
        )


class PieceEncoder:
    """One piece of a film, or the whole of its pictures; a context manager.

    If the block is left by an exception, the file is removed.

    Args:
        path: The file to write; an ending has no meaning.
        profile: What is written.
        first: Number of its first frame in the film; a multiple of `Profile.gop`.
        preset: x264's; of no use to other codecs, which have none.
        crf: x264's constant quality, lower is better, without regard to the profile's bit rate.

    Raises:
        ValueError: If the piece begins where none may, or *crf* is given for a codec that has none.
    """

    def __init__(
        self, path: Path, profile: Profile, *, first: int = 0, preset: str = PRESET, crf: int | None = None
    ) -> None:
        if first and not profile.cuttable:
            raise ValueError(f"{profile.name} is encoded in one piece")
        if first % profile.gop:
            raise ValueError(f"pieces of {profile.name} begin at multiples of {profile.gop} frames, got {first}")
        if crf is not None and profile.video_codec != "h264":
            raise ValueError(f"{profile.name} has no constant quality: its codec is {profile.video_codec}")
        self.profile = profile
        self.frames = 0
        """How many frames are written."""
        self._path = path
        self._next = first
        self._tick = 1 / profile.frame_rate
        self._converter = Converter(profile)
        self._container = av.open(f"file:{path}", "w", format=PIECE_FORMAT)
        stream = self._container.add_stream(
            ENCODERS[profile.video_codec], rate=profile.frame_rate, options=_options(profile, preset, crf)
        )
        assert isinstance(stream, VideoStream)
        self._stream = stream
        _set_up(stream.codec_context, profile, _key_frames(profile) if crf is None else profile.gop)

    def write(self, frame: Frame) -> VideoFrame:
        """Encode the next frame, BGRA; return it as YUV, for `write_yuv` of a preview.

        Raises:
            ValueError: If it is not of the profile's size.
        """
        yuv = self._converter.yuv(frame)
        self._encode(yuv)
        return yuv

    def write_yuv(self, frame: VideoFrame, matrix: int) -> None:
        """Encode the next frame, which another encoder's `write` returned, scaled to this profile's size.

        Args:
            frame: The YUV frame.
            matrix: The matrix of the profile that it was made for.
        """
        if (frame.width, frame.height, matrix) != (self.profile.width, self.profile.height, self.profile.matrix):
            frame = self._converter.scaled(frame, matrix)
        self._encode(frame)

    def _encode(self, yuv: VideoFrame) -> None:
        yuv.pts, yuv.time_base = self._next, self._tick
        self._next += 1
        self.frames += 1
        self._container.mux(self._stream.encode(yuv))

    def __enter__(self) -> "PieceEncoder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.frames:
                self._container.mux(self._stream.encode(None))
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            self._container.close()
            if kind is not None:
                self._path.unlink(missing_ok=True)


def preview_encoder(path: Path, profile: Profile, *, first: int = 0) -> PieceEncoder:
    """Return an encoder of a preview's pictures: quick, of constant quality.

    Args:
        path: The file to write.
        profile: What `preview_of` returns.
        first: As of `PieceEncoder`.
    """
    return PieceEncoder(path, profile, first=first, preset=PREVIEW_PRESET, crf=PREVIEW_CRF)


def write_thumbnail(frame: Frame, path: Path, profile: Profile) -> tuple[int, int]:
    """Write one frame as a JPEG with square pixels; return its width and height in pixels.

    Args:
        frame: BGRA, of the profile's size; alpha is over black.
        path: The file to write.
        profile: What the film is written as.
    """
    picture = Image.fromarray(np.ascontiguousarray(frame[:, :, 2::-1]))
    width = round(profile.height * profile.display_aspect)
    if abs(width - profile.width) > 1:  # a width that was rounded to an even one is left alone
        picture = picture.resize((width, profile.height), Image.Resampling.LANCZOS)
    part = path.with_suffix(".part")
    picture.save(part, "JPEG", quality=THUMBNAIL_QUALITY, optimize=True)
    part.replace(path)  # what is there is whole
    return picture.size


def _key_frames(profile: Profile) -> int:
    """Return how many frames there are from one key picture to the next, at most.

    H.264 within a bit rate has them as rarely as x264 does by itself: one every 2 s took so many bits from the others
    that films were 8 % less sharp. Pieces begin with one all the same.
    """
    return round(_KEY_SECONDS * profile.frame_rate) if profile.video_codec == "h264" else profile.gop


def _set_up(context: VideoCodecContext, profile: Profile, gop: int) -> None:
    context.width, context.height, context.pix_fmt = profile.width, profile.height, "yuv420p"
    context.time_base = Fraction(1) / profile.frame_rate
    context.sample_aspect_ratio = profile.sample_aspect.limit_denominator(0xFFFF)
    context.gop_size = gop
    context.thread_count = 1
    context.color_range = ColorRange.MPEG
    # What the colours are: those of sRGB. They are not converted between primaries, so that is said of all codecs.
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    context.colorspace = profile.matrix
    if profile.video_codec != "h264":
        context.bit_rate = profile.video_kilobits * 1000


def _options(profile: Profile, preset: str, crf: int | None) -> dict[str, str]:
    """Return the encoder's options: how its bit rate may vary, and what keeps a piece apart from the one before it.

    Groups of pictures are closed where pieces are cut: H.264's by its option, others' for want of B pictures.
    """
    bits = profile.video_kilobits * 1000
    if profile.video_codec == "h264":
        rate = {"crf": str(crf)} if crf is not None else {"crf": _CRF, "maxrate": str(bits), "bufsize": str(bits)}
        # Without reordering an FLV begins at 0: it has no edit list to say that its first picture comes late.
        flat = {"bf": "0"} if profile.container == "flv" else {}
        # chromaloc: in the middle of four pixels, as `AREA` makes it.
        return {"preset": preset, "x264-params": "open-gop=0:chromaloc=1"} | rate | flat
    if profile.video_codec == "mpeg1" and profile.video_kilobits <= _VCD_KILOBITS:
        return {"maxrate": str(bits), "minrate": str(bits), "bufsize": str(_VCD_BUFFER_BITS), "bf": "2"}
    if profile.container == "mpg":
        most = min(bits * 3 // 2, _DVD_KILOBITS * 1000)
        return {"maxrate": str(most), "bufsize": str(_DVD_BUFFER_BITS), "bf": "2"}
    # Left to themselves these begin each piece with all that its first pictures ask for: in pieces of 2 s, 2.5 times
    # the rate. A buffer of a second, half full, keeps them to 1.2 times, and longer pieces to less.
    return {"maxrate": str(bits), "bufsize": str(bits), "rc_init_occupancy": str(bits // 2), "bf": "0"}
