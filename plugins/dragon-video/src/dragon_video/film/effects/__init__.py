"""The effects: where each picture of an `effect` element is at a moment.

An effect is a pure function to planes, far ones first; the renderer draws them. Stands on
`adapters` and `raster.Plane`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from dragon_video.film.effects import pieces, visits, whole
from dragon_video.film.effects.shapes import Draw, Shot
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.matrices import Matrix, scale, translate
from dragon_video.film.options import Options, choice, flag
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


_COMMON = frozenset({"adapter", "cameramove", "depthEnable"})

EFFECTS: Mapping[str, Effect] = {
    "none": Effect(whole.none, 1, _COMMON),
    "kenburns": Effect(whole.kenburns, 1, _COMMON | {"direction"}),
    "panel": Effect(pieces.panel, 1, _COMMON),
    "flower": Effect(pieces.flower, 1, _COMMON),
    "explode": Effect(pieces.explode, 1, _COMMON),
    "slice": Effect(pieces.slices, 1, _COMMON),
    "rectangles": Effect(pieces.rectangles, 1, _COMMON | {"filterType"}),
    "diving": Effect(visits.diving, 100, _COMMON),
    "rotator": Effect(visits.rotator, 100, _COMMON | {"direction"}),
    "sliding": Effect(visits.sliding, 100, _COMMON | {"direction"}),
    "square": Effect(visits.square, 100, _COMMON),
}

_CAMERA_MOVES = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}
_CAMERA_PATH = 0.04  # of half the frame, to each side


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
    drawn = known.draw(shot)
    if flag(options, "depthEnable", default=True):
        drawn.sort(key=lambda plane: round(float(plane.matrix[2, 3]), 9))
    if options.get("cameramove") is None:
        return drawn
    camera = _moved(choice(options, "cameramove", "left", tuple(_CAMERA_MOVES)), shot)
    return [replace(plane, matrix=camera @ plane.matrix) for plane in drawn]


def _moved(way: str, shot: Shot) -> Matrix:
    """Return the scene as a camera sees it that moves that way; all is enlarged a little, so that no border shows."""
    x, y = (step * _CAMERA_PATH * (1 - 2 * shot.progress) for step in _CAMERA_MOVES[way])
    return translate(x * shot.aspect, y) @ scale(1 + _CAMERA_PATH, 1 + _CAMERA_PATH)
