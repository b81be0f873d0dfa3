"""A picture as the analysis tasks look at it: upright, small, in sRGB, on white.

In: a fetched file and a context. Out: an image of mode L or RGB of at most so many pixels a side, and
the size of the whole picture, to which results are scaled back. A JPEG is decoded at a
fraction of its size. Stands on the other private modules here and on the core's geometry;
import it inside a task's function alone.
"""

from pathlib import Path
from typing import IO, NamedTuple

from PIL import Image

from dragon_framework import TaskContext
from dragon_framework.media.geometry import Size, Turn
from dragon_image._colour import plain, to_srgb, uninverted, without_alpha
from dragon_image._exif import read_exif, shown
from dragon_image._reading import load, open_image
from dragon_image._scaling import turned

LEAST_SIDE = 32
"""A strip is scaled less across than along: its short side keeps so many pixels, if it has them."""

_DRAFT = 0.9  # a JPEG may be decoded at a fraction that leaves so much of the size; it is enlarged by the rest
_GAP = 2.0  # whole-number reduction may come before resampling down to so many times the size


class Seen(NamedTuple):
    """A picture as it is analysed.

    Args:
        image: Its pixels, upright, of mode L or RGB.
        size: (width, height) in pixels of the whole picture as shown.
    """

    image: Image.Image
    size: Size


def look_at(path: Path, url: str, ctx: TaskContext, side: int, *, grey: bool = False, enlarge: float = 1.0) -> Seen:
    """Return the picture at *path* scaled so that its longer side has *side* pixels.

    Args:
        path: The fetched file; of an animation the first picture counts.
        url: Where it is from, for messages.
        ctx: The context of the run.
        side: Longer side of the scaled picture, in pixels.
        grey: Whether it is wanted as luma (ITU-R BT.601) alone, else as RGB.
        enlarge: A small picture grows at most by this factor.

    Raises:
        UnreadableSourceError: If it is no image, damaged, or too large.
    """
    with path.open("rb") as file:
        image, size, turn, profile = _scaled(url, ctx, file, side, grey=grey, enlarge=enlarge)
    ctx.check()
    image = without_alpha(to_srgb(image, profile)).convert("L" if grey else "RGB")
    return Seen(turned(image, turn), size)


def working_size(size: Size, side: int, enlarge: float = 1.0) -> Size:
    """Return the size at which a picture of *size* is analysed.

    Both sides are scaled by side / longer side, at most by *enlarge*, and rounded; the
    shorter one keeps at least `LEAST_SIDE` pixels, or all it has.
    """
    scale = min(side / max(size), enlarge)
    width, height = (max(round(length * scale), min(length, LEAST_SIDE), 1) for length in size)
    return width, height


def _scaled(
    url: str, ctx: TaskContext, file: IO[bytes], side: int, *, grey: bool, enlarge: float
) -> tuple[Image.Image, Size, Turn, bytes | None]:
    """Return the scaled picture, the original's size as shown, the turn still to be done, and the ICC profile."""
    max_pixels: int = ctx.settings.max_pixels
    with open_image(file, url, max_pixels) as source:
        orientation = read_exif(source).orientation
        profile = source.info.get("icc_profile")
        stored_as = source.tile[0].args if source.tile else None
        is_jpeg = source.format in {"JPEG", "MPO"}
        if is_jpeg:
            size, turn = shown(source, orientation)
            wanted = working_size(source.size, side, enlarge)
            least = max(1, int(_DRAFT * wanted[0])), max(1, int(_DRAFT * wanted[1]))
            source.draft("L" if grey and not profile else None, least)
            load(source, url, max_pixels)
        else:
            load(source, url, max_pixels)  # some formats tell their size for certain only now
            size, turn = shown(source, orientation)
            wanted = working_size(source.size, side, enlarge)
        ctx.check()
        image = plain(uninverted(source) if is_jpeg else source, stored_as)
        if image.size == wanted:
            image = image.copy()  # a plain image, in place of one that belongs to a file
        else:
            image = image.resize(wanted, Image.Resampling.BILINEAR, reducing_gap=_GAP)
    return image, size, turn, profile if isinstance(profile, bytes) else None
