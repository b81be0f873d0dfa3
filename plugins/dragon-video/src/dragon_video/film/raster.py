"""Draws a picture, carried by a matrix, into a frame: the one primitive that scenes are made of.

A picture lies on the square from −1 to 1 of a plane, a matrix carries the plane through the
scene, and the camera of `matrices` sees it. Both shifts between edges and centres of pixels are
in `_sampling`. Stands on `matrices`, `pictures` and `coverage`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.coverage import Point, area, clipped, coverage, cut, span, spans
from dragon_video.film.frames import Frame, over
from dragon_video.film.matrices import Matrix, Viewport, projected
from dragon_video.film.pictures import Picture

__all__ = ["WHOLE", "Part", "Picture", "Plane", "Viewport", "draw"]

Part = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture, as fractions of its sides."""

WHOLE: Part = (0.0, 0.0, 1.0, 1.0)

NEAR = 0.02
"""Distance from the camera, in units of the scene, before which nothing is seen."""

_ALL = 0.999  # an alpha of which 8 bits see no difference from 1
_FARTHEST = 1e12  # half heights of the frame; what reaches further has no place in double precision, and is not seen
_LEAST_AREA = 0.01  # square pixels of a plane that is seen at all
_MARGIN = 4  # pixels around the frame that polygons may reach into
_BAND = 64  # rows drawn at once of what has edges at any angle
_SMALL = 32_000  # pixels for which further bands cost more than they spare
_STILL = 1 / 64  # pixels that a shift may be off to count as a whole number


@dataclass(frozen=True, slots=True)
class Plane:
    """One picture of several, and where it is.

    Args:
        picture: Its number.
        matrix: Carries the square from −1 to 1.
        alpha: 0 to 1.
        part: What of the picture lies on the square.
    """

    picture: int
    matrix: Matrix
    alpha: float = 1.0
    part: Part = WHOLE


def draw(
    frame: Frame,
    picture: Picture,
    matrix: Matrix,
    viewport: Viewport,
    *,
    alpha: float = 1.0,
    part: Part = WHOLE,
    smooth: bool = True,
    ground: Callable[[], None] | None = None,
) -> bool:
    """Draw *picture* over *frame*, in place; return whether it has replaced all that was there.

    Args:
        frame: As large as the viewport.
        picture: Its sides need not have the ratio of the plane: it is stretched.
        matrix: Carries the square from −1 to 1 in x and y: model and view in one.
        viewport: Size and display ratio of the frame.
        alpha: 0 to 1.
        part: What of the picture lies on the square.
        smooth: Whether edges are smooth; else a pixel is covered wholly or not at all, and
            neighbours join without a seam.
        ground: Called before anything is drawn, unless all of the frame is replaced: it may prepare the frame.
    """
    how = (matrix.tobytes(), viewport, alpha, part, smooth)
    if again := picture.repeats.again(how):
        replaces = picture.opaque and alpha >= _ALL  # such pictures are kept where they cover the frame, not elsewhere
        if ground is not None and not replaces:
            ground()
        if picture.repeats.lay(frame):
            return replaces
    if not np.abs(matrix).max() <= _FARTHEST:
        return False
    plane = projected(matrix, viewport)
    polygon = _seen(plane, viewport)
    if alpha <= 0 or part[0] == part[2] or part[1] == part[3] or len(polygon) < 3 or abs(area(polygon)) < _LEAST_AREA:
        return False
    left, top = (max(0, math.floor(min(point[axis] for point in polygon))) for axis in (0, 1))
    right = min(viewport.width, math.ceil(max(point[0] for point in polygon)))
    bottom = min(viewport.height, math.ceil(max(point[1] for point in polygon)))
    if left >= right or top >= bottom:
        return False
    pixels, sampling = _sampling(plane, picture, part, polygon, (left, top))
    below = frame[top:bottom, left:right]
    local = [(x - left, y - top) for x, y in polygon]
    covers = _covers(polygon, viewport)
    if covers and picture.opaque and alpha >= _ALL:
        _warp(pixels, sampling, below)
        if again:
            picture.repeats.keep(below.copy(), (0, 0), opaque=True)
        return True
    if ground is not None:
        ground()
    if covers:
        _lay(below, _warp(pixels, sampling, np.empty_like(below)), picture, alpha)
    elif _upright(plane, viewport) and picture.opaque:
        _draw_upright(below, pixels, sampling, _shares(local, below, smooth=smooth), picture, alpha)
    elif _upright(plane, viewport):
        above = _upright_above(below, pixels, sampling, _shares(local, below, smooth=smooth), alpha)
        over(below, above)
        if again:
            picture.repeats.keep(above, (left, top), opaque=False)
    else:
        rows = max(_BAND, _SMALL // (right - left))
        for first in range(0, bottom - top, rows):
            band = first, min(first + rows, bottom - top)
            _draw_band(below, pixels, sampling, local, picture, alpha, band, smooth=smooth)
    return False


def _seen(plane: Matrix, viewport: Viewport) -> list[Point]:
    """Return the part of the plane's square that is before the camera and near the frame, in pixels."""
    corners: list[Point] = [(-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)]
    across, up, constant = (float(value) for value in plane[2])
    distances = [across * x + up * y + constant for x, y in corners]
    if min(distances) < NEAR:
        corners = cut(corners, [distance - NEAR for distance in distances])
    points: list[Point] = []
    for x, y in corners:
        wide, high, distance = (float(value) for value in plane @ (x, y, 1.0))
        points.append((wide / distance, high / distance))
    return clipped(points, -_MARGIN, -_MARGIN, viewport.width + _MARGIN, viewport.height + _MARGIN)


def _covers(polygon: list[Point], viewport: Viewport) -> bool:
    """Return whether each pixel of the frame is covered: whether a clipped polygon is all of the frame."""
    slack = 1 / 256
    sense = math.copysign(1, area(polygon))
    for index, end in enumerate(polygon):
        start = polygon[index - 1]
        run, rise = end[0] - start[0], end[1] - start[1]
        length = math.hypot(run, rise)
        for x, y in ((0, 0), (viewport.width, 0), (viewport.width, viewport.height), (0, viewport.height)):
            if sense * (run * (y - start[1]) - rise * (x - start[0])) < -slack * length:
                return False
    return True


def _upright(plane: Matrix, viewport: Viewport) -> bool:
    """Return whether sides of the plane's square stay parallel to those of the frame."""
    flat = max(abs(plane[2, 0]), abs(plane[2, 1])) < 1e-9 * abs(plane[2, 2])
    return bool(flat and max(abs(plane[0, 1]), abs(plane[1, 0])) < 1e-6 * abs(plane[2, 2]))


def _sampling(
    plane: Matrix, picture: Picture, part: Part, polygon: list[Point], corner: tuple[int, int]
) -> tuple[Frame, Matrix]:
    """Return the copy of *picture* to sample, and the matrix from pixels of a frame to pixels of it.

    Both are counted by the centres of pixels, as OpenCV does. *corner* is the pixel of the frame
    that is (0, 0).
    """
    left, top, right, bottom = part
    onto_picture = np.array(
        (
            ((right - left) / 2, 0, (left + right) / 2),
            (0, (top - bottom) / 2, (top + bottom) / 2),
            (0, 0, 1),
        )
    )
    fractions = onto_picture @ np.linalg.inv(plane)  # from the frame's pixels, by edges
    pixels = picture.sampled(_ratio(fractions, picture, polygon))
    height, width = pixels.shape[:2]
    from_centres = np.array(((1, 0, corner[0] + 0.5), (0, 1, corner[1] + 0.5), (0, 0, 1)))
    to_centres = np.array(((width, 0, -0.5), (0, height, -0.5), (0, 0, 1)))
    sampling = to_centres @ fractions @ from_centres
    return pixels, sampling / sampling[2, 2] if abs(sampling[2, 2]) > 1e-12 else sampling


def _ratio(fractions: Matrix, picture: Picture, polygon: list[Point]) -> float:
    """Return how many pixels of the picture fall on one of the frame, in the middle of what is seen.

    It leans to the side that is shrunk most: moiré in a turned plane is worse than blur.
    """
    x = sum(point[0] for point in polygon) / len(polygon)
    y = sum(point[1] for point in polygon) / len(polygon)
    (xx, xy, x1), (yx, yy, y1), (wx, wy, w1) = fractions.tolist()
    weight = wx * x + wy * y + w1
    u, v = (xx * x + xy * y + x1) / weight, (yx * x + yy * y + y1) / weight
    # The derivatives of u and v, and of them the product and the larger of the singular values.
    wide, high = picture.width / weight, picture.height / weight
    ux, uy, vx, vy = (xx - u * wx) * wide, (xy - u * wy) * wide, (yx - v * wx) * high, (yy - v * wy) * high
    squares, product = ux * ux + uy * uy + vx * vx + vy * vy, abs(ux * vy - uy * vx)
    largest = (squares + math.sqrt(max(squares * squares - 4 * product * product, 0.0))) / 2
    return float((product * largest) ** 0.25)


def _warp(pixels: Frame, sampling: Matrix, target: Frame) -> Frame:
    """Fill *target* with *pixels* sampled by *sampling*; what is outside them continues their border."""
    size = target.shape[1], target.shape[0]
    inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    reach = max(size)
    if max(abs(sampling[2, 0]), abs(sampling[2, 1])) * reach > 1e-6:
        cv2.warpPerspective(pixels, sampling, size, dst=target, flags=inverse, borderMode=cv2.BORDER_REPLICATE)
        return target
    affine = sampling[:2]
    if float(np.abs(affine[:, :2] - np.eye(2)).max()) * reach < _STILL and _shift(pixels, affine[:, 2], target):
        return target
    cv2.warpAffine(pixels, affine, size, dst=target, flags=inverse, borderMode=cv2.BORDER_REPLICATE)
    return target


def _shift(pixels: Frame, by: npt.NDArray[np.float64], target: Frame) -> bool:
    """Fill *target* with *pixels* from *by* on, and return True, if the shift is a whole number on one axis.

    Bilinear sampling is then the mean of two neighbours by their weights; this takes a fifth of the time.
    """
    size = target.shape[1], target.shape[0]
    x, y = (math.floor(value + _STILL) for value in by)
    part_x, part_y = float(by[0]) - x, float(by[1]) - y
    part, axis = (part_x, 0) if part_x > part_y else (part_y, 1)
    if min(part_x, part_y) > _STILL:
        return False
    # The part of the target for which there are pixels, and both neighbours where two are mixed.
    step = (0, 0) if part <= _STILL else (1, 0) if axis == 0 else (0, 1)
    first = max(0, -x), max(0, -y)
    last = min(size[0], pixels.shape[1] - x - step[0]), min(size[1], pixels.shape[0] - y - step[1])
    for each in (0, 1):
        if first[each] > step[each] or last[each] < size[each] - step[each] or first[each] >= last[each]:
            return False
    inner = target[first[1] : last[1], first[0] : last[0]]
    one = pixels[y + first[1] : y + last[1], x + first[0] : x + last[0]]
    if not any(step):
        np.copyto(inner, one)
        return True
    other = pixels[y + first[1] + step[1] :, x + first[0] + step[0] :][: inner.shape[0], : inner.shape[1]]
    cv2.addWeighted(one, 1 - part, other, part, 0, dst=inner)
    # Where the picture's border runs through a pixel, it continues.
    if axis == 0:
        target[:, : first[0]] = pixels[y : y + size[1], :1]
        target[:, last[0] :] = pixels[y : y + size[1], -1:]
    else:
        target[: first[1]] = pixels[:1, x : x + size[0]]
        target[last[1] :] = pixels[-1:, x : x + size[0]]
    return True


def _lay(below: Frame, above: Frame, picture: Picture, alpha: float) -> None:
    """Lay over *below* what covers all of it."""
    if picture.opaque:
        cv2.addWeighted(above, alpha, below, 1 - alpha, 0, dst=below)
    else:
        over(below, above, alpha if alpha < _ALL else 1)


Shares = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""How much of each column and of each row a rectangle covers, 0 to 1."""


def _shares(polygon: list[Point], below: Frame, *, smooth: bool) -> Shares:
    """Return what a rectangle with sides parallel to those of the frame covers."""
    height, width = below.shape[:2]
    xs, ys = zip(*polygon, strict=True)
    if not smooth:
        xs, ys = tuple(round(x) for x in xs), tuple(round(y) for y in ys)
    return span(min(xs), max(xs), 0, width), span(min(ys), max(ys), 0, height)


def _draw_upright(
    below: Frame, pixels: Frame, sampling: Matrix, shares: Shares, picture: Picture, alpha: float
) -> None:
    """Draw an opaque rectangle."""
    columns, rows = shares
    saved = [(below[row], below[row].astype(np.float32), rows[row]) for row in np.flatnonzero(rows < 1)]
    saved += [(below[:, at], below[:, at].astype(np.float32), columns[at]) for at in np.flatnonzero(columns < 1)]
    if alpha >= _ALL:
        _warp(pixels, sampling, below)
    else:
        _lay(below, _warp(pixels, sampling, np.empty_like(below)), picture, alpha)
    for strip, old, share in saved:
        strip[:] = np.round(old + share * (strip - old))


def _upright_above(below: Frame, pixels: Frame, sampling: Matrix, shares: Shares, alpha: float) -> Frame:
    """Return what is to be laid over *below* of a rectangle through which it shines."""
    above = _warp(pixels, sampling, np.empty_like(below))
    columns, rows = shares
    for row in np.flatnonzero(rows < 1):
        above[row] = np.round(above[row] * rows[row])
    for column in np.flatnonzero(columns < 1):
        above[:, column] = np.round(above[:, column] * columns[column])
    return above if alpha >= _ALL else cv2.convertScaleAbs(above, alpha=alpha).astype(np.uint8, copy=False)


def _draw_band(  # noqa: PLR0917 - what `draw` found out
    below: Frame,
    pixels: Frame,
    sampling: Matrix,
    polygon: list[Point],
    picture: Picture,
    alpha: float,
    rows: tuple[int, int],
    *,
    smooth: bool,
) -> None:
    """Draw some rows of what has edges at any angle; most pixels of a band are inside, without a look at the edges."""
    first, last = rows
    outer, inner = spans(polygon, first, last)
    left, right = max(0, math.floor(outer[0] - 1)), min(below.shape[1], math.ceil(outer[1] + 1))
    if left >= right:
        return
    offset = np.array(((1, 0, left), (0, 1, first), (0, 0, 1)))
    below = below[first:last, left:right]
    above = _warp(pixels, sampling @ offset, np.empty_like(below))
    inside = max(0, math.ceil(inner[0] + 1) - left), min(right - left, math.floor(inner[1] - 1) - left)
    if inside[0] >= inside[1]:
        sides = [(0, right - left)]
    else:
        sides = [side for side in ((0, inside[0]), (inside[1], right - left)) if side[0] < side[1]]
    direct = picture.opaque and alpha >= _ALL
    if direct and inside[0] < inside[1]:
        below[:, inside[0] : inside[1]] = above[:, inside[0] : inside[1]]
    for start, end in sides:
        local = [(x - left - start, y - first) for x, y in polygon]
        weight = cv2.merge((coverage(local, end - start, last - first, smooth=smooth),) * 4)
        part, under = above[:, start:end], below[:, start:end]
        cv2.multiply(part, weight, part, 1 / 255)
        if direct:
            cv2.multiply(under, cv2.bitwise_not(weight), under, 1 / 255)
            cv2.add(under, part, under)
    if not direct:
        over(below, above, alpha if alpha < _ALL else 1)
