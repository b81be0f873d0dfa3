"""How many pictures an animation shows, without decoding any.

In: an image that `_reading.open_image` returned. Out: a number, 1 for a still picture.
Stands on Pillow; import it inside a task's function alone.
"""

from typing import IO

from PIL import ImageFile

_CHUNK = 256 * 1024
_DECLARED = frozenset({"PNG", "WEBP", "AVIF"})


def count_frames(image: ImageFile.ImageFile) -> int:
    """Return how many frames *image* has if it is an animation (GIF, PNG, WebP, AVIF), else 1.

    Pages, layers, sizes and further views in one file are no frames. PNG, WebP and AVIF
    declare the number; a GIF is read to its end, or to where it is cut off.
    """
    if image.format == "GIF" and image.fp is not None:
        position = image.fp.tell()
        try:
            image.fp.seek(0)
            return max(1, _count_gif_frames(_Bytes(image.fp)))
        finally:
            image.fp.seek(position)
    if image.format not in _DECLARED:
        return 1
    # The first picture of a PNG need not be part of its animation.
    return max(1, int(getattr(image, "n_frames", 1)) - bool(getattr(image, "default_image", False)))


def _count_gif_frames(data: "_Bytes") -> int:
    """Count the image descriptors of a GIF (GIF89a, section 20) by walking over its blocks."""
    frames = 0
    try:
        data.skip(10)
        data.skip(_table_bytes(data.byte()) + 2)
        while True:
            kind = data.byte()
            if kind == 0x2C:
                data.skip(8)
                data.skip(_table_bytes(data.byte()) + 1)
                frames += 1
            elif kind == 0x21:
                data.skip(1)
            elif kind == 0x3B:
                return frames
            else:
                continue  # what readers pass over
            while size := data.byte():
                data.skip(size)
    except EOFError:
        return frames


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


class _Bytes:
    """Reads a file byte by byte, in large pieces."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._piece = b""
        self._at = 0

    def byte(self) -> int:
        """Return the next byte.

        Raises:
            EOFError: If there is none.
        """
        while self._at >= len(self._piece):
            self._at -= len(self._piece)
            self._piece = self._file.read(_CHUNK)
            if not self._piece:
                raise EOFError
        value = self._piece[self._at]
        self._at += 1
        return value

    def skip(self, count: int) -> None:
        """Pass over *count* bytes, which need not be there."""
        self._at += count
