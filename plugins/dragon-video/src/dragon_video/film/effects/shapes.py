"""What the effects are told, and the pieces that they are made of."""

from collections.abc import Callable
from typing import NamedTuple

from dragon_video.film.adapters import adapter
from dragon_video.film.matrices import Matrix
from dragon_video.film.options import Options, choice
from dragon_video.film.raster import Plane


class Shot(NamedTuple):
    """What an effect is told.

    Args:
        ratios: Width by height, as shown, of each picture.
        aspect: Width by height of the frame as shown.
        progress: 0 to 1 of its time.
        seconds: Since it started.
        options: Attributes of the element.
    """

    ratios: tuple[float, ...]
    aspect: float
    progress: float
    seconds: float
    options: Options


Draw = Callable[[Shot], list[Plane]]

_ADAPTERS = ("none", "fixed", "zoom", "panoramic", "kenburns", "fit")
_NAMES = (*_ADAPTERS, *(f"{name}Adapter" for name in _ADAPTERS if name != "none"))


def placed(shot: Shot, default: str, picture: int = 0, progress: float | None = None) -> Matrix:
    """Return the matrix that the element's adapter, or the one called *default*, gives a picture."""
    kind = choice(shot.options, "adapter", default, _NAMES)
    at = shot.progress if progress is None else progress
    return adapter(kind, shot.ratios[picture], shot.aspect, at, shot.options)
