"""The effects of a whole picture: `none` and `kenburns`."""

from dragon_video.film.effects.shapes import Shot, placed
from dragon_video.film.raster import Plane


def none(shot: Shot) -> list[Plane]:
    """Return the picture at rest; it fills the frame."""
    return [Plane(0, placed(shot, "fixed"))]


def kenburns(shot: Shot) -> list[Plane]:
    """Return the picture on a slow move: `positive` goes in, `negative` out."""
    return [Plane(0, placed(shot, "kenburns"))]
