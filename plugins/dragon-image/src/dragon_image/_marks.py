"""The picture that shows what an analysis found: rectangles or points, numbered.

In: a fetched picture, and what was found in its pixels. Out: the output file `shown`, a
JPEG. Marks are light with a dark edge, so that they are seen on any ground; number 1 is the
first of the result. Stands on Pillow and the other private modules here; import it inside a
task's function alone.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import ImageDraw, ImageFont

from dragon_framework import TaskContext
from dragon_image._analysis import look_at
from dragon_image._writing import save

SIDE = 1280
"""Longest side of the picture, in pixels."""

_LIGHT, _DARK = (255, 220, 0), (0, 0, 0)
_LINE = 1 / 320  # thickness by the longer side
_TEXT = 1 / 40  # height of the numbers by the longer side
_RADIUS = 1 / 60  # of the ring around a point, by the longer side
_QUALITY = 85


def show(
    path: Path,
    url: str,
    ctx: TaskContext,
    *,
    boxes: Sequence[tuple[float, float, float, float]] = (),
    points: Sequence[tuple[float, float]] = (),
) -> None:
    """Write the output file `shown`: the picture at *path* with marks.

    Args:
        path: The fetched file.
        url: Where it is from, for messages.
        ctx: The context of the run.
        boxes: (x, y, width, height) in pixels of the whole picture, in the order of their numbers.
        points: (x, y) likewise.
    """
    image, size = look_at(path, url, ctx, SIDE)
    pen = ImageDraw.Draw(image)
    longer = max(image.size)
    across, down = image.width / size[0], image.height / size[1]
    line = max(1, round(longer * _LINE))
    font = ImageFont.load_default(max(10, round(longer * _TEXT)))
    radius = max(3, round(longer * _RADIUS))
    corners: list[tuple[float, float]] = []
    for x, y, width, height in boxes:
        left, top = round(x * across), round(y * down)
        right, bottom = max(left, round((x + width) * across) - 1), max(top, round((y + height) * down) - 1)
        pen.rectangle((left, top, right, bottom), outline=_DARK, width=line + 2)
        pen.rectangle(
            (left + 1, top + 1, max(left + 1, right - 1), max(top + 1, bottom - 1)), outline=_LIGHT, width=line
        )
        corners.append((left + line + 2, top + line))
    for x, y in points:
        middle = (x + 0.5) * across, (y + 0.5) * down
        pen.circle(middle, radius + 1, outline=_DARK, width=line + 2)
        pen.circle(middle, radius, outline=_LIGHT, width=line)
        corners.append((middle[0] + radius + 2, middle[1] - radius))
    for number, (x, y) in enumerate(corners, 1):
        inside = min(x, image.width - pen.textlength(str(number), font) - line), max(y, 0)
        pen.text(inside, str(number), fill=_LIGHT, font=font, stroke_width=max(1, line // 2), stroke_fill=_DARK)
    save(image, ctx.output("shown", ".jpg"), "jpeg", _QUALITY)
