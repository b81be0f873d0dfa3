"""The steps of `image.gif`: fetch side by side → scale each to the canvas → write it → forget it.

In: parameters and a context; out: a file, and its size. Stands on the other private
modules here and on the core's geometry; import it inside a task's function alone.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from PIL import Image, ImageColor

from dragon_framework import TaskContext
from dragon_framework.errors import TaskLimitError
from dragon_framework.media.geometry import Size, Turn, central_part, fit_within
from dragon_image._animation import GifWriter
from dragon_image._scaling import Plan, read_scaled
from dragon_image.gif import ImageGifParameters


def make_gif(parameters: ImageGifParameters, ctx: TaskContext, path: Path) -> Size:
    """Write the animation to *path*; return its size in pixels.

    Raises:
        UnreadableSourceError: If a source is no image, damaged, or too large.
        TaskLimitError: If the animation would have too many pixels.
    """
    count = len(parameters.images)
    canvas = _Canvas(parameters, ctx)
    with path.open("wb") as file:
        writer: GifWriter | None = None
        paths = ctx.fetch_all(parameters.images)
        for number, (url, source) in enumerate(zip(parameters.images, paths, strict=True)):
            picture = read_scaled(source, url, ctx, canvas.plan).image
            if writer is None:
                writer = GifWriter(
                    file,
                    canvas.size,
                    centiseconds=centiseconds(parameters.frame_duration),
                    loop=parameters.loop,
                )
            writer.add(canvas.with_picture(picture))
            ctx.progress(100 * (number + 1) // count)
        assert writer is not None  # the schema asks for an image
        writer.close()
    return canvas.size


def centiseconds(seconds: float) -> int:
    """Return *seconds* in hundredths, to the nearest, halves up, as the decimal number is written."""
    return int((Decimal(repr(seconds)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


class _Canvas:
    """What every frame is laid on: as large as was asked for, or as the first picture."""

    def __init__(self, parameters: ImageGifParameters, ctx: TaskContext) -> None:
        self._parameters = parameters
        self._ctx = ctx
        self._size: Size | None = None
        background = parameters.background
        self._colour = (0, 0, 0, 0) if background is None else ImageColor.getcolor(background, "RGBA")
        self._stays_transparent = background is None

    @property
    def size(self) -> Size:
        """In pixels; known when the first picture is."""
        assert self._size is not None  # `plan` comes first
        return self._size

    @property
    def plan(self) -> Callable[[Size, Turn], Plan]:
        """What becomes of a picture of a stored size that a turn shows as it was shot."""
        return self._plan

    def with_picture(self, picture: Image.Image) -> Image.Image:
        """Return *picture* in the middle of the canvas."""
        if picture.size == self.size and (self._stays_transparent or picture.mode in {"L", "RGB"}):
            return picture
        frame = Image.new("RGBA", self.size, self._colour)
        corner = (self.size[0] - picture.width) // 2, (self.size[1] - picture.height) // 2
        frame.alpha_composite(picture.convert("RGBA"), corner)
        return frame

    def _plan(self, stored: Size, turn: Turn) -> Plan:
        shown = turn.size(stored)
        if self._size is None:
            asked = self._parameters
            self._size = asked.width or shown[0], asked.height or shown[1]
            self._check()
        box = turn.size(self._size)  # the picture is cut and scaled before it is turned
        if self._parameters.crop:
            return Plan(central_part(stored, box), box, turn)
        return Plan((0, 0, *stored), fit_within(stored, box), turn)

    def _check(self) -> None:
        width, height = self.size
        count = len(self._parameters.images)
        what = f"{count} frames of {width} × {height}" if count > 1 else f"frame of {width} × {height}"
        settings = self._ctx.settings
        if width * height > settings.max_pixels:
            raise TaskLimitError(self._ctx.task_name, what, f"{settings.max_pixels} pixels a frame")
        if count * width * height > settings.max_animation_pixels:
            raise TaskLimitError(self._ctx.task_name, what, f"{settings.max_animation_pixels} pixels")
