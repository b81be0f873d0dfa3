"""Videos in a film: the picture on screen at a time, as a frame, decoded once as the film goes forward.

Stands on the plugin's `FrameReader` and PyAV. One decoder is kept open for each place in the film that shows a video.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.reading import open_media
from dragon_video._frames import FrameReader
from dragon_video._probe import EXPECTED, HIGH_RANGE, has_alpha, mirrored, picture_stream
from dragon_video.film.frames import Frame, premultiplied
from dragon_video.film.pictures import Picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_BT709, _UNKNOWN_MATRIX = 1, 2  # ISO/IEC 23091-2
_BT601_LINES = 576
_SPARE = 1.25
"""Pixels of a video for one on the screen that are kept; more would not be seen in motion."""

_TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


class Reel:
    """One video, open.

    Args:
        path: Where it lies.
        width: How large it is shown at most, in pixels of the film.
        height: As *width*.

    Raises:
        UnreadableSourceError: If it is no video.
    """

    def __init__(self, path: Path, width: float, height: float) -> None:
        self._stack = ExitStack()
        self._size = width, height
        self._held: tuple[int | None, Picture] | None = None
        self._reformatter = VideoReformatter()
        try:
            container = self._stack.enter_context(open_media(path, path.name, EXPECTED))
            stream = picture_stream(container, path.name)
            stream.thread_type = "NONE"
            stream.codec_context.thread_count = 1
            self._half_tick = float(stream.time_base or 0) / 2
            self._reader = FrameReader(container, stream, lambda: None)
        except BaseException:
            self.close()
            raise

    def at(self, seconds: float) -> Picture:
        """Return the picture on screen at *seconds* from the first; the last one after the end.

        Raises:
            UnreadableSourceError: If none can be decoded.
        """
        frame = self._reader.at(max(0.0, seconds) + self._half_tick)
        if frame is None:
            raise UnreadableSourceError("", EXPECTED, "none of its pictures can be decoded")
        if self._held is None or self._held[0] != frame.pts or frame.pts is None:
            self._held = frame.pts, Picture(self._frame(frame))
        return self._held[1]

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def _frame(self, frame: "VideoFrame") -> Frame:
        name = frame.format.name
        options: dict[str, Any] = {"format": "bgra", "threads": 1, "interpolation": "AREA"}
        width, height = self._size
        quarters = round(frame.rotation / 90) % 4
        if quarters % 2:
            width, height = height, width
        share = max(width * _SPARE / frame.width, height * _SPARE / frame.height)
        if share < 1:
            options["width"] = max(1, round(frame.width * share))
            options["height"] = max(1, round(frame.height * share))
        if frame.color_trc in HIGH_RANGE:
            options |= {"dst_color_trc": _BT709, "dst_color_primaries": _BT709, "dst_colorspace": _BT709}
        elif frame.colorspace == _UNKNOWN_MATRIX and frame.height > _BT601_LINES and name.startswith("yuv"):
            options["src_colorspace"] = _BT709
        pixels: Frame = self._reformatter.reformat(frame, **options).to_ndarray().astype(np.uint8, copy=False)
        if mirrored(frame):
            pixels = cv2.flip(pixels, 1).astype(np.uint8, copy=False)
            quarters = (quarters + 2) % 4
        if quarters:
            pixels = cv2.rotate(pixels, _TURNS[quarters]).astype(np.uint8, copy=False)
        return premultiplied(pixels) if has_alpha(name) else pixels
