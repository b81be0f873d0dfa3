"""The transitions: one picture goes, another comes.

A `Transition` is made once for its element, keeps what does not change, such as masks, and
draws any moment in any order. Stands on `mixing` and `raster`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.matrices import Viewport
from dragon_video.film.options import Options
from dragon_video.film.transitions.base import Crossfade, Transition
from dragon_video.film.transitions.moves import Cube, DualMove, Moves, Over, Strip, Under
from dragon_video.film.transitions.waves import Swirl, Waterdrop
from dragon_video.film.transitions.wipes import Circle, Radial, Scan, Scans, Spiral

__all__ = ["TRANSITIONS", "Transition", "TransitionKind", "transition"]

_DIRECTED = frozenset({"direction"})
_ORDERED = frozenset({"direction", "drawOrder"})


class TransitionKind(NamedTuple):
    """One type of transition.

    Args:
        make: Makes it of the attributes of its element and the viewport.
        options: Names of the attributes that it reads.
    """

    make: type[Transition]
    options: frozenset[str] = frozenset()


TRANSITIONS: Mapping[str, TransitionKind] = {
    "crossfade": TransitionKind(Crossfade),
    "waterdrop": TransitionKind(Waterdrop),
    "circle": TransitionKind(Circle),
    "radial": TransitionKind(Radial),
    "swirl": TransitionKind(Swirl),
    "strip": TransitionKind(Strip),
    "scan": TransitionKind(Scan, _DIRECTED),
    "scans": TransitionKind(Scans, _DIRECTED),
    "move": TransitionKind(Moves, _ORDERED | {"angle", "rotCenter"}),
    "over": TransitionKind(Over, _ORDERED),
    "under": TransitionKind(Under, _ORDERED),
    "cube": TransitionKind(Cube, _ORDERED | {"rotCenter", "depthEnable"}),
    "spiral": TransitionKind(Spiral, _DIRECTED),
    "dualmove": TransitionKind(DualMove, _ORDERED | {"directions", "angles", "rotCenters", "angle", "rotCenter"}),
    "custom": TransitionKind(Crossfade),  # it held a template of the original service
}


def transition(kind: str, options: Options, viewport: Viewport) -> Transition:
    """Return the transition called *kind*.

    Args:
        kind: One of `TRANSITIONS`.
        options: Attributes of the element; each kind names those that it reads.
        viewport: Of the frames.

    Raises:
        InvalidContentError: If there is none, or an option has no meaning.
    """
    known = TRANSITIONS.get(kind)
    if known is None:
        raise InvalidContentError(f"transition is {kind!r}; expected one of {', '.join(TRANSITIONS)}")
    return known.make(options, viewport)
