"""How a picture of one ratio fits into a frame of another: stretched, cropped, with a border, or in motion.

Each adapter is a matrix that carries the square from −1 to 1, so that it costs nothing. What moves
is a window on the picture, which goes from one place and size to another; both lie inside the
picture, and so does all between, so that no border is ever seen. Stands on `matrices`.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.matrices import Matrix, scale, translate
from dragon_video.film.options import Options, Pair, choice, number, pair

_NEAR = 1.02  # zoom at the wide end of a Ken Burns move
_FAR = 1.15
KENBURNS_MIDDLE = math.sqrt(_NEAR * _FAR)
"""Zoom halfway on a Ken Burns move: pictures that are prepared for it are nearest to the ideal on the whole move."""

_WANDER = (0.035, -0.03)  # of the middle of the window on its way, in sides of the picture
_HIDDEN = 0.25  # of what the crop hides that the wandering uses
_MIDDLE: Pair = (0.5, 0.5)


class Window(NamedTuple):
    """What is seen of a picture.

    Args:
        zoom: 1 where the picture just covers the frame.
        x: Of the middle, from the left edge, in widths of the picture.
        y: Of the middle, from the top edge, in heights of the picture.
    """

    zoom: float
    x: float
    y: float


def eased(progress: float) -> float:
    """Return 3 p² − 2 p³, which starts and ends at rest; outside 0 to 1 it stays at the ends."""
    progress = min(max(progress, 0.0), 1.0)
    return progress * progress * (3 - 2 * progress)


def adapter(kind: str, ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    """Return the matrix that carries a picture's square into the frame.

    Args:
        kind: One of `ADAPTERS`, with or without `Adapter` at its end.
        ratio: Width by height of the picture as shown.
        aspect: Width by height of the frame as shown.
        progress: 0 to 1.
        options: `zoomStart` and `zoomEnd` (1 just covers the frame), `centerStart` and
            `centerEnd` (of the window, in fractions of the picture from its left and top edge;
            as near as the frame stays covered), `zoomLimit` (the most), `security` (a part
            by which all zooms are enlarged), `aspectRatio` (instead of *ratio*), and
            `direction` of `kenburns`: `positive` goes in, `negative` out.

    Raises:
        InvalidContentError: If there is no such adapter, or an option has no meaning.
    """
    name = kind.removesuffix("Adapter")
    if name not in ADAPTERS:
        raise InvalidContentError(f"adapter is {kind!r}; expected one of {', '.join(ADAPTERS)}")
    ratio = number(options, "aspectRatio", ratio)
    if ratio <= 0:
        raise InvalidContentError(f"aspectRatio is {ratio}; expected a number above 0")
    return ADAPTERS[name](ratio, aspect, progress, options)


def _stretched(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    return scale(aspect, 1.0)


def _fit(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    size = min(aspect / ratio, 1.0)
    return scale(size * ratio, size)


def _fixed(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    zoom, middle = number(options, "zoomStart", 1.0), pair(options, "centerStart", _MIDDLE)
    window = _window(zoom, middle, ratio, aspect, options)
    return _placed(window, ratio, aspect)


def _zoom(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    return _moving((1.0, _FAR), (_MIDDLE, _MIDDLE), ratio, aspect, progress, options)


def _panoramic(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    ends: tuple[Pair, Pair] = ((0.0, 0.5), (1.0, 0.5)) if ratio >= aspect else ((0.5, 0.0), (0.5, 1.0))
    return _moving((1.0, 1.0), ends, ratio, aspect, progress, options)


def _kenburns(ratio: float, aspect: float, progress: float, options: Options) -> Matrix:
    if choice(options, "direction", "positive", ("positive", "negative")) == "negative":
        progress = 1 - progress
    hidden = 1 - min(aspect / ratio, 1.0), 1 - min(ratio / aspect, 1.0)
    x, y = (way + math.copysign(_HIDDEN * rest / 2, way) for way, rest in zip(_WANDER, hidden, strict=True))
    return _moving((_NEAR, _FAR), ((0.5 - x, 0.5 - y), (0.5 + x, 0.5 + y)), ratio, aspect, progress, options)


ADAPTERS: Mapping[str, Callable[[float, float, float, Options], Matrix]] = {
    "none": _stretched,
    "fixed": _fixed,
    "zoom": _zoom,
    "panoramic": _panoramic,
    "kenburns": _kenburns,
    "fit": _fit,
}
"""`none` stretches, `fixed` crops, `zoom` goes in, `panoramic` moves along the longer side, `kenburns` does both."""


def _moving(
    zooms: Pair, middles: tuple[Pair, Pair], ratio: float, aspect: float, progress: float, options: Options
) -> Matrix:
    """Return the window between a first and a last one, which are the defaults of the options."""
    first = _window(
        number(options, "zoomStart", zooms[0]), pair(options, "centerStart", middles[0]), ratio, aspect, options
    )
    last = _window(number(options, "zoomEnd", zooms[1]), pair(options, "centerEnd", middles[1]), ratio, aspect, options)
    return _placed(between(first, last, progress), ratio, aspect)


def between(first: Window, last: Window, progress: float) -> Window:
    """Return a window on the way: its zoom grows by equal factors, and one point of the picture stays where it is."""
    progress = min(max(progress, 0.0), 1.0)
    zoom = first.zoom * (last.zoom / first.zoom) ** progress
    part = progress
    if abs(last.zoom / first.zoom - 1) > 1e-6:
        part = (1 / zoom - 1 / first.zoom) / (1 / last.zoom - 1 / first.zoom)
    return Window(zoom, first.x + part * (last.x - first.x), first.y + part * (last.y - first.y))


def _window(zoom: float, middle: Pair, ratio: float, aspect: float, options: Options) -> Window:
    """Return a window inside the picture, with its middle as near to *middle* as can be."""
    security, limit = number(options, "security", 0.0), number(options, "zoomLimit", math.inf)
    if zoom <= 0 or limit <= 0 or security <= -1:
        raise InvalidContentError(f"zoom is {zoom}, zoomLimit {limit}, security {security}; a zoom is above 0")
    zoom = min(zoom * (1 + security), limit)
    wide, high = (side / 2 / zoom for side in _shown(ratio, aspect))
    x, y = (min(max(at, half), 1 - half) if half < 0.5 else 0.5 for at, half in zip(middle, (wide, high), strict=True))
    return Window(zoom, x, y)


def _shown(ratio: float, aspect: float) -> Pair:
    """Return which part of the picture's sides is seen at the zoom 1."""
    return min(aspect / ratio, 1.0), min(ratio / aspect, 1.0)


def _placed(window: Window, ratio: float, aspect: float) -> Matrix:
    wide, high = _shown(ratio, aspect)
    x, y = aspect * window.zoom / wide, window.zoom / high
    return translate((1 - 2 * window.x) * x, (2 * window.y - 1) * y) @ scale(x, y)
