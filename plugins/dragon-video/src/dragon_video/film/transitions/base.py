"""What every transition is: an object made for one element, that draws any moment in any order."""

from abc import ABC, abstractmethod

from dragon_video.film.frames import Frame
from dragon_video.film.matrices import Viewport
from dragon_video.film.mixing import mix
from dragon_video.film.options import Options


class Transition(ABC):
    """Draws from one picture to another; keeps what does not change, such as masks.

    Args:
        options: Attributes of the element.
        viewport: Size and display ratio of the frames.

    Raises:
        InvalidContentError: If an option that it reads has no meaning.
    """

    def __init__(self, options: Options, viewport: Viewport) -> None:
        self.viewport = viewport

    def draw(self, before: Frame, after: Frame, progress: float) -> Frame:
        """Return the picture at *progress*, in memory of its own.

        Args:
            before: What leaves; as large as the viewport.
            after: What enters; likewise.
            progress: 0 shows *before*, 1 shows *after*, to the bit.

        Raises:
            ValueError: If a picture is of another size.
        """
        expected = (self.viewport.height, self.viewport.width, 4)
        if before.shape != expected or after.shape != expected:
            raise ValueError(f"expected two frames of the shape {expected}, got {before.shape} and {after.shape}")
        if progress <= 0:
            return before.copy()
        if progress >= 1:
            return after.copy()
        return self.between(before, after, progress)

    @abstractmethod
    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        """Return the picture at a *progress* above 0 and below 1."""


class Crossfade(Transition):
    """One dissolves into the other."""

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        return mix(before, after, progress)
