"""The steps of `video.strip`: open → frames at their times → sections → one picture.

Stands on the other private modules here; import it inside a task's function alone.
"""

import io
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from av.video.reformatter import VideoReformatter
from PIL import Image

from dragon_framework import TaskContext
from dragon_framework.errors import TaskCancelledError, UnreadableSourceError
from dragon_framework.media.geometry import Size
from dragon_framework.media.reading import open_media
from dragon_video import _pictures
from dragon_video._frames import FrameReader
from dragon_video._probe import EXPECTED, duration_of, frame_rate_of, picture_stream
from dragon_video.strip import VideoStripParameters

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LAST_FRAME = 1e7
"""A time after every frame."""

MOST_READERS = 4
"""Each has a decoder, which keeps up to 16 decoded frames (ITU-T H.264, A.3.1)."""

FEWEST_TIMES = 2
"""A reader of its own is opened for no fewer."""


class Strip(NamedTuple):
    """What was made; sizes in pixels, times in seconds."""

    frames: int
    original: Size
    size: Size
    duration: float
    frame_rate: float | None


class Shown(NamedTuple):
    """A frame of the film, as a section of the strip shows it."""

    time: int | None
    image: Image.Image


def make_strip(parameters: VideoStripParameters, ctx: TaskContext, path: Path) -> Strip:
    """Write the strip to *path*.

    Raises:
        UnreadableSourceError: If there is no picture in the source.
        TaskLimitError: If the strip would be too large.
    """
    width, height, crop = parameters.width, parameters.height, parameters.crop
    source = ctx.open(parameters.url)
    with open_media(source, parameters.url, EXPECTED) as container:
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
        sections = _Sections(ctx, stream, section, crop=crop, total=parameters.count)
        shown, last = [sections.made_of(first)], None
        end = parameters.end
        if parameters.count > 1 and (end is None or end > duration):
            last = reader.at(LAST_FRAME) or first
            end = max(parameters.start, reader.time_of(last))
        step = ((end or 0.0) - parameters.start) / max(1, parameters.count - 1)
        times = [parameters.start + step * number for number in range(1, parameters.count - (last is not None))]
        readers = _readers(source, len(times))
        if readers > 1:
            shown += _side_by_side(Path(source.name), parameters.url, times, readers, sections, duration)
        else:
            shown += [sections.made_of(frame) for time in times if (frame := reader.at(time)) is not None]
        if last is not None:
            shown.append(sections.made_of(last))
    images: dict[int | None, Image.Image] = {}
    for one in shown:
        images.setdefault(one.time, one.image)
    strip = _stitched(list(images.values()), section, columns)
    ctx.check()
    _pictures.save(strip, path, parameters.format)
    return Strip(len(images), original, strip.size, duration, frame_rate)


class _Sections:
    """Makes sections of frames, and tells how many there are; may be used from several threads."""

    def __init__(self, ctx: TaskContext, stream: "VideoStream", size: Size, *, crop: bool, total: int) -> None:
        self._ctx = ctx
        self._stream = stream
        self._size = size
        self._crop = crop
        self._total = total
        self._made: dict[int | None, Image.Image] = {}
        self._count = 0
        self._reformatters = threading.local()
        self._lock = threading.Lock()

    def made_of(self, frame: "VideoFrame") -> Shown:
        """Return *frame* as a section; one that was made before is not made again."""
        self._ctx.check()
        image = self._made.get(frame.pts) or self._image(frame)
        with self._lock:
            self._made[frame.pts] = image
            self._count += 1
            self._ctx.progress(100 * self._count // self._total)
        return Shown(frame.pts, image)

    def check(self) -> None:
        """Raise if the task is cancelled."""
        self._ctx.check()

    def _image(self, frame: "VideoFrame") -> Image.Image:
        if not hasattr(self._reformatters, "mine"):
            self._reformatters.mine = VideoReformatter()
        width, height = self._size
        image = _pictures.picture(
            frame, self._stream, width=width, height=height, crop=self._crop, reformatter=self._reformatters.mine
        )
        return _fitted(image, self._size)


def _readers(source: IO[bytes], times: int) -> int:
    """Return how many threads shall look for frames, each with a reader of its own: more than one on local files alone.

    A remote file is read in order, for its reader asks for more at a time while it is.
    """
    if not isinstance(source, io.BufferedReader):
        return 1
    return max(1, min(os.cpu_count() or 1, MOST_READERS, times // FEWEST_TIMES))


def _side_by_side(
    path: Path, url: str, times: list[float], readers: int, sections: _Sections, duration: float
) -> list[Shown]:
    """Return the sections of *times*, which are in order, with each reader at a share of them."""
    failed = threading.Event()

    def check() -> None:
        sections.check()
        if failed.is_set():
            raise TaskCancelledError

    def read(share: list[float]) -> list[Shown]:
        try:
            with path.open("rb") as file, open_media(file, url, EXPECTED) as container:
                stream = picture_stream(container, url)
                stream.codec_context.thread_count = max(1, (os.cpu_count() or 1) // readers)
                reader = FrameReader(container, stream, check, duration=duration)
                return [sections.made_of(frame) for time in share if (frame := reader.at(time)) is not None]
        except BaseException:
            failed.set()
            raise

    bounds = [len(times) * number // readers for number in range(readers + 1)]
    with ThreadPoolExecutor(readers, thread_name_prefix="strip") as threads:
        shares = [threads.submit(read, times[first:end]) for first, end in itertools.pairwise(bounds)]
        errors = [error for share in shares if (error := share.exception()) is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, TaskCancelledError)), errors[0])
        return [shown for share in shares for shown in share.result()]


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
