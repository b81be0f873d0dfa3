"""What ffmpeg is told: filters that make pictures plain, and the options of the encoders.

Plain are pictures that are upright (ffmpeg turns them by itself), with square pixels and
even sides, standard range, without alpha. Stands on ffmpeg-python; import it inside a task's
function alone.
"""

from typing import Any

from dragon_framework.media.geometry import Size
from dragon_video._probe import Film
from dragon_video.convert import WINDOWS_MEDIA

PRESET = "veryfast"
MOST_FRAMES_PER_SECOND = 60

ENCODERS = {"mp2": "mp2", "mp3": "libmp3lame", "aac": "aac", "wmav1": "wmav1", "wmav2": "wmav2"}

# ISO/IEC 11172-3 and 13818-3, layer II; the second for sample rates up to 24 kHz.
_MP2_KILOBITS = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_MP2_LOW_KILOBITS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)

_LEAST_WMA_KILOBITS = 24
"""FFmpeg's encoders of both versions refuse less."""

_BT709, _UNKNOWN_MATRIX, _BT601 = 1, 2, 6  # ISO/IEC 23091-2
_BT601_LINES = 576

# PQ and HLG in BT.2020 to BT.709, diffuse white at 203 nits (ITU-R BT.2408).
_TONE_DOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("zscale", {"t": "linear", "npl": 203}),
    ("format", {"pix_fmts": "gbrpf32le"}),
    ("zscale", {"p": "bt709"}),
    ("tonemap", {"tonemap": "mobius", "desat": 0}),
    ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}),
)


def even(size: Size) -> Size:
    """Return *size* with even sides, at least 2: the nearest, and of two the lower."""
    width, height = (max(2, side - side % 2) for side in size)
    return width, height


def plain(pictures: Any, film: Film, size: Size, *, fills: bool) -> Any:
    """Return a stream of ffmpeg-python with the filters that make pictures of *size*, plain ones.

    Args:
        pictures: The video stream of an input.
        film: What the source is.
        size: Width and height in pixels, even.
        fills: Whether the pictures fill that and are cut; else they are stretched to it, by less than a pixel.
    """
    if film.interlaced:
        pictures = pictures.filter("bwdif", mode="send_frame", deint="interlaced")
    if film.alpha:
        pictures = pictures.filter("format", pix_fmts="gbrap").filter("premultiply", inplace=1)
    if film.hdr:
        for name, options in _TONE_DOWN:
            pictures = pictures.filter(name, **options)
    if film.frame_rate is not None and film.frame_rate > MOST_FRAMES_PER_SECOND:
        pictures = pictures.filter("fps", fps=MOST_FRAMES_PER_SECOND)
    width, height = size
    shown = film.shown
    if fills:
        whole = max(width, round(shown[0] * height / shown[1])), max(height, round(shown[1] * width / shown[0]))
        pictures = pictures.filter("scale", *whole, flags="bicubic").filter("crop", width, height)
    else:
        pictures = pictures.filter("scale", width, height, flags="bicubic")
    pictures = pictures.filter("setsar", 1).filter("format", pix_fmts="yuv420p")
    if (matrix := tagged_matrix(film)) is not None:
        pictures = pictures.filter("setparams", colorspace={_BT709: "bt709", _BT601: "smpte170m"}[matrix])
    return pictures


def tagged_matrix(film: Film) -> int | None:
    """Return the colour matrix to write where the source does not say: what a player would guess by its size.

    None if it does say. The size may change, and with it the guess.
    """
    if film.matrix != _UNKNOWN_MATRIX or film.hdr:
        return None
    return _BT709 if film.size[1] > _BT601_LINES else _BT601


def video_options(kilobits: int, *, crf: int | None = None, gop: int = 250) -> dict[str, Any]:
    """Return the options of the h264 encoder."""
    options: dict[str, Any] = {"c:v": "libx264", "preset": PRESET, "g": gop, "fps_mode": "vfr"}
    if crf is not None:
        return options | {"crf": crf}
    return options | {"b:v": f"{kilobits}k", "maxrate": f"{kilobits * 3 // 2}k", "bufsize": f"{kilobits * 2}k"}


def audio_options(codec: str, kilobits: int, sample_rate: int, channels: int) -> dict[str, Any]:
    """Return the options of a sound encoder for a source with so many channels."""
    if codec == "mp2":
        held: tuple[int, ...] = _MP2_LOW_KILOBITS if sample_rate <= 24000 else _MP2_KILOBITS
        # Two channels of mp2 have at least 64 kbps at these rates (ISO/IEC 11172-3, 2.4.2.3).
        held = tuple(rate for rate in held if sample_rate <= 24000 or channels == 1 or rate >= 64)
        kilobits = min(held, key=lambda rate: (abs(rate - kilobits), rate))
    elif codec in WINDOWS_MEDIA:
        kilobits = max(_LEAST_WMA_KILOBITS, kilobits)
    return {"c:a": ENCODERS[codec], "b:a": f"{kilobits}k", "ar": sample_rate, "ac": min(2, channels)}
