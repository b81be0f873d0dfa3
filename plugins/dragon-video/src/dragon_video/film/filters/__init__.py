"""Filters: what `filter` elements do to a picture.

`FILTERS` has every kind by its `type`, with its parameters as data; `FilterKind.apply` makes the filtered picture. One
module here is one family: its drawing functions, then its `KINDS`. A result is a pure function of the picture, the
values and the `Moment`.
"""

from collections.abc import Mapping

from dragon_video.film.filters import (
    blurs,
    colours,
    geometry,
    groups,
    keys,
    light,
    looks,
    mattes,
    opacity,
    ramps,
    shapes,
    smoothing,
    streaks,
    styles,
    tones,
)
from dragon_video.film.filters.kinds import DIRECTIONS, Colour, FilterKind, Moment, Parameter

_FAMILIES = (
    *(opacity, blurs, streaks, smoothing, colours, tones, light, looks),
    *(ramps, shapes, mattes, keys, geometry, styles, groups),
)

FILTERS: Mapping[str, FilterKind] = {kind.name: kind for family in _FAMILIES for kind in family.KINDS}
"""Every kind that draws, by its `type`."""

IGNORED: Mapping[str, str] = {
    "motionInterpolate": "it is accepted and changes nothing: frames between frames are not made up",
    "dof": "it is accepted and changes nothing: the scene is sharp at every depth",
    "antialias": "it is accepted and changes nothing: edges are smooth anyway",
    "quad": "it is accepted and changes nothing: turn and move the node by an animator",
}
"""Kinds that are accepted without effect, and what to say of them."""

REFUSED: Mapping[str, str] = {
    "custom": "programs for a graphics card are not run; use the filters that have a name",
}
"""Kinds that make a film fail, and what to say of them."""

__all__ = ["DIRECTIONS", "FILTERS", "IGNORED", "REFUSED", "Colour", "FilterKind", "Moment", "Parameter"]
