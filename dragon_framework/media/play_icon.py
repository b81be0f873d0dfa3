"""The play icon of a poster.

A white triangle on a dark disc that lets 45 % of the picture through. Lengths are parts of
the disc's diameter d, which is 2/5 of the picture's shorter side:

    triangle: equilateral, its centre of gravity in the disc's middle c,
              pointing right, corners at 0.3 d from c:
              (c + 0.3 d, c) and (c - 0.15 d, c ± 0.3 d × √3/2)

Both are drawn four times as large and reduced, which smooths their edges; the disc is
centred to half a pixel. Stands on Pillow; import it inside a task's function alone.
"""

import math

from PIL import Image, ImageChops, ImageDraw

_DIAMETER = 0.4
_CORNER = 0.3
_DISC_OPACITY = 140  # of 255
_OVERSAMPLED = 4
_MOST_PIXELS = 4096  # a side of the drawing: 16 MB


def with_play_icon(image: Image.Image) -> Image.Image:
    """Return *image*, of mode L, LA, RGB or RGBA, with the icon in its middle; it may change in place.

    One with alpha becomes RGBA.
    """
    diameter = max(1, round(_DIAMETER * min(image.size)))
    corner = (image.width - diameter) // 2, (image.height - diameter) // 2
    disc, triangle = _masks(diameter)
    if image.mode in {"LA", "RGBA"}:
        image = image.convert("RGBA")
        for mask, colour in ((disc, (0, 0, 0)), (triangle, (255, 255, 255))):
            layer = Image.new("RGBA", mask.size, colour)
            layer.putalpha(mask)
            image.alpha_composite(layer, corner)
        return image
    image.paste("black", corner, disc)
    image.paste("white", corner, triangle)
    return image


def _masks(diameter: int) -> tuple[Image.Image, Image.Image]:
    """Return the opacity of disc and triangle, 0 to 255, in squares of *diameter* pixels."""
    side = min(_OVERSAMPLED * diameter, _MOST_PIXELS)
    middle = (side - 1) / 2  # between the two middle pixels
    back, half = _CORNER * side / 2, _CORNER * side * math.sqrt(3) / 2
    disc, triangle = Image.new("L", (side, side)), Image.new("L", (side, side))
    ImageDraw.Draw(disc).ellipse((0, 0, side - 1, side - 1), fill=_DISC_OPACITY)
    ImageDraw.Draw(triangle).polygon(
        [(middle + _CORNER * side, middle), (middle - back, middle - half), (middle - back, middle + half)], fill=255
    )
    # Pillow's polygons reach a pixel further on one side.
    triangle = ImageChops.lighter(triangle, triangle.transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    size = (diameter, diameter)
    how = Image.Resampling.BOX if side > diameter else Image.Resampling.BICUBIC
    return disc.resize(size, how), triangle.resize(size, how)
