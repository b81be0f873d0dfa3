"""The steps of `image.thumb`, in the order that costs least.

    open, look at the size → plan the sizes → decode (a JPEG at a fraction of its size)
    → resize what the thumbnail shows → turn → convert to sRGB → play icon → save

Resizing comes before turning and before colours, because afterwards there are few pixels
left. In: parameters and a context; out: a file, and two sizes. Stands on the other private
modules here and on the core's geometry; import it inside a task's function alone.
"""

from pathlib import Path
from typing import IO, NamedTuple

from PIL import Image, ImageFile

from dragon_framework import TaskContext
from dragon_framework.errors import TaskLimitError
from dragon_framework.fields import MAX_SIDE_PIXELS
from dragon_framework.media.geometry import Box, Size, Turn, central_part, scaled_to
from dragon_image._colour import plain, to_srgb, uninverted
from dragon_image._drawing import with_play_icon
from dragon_image._exif import read_exif, shown
from dragon_image._reading import load, open_image
from dragon_image._writing import save
from dragon_image.thumb import ImageThumbParameters

MAX_SIDES = {
    "jpeg": 65_500,  # JPEG_MAX_DIMENSION of libjpeg
    "gif": MAX_SIDE_PIXELS,
    "png": MAX_SIDE_PIXELS,
    "webp": 16_383,  # 14 bits
    "avif": MAX_SIDE_PIXELS,
}

DRAFT_GAP = 2.0
"""A JPEG is decoded at 1/2, 1/4 or 1/8 as long as it stays so many times larger than the thumbnail."""

EIGHTH_GAP = 1.4
"""As `DRAFT_GAP`, for 1/8: there libjpeg takes the mean of each block of 8 × 8 pixels, with which
thumbnails of photographs are still nearer to the ideal than Pillow's own, for two thirds of the time.
"""

REDUCING_GAP = 3.0
"""Whole-number reduction may come before resampling down to so many times the thumbnail's size."""


class Plan(NamedTuple):
    """What becomes of the decoded pixels.

    Args:
        part: The part of them that is shown, in pixels of the full size.
        size: Its size after scaling, before turning.
        turn: How it is turned then.
    """

    part: Box
    size: Size
    turn: Turn

    @property
    def result(self) -> Size:
        """Size of the thumbnail."""
        return self.turn.size(self.size)


def make_thumbnail(parameters: ImageThumbParameters, ctx: TaskContext, path: Path) -> tuple[Size, Size]:
    """Write the thumbnail to *path*; return the size of the original as shown, and of the thumbnail.

    Raises:
        UnreadableSourceError: If the source is no image, damaged, or too large.
        TaskLimitError: If the thumbnail would be too large.
    """
    with ctx.fetch(parameters.url).open("rb") as file:
        image, original, turn, profile = _scaled(parameters, ctx, file)
    image = to_srgb(_turned(image, turn), profile)
    if parameters.poster:
        image = with_play_icon(image)
    ctx.check()
    save(image, path, parameters.format, parameters.quality)
    return original, image.size


def plan_thumbnail(parameters: ImageThumbParameters, stored: Size, upright: Turn) -> Plan:
    """Return what to do with a picture of *stored* size that *upright* shows as it was shot."""
    turn = upright.then_rotated(parameters.rotation)
    width, height = parameters.width, parameters.height
    if turn.swaps_sides:  # the picture is cut and scaled before it is turned
        width, height = height, width
    if parameters.crop and width is not None and height is not None:
        return Plan(central_part(stored, (width, height)), (width, height), turn)
    return Plan((0, 0, *stored), scaled_to(stored, width=width, height=height), turn)


def _check(task_name: str, size: Size, file_format: str, max_pixels: int) -> None:
    if max(size) > MAX_SIDES[file_format]:
        raise TaskLimitError(task_name, f"thumbnail of {size[0]} × {size[1]}", f"{MAX_SIDES[file_format]} px a side")
    if size[0] * size[1] > max_pixels:
        raise TaskLimitError(task_name, f"thumbnail of {size[0]} × {size[1]}", f"{max_pixels} pixels")


def _scaled(
    parameters: ImageThumbParameters, ctx: TaskContext, file: IO[bytes]
) -> tuple[Image.Image, Size, Turn, bytes | None]:
    """Return the scaled picture, the original's size as shown, the turn still to be done, and the ICC profile.

    A function of its own, so that the original's pixels are gone when it returns.
    """
    max_pixels: int = ctx.settings.max_pixels
    with open_image(file, parameters.url, max_pixels) as source:
        orientation = read_exif(source).orientation
        profile = source.info.get("icc_profile")
        stored_as = source.tile[0].args if source.tile else None
        is_jpeg = source.format in {"JPEG", "MPO"}
        if not is_jpeg:
            load(source, parameters.url, max_pixels)  # some formats tell their size for certain only now
        original, turn = shown(source, orientation)
        plan = plan_thumbnail(parameters, source.size, turn)
        _check(ctx.task_name, plan.result, parameters.format, max_pixels)
        part = plan.part
        if is_jpeg:
            part = _draft(source, plan)
            load(source, parameters.url, max_pixels)
        ctx.check()
        image = plain(uninverted(source) if is_jpeg else source, stored_as)
        whole: Box = (0, 0, *image.size)
        if image.size == plan.size and part == whole:
            image = image.copy()  # a plain image, in place of one that belongs to a file
        else:
            image = image.resize(plan.size, Image.Resampling.LANCZOS, box=part, reducing_gap=REDUCING_GAP)
    return image, original, plan.turn, profile if isinstance(profile, bytes) else None


def _draft(source: ImageFile.ImageFile, plan: Plan) -> Box:
    """Have a JPEG decoded at a fraction of its size; return the part that is shown in its pixels."""
    width, height = source.size
    left, top, right, bottom = plan.part
    across, down = (right - left) / plan.size[0], (bottom - top) / plan.size[1]  # pixels for one of the thumbnail
    gap = EIGHTH_GAP if min(across, down) >= 8 * EIGHTH_GAP else DRAFT_GAP
    needed = (max(1, int(gap * width / across)), max(1, int(gap * height / down)))
    drafted = source.draft(None, needed)
    if drafted is None:
        return plan.part
    across, down = drafted[1][2] / width, drafted[1][3] / height  # 1, 1/2, 1/4 or 1/8
    return left * across, top * down, right * across, bottom * down


_TRANSPOSE = {
    Turn(quarters=1): Image.Transpose.ROTATE_90,
    Turn(quarters=2): Image.Transpose.ROTATE_180,
    Turn(quarters=3): Image.Transpose.ROTATE_270,
    Turn(mirrored=True): Image.Transpose.FLIP_LEFT_RIGHT,
    Turn(mirrored=True, quarters=1): Image.Transpose.TRANSPOSE,
    Turn(mirrored=True, quarters=2): Image.Transpose.FLIP_TOP_BOTTOM,
    Turn(mirrored=True, quarters=3): Image.Transpose.TRANSVERSE,
}


def _turned(image: Image.Image, turn: Turn) -> Image.Image:
    how = _TRANSPOSE.get(turn)
    return image if how is None else image.transpose(how)
