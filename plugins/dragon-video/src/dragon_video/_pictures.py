"""A frame of a film as a picture to look at: upright, with square pixels, in standard range sRGB.

In: PyAV's frame and what shape is wanted. Out: a Pillow image. The geometry is that of
`image.thumb`. Stands on PyAV and Pillow; import it inside a task's function alone.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from dragon_framework.errors import TaskLimitError
from dragon_framework.media.geometry import Size, Turn, central_part, scaled_to
from dragon_video._probe import HIGH_RANGE, has_alpha, mirrored

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream

MAX_PIXELS = 100_000_000
MAX_SIDES = {"jpeg": 65_500, "png": 65_535}
"""JPEG_MAX_DIMENSION of libjpeg; what a parameter may say."""

QUALITY = 85

# ISO/IEC 23091-2 (as FFmpeg numbers them)
_BT709, _UNKNOWN_MATRIX, _BT2020 = 1, 2, 9
_BT601_LINES = 576
"""Pictures of more lines are BT.709 where the file does not say, as players have it."""

_TRANSPOSED = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}


def shown_size(frame: "VideoFrame", stream: "VideoStream") -> Size:
    """Return the size of a frame on screen, in square pixels and upright."""
    return _turn(frame).size(_square(frame, stream))


def result_size(shown: Size, *, width: int | None, height: int | None, crop: bool) -> Size:
    """Return the size of the picture that is made of one shown at *shown*."""
    if crop and width is not None and height is not None:
        return width, height
    return scaled_to(shown, width=width, height=height)


def picture(
    frame: "VideoFrame",
    stream: "VideoStream",
    *,
    width: int | None = None,
    height: int | None = None,
    crop: bool = False,
    reformatter: "VideoReformatter | None" = None,
) -> Image.Image:
    """Return *frame* as an image of mode RGB or RGBA.

    Args:
        frame: The frame.
        stream: Its stream, which may know its pixel shape.
        width: Width of the image in pixels; None to follow the height.
        height: Height of the image in pixels; None to follow the width.
        crop: Whether the picture fills both, and is cut; else it fits inside them.
        reformatter: Shared by several pictures of a film, whose tables it keeps.
    """
    turn, square = _turn(frame), _square(frame, stream)
    if turn.swaps_sides:
        width, height = height, width
    if crop and width is not None and height is not None:
        box, size = central_part(square, (width, height)), (width, height)
    else:
        box, size = (0.0, 0.0, float(square[0]), float(square[1])), scaled_to(square, width=width, height=height)
    image = _in_rgb(frame, reformatter, stretch=max(size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])))
    across, down = image.width / square[0], image.height / square[1]
    box = box[0] * across, box[1] * down, box[2] * across, box[3] * down
    if image.size != size or box != (0, 0, *image.size):
        image = image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3)
    if turn.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_TRANSPOSED[turn.quarters]) if turn.quarters else image


def check_size(task_name: str, what: str, size: Size, file_format: str) -> None:
    """Raise unless a picture of *size* can be made.

    Raises:
        TaskLimitError: If it is too large.
    """
    if max(size) > MAX_SIDES[file_format]:
        raise TaskLimitError(task_name, f"{what} of {size[0]} × {size[1]}", f"{MAX_SIDES[file_format]} px a side")
    if size[0] * size[1] > MAX_PIXELS:
        raise TaskLimitError(task_name, f"{what} of {size[0]} × {size[1]}", f"{MAX_PIXELS} pixels")


def save(image: Image.Image, path: Path, file_format: str) -> None:
    """Write a picture; transparent parts are kept in a png, and lie on white in a jpeg."""
    if file_format == "png":
        image.save(path, "PNG")
        return
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    image.save(path, "JPEG", quality=QUALITY)


def _turn(frame: "VideoFrame") -> Turn:
    """Return the turn that shows a frame upright; angles between the quarters go to the nearest."""
    quarters = round(frame.rotation / 90) % 4
    if mirrored(frame):
        return Turn(mirrored=True, quarters=(quarters + 2) % 4)
    return Turn(quarters=quarters)


def _square(frame: "VideoFrame", stream: "VideoStream") -> Size:
    """Return the size of a frame with square pixels, before it is turned."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect <= 0 or aspect == 1:
        return frame.width, frame.height
    return max(1, round(frame.width * aspect)), frame.height


def _in_rgb(frame: "VideoFrame", reformatter: "VideoReformatter | None", stretch: float) -> Image.Image:
    """Return a frame in RGB(A) of eight bits, toned down where it has a high dynamic range.

    What is toned down is made smaller before, to no less than twice what *stretch* asks for.
    """
    name = frame.format.name
    alpha = has_alpha(name)
    if frame.color_trc in HIGH_RANGE:
        return _toned_down(frame, reformatter, stretch, alpha=alpha)
    options: dict[str, Any] = {"format": "rgba" if alpha else "rgb24"}
    if frame.colorspace == _UNKNOWN_MATRIX and frame.height > _BT601_LINES and name.startswith("yuv"):
        options["src_colorspace"] = _BT709
    rgb = reformatter.reformat(frame, **options) if reformatter is not None else frame.reformat(**options)
    plane = rgb.planes[0]
    mode = "RGBA" if alpha else "RGB"
    return Image.frombuffer(mode, (rgb.width, rgb.height), bytes(plane), "raw", mode, plane.line_size, 1)


def _toned_down(
    frame: "VideoFrame", reformatter: "VideoReformatter | None", stretch: float, *, alpha: bool
) -> Image.Image:
    import numpy as np

    from dragon_video._toning import toned_down

    less = min(1.0, 2 * stretch)
    options: dict[str, Any] = {
        "width": max(1, round(frame.width * less)),
        "height": max(1, round(frame.height * less)),
        "format": "rgba64le" if alpha else "rgb48le",
        "interpolation": "AREA",
    }
    if frame.colorspace == _UNKNOWN_MATRIX:
        options["src_colorspace"] = _BT2020
    rgb = reformatter.reformat(frame, **options) if reformatter is not None else frame.reformat(**options)
    plane, channels = rgb.planes[0], 4 if alpha else 3
    lines = np.frombuffer(bytes(plane), np.uint16).reshape(rgb.height, plane.line_size // 2)
    pixels = lines[:, : rgb.width * channels].reshape(rgb.height, rgb.width, channels)
    image = Image.fromarray(toned_down(pixels[..., :3], int(frame.color_trc), int(frame.color_primaries)))
    if alpha:
        image.putalpha(Image.fromarray((pixels[..., 3] >> 8).astype(np.uint8)))
    return image
