"""Saving a thumbnail: five formats, no metadata but EXIF where it is given.

In: an sRGB image of mode L, LA, RGB or RGBA. Out: a file without comment or profile, which
every viewer takes for sRGB. Stands on Pillow and `_animation`; import it inside a task's
function alone.
"""

from pathlib import Path

from PIL import Image

from dragon_image._colour import without_alpha

_AVIF_SPEED = 8  # of 0 to 10: a twentieth of the time of 4, for a quarter more bytes


def save(image: Image.Image, path: Path, file_format: str, quality: int, exif: bytes = b"") -> None:
    """Write *image* to *path*.

    jpeg has no alpha: the picture lies on white. gif has one bit of it: pixels that are at
    least half opaque stay, in their own colour, the others are transparent; up to 256
    colours are kept exactly, more are dithered. png is lossless.

    Args:
        image: The picture; its info is emptied, for Pillow would write parts of it.
        path: Where to write it.
        file_format: jpeg, gif, png, webp or avif.
        quality: 1 to 95, for jpeg, webp and avif.
        exif: What to write of the original, if anything; a gif cannot hold it.
    """
    image.info.clear()
    if file_format == "jpeg":
        without_alpha(image).save(path, "JPEG", quality=quality, exif=exif)
    elif file_format == "gif":
        _save_gif(image, path)
    elif file_format == "png":
        image.save(path, "PNG", exif=exif)
    elif file_format == "webp":
        image.save(path, "WEBP", quality=quality, exif=exif)
    else:
        image.save(path, "AVIF", quality=quality, speed=_AVIF_SPEED, max_threads=1, exif=exif)


def _save_gif(image: Image.Image, path: Path) -> None:
    from dragon_image._animation import GifWriter  # numpy, which the other formats do not need

    with path.open("wb") as file:
        writer = GifWriter(file, image.size, centiseconds=0, loop=-1)
        writer.add(image)
        writer.close()
