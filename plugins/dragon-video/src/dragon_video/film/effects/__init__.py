"""The effects: where each picture of an `effect` element is at a moment.

An effect is a pure function to planes, far ones first; the renderer draws them. Stands on
`adapters` and `raster.Plane`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dragon_video.film.effects import still
from dragon_video.film.effects.shapes import Draw, Shot
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.options import Options
from dragon_video.film.raster import Plane

__all__ = ["EFFECTS", "Effect", "planes"]


class Effect(NamedTuple):
    """One type of effect.

    Args:
        draw: Makes its planes.
        most: Of the pictures that it takes; the least is 1.
        options: Names of the attributes that it reads.
    """

    draw: Draw
    most: int
    options: frozenset[str]


EFFECTS: Mapping[str, Effect] = {
    "none": Effect(still.none, 1, frozenset({"adapter"})),
    "kenburns": Effect(still.kenburns, 1, frozenset({"adapter", "direction"})),
}


def planes(
    effect: str, ratios: Sequence[float], aspect: float, progress: float, seconds: float, options: Options
) -> list[Plane]:
    """Return what an effect shows at a moment, in the order to draw it in.

    Args:
        effect: One of `EFFECTS`.
        ratios: Width by height, as shown, of each picture.
        aspect: Width by height of the frame as shown.
        progress: 0 to 1 of the time of the effect.
        seconds: Since it started.
        options: Attributes of the element; each effect names those that it reads.

    Raises:
        InvalidContentError: If there is no such effect, there are too many pictures or none, or
            an option has no meaning.
    """
    known = EFFECTS.get(effect)
    if known is None:
        raise InvalidContentError(f"effect is {effect!r}; expected one of {', '.join(EFFECTS)}")
    if not 1 <= len(ratios) <= known.most:
        expected = "1 picture" if known.most == 1 else f"1 to {known.most} pictures"
        raise InvalidContentError(f"the effect {effect} takes {expected}, got {len(ratios)}")
    shot = Shot(tuple(ratios), aspect, min(max(progress, 0.0), 1.0), max(seconds, 0.0), options)
    return known.draw(shot)
