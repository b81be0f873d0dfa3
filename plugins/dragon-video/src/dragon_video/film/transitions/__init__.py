"""The transitions: one picture goes, another comes.

A `Transition` is made once for its element, keeps what does not change, such as masks, and
draws any moment in any order. Stands on `mixing` and `raster`.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import cv2

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.frames import Frame
from dragon_video.film.matrices import Viewport
from dragon_video.film.options import Options

__all__ = ["TRANSITIONS", "Transition", "transition"]


class Transition(Protocol):
    """Draws from one picture to another."""

    def draw(self, before: Frame, after: Frame, progress: float) -> Frame:
        """Return the picture at *progress*.

        Args:
            before: What leaves; as large as the viewport.
            after: What enters; likewise.
            progress: 0 shows *before*, 1 shows *after*.
        """
        ...


class Crossfade:
    """One dissolves into the other."""

    def __init__(self, options: Options, viewport: Viewport) -> None:
        pass

    def draw(self, before: Frame, after: Frame, progress: float) -> Frame:
        return cv2.addWeighted(before, 1 - progress, after, progress, 0)  # type: ignore[return-value]


TRANSITIONS: Mapping[str, Callable[[Options, Viewport], Transition]] = {
    "crossfade": Crossfade,
    "custom": Crossfade,
}


def transition(kind: str, options: Options, viewport: Viewport) -> Transition:
    """Return the transition called *kind*.

    Args:
        kind: One of `TRANSITIONS`. `custom`, which held a template of the original service, is a
            crossfade.
        options: Attributes of the element.
        viewport: Of the frames.

    Raises:
        InvalidContentError: If there is none, or an option has no meaning.
    """
    make = TRANSITIONS.get(kind)
    if make is None:
        raise InvalidContentError(f"transition is {kind!r}; expected one of {', '.join(TRANSITIONS)}")
    return make(options, viewport)
