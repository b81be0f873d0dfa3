"""A filter at its place in the film: when it acts, with which values, on what.

Stands on `filters` and `animators`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dragon_video.film.animators import Keys
from dragon_video.film.errors import FilmError, Problem
from dragon_video.film.filters import FILTERS, Moment
from dragon_video.film.frames import Frame
from dragon_video.film.scene.stage import Clock

Children = Callable[[int], Sequence[Frame]]
"""Makes the pictures inside a filter for a frame of the film."""


class FilterUse:
    """One filter of the film.

    Args:
        kind: Its type.
        values: Its attributes.
        clock: When it acts.
        seed: Number of its node.
        keys: Its animators: keys, the mode between them, and when they began.
        inside: The filters inside it, which act first.
        children: Makes the pictures inside it.
        problem: Gives a message the place of the filter's node.
    """

    def __init__(
        self,
        kind: str,
        values: dict[str, Any],
        clock: Clock,
        seed: int,
        *,
        keys: Sequence[tuple[Keys, str, float]] = (),
        inside: Sequence["FilterUse"] = (),
        children: Children | None = None,
        problem: Callable[[str], Problem] | None = None,
    ) -> None:
        self.kind = kind
        self.clock = clock
        self._values = values
        self._keys = keys
        self._seed = seed
        self._inside = inside
        self._children = children
        self._problem = problem
        self._filter = FILTERS.get(kind)

    @property
    def still(self) -> bool:
        """Whether it does the same to a picture in every frame in which it acts."""
        moving = self._filter is not None and self._filter.moving
        timed = self.kind in {"alpha", "grow"} or bool(self._keys) or self._children is not None
        return not (moving or timed) and all(one.still for one in self._inside)

    def values(self, seconds: float) -> dict[str, Any]:
        """Return its attributes at a time of the film."""
        values = self._values
        for keys, mode, start in self._keys:
            values = values | keys.values(seconds - start, mode)
        return values

    def alpha(self, seconds: float) -> float:
        """Return the opacity that a filter of the kind `alpha` gives."""
        values, progress = self.values(seconds), self.clock.progress(seconds)
        start, end = values.get("alphaStart", 1.0), values.get("alphaEnd", 1.0)
        return float(min(max(start + (end - start) * progress, 0.0), 1.0))

    def apply(
        self, picture: Frame, frame: int, seconds: float, *, aspect: float, lines: float, rendered: bool
    ) -> Frame:
        """Return *picture* as the filter makes it.

        Args:
            picture: Not changed.
            frame: Number of the frame.
            seconds: When that is.
            aspect: Display ratio of the film.
            lines: Height of the film's frame, in pixels of the picture.
            rendered: Whether the picture is a frame of the film.
        """
        for one in self._inside:
            if one.clock.on(frame):
                picture = one.apply(picture, frame, seconds, aspect=aspect, lines=lines, rendered=rendered)
        if self._filter is None:
            return picture
        moment = Moment(
            progress=self.clock.progress(seconds),
            seconds=max(0.0, seconds - self.clock.start),
            frame=frame,
            seed=self._seed,
            aspect=aspect,
            lines=lines,
            children=self._children(frame) if self._children is not None else (),
            rendered=rendered,
        )
        try:
            return self._filter.apply(picture, self.values(seconds), moment)
        except FilmError as error:
            if self._problem is None:
                raise
            problems = [one if one.line else self._problem(one.message) for one in error.problems]
            raise type(error)(problems) from error
