"""Saving a thumbnail: five formats, no metadata.

In: an sRGB image of mode L, LA, RGB or RGBA. Out: a file without EXIF, position, comment
or profile, which every viewer takes for sRGB. Stands on Pillow; import it inside a task's
function alone.
"""

from pathlib import Path

from PIL import Image

from dragon_image._colour import without_alpha

_OPAQUE = 128  # alpha from here on is opaque in a GIF
_COLOURS = 256
_AVIF_SPEED = 8  # of 0 to 10: a twentieth of the time of 4, for a quarter more bytes


def save(image: Image.Image, path: Path, file_format: str, quality: int) -> None:
    """Write *image* to *path*.

    jpeg has no alpha: the picture lies on white. gif has one bit of it: pixels that are at
    least half opaque stay, in their own colour, the others are transparent; up to 256
    colours are kept exactly, more are dithered. png is lossless.

    Args:
        image: The picture; its info is emptied, for Pillow would write parts of it.
        path: Where to write it.
        file_format: jpeg, gif, png, webp or avif.
        quality: 1 to 95, for jpeg, webp and avif.
    """
    image.info.clear()
    if file_format == "jpeg":
        without_alpha(image).save(path, "JPEG", quality=quality)
    elif file_format == "gif":
        _save_gif(image, path)
    elif file_format == "png":
        image.save(path, "PNG")
    elif file_format == "webp":
        image.save(path, "WEBP", quality=quality)
    else:
        image.save(path, "AVIF", quality=quality, speed=_AVIF_SPEED, max_threads=1)


def _save_gif(image: Image.Image, path: Path) -> None:
    colour = image.convert("RGB")
    if image.mode not in {"LA", "RGBA"}:
        _indexed(colour, _COLOURS).save(path, "GIF", optimize=False)
        return
    clear = image.getchannel("A").point([255 if alpha < _OPAQUE else 0 for alpha in range(256)])
    colour.paste("black", mask=clear)  # one colour, so that none of the palette is spent on what nobody sees
    indexed = _indexed(colour, _COLOURS - 1)
    indexed.paste(_COLOURS - 1, mask=clear)
    indexed.save(path, "GIF", optimize=False, transparency=_COLOURS - 1)


def _indexed(image: Image.Image, colours: int) -> Image.Image:
    """Return an RGB image with a palette of at most *colours*."""
    used = image.getcolors(colours)
    if used is None:
        # An octree with error diffusion: better to the eye than median cut, and many times faster.
        palette = image.quantize(colours, Image.Quantize.FASTOCTREE)
        return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    palette = Image.new("P", (1, 1))
    values = [part for _, colour in used for part in colour]  # type: ignore[union-attr]  # of RGB: three numbers
    palette.putpalette(values)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
