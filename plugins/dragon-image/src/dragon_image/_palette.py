"""From millions of colours to at most 256, for GIF.

A picture of few colours keeps them exactly. Of others a sample chooses the palette: an
octree (Pillow's) makes a first one, and a few rounds of Lloyd's algorithm ("Least squares
quantization in PCM", 1982) move each entry to the mean of the pixels nearest to it, and
entries that no pixel is near to the pixels worst served. In an animation one round betters
the palette of the picture before, as long as it fits. The error of each pixel is then
passed on to its neighbours (Floyd and Steinberg, 1976), so that the mean over a few
pixels, which is what the eye sees, is right.

In: an RGB image, and a mask of the pixels that count. Out: an image of indices, and
their palette. Stands on numpy and Pillow; import it inside a task's function alone.
"""

from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

COLOURS = 256
_SAMPLE = 16_384
_ROUNDS = 4
_WORSE = 1.5  # times the error of the last picture: then it is another scene

Bytes = NDArray[np.uint8]


class Indexed(NamedTuple):
    """A picture of few colours.

    Args:
        image: L or P; its values are the indices, and what they mean is in `palette` alone.
        palette: (n, 3) sRGB, one row for each index.
        clear: The index of pixels that are not drawn; None if all are.
    """

    image: Image.Image
    palette: Bytes
    clear: int | None


def exact_colours(image: Image.Image, most: int) -> Bytes | None:
    """Return the colours of an RGB *image* in the order of their numbers, (n, 3); None if they are more than *most*."""
    found = image.getcolors(most)
    if found is None:
        return None
    return np.array(sorted(colour for _, colour in found), np.uint8).reshape(-1, 3)


class Palettes:
    """Finds the palettes of pictures that follow each other.

    A palette that has to be chosen begins as the last one that was, unless that serves the
    new picture much worse than it served its own.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float64] | None = None
        self._last_error = 0.0

    def indexed(self, image: Image.Image, drawn: Image.Image | None = None, known: Bytes | None = None) -> Indexed:
        """Return *image* with at most 256 colours, one of them for what is not drawn.

        A palette that had to be chosen has 255: one number is always free.

        Args:
            image: RGB.
            drawn: L, 255 where the picture is drawn and 0 elsewhere; None for everywhere.
            known: A palette with sorted rows, used if it has every colour of the picture.
        """
        most = COLOURS if drawn is None else COLOURS - 1
        undrawn = None if drawn is None else ImageChops.invert(drawn)
        if undrawn is not None:
            image = image.copy()
            image.paste(_some_colour(image, drawn), mask=undrawn)
        palette = exact_colours(image, most)
        if palette is None:
            palette = self._chosen(image, drawn)
            if undrawn is not None:
                # No error may flow from what is not drawn into what is.
                image.paste(tuple(int(part) for part in palette[0]), mask=undrawn)
            found = image.quantize(palette=_as_palette(palette), dither=Image.Dither.FLOYDSTEINBERG)
        else:
            if known is not None and len(known) <= most and set(_numbers(palette)) <= set(_numbers(known)):
                palette = known
            # Pillow's own look-up takes colours for equal that differ by less than four.
            places = np.searchsorted(_numbers(palette), _numbers(np.asarray(image)))
            found = Image.fromarray(places.astype(np.uint8))
        if undrawn is None:
            return Indexed(found, palette, None)
        found.paste(len(palette), mask=undrawn)
        return Indexed(found, palette, len(palette))

    def _chosen(self, image: Image.Image, drawn: Image.Image | None) -> Bytes:
        """Return 255 colours for the pixels of *image* that are drawn, in the order of their numbers."""
        pixels = _sample(image, drawn)
        sample = Image.fromarray(pixels.reshape(1, -1, 3))
        palette, error = self._last, 0.0
        if palette is not None:
            palette, error = _better(palette, pixels, sample)
            if error > _WORSE * self._last_error:
                palette = None
        if palette is None:
            palette = np.zeros((COLOURS - 1, 3))
            first = sample.quantize(COLOURS - 1, Image.Quantize.FASTOCTREE).getpalette("RGB") or []
            start = np.array(first, np.float64).reshape(-1, 3)[: COLOURS - 1]
            palette[: len(start)] = start
            for _ in range(_ROUNDS):
                palette, error = _better(palette, pixels, sample)
        self._last, self._last_error = palette, error
        chosen = np.rint(palette).astype(np.uint8)
        return chosen[np.argsort(_numbers(chosen))]


def _sample(image: Image.Image, drawn: Image.Image | None) -> Bytes:
    """Return some of the pixels of *image* that are drawn, spread evenly: (n, 3)."""
    pixels = np.asarray(image).reshape(-1, 3)
    if drawn is not None:
        pixels = pixels[np.asarray(drawn).ravel() > 0]
    step = max(1, len(pixels) // _SAMPLE)
    while gcd(step, image.width) > 1:
        step += 1  # or all would lie in a few columns
    return np.ascontiguousarray(pixels[::step])


def _better(palette: NDArray[np.float64], pixels: Bytes, sample: Image.Image) -> tuple[NDArray[np.float64], float]:
    """Return *palette* after one round of Lloyd's algorithm, and the mean squared error before it."""
    count = len(palette)
    nearest = np.asarray(
        sample.quantize(palette=_as_palette(np.rint(palette).astype(np.uint8)), dither=Image.Dither.NONE)
    ).ravel()
    error = ((pixels - palette[nearest]) ** 2).sum(axis=1)
    used = np.bincount(nearest, minlength=count)
    sums = np.stack([np.bincount(nearest, weights=pixels[:, part], minlength=count) for part in range(3)], axis=1)
    moved = np.where(used[:, None] > 0, sums / np.maximum(used, 1)[:, None], palette)
    if not used.all():
        worst = np.argsort(np.bincount(nearest, weights=error, minlength=count))[::-1]
        for entry, crowded in zip(np.flatnonzero(used == 0), worst, strict=False):
            members = np.flatnonzero(nearest == crowded)
            if len(members) == 0:
                break
            moved[entry] = pixels[members[error[members].argmax()]]
    return moved, float(error.mean())


def _as_palette(palette: Bytes) -> Image.Image:
    """Return *palette* in the form that `Image.quantize` takes."""
    image = Image.new("P", (1, 1))
    image.putpalette(palette.tobytes())
    return image


def _numbers(pixels: Bytes) -> NDArray[np.int32]:
    """Return each colour of (..., 3) as one number, red first."""
    wide = pixels.astype(np.int32)
    numbers: NDArray[np.int32] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return numbers


def _some_colour(image: Image.Image, drawn: Image.Image | None) -> tuple[int, int, int]:
    """Return the colour of one pixel that is drawn; black if none is."""
    box = None if drawn is None else drawn.getbbox()
    if drawn is None or box is None:
        return 0, 0, 0
    row = np.asarray(drawn.crop((0, box[1], drawn.width, box[1] + 1)))[0]
    red, green, blue = np.asarray(image)[box[1], int(row.argmax())]
    return int(red), int(green), int(blue)
