"""The steps of `video.strip`: open → frames at their times → sections → one picture.

Stands on the other private modules here; import it inside a task's function alone.
"""

from pathlib import Path
from typing import NamedTuple

from av.video.reformatter import VideoReformatter
from PIL import Image

from dragon_framework import TaskContext
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.geometry import Size
from dragon_framework.media.reading import open_media
from dragon_video import _pictures
from dragon_video._frames import FrameReader
from dragon_video._probe import EXPECTED, duration_of, frame_rate_of, picture_stream
from dragon_video.strip import VideoStripParameters

LAST_FRAME = 1e7
"""A time after every frame."""


class Strip(NamedTuple):
    """What was made; sizes in pixels, times in seconds."""

    frames: int
    original: Size
    size: Size
    duration: float
    frame_rate: float | None


def make_strip(parameters: VideoStripParameters, ctx: TaskContext, path: Path) -> Strip:
    """Write the strip to *path*.

    Raises:
        UnreadableSourceError: If there is no picture in the source.
        TaskLimitError: If the strip would be too large.
    """
    width, height, crop = parameters.width, parameters.height, parameters.crop
    with open_media(ctx.open(parameters.url), parameters.url, EXPECTED) as container:
        stream = picture_stream(container, parameters.url)
        duration = duration_of(container, stream, ctx.check)
        frame_rate = frame_rate_of(stream)
        reader = FrameReader(container, stream, ctx.check, duration=duration)
        first = reader.at(parameters.start)
        if first is None:
            raise UnreadableSourceError(parameters.url, EXPECTED, "none of its pictures can be decoded")
        original = _pictures.shown_size(first, stream)
        section = _pictures.result_size(original, width=width, height=height, crop=crop)
        columns = min(parameters.wrap or parameters.count, parameters.count)
        _check(parameters, ctx, section, columns)
        end, last = parameters.end, None
        if parameters.count > 1 and (end is None or end > duration):
            last = reader.at(LAST_FRAME)
            end = max(parameters.start, reader.time_of(last or first))
        sections: list[Image.Image] = []
        reformatter = VideoReformatter()
        shown: set[int | None] = set()
        for number in range(parameters.count):
            part = number / (parameters.count - 1) if parameters.count > 1 else 0.0
            if number == 0 or (last is not None and part == 1):
                frame = last if number else first
            else:
                frame = reader.at(parameters.start + ((end or 0.0) - parameters.start) * part)
            if frame is None or frame.pts in shown:
                continue
            shown.add(frame.pts)
            image = _pictures.picture(
                frame, stream, width=section[0], height=section[1], crop=crop, reformatter=reformatter
            )
            sections.append(_fitted(image, section))
            ctx.progress(100 * (number + 1) // parameters.count)
    strip = _stitched(sections, section, columns)
    ctx.check()
    _pictures.save(strip, path, parameters.format)
    return Strip(len(sections), original, strip.size, duration, frame_rate)


def _stitched(sections: list[Image.Image], section: Size, columns: int) -> Image.Image:
    """Return the sections in lines of *columns*."""
    columns = min(columns, len(sections))
    rows = -(-len(sections) // columns)
    mode = "RGBA" if any(image.mode == "RGBA" for image in sections) else "RGB"
    strip = Image.new(mode, (columns * section[0], rows * section[1]))
    for number, image in enumerate(sections):
        strip.paste(image, (number % columns * section[0], number // columns * section[1]))
    return strip


def _check(parameters: VideoStripParameters, ctx: TaskContext, section: Size, columns: int) -> None:
    rows = -(-parameters.count // columns)
    _pictures.check_size(ctx.task_name, "strip", (columns * section[0], rows * section[1]), parameters.format)


def _fitted(image: Image.Image, section: Size) -> Image.Image:
    """Return *image* in the middle of a section; films may change their size on the way."""
    if image.size == section:
        return image
    ground = Image.new(image.mode, section)
    ground.paste(image, ((section[0] - image.width) // 2, (section[1] - image.height) // 2))
    return ground
