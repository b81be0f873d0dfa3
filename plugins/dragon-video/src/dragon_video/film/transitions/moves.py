"""Transitions that move the pictures: `move`, `over`, `under`, `dualmove`, `strip` and `cube`."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dragon_video.film.adapters import eased
from dragon_video.film.frames import Frame, blank
from dragon_video.film.matrices import (
    Matrix,
    Viewport,
    about,
    projected,
    rotate_x,
    rotate_y,
    rotate_z,
    scale,
    translate,
)
from dragon_video.film.mixing import mix
from dragon_video.film.options import (
    TRAVELS,
    Options,
    Pair,
    choice,
    choices_of_both,
    direction,
    directions_of_both,
    flag,
    number,
    numbers_of_both,
)
from dragon_video.film.raster import Part, Picture, draw
from dragon_video.film.transitions.base import Transition

CENTRES = ("middle", "left", "right", "top", "bottom")
ORDERS = ("normal", "inverted")

_STRIPS = 8
_BACK = 0.35  # how far the cube steps back, in half heights of the frame
_STATIC: Pair = TRAVELS["static"]


class Side(NamedTuple):
    """How one of the two pictures moves.

    Args:
        way: Steps in x and y (up); only their direction counts. (0, 0) stays.
        angle: In degrees, that it turns on its way.
        centre: Of the turn, one of `CENTRES`.
    """

    way: Pair
    angle: float
    centre: str


class Moves(Transition):
    """Each picture has its own way out of the frame or into it."""

    def __init__(self, options: Options, viewport: Viewport) -> None:
        super().__init__(options, viewport)
        self.leaving, self.entering = self.sides(options)
        self.entering_above = self.above(options)

    def sides(self, options: Options) -> tuple[Side, Side]:
        """Return how what leaves and what enters move."""
        angle = number(options, "angle", 0)
        centre = choice(options, "rotCenter", "middle", CENTRES)
        way = direction(options)
        return Side(way, angle, centre), Side(way, angle, centre)

    def above(self, options: Options) -> bool:
        """Return whether what enters is above what leaves."""
        return choice(options, "drawOrder", "normal", ORDERS) == "normal"

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        part = eased(progress)
        leaving, entering = (before, self._placed(self.leaving, part)), (after, self._placed(self.entering, part - 1))
        if self.entering_above:
            layers = (leaving, 1.0), (entering, 1.0 if any(self.entering.way) else part)
        else:
            layers = (entering, 1.0), (leaving, 1.0 if any(self.leaving.way) else 1 - part)
        # What touches along a moving edge reaches under it by a pixel, or nothing would shine through there.
        touching = self.leaving.way == self.entering.way and not (self.leaving.angle or self.entering.angle)
        wide, high = ((1 / side if touching else 0.0) for side in self.viewport[:2])
        result = blank(self.viewport.width, self.viewport.height)
        for (frame, matrix), alpha in layers:
            grown = matrix @ scale(1 + 2 * wide, 1 + 2 * high)
            reach: Part = (-wide, -high, 1 + wide, 1 + high)
            draw(result, Picture(frame), grown, self.viewport, alpha=alpha, part=reach)
            wide = high = 0.0
        return result

    def _placed(self, side: Side, part: float) -> Matrix:
        """Return where a picture is: at 0 in the frame, at 1 where its way leads, at −1 where it comes from."""
        aspect = self.viewport.aspect
        x, y = _centre(side.centre, aspect)
        turned = about(x, y, 0, rotate_z(side.angle * part)) @ scale(aspect, 1)
        if not any(side.way):
            return turned
        sign = math.copysign(1, part)
        way = sign * side.way[0], sign * side.way[1]
        outside = about(x, y, 0, rotate_z(side.angle * sign)) @ scale(aspect, 1)
        distance = abs(part) * _distance(outside, aspect, way)
        return translate(way[0] * distance, way[1] * distance) @ turned


class Over(Moves):
    """What enters slides over what stays."""

    def sides(self, options: Options) -> tuple[Side, Side]:
        return Side(_STATIC, 0, "middle"), Side(direction(options), 0, "middle")


class Under(Moves):
    """What leaves slides off what was under it."""

    def sides(self, options: Options) -> tuple[Side, Side]:
        return Side(direction(options), 0, "middle"), Side(_STATIC, 0, "middle")

    def above(self, options: Options) -> bool:
        return not super().above(options)


class DualMove(Moves):
    """Each picture has its own direction, angle and centre of turning."""

    def sides(self, options: Options) -> tuple[Side, Side]:
        way = direction(options)
        ways = directions_of_both(options, "directions", (way, way))
        angles = numbers_of_both(options, "angles", number(options, "angle", 0))
        centres = choices_of_both(options, "rotCenters", choice(options, "rotCenter", "middle", CENTRES), CENTRES)
        first, second = (Side(*side) for side in zip(ways, angles, centres, strict=True))
        return first, second


class Strip(Transition):
    """Eight strips of what leaves slide apart to both sides."""

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        result, picture = after.copy(), Picture(before)
        aspect, height = self.viewport.aspect, self.viewport.height
        edges = [round(index * height / _STRIPS) / height for index in range(_STRIPS + 1)]
        for index, (top, bottom) in enumerate(pairwise(edges)):
            part: Part = (0.0, top, 1.0, bottom)
            shift = (-1) ** index * 2 * aspect * eased(progress)
            place = translate(shift, 1 - top - bottom) @ scale(aspect, bottom - top)
            draw(result, picture, place, self.viewport, part=part)
        return result


class Cube(Transition):
    """The pictures are faces of a cube that turns a quarter."""

    def __init__(self, options: Options, viewport: Viewport) -> None:
        super().__init__(options, viewport)
        self._way = direction(options)
        self._centre = choice(options, "rotCenter", "middle", CENTRES)
        self._deep = flag(options, "depthEnable", default=True)
        self._entering_above = choice(options, "drawOrder", "normal", ORDERS) == "normal"

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        part = eased(progress)
        if not any(self._way):
            return mix(before, after, part)
        faces = [(before, part), (after, part - 1)]
        if self._deep:
            faces.sort(key=lambda face: -abs(face[1]))
        elif not self._entering_above:
            faces.reverse()
        result = blank(self.viewport.width, self.viewport.height)
        back = translate(0, 0, -_BACK * math.sin(math.pi * progress))
        for frame, quarter in faces:
            matrix = back @ self._turned(quarter)
            if np.linalg.det(projected(matrix, self.viewport)) < 0:  # else the camera sees its back
                draw(result, Picture(frame), matrix, self.viewport)
        return result

    def _turned(self, quarter: float) -> Matrix:
        """Return a face, from −1, where it comes from, through 0, where it fills the frame, to 1."""
        aspect = self.viewport.aspect
        face = scale(aspect, 1)
        x, y = _centre(self._centre, aspect)
        if abs(self._way[0]) >= abs(self._way[1]):
            turn = rotate_y(math.copysign(90, self._way[0]) * quarter)
            return about(x, y, -aspect, turn) @ face
        turn = rotate_x(-math.copysign(90, self._way[1]) * quarter)
        return about(x, y, -1, turn) @ face


def _distance(matrix: Matrix, aspect: float, way: Pair) -> float:
    """Return how many steps of *way* bring a picture just out of the frame."""
    corners = matrix @ np.array(((-1, 1, 1, -1), (1, 1, -1, -1), (0, 0, 0, 0), (1, 1, 1, 1)))
    steps = []
    for axis, reach in enumerate((aspect, 1.0)):
        if way[axis] > 0:
            steps.append((reach - corners[axis].min()) / way[axis])
        elif way[axis] < 0:
            steps.append((-reach - corners[axis].max()) / way[axis])
    return float(min(steps))


def _centre(name: str, aspect: float) -> Pair:
    """Return a place on the border of the frame, or its middle, in the scene."""
    x, y = {"left": (-1, 0), "right": (1, 0), "top": (0, 1), "bottom": (0, -1)}.get(name, (0, 0))
    return x * aspect, float(y)
