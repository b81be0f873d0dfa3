"""The effects of a whole picture: `none` and `kenburns`."""

from dragon_video.film.effects.shapes import Shot, placed
from dragon_video.film.options import choice
from dragon_video.film.raster import Plane


def none(shot: Shot) -> list[Plane]:
    """Return the picture at rest; it fills the frame."""
    return [Plane(0, placed(shot, "fixed"))]


def kenburns(shot: Shot) -> list[Plane]:
    """Return the picture on a slow move: `positive` goes in, `negative` out."""
    inwards = choice(shot.options, "direction", "positive", ("positive", "negative")) == "positive"
    return [Plane(0, placed(shot, "kenburns", progress=shot.progress if inwards else 1 - shot.progress))]
