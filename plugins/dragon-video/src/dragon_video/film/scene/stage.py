"""What painters paint on, and what they share: the canvas, the clock, the pictures and videos that are open.

Stands on `raster`, `stills` and `reels`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from math import ceil, sqrt
from pathlib import Path

import numpy as np

from dragon_video.film.assets import Asset
from dragon_video.film.durations import Timed
from dragon_video.film.fonts import Fonts
from dragon_video.film.frames import Frame, blank, over, plain
from dragon_video.film.matrices import Matrix, Viewport, identity
from dragon_video.film.raster import WHOLE, Part, Picture, draw
from dragon_video.film.reels import Reel
from dragon_video.film.stills import Stills


@lru_cache(maxsize=4)
def _black(width: int, height: int) -> Frame:
    return plain(width, height, (0, 0, 0, 255))


class Canvas:
    """A frame that is painted on.

    Args:
        frame: What is there so far; None for a black and opaque frame, which is made when it is looked at.
        viewport: Its size and display ratio.
        view: What the cameras make of the scene.
    """

    __slots__ = ("_empty", "_frame", "bare", "view", "viewport")

    def __init__(self, frame: Frame | None, viewport: Viewport, view: Matrix | None = None) -> None:
        self.viewport = viewport
        self.view = identity() if view is None else view
        self.bare = frame is None
        """Whether it is black and opaque, with nothing painted yet."""
        self._empty = frame is None
        self._frame: Frame = np.empty((viewport.height, viewport.width, 4), np.uint8) if frame is None else frame

    @property
    def frame(self) -> Frame:
        """What is there so far."""
        self._fill()
        return self._frame

    def _fill(self) -> None:
        if self._empty:
            np.copyto(self._frame, _black(self.viewport.width, self.viewport.height))
            self._empty = False

    def draw(self, picture: Picture, matrix: Matrix, *, alpha: float = 1.0, part: Part = WHOLE) -> None:
        """Draw a picture, carried into the scene by *matrix*, over what is there; see `raster.draw`."""
        if draw(self._frame, picture, self.view @ matrix, self.viewport, alpha=alpha, part=part, ground=self._fill):
            self._empty = False

    def layer(self, *, bare: bool = False) -> "Canvas":
        """Return a canvas of the same size and view: transparent, or black."""
        frame = None if bare else blank(self.viewport.width, self.viewport.height)
        return Canvas(frame, self.viewport, self.view)

    def add(self, frame: Frame, alpha: float = 1.0) -> None:
        """Lay a frame of the same size over what is there."""
        over(self.frame, frame, alpha)
        self.bare = False

    def replace(self, frame: Frame) -> None:
        """Take an opaque frame, which is not used elsewhere, in place of what is there."""
        self._frame, self._empty = frame, False
        self.bare = False


@dataclass(slots=True)
class Clock:
    """When something is on screen.

    Args:
        start: In seconds of the film.
        duration: In seconds.
        first: Number of the first frame.
        last: Number of the frame after the last one.
    """

    start: float
    duration: float
    first: int
    last: int

    def on(self, frame: int) -> bool:
        """Whether it is on screen in this frame: from its start, up to its end."""
        return self.first <= frame < self.last

    def progress(self, seconds: float) -> float:
        """Return how much of it has passed at a time of the film, 0 to 1."""
        if self.duration <= 0:
            return 1.0 if seconds >= self.start else 0.0
        return min(max((seconds - self.start) / self.duration, 0.0), 1.0)


MOST_ENLARGED = 6.0
MOST_SIDE = 8192  # pixels
MOST_PIXELS = 64_000_000
"""Of the canvases of overlays in overlays, together: a quarter of a gigabyte."""


@dataclass(frozen=True, slots=True)
class Space:
    """Where children are laid out.

    Args:
        aspect: Width by height as shown.
        width: In pixels of the film, at rest.
        height: In pixels of the film, at rest.
        enlarged: How many times larger it gets, at most; below 1 where there is no memory for all of it.
        room: Pixels that are left for canvases in it.
    """

    aspect: float
    width: float
    height: float
    enlarged: float = 1.0
    room: float = MOST_PIXELS

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height of a canvas of its own, in pixels, at least 1; see `fitting`."""
        sides = (round(side * self.enlarged) for side in (self.width, self.height))
        width, height = (min(MOST_SIDE, max(1, side)) for side in sides)
        return width, height

    def fitting(self) -> "Space":
        """Return this space, enlarged no more than its canvas may be: a quarter of the pixels that are left."""
        wide, high = max(1.0, self.width), max(1.0, self.height)
        most = min(sqrt(self.room / 4 / wide / high), MOST_SIDE / max(wide, high))
        fitted = replace(self, enlarged=min(self.enlarged, most))
        width, height = fitted.canvas
        return replace(fitted, room=max(1.0, self.room - width * height))

    def larger(self, times: float) -> "Space":
        """Return this space where things get so many times larger."""
        return replace(self, enlarged=min(MOST_ENLARGED, self.enlarged * times))

    def covered(self, ratio: float) -> "Space":
        """Return the space of a picture of this ratio that just covers this one."""
        width = self.width * max(1.0, ratio / self.aspect)
        return replace(self, aspect=ratio, width=width, height=self.height * max(1.0, self.aspect / ratio))


class World:
    """What all painters of a film share.

    Args:
        frame_rate: Frames per second.
        assets: Files by their keys.
        lines: Height of a frame in pixels.
        fonts: Font files by their URLs.
        font_directory: The operator's fonts; "" for none.
    """

    def __init__(
        self,
        frame_rate: Fraction,
        assets: Mapping[tuple[str, ...], Asset],
        lines: int,
        *,
        fonts: Mapping[str, Path] | None = None,
        font_directory: str = "",
    ) -> None:
        self.frame_rate = frame_rate
        self.assets = assets
        self.lines = lines
        self.fonts = fonts or {}
        self._font_directory = font_directory
        self.stills = Stills()
        self._reels: list[Reel] = []

    @cached_property
    def known_fonts(self) -> Fonts:
        """The faces that texts may ask for."""
        return Fonts(Path(self._font_directory) if self._font_directory else None)

    def seconds(self, frame: int) -> float:
        """Return when a frame is shown, in seconds of the film."""
        return float(frame / self.frame_rate)

    def clock(self, timed: Timed) -> Clock:
        """Return when a node is on screen, in frames: from its start, and not at its end."""
        return Clock(
            float(timed.start),
            float(timed.duration),
            ceil(timed.start * self.frame_rate),
            ceil(timed.end * self.frame_rate),
        )

    def reel(self, path: Path, width: float, height: float) -> Reel:
        """Return a video, open until `close`."""
        reel = Reel(path, width, height)
        self._reels.append(reel)
        return reel

    def release(self, reel: Reel) -> None:
        """Close a video before the others."""
        self._reels.remove(reel)
        reel.close()

    def close(self) -> None:
        """Close all videos."""
        while self._reels:
            self._reels.pop().close()
