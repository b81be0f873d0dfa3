"""From a file that a stranger made to pixels of the size that is asked for, upright and in sRGB.

    open, look at the size → plan the sizes → decode (a JPEG at a fraction of its size)
    → resize what is shown → turn → convert to sRGB

Resizing comes before turning and before colours, because afterwards there are few pixels
left. In: a file, and a function that plans sizes once the stored one is known. Out: an
image of mode L, LA, RGB or RGBA. Stands on the other private modules here and on the
core's geometry; import it inside a task's function alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from PIL import Image, ImageFile

from dragon_framework import TaskContext
from dragon_framework.media.geometry import Box, Size, Turn
from dragon_image._colour import plain, to_srgb, uninverted
from dragon_image._exif import kept_exif, read_exif, shown
from dragon_image._reading import load, open_image

DRAFT_GAP = 2.0
"""A JPEG is decoded at 1/2, 1/4 or 1/8 as long as it stays so many times larger than the thumbnail.

Less at 1/8 takes two thirds of the time, but is visibly worse than Pillow's own thumbnails: fine
lines at a 12th of their size keep a structural similarity of 0.957 where theirs keep 0.997.
"""

REDUCING_GAP = 3.0
"""Whole-number reduction may come before resampling down to so many times the thumbnail's size."""


Mover = Callable[[Image.Image, Box], Box]
"""Takes a picture and a box in it, and returns a better one of the same size."""


class Plan(NamedTuple):
    """What becomes of the decoded pixels.

    Args:
        part: The part of them that is shown, in pixels of the full size.
        size: Its size after scaling, before turning.
        turn: How it is turned then.
        moved: Moves the part to a better place in the decoded picture; None to leave it.
    """

    part: Box
    size: Size
    turn: Turn
    moved: Mover | None = None

    @property
    def result(self) -> Size:
        """Size of the thumbnail."""
        return self.turn.size(self.size)


Planner = Callable[[Size, Turn], Plan]
"""Makes the plan for a picture of a stored size that a turn shows as it was shot. It may raise."""


class Scaled(NamedTuple):
    """A picture as it was planned.

    Args:
        image: L, LA, RGB or RGBA; upright, turned, in sRGB.
        original: Size of the original as shown.
        exif: What the original told, made right for this picture; empty if nothing.
    """

    image: Image.Image
    original: Size
    exif: bytes


def read_scaled(path: Path, url: str, ctx: TaskContext, planned: Planner, *, with_exif: bool = False) -> Scaled:
    """Return the picture in the file at *path* as *planned*.

    Its EXIF is looked for only *with_exif*.

    Raises:
        UnreadableSourceError: If the file is no image, damaged, or too large.
    """
    with path.open("rb") as file:
        scaled, turn, profile = _scaled(file, url, ctx, planned, with_exif=with_exif)
    return scaled._replace(image=to_srgb(turned(scaled.image, turn), profile))


def _scaled(
    file: IO[bytes], url: str, ctx: TaskContext, planned: Planner, *, with_exif: bool
) -> tuple[Scaled, Turn, bytes | None]:
    """Return the scaled picture, the turn still to be done, and the ICC profile.

    A function of its own, so that the original's pixels are gone when it returns.
    """
    max_pixels: int = ctx.settings.max_pixels
    with open_image(file, url, max_pixels) as source:
        orientation = read_exif(source).orientation
        profile = source.info.get("icc_profile")
        stored_as = source.tile[0].args if source.tile else None
        is_jpeg = source.format in {"JPEG", "MPO"}
        if not is_jpeg:
            load(source, url, max_pixels)  # some formats tell their size for certain only now
        original, turn = shown(source, orientation)
        plan = planned(source.size, turn)
        part = plan.part
        if is_jpeg:
            part = _draft(source, plan)
            load(source, url, max_pixels)
        ctx.check()
        image = plain(uninverted(source) if is_jpeg else source, stored_as)
        whole: Box = (0, 0, *image.size)
        if plan.moved is not None and part != whole:
            part = plan.moved(image, part)
        if image.size == plan.size and part == whole:
            image = image.copy()  # a plain image, in place of one that belongs to a file
        else:
            image = image.resize(plan.size, Image.Resampling.LANCZOS, box=part, reducing_gap=REDUCING_GAP)
        exif = kept_exif(source, plan.result) if with_exif else b""
    return Scaled(image, original, exif), plan.turn, profile if isinstance(profile, bytes) else None


def _draft(source: ImageFile.ImageFile, plan: Plan) -> Box:
    """Have a JPEG decoded at a fraction of its size; return the part that is shown in its pixels."""
    width, height = source.size
    left, top, right, bottom = plan.part
    across, down = (right - left) / plan.size[0], (bottom - top) / plan.size[1]  # pixels for one of the thumbnail
    needed = (max(1, int(DRAFT_GAP * width / across)), max(1, int(DRAFT_GAP * height / down)))
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


def turned(image: Image.Image, turn: Turn) -> Image.Image:
    """Return *image* after *turn*."""
    how = _TRANSPOSE.get(turn)
    return image if how is None else image.transpose(how)
