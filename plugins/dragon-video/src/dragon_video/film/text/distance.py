"""Styles of texts by distance: fill, stroke, shadows and glows, as ramps of one field of distances.

In: a picture with alpha, most often the ink of a text, and the attributes of the filters
`distancemap` and `distancecolor`. Out: the picture in that style, larger by what lies outside of
it. The field is made once; a style costs a few milliseconds, so that its attributes may be
animated. Works on any alpha. Stands on numpy, OpenCV, `frames` and `options`.

Units: widths and blurs are parts of `distanceWidth`, which is in pixels of a frame of 360 lines;
positions and distances of shadows are in heights of the text's box, y up; angles are in degrees
from the right, counter-clockwise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film import options
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.frames import Frame, over
from dragon_video.film.text.style import Colour

DISTANCE_WIDTH = 40.0
BLACK: Colour = (0, 0, 0, 255)
WHITE: Colour = (255, 255, 255, 255)
LARGEST_MARGIN = 2048
"""Pixels that a style may reach beyond the ink."""

SOLID = 96
"""Coverage from which on a pixel tells others where the edge is: the best of six tried on disks."""
SMOOTHING = 0.8
"""Sigma in pixels: takes away the steps that pixels leave in the field."""

Values = npt.NDArray[np.floating]


class Stroke(NamedTuple):
    """A line along the edge: *width* as a part of `distanceWidth`."""

    width: float
    colour: Colour = BLACK
    opacity: float = 1.0
    position: Literal["outside", "inside", "center"] = "center"


class Shadow(NamedTuple):
    """A shadow: moved by *x* and *y* (up) heights of the box, *width* wider, blurred from 0 (hard) to 1."""

    x: float
    y: float
    colour: Colour = BLACK
    opacity: float = 1.0
    width: float = 0.0
    blur: float = 0.0


class Glow(NamedTuple):
    """Light along the edge: full for *width*, then fading over *blur*."""

    colour: Colour = WHITE
    opacity: float = 1.0
    width: float = 0.0
    blur: float = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class DistanceStyle:
    """What is drawn, from below: drop shadow, outer glow, fill, inner shadow, inner glow, stroke.

    Args:
        colour: Of the fill; None for the picture's own colours.
        fill_opacity: 0 to 1.
        reach: What widths and blurs are parts of, in pixels of a frame of 360 lines.
        stroke: Or None, as what follows.
        drop_shadow: Behind.
        inner_shadow: Of the edge on what lies inside of it.
        outer_glow: Around.
        inner_glow: Inside, along the edge.
    """

    colour: Colour | None = None
    fill_opacity: float = 1.0
    reach: float = DISTANCE_WIDTH
    stroke: Stroke | None = None
    drop_shadow: Shadow | None = None
    inner_shadow: Shadow | None = None
    outer_glow: Glow | None = None
    inner_glow: Glow | None = None

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "DistanceStyle":
        """Return the style of the attributes of `distancemap` and `distancecolor`, typed, by their names in XML.

        A shadow or glow is drawn if one of its attributes is given, a stroke if it has a width.

        Raises:
            InvalidContentError: If a value is none of its kind, or outside its range.
        """
        width = _share(values, "strokeWidth", 0.0)
        position = options.choice(values, "strokePosition", "center", ("outside", "inside", "center"))
        stroke = Stroke(
            width,
            _colour(values, "strokeColor", BLACK),
            _share(values, "strokeOpacity", 1.0),
            position,  # type: ignore[arg-type] # checked by `choice`
        )
        reach = options.number(values, "distanceWidth", DISTANCE_WIDTH)
        if not 0 < reach <= 360:
            raise InvalidContentError(f"distanceWidth is {reach:g}; expected more than 0, up to 360")
        return cls(
            colour=_colour(values, "color", WHITE) if values.get("color") is not None else None,
            fill_opacity=_share(values, "fillOpacity", 1.0),
            reach=reach,
            stroke=stroke if width else None,
            drop_shadow=_shadow(values, "dropShadow"),
            inner_shadow=_shadow(values, "innerShadow"),
            outer_glow=_glow(values, "outerGlow"),
            inner_glow=_glow(values, "innerGlow"),
        )

    def margin(self, unit: float, height: float) -> int:
        """Return how many pixels the style reaches beyond the ink.

        Args:
            unit: Pixels of the picture for one of a frame of 360 lines.
            height: Of the text's box, in pixels of the picture.

        Raises:
            InvalidContentError: If it is too far.
        """
        reach, far = self.reach * unit, 0.0
        if self.stroke is not None:
            far = self.stroke.width * reach * {"outside": 1.0, "inside": 0.0, "center": 0.5}[self.stroke.position]
        if self.outer_glow is not None:
            far = max(far, (self.outer_glow.width + self.outer_glow.blur) * reach)
        if self.drop_shadow is not None:
            shadow = self.drop_shadow
            far = max(far, max(abs(shadow.x), abs(shadow.y)) * height + (shadow.width + shadow.blur) * reach)
        margin = math.ceil(far) + 2
        if margin > LARGEST_MARGIN:
            raise InvalidContentError(f"the style reaches {margin} pixels beyond the text; expected {LARGEST_MARGIN}")
        return margin


class DistanceField(NamedTuple):
    """A picture with room around it, and how far each of its pixels is from the edge.

    Args:
        frame: The picture with *margin* more pixels on each side.
        distance: (height, width): pixels to where alpha is one half, positive outside.
        margin: Pixels.
    """

    frame: Frame
    distance: Values
    margin: int


def distance_field(frame: Frame, margin: int) -> DistanceField:
    """Return the field of a picture.

    A pixel on the edge tells by its alpha where in it the edge lies; the others take that of the
    nearest one. Near the edge of a disk the field is right to half a pixel, 0.1 pixel rms;
    farther away to 2 %, as OpenCV's 5 × 5 chamfer is (Borgefors 1986).
    """
    padded: Frame = cv2.copyMakeBorder(frame, margin, margin, margin, margin, cv2.BORDER_CONSTANT)  # type: ignore[assignment]
    alpha = np.ascontiguousarray(padded[:, :, 3])
    far = float(sum(alpha.shape))
    outward, inward = _to_edge(alpha, far), _to_edge(cv2.bitwise_not(alpha).astype(np.uint8, copy=False), far)
    distance = np.where(alpha == 0, outward, np.where(alpha == 255, -inward, 0.5 - alpha / np.float32(255)))
    smooth = cv2.GaussianBlur(distance.astype(np.float32, copy=False), (5, 5), SMOOTHING)
    return DistanceField(padded, np.asarray(smooth, np.float32), margin)


def _to_edge(coverage: npt.NDArray[np.uint8], far: float) -> Values:
    """Return for each pixel without coverage how far the edge is, by the nearest one well covered."""
    nearest, labels = cv2.distanceTransformWithLabels(
        (coverage < SOLID).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    covered = coverage >= SOLID
    if not covered.any():
        return np.full(coverage.shape, far, np.float32)
    table = np.zeros(int(labels.max()) + 1, np.float32)
    table[labels[covered]] = coverage[covered]
    return np.asarray(nearest + (0.5 - table[labels] / 255), np.float32)


def styled(field: DistanceField, style: DistanceStyle, *, unit: float, height: float) -> Frame:
    """Return the picture of a field in a style; as large as the field.

    Args:
        field: With at least the style's `margin`.
        style: What is drawn.
        unit: Pixels of the picture for one of a frame of 360 lines.
        height: Of the text's box, in pixels of the picture: what positions are parts of.
    """
    reach = style.reach * unit
    distance, alpha = field.distance, field.frame[:, :, 3]
    frame = np.zeros_like(field.frame)
    if style.drop_shadow is not None:
        shadow = style.drop_shadow
        cast = _ramp(_moved(distance, shadow, height), shadow.width * reach, shadow.blur * reach)
        _lay(frame, cast, shadow.colour, shadow.opacity)
    if style.outer_glow is not None:
        _lay(frame, _fading(distance, style.outer_glow, reach), style.outer_glow.colour, style.outer_glow.opacity)
    if style.colour is not None:
        _lay(frame, alpha.astype(np.float32) / 255, style.colour, style.fill_opacity)
    else:
        over(frame, field.frame, style.fill_opacity)
    if style.inner_shadow is not None:
        shadow = style.inner_shadow
        cast = 1 - _ramp(_moved(distance, shadow, height), -shadow.width * reach, shadow.blur * reach)
        _lay(frame, cast * (alpha / np.float32(255)), shadow.colour, shadow.opacity)
    if style.inner_glow is not None:
        light = _fading(-distance, style.inner_glow, reach) * (alpha / np.float32(255))
        _lay(frame, light, style.inner_glow.colour, style.inner_glow.opacity)
    if style.stroke is not None:
        outer = {"outside": 1.0, "inside": 0.0, "center": 0.5}[style.stroke.position] * style.stroke.width * reach
        line = _ramp(distance, outer, 0) - _ramp(distance, outer - style.stroke.width * reach, 0)
        _lay(frame, line, style.stroke.colour, style.stroke.opacity)
    return frame


def _ramp(distance: Values, edge: float, soft: float) -> Values:
    """Return 1 well inside of *edge*, 0 well outside, with a ramp of *soft* pixels, at least one."""
    ramp: Values = np.clip(0.5 - (distance - np.float32(edge)) / np.float32(max(soft, 1.0)), 0, 1)
    return ramp.astype(np.float32, copy=False)


def _fading(distance: Values, glow: Glow, reach: float) -> Values:
    """Return light that is full up to the glow's width and fades smoothly to nothing over its blur."""
    part = np.clip(1 - (distance - np.float32(glow.width * reach)) / np.float32(max(glow.blur * reach, 1.0)), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def _moved(distance: Values, shadow: Shadow, height: float) -> Values:
    move = np.array([[1, 0, shadow.x * height], [0, 1, -shadow.y * height]], np.float32)
    size = (distance.shape[1], distance.shape[0])
    moved = cv2.warpAffine(distance, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _lay(frame: Frame, coverage: Values, colour: Colour, opacity: float) -> None:
    """Lay a colour over a frame as far as it covers."""
    mask = cv2.convertScaleAbs(coverage, alpha=255.0)
    table = np.arange(256)[:, None] * (np.array([*colour[:3], 255]) * (colour[3] / 255 * opacity / 255))
    layer = cv2.LUT(cv2.merge((mask, mask, mask, mask)), np.rint(table).astype(np.uint8).reshape(256, 1, 4))
    over(frame, layer.astype(np.uint8, copy=False))


def _given(values: Mapping[str, object], prefix: str) -> bool:
    return any(name.startswith(prefix) and value is not None for name, value in values.items())


def _shadow(values: Mapping[str, object], prefix: str) -> Shadow | None:
    if not _given(values, prefix):
        return None
    x, y = options.pair(values, f"{prefix}Position", (0.0, 0.0))
    if values.get(f"{prefix}Position") is None:
        angle = math.radians(options.number(values, f"{prefix}Angle", -45.0))
        distance = options.number(values, f"{prefix}Distance", 0.05)
        x, y = distance * math.cos(angle), distance * math.sin(angle)
    if max(abs(x), abs(y)) > 10:
        raise InvalidContentError(f"{prefix} is moved by {x:g},{y:g}; expected at most 10 heights of the text")
    return Shadow(
        x,
        y,
        _colour(values, f"{prefix}Color", BLACK),
        _share(values, f"{prefix}Opacity", 1.0),
        _share(values, f"{prefix}Width", 0.0),
        _share(values, f"{prefix}BlurWidth", 0.0),
    )


def _glow(values: Mapping[str, object], prefix: str) -> Glow | None:
    if not _given(values, prefix):
        return None
    return Glow(
        _colour(values, f"{prefix}Color", WHITE),
        _share(values, f"{prefix}Opacity", 1.0),
        _share(values, f"{prefix}Width", 0.0),
        _share(values, f"{prefix}BlurWidth", 0.5),
    )


def _share(values: Mapping[str, object], name: str, default: float) -> float:
    value = options.number(values, name, default)
    if not 0 <= value <= 1:
        raise InvalidContentError(f"{name} is {value:g}; expected 0 to 1")
    return value


def _colour(values: Mapping[str, object], name: str, default: Colour) -> Colour:
    value = values.get(name)
    if value is None:
        return default
    if isinstance(value, (tuple, list)) and len(value) == 4 and all(0 <= part <= 255 for part in value):
        return tuple(round(part) for part in value)
    raise InvalidContentError(f"{name} is {value!r}; expected four numbers from 0 to 255: blue, green, red, alpha")
