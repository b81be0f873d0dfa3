"""Still pictures as frames: decoded no larger than they are shown, upright, in premultiplied BGRA.

Stands on Pillow and `frames`. A JPEG is decoded at the smallest scale that is large enough.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from dragon_video.film.assets import MAX_PIXELS, PICTURE_FORMATS
from dragon_video.film.errors import InvalidImageError
from dragon_video.film.frames import Frame, premultiplied
from dragon_video.film.pictures import OVERSAMPLING, Picture, shrinking

CACHE_BYTES = 128_000_000
"""Of decoded pictures that are kept, in each process."""

_ORIENTATION = 0x0112  # EXIF 2.3, tag 274
_TURNED_BY_A_QUARTER = (5, 6, 7, 8)
"""Orientations that swap the sides."""


def oriented_size(image: Image.Image) -> tuple[int, int]:
    """Return (width, height) of an image as it is shown."""
    width, height = image.size
    return (height, width) if image.getexif().get(_ORIENTATION) in _TURNED_BY_A_QUARTER else (width, height)


def load(path: Path, width: float, height: float) -> Picture:
    """Return a picture, large enough to be shown at *width* × *height* pixels.

    Raises:
        InvalidImageError: If it cannot be decoded.
    """
    try:
        with Image.open(path, formats=PICTURE_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidImageError(f"a picture has more than {MAX_PIXELS} pixels")
            orientation = image.getexif().get(_ORIENTATION, 1)
            if image.format in {"JPEG", "MPO"}:
                sides = (height, width) if orientation in _TURNED_BY_A_QUARTER else (width, height)
                image.draft(None, tuple(max(1, round(side * OVERSAMPLING)) for side in sides))  # type: ignore[arg-type]
            upright = image if orientation == 1 else ImageOps.exif_transpose(image)
            pixels, opaque = _pixels(upright)
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidImageError("a picture is damaged or cut off") from error
    if not opaque:  # what is clear has to be multiplied in before anything is made smaller
        return Picture(premultiplied(pixels)).prepared(width, height)
    factor = shrinking(pixels.shape[1], pixels.shape[0], width, height)
    if factor < 1:
        size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    code = cv2.COLOR_GRAY2BGRA if pixels.ndim == 2 else cv2.COLOR_RGB2BGRA
    return Picture(cv2.cvtColor(pixels, code).astype(np.uint8, copy=False), opaque=True)


def _pixels(image: Image.Image) -> "tuple[np.typing.NDArray[np.uint8], bool]":
    """Return the straight pixels of an image, of eight bits, and whether nothing shines through.

    They are grey or RGB if nothing does, else BGRA.
    """
    if image.mode.startswith("I") or image.mode == "F":
        deep = np.asarray(image, dtype=np.float64)
        top = 65535.0 if deep.max(initial=0) > 255 else 255.0
        return np.clip(deep * (255 / top) + 0.5, 0, 255).astype(np.uint8), True
    if image.mode == "L" and "transparency" not in image.info:
        return np.asarray(image), True
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        return cv2.cvtColor(np.asarray(image.convert("RGBA")), cv2.COLOR_RGBA2BGRA).astype(np.uint8, copy=False), False
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), True


class Stills:
    """Keeps decoded pictures, the ones used last, as long as they fit.

    Args:
        most_bytes: How much is kept; what the last two frames showed is kept whatever its size.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Any, Picture] = OrderedDict()
        self._used: dict[Any, int] = {}
        self._bytes = 0
        self._frames = 0

    def next_frame(self) -> None:
        """Begin another frame."""
        self._frames += 1

    def drop(self, path: Path) -> None:
        """Forget the pictures of a file, unless this frame shows them."""
        for key in [key for key in self._kept if key[0] == path and self._used[key] < self._frames]:
            self._bytes -= _bytes(self._kept.pop(key))
            del self._used[key]

    def get(self, path: Path, width: float, height: float) -> Picture:
        """Return the picture at *path*, large enough for *width* × *height* pixels."""
        key = (path, round(width), round(height))
        self._used[key] = self._frames
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        picture = load(path, width, height)
        self._kept[key] = picture
        self._bytes += _bytes(picture)
        while self._bytes > self._most:
            oldest = next(iter(self._kept))
            if self._used[oldest] >= self._frames - 1:
                break
            self._bytes -= _bytes(self._kept.pop(oldest))
            del self._used[oldest]
        return picture


def _bytes(picture: Picture) -> int:
    frame: Frame = picture.pixels
    return int(frame.nbytes)
