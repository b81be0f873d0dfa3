"""The effects of several pictures: `diving`, `rotator`, `sliding` and `square`.

Each picture has an equal share of the time; at the start of its share it fills the frame.
"""

import math

import numpy as np

from dragon_video.film.adapters import eased
from dragon_video.film.effects.shapes import Shot, screen, visit
from dragon_video.film.matrices import Viewport, about, projected, rotate_x, rotate_y, translate
from dragon_video.film.options import direction
from dragon_video.film.raster import Plane

_GAP = 0.08  # between neighbours, in half heights of the frame
_STEP = 60  # degrees from one face of the drum to the next
_DEPTH = 2.0  # from one picture to the next on a dive
_DRIFT = 0.06  # of a dive, while a picture is looked at


def diving(shot: Shot) -> list[Plane]:
    """Return pictures behind each other; the camera dives through each into the next."""
    picture, part = visit(shot)
    drift = _DRIFT * (shot.progress * len(shot.ratios) - picture)
    planes = []
    for index in range(min(picture + 1, len(shot.ratios) - 1), picture - 1, -1):
        depth = _DEPTH * (part + drift * (1 - part) + picture - index)
        near = 1 - eased((depth - 0.4) / 1.3)
        far = eased((depth + 0.97 * _DEPTH) / 0.8) if index > picture else 1.0
        if min(near, far) > 0:
            planes.append(screen(shot, index, translate(0, 0, depth), min(near, far)))
    return planes


def rotator(shot: Shot) -> list[Plane]:
    """Return pictures on the sides of a drum, which turns from each to the next."""
    picture, part = visit(shot)
    way = direction(shot.options)
    upright = abs(way[0]) >= abs(way[1])
    radius = (shot.aspect if upright else 1.0) / math.tan(math.radians(_STEP / 2))
    back = translate(0, 0, -0.6 * math.sin(math.pi * part))
    planes = []
    for index in _near(picture, part):
        angle = math.copysign(_STEP, way[0] or -1.0) if upright else -math.copysign(_STEP, way[1])
        angle *= picture + part - index
        turn = rotate_y(angle) if upright else rotate_x(angle)
        plane = screen(shot, index, back @ about(0, 0, -radius, turn))
        if np.linalg.det(projected(plane.matrix, Viewport(1, 1, shot.aspect))) < 0:  # else the camera sees its back
            planes.append(plane)
    return planes


def sliding(shot: Shot) -> list[Plane]:
    """Return pictures in a row; the camera slides along."""
    picture, part = visit(shot)
    way = direction(shot.options)
    largest = max(abs(way[0]), abs(way[1])) or 1.0
    x, y = (step / largest * (2 * reach + _GAP) for step, reach in zip(way, (shot.aspect, 1.0), strict=True))
    planes = []
    for index in _near(picture, part):
        behind = picture + part - index
        alpha = 1.0 if any(way) or index == picture else part  # what stands still dissolves
        planes.append(screen(shot, index, translate(x * behind, y * behind), alpha))
    return planes


def square(shot: Shot) -> list[Plane]:
    """Return pictures in lines and columns; the camera steps back to go from each to its neighbour."""
    picture, part = visit(shot)
    here, there = (_cell(index, len(shot.ratios)) for index in (picture, picture + 1))
    x, y = (one + part * (other - one) for one, other in zip(here, there, strict=True))
    back = math.sin(math.pi * part)
    planes = []
    for index in range(len(shot.ratios)):
        column, row = _cell(index, len(shot.ratios))
        # One step back, the neighbours come into sight, but never what is behind them.
        if index == picture or (back > 0 and max(abs(column - x), abs(row - y)) < 2):
            shift = translate((column - x) * (2 * shot.aspect + _GAP), (y - row) * (2 + _GAP), -1.0 * back)
            planes.append(screen(shot, index, shift))
    return planes


def _near(picture: int, part: float) -> list[int]:
    """Return the pictures that can be seen between one and the next, by number."""
    return [picture, picture + 1] if part > 0 else [picture]


def _cell(index: int, count: int) -> tuple[int, int]:
    """Return column and row: from left to right, then back, so that each is a neighbour of the one before."""
    columns = math.ceil(math.sqrt(count))
    row, column = divmod(index, columns)
    return (column if row % 2 == 0 else columns - 1 - column), row
