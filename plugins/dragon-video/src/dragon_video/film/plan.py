"""All that a process must know to make any frame of a film, and what makes them.

In: a `Plan`, which can be sent to other processes. Out: frames by their number. A frame is a pure function of
the plan and its number: the same bytes in whatever process it is made, and in whatever order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2

from dragon_video.film.assets import Asset
from dragon_video.film.durations import Timed
from dragon_video.film.frames import Frame
from dragon_video.film.keys import AssetKey
from dragon_video.film.matrices import Viewport
from dragon_video.film.scene import World, painted, scene


@dataclass(frozen=True)
class Plan:
    """A film that is ready to be drawn.

    Args:
        body: The film in time.
        assets: Its files.
        fonts: Font files by URL.
        width: Of a frame, in pixels.
        height: As *width*.
        aspect: Width by height as shown.
        frame_rate: Frames per second.
        font_directory: The operator's own fonts; "" for none.
    """

    body: Timed
    assets: Mapping[AssetKey, Asset]
    fonts: Mapping[str, Path]
    width: int
    height: int
    aspect: float
    frame_rate: Fraction
    font_directory: str = ""


@dataclass
class Drawing:
    """Makes frames of a film; a context manager that closes what was opened.

    Args:
        plan: The film.
    """

    plan: Plan
    _world: World = field(init=False)

    def __post_init__(self) -> None:
        cv2.setNumThreads(1)  # films are drawn by processes side by side
        plan = self.plan
        self._world = World(
            plan.frame_rate, plan.assets, plan.height, fonts=plan.fonts, font_directory=plan.font_directory
        )
        self._viewport = Viewport(plan.width, plan.height, plan.aspect)
        self._painter = scene(plan.body, self._world, self._viewport)

    def frame(self, number: int) -> Frame:
        """Return a frame, BGRA and opaque; numbers count from 0."""
        return painted(self._painter, number, self._viewport)

    def __enter__(self) -> "Drawing":
        return self

    def __exit__(self, *_: object) -> None:
        self._world.close()
