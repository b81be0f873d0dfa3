"""The effects that put one picture together of pieces: `panel`, `slice`, `rectangles`, `explode` and `flower`.

Each ends as the whole picture, which drifts by its adapter from the start.
"""

from dragon_video.film.adapters import eased
from dragon_video.film.effects.shapes import OVERLAP, Shot, arrived, chance, entrance, piece, placed, seen
from dragon_video.film.matrices import euler, identity, rotate_x, rotate_z, scale, translate
from dragon_video.film.options import choice
from dragon_video.film.raster import Plane

_PANELS = 4
_SLICES = 7
_NESTED = 5
_TILES = (8, 5)
_PETALS = 6


def panel(shot: Shot) -> list[Plane]:
    """Return four vertical panels, which slide in one by one, from above and from below."""
    matrix, clock = placed(shot, "kenburns"), entrance(shot, 1 / 3, 2.0)
    if clock == 1:
        return [Plane(0, matrix)]
    window, planes = seen(matrix, shot.aspect), []
    for index in range(_PANELS):
        way = (-1) ** index * 2.1 * (1 - arrived(clock, 0.2 * index, 0.4))
        column = window.cell(index, 0, _PANELS, 1).grown(right=OVERLAP if index < _PANELS - 1 else 0)
        planes.append(piece(0, matrix, column, translate(0, way)))
    return planes


def slices(shot: Shot) -> list[Plane]:
    """Return seven horizontal slices, which shift in from both sides in turn."""
    matrix, clock = placed(shot, "kenburns"), entrance(shot, 1 / 3, 2.0)
    if clock == 1:
        return [Plane(0, matrix)]
    window, planes = seen(matrix, shot.aspect), []
    for index in range(_SLICES):
        way = (-1) ** index * 2.1 * shot.aspect * (1 - arrived(clock, 0.1 * index, 0.4))
        row = window.cell(0, index, 1, _SLICES).grown(bottom=OVERLAP if index < _SLICES - 1 else 0)
        planes.append(piece(0, matrix, row, translate(way, 0)))
    return planes


def rectangles(shot: Shot) -> list[Plane]:
    """Return rectangles inside each other, which grow from the middle, the outmost first."""
    choice(shot.options, "filterType", "grow", ("grow",))
    matrix, clock = placed(shot, "kenburns"), entrance(shot, 1 / 3, 2.0)
    if clock == 1:
        return [Plane(0, matrix)]
    window, planes = seen(matrix, shot.aspect), []
    x, y = window.middle
    for index in range(_NESTED):  # the outmost is the farthest
        size = 1 - index / _NESTED
        grown = arrived(clock, 0.1 * index, 0.6)
        wide, high = size * (window.right - window.left) / 2, size * (window.top - window.bottom) / 2
        part = window._replace(left=x - wide, right=x + wide, bottom=y - high, top=y + high)
        if grown > 0:
            planes.append(piece(0, matrix, part, scale(grown, grown)))
    return planes


def explode(shot: Shot) -> list[Plane]:
    """Return tiles, which fly in from afar, each turning its own way."""
    matrix, clock = placed(shot, "kenburns"), entrance(shot, 0.4, 2.4)
    if clock == 1:
        return [Plane(0, matrix)]
    window, planes = seen(matrix, shot.aspect), []
    columns, rows = _TILES
    for index in range(columns * rows):
        column, row = index % columns, index // columns
        tile = window.cell(column, row, columns, rows)
        tile = tile.grown(right=OVERLAP if column < columns - 1 else 0, bottom=OVERLAP if row < rows - 1 else 0)
        start = 0.4 * chance(index, 0)
        far = 1 - arrived(clock, start, 0.6)
        x, y = tile.middle
        wide, high, *turns = (2 * chance(index, axis) - 1 for axis in range(1, 6))
        move = translate((0.8 * x + wide) * far, (0.8 * y + high) * far, -5 * far) @ euler(
            *(200 * far * turn for turn in turns)
        )
        alpha = eased((clock - start) / 0.25)
        if alpha > 0:
            planes.append(piece(0, matrix, tile, move if far else identity(), alpha))
    return planes


def flower(shot: Shot) -> list[Plane]:
    """Return six turned copies, which open like petals; out of their middle grows the picture."""
    matrix, clock = placed(shot, "kenburns"), entrance(shot, 0.5, 3.0)
    if clock == 1:
        return [Plane(0, matrix)]
    window = seen(matrix, shot.aspect)
    planes = [piece(0, matrix, window, identity(), 0.35 * eased(clock / 0.4))]
    opened = eased(clock / 0.6)
    if opened > 0:
        size = 0.38 * opened
        for index in range(_PETALS):
            turn = rotate_z(360 / _PETALS * index - 70 * arrived(clock, 0, 1))
            petal = turn @ translate(0, 0.66 * opened) @ rotate_x(-25 * opened) @ scale(size, size)
            planes.append(piece(0, matrix, window, petal))
    grown = eased((clock - 0.45) / 0.55)
    if grown > 0:
        planes.append(piece(0, matrix, window, scale(grown, grown)))
    return planes
