"""The steps of `video.thumb`: open → find the frame → picture → play icon → saved.

Stands on the other private modules here; import it inside a task's function alone.
"""

from pathlib import Path
from typing import NamedTuple

from dragon_framework import TaskContext
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.geometry import Size
from dragon_framework.media.play_icon import with_play_icon
from dragon_framework.media.reading import open_media
from dragon_video import _pictures
from dragon_video._frames import FrameReader
from dragon_video._probe import EXPECTED, duration_of, picture_stream
from dragon_video.thumb import VideoThumbParameters


class Thumb(NamedTuple):
    """What was made; sizes in pixels, times in seconds."""

    original: Size
    size: Size
    duration: float
    time: float


def make_thumb(parameters: VideoThumbParameters, ctx: TaskContext, path: Path) -> Thumb:
    """Write the picture to *path*.

    Raises:
        UnreadableSourceError: If there is no picture in the source.
        TaskLimitError: If the picture would be too large.
    """
    width, height, crop = parameters.width, parameters.height, parameters.crop
    with open_media(ctx.open(parameters.url), parameters.url, EXPECTED) as container:
        stream = picture_stream(container, parameters.url)
        duration = duration_of(container, stream, ctx.check)
        reader = FrameReader(container, stream, ctx.check, duration=duration)
        frame = reader.at(parameters.time)
        if frame is None:
            raise UnreadableSourceError(parameters.url, EXPECTED, "none of its pictures can be decoded")
        original = _pictures.shown_size(frame, stream)
        size = _pictures.result_size(original, width=width, height=height, crop=crop)
        _pictures.check_size(ctx.task_name, "picture", size, parameters.format)
        image = _pictures.picture(frame, stream, width=width, height=height, crop=crop)
        time = max(0.0, reader.time_of(frame))
    if parameters.poster:
        image = with_play_icon(image)
    _pictures.save(image, path, parameters.format)
    return Thumb(original, image.size, duration, time)
