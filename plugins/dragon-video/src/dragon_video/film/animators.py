"""How things move: the matrix of an animator at a moment.

In: the animator's attributes and keys, how far it is, and the box of what it moves. Out: a 4 × 4
matrix. Outside its time an animator holds its first or last place. What keys give is applied in the
order scale, position, orient, rot, each about the middle of the container, as the language has it: `orient` as
Euler angles, interpolated as a quaternion the shortest way (Shoemake 1985); `rot` as an angle about an
axis, its four numbers interpolated each by itself.
"""

import bisect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dragon_video.film.matrices import CAMERA, Matrix, about, euler, identity, rotate_z, scale, translate
from dragon_video.film.nodes import Node
from dragon_video.film.placement import FULL, Box

DRIFT = 0.05
"""How far `slide` goes in all, as a part of the frame."""

DEFAULT_ANGLE = 360.0
GROW = (0.0, 0.1)

_SIDES = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}


def eased(progress: float, mode: str) -> float:
    """Return *progress*, 0 to 1, as it is, or for `quadratic` starting and ending at rest."""
    progress = min(max(progress, 0.0), 1.0)
    if mode != "quadratic":
        return progress
    return 2 * progress * progress if progress < 0.5 else 1 - 2 * (1 - progress) ** 2


class Animator:
    """What one animator does.

    Args:
        node: A validated `animator`.
        aspect: Width by height of the container.
        box: Where what it moves lies in it.
    """

    def __init__(self, node: Node, aspect: float, box: Box = FULL) -> None:
        values = node.values
        self._kind: str = values["type"]
        self._mode: str = values.get("mode", "linear")
        self._values = values
        self._middle = aspect * (2 * box.left + box.width - 1), 1 - 2 * box.top - box.height
        self._away = _outside(values.get("direction", "left"), aspect, box)
        self._keys = Keys(node) if self._kind == "custom" else None
        self._aspect = aspect

    def matrix(self, progress: float, seconds: float) -> Matrix:
        """Return where it moves things.

        Args:
            progress: 0 to 1 of its time; held at the ends.
            seconds: Since it began; negative before.
        """
        if self._keys is not None:
            return self._keys.matrix(seconds, self._mode)
        part = eased(progress, self._mode)
        match self._kind:
            case "slide-in":
                return translate(*(way * (1 - part) for way in self._away))
            case "slide-out":
                return translate(*(way * part for way in self._away))
            case "slide":
                x, y = _SIDES[self._values.get("direction", "left")]
                return translate(2 * DRIFT * (part - 0.5) * x * self._aspect, 2 * DRIFT * (part - 0.5) * y)
            case "rot-in":
                return about(*self._middle, 0, rotate_z(self._values.get("angle", DEFAULT_ANGLE) * (1 - part)))
            case "rot-out":
                return about(*self._middle, 0, rotate_z(self._values.get("angle", DEFAULT_ANGLE) * part))
            case _:
                start, end = self._values.get("growStart", GROW[0]), self._values.get("growEnd", GROW[1])
                return translate(0, 0, start + (end - start) * part)

    def enlarges(self) -> float:
        """Return how many times larger than at rest things may get, at most."""
        if self._keys is not None:
            return self._keys.enlarges()
        if self._kind != "grow":
            return 1.0
        return nearer(max(self._values.get("growStart", GROW[0]), self._values.get("growEnd", GROW[1])))

    def nears(self) -> float:
        """Return how many times larger than at rest things get where this moves a camera, at most."""
        if self._keys is not None:
            return self._keys.nears()
        if self._kind != "grow":
            return 1.0
        return nearer(-min(self._values.get("growStart", GROW[0]), self._values.get("growEnd", GROW[1])))


MOST_ENLARGED = 6.0
"""Larger things are shown with the pixels of this size."""


def nearer(z: float) -> float:
    """Return how many times larger something is seen that was moved by *z* towards the camera."""
    return min(MOST_ENLARGED, CAMERA / (CAMERA - z)) if z < CAMERA else MOST_ENLARGED


class Keys:
    """The values of attributes between keys: linear, held before the first and after the last.

    Args:
        node: An `animator` of type custom.
    """

    def __init__(self, node: Node) -> None:
        keys = sorted((key.values for key in node.children if key.name == "key"), key=lambda values: values["time"])
        self._keys = keys
        self._times = [float(values["time"]) for values in keys]
        self.names = [name for name in keys[0] if name != "time"]

    def _between(self, seconds: float, mode: str) -> tuple[int, int, float]:
        after = bisect.bisect_right(self._times, seconds)
        if after == 0:
            return 0, 0, 0.0
        if after == len(self._times):
            return after - 1, after - 1, 0.0
        start, end = self._times[after - 1], self._times[after]
        return after - 1, after, eased((seconds - start) / (end - start), mode)

    def values(self, seconds: float, mode: str = "linear") -> dict[str, Any]:
        """Return the attributes at this time; words change where their key is."""
        first, last, part = self._between(seconds, mode)
        return {name: _mixed(self._keys[first][name], self._keys[last][name], part) for name in self.names}

    def matrix(self, seconds: float, mode: str) -> Matrix:
        """Return the place that the keys give at this time."""
        first, last, part = self._between(seconds, mode)
        result = identity()
        for name in ("scale", "pos", "orient", "rot"):
            if name not in self.names:
                continue
            one, two = self._keys[first][name], self._keys[last][name]
            if name == "orient":
                step = turned_between(one, two, part)
            else:
                mixed = _mixed(one, two, part)
                step = scale(*mixed) if name == "scale" else translate(*mixed) if name == "pos" else about_axis(mixed)
            result = step @ result
        return result

    def enlarges(self) -> float:
        """Return how many times larger than at rest the keys make things, at most."""
        size = max((abs(part) for key in self._keys for part in key.get("scale", (1.0,))), default=1.0)
        near = max((key["pos"][2] for key in self._keys if "pos" in key), default=0.0)
        turned = {"rot", "orient"} & set(self.names)
        return min(MOST_ENLARGED, size * nearer(near) * (1.5 if turned else 1.0))

    def nears(self) -> float:
        """Return how many times larger than at rest things get where the keys move a camera, at most."""
        near = max((-key["pos"][2] for key in self._keys if "pos" in key), default=0.0)
        return nearer(near) * (1.5 if {"rot", "orient"} & set(self.names) else 1.0)


def about_axis(values: Sequence[float]) -> Matrix:
    """Return a turn by an angle in degrees about an axis (Rodrigues' formula); no axis is no turn."""
    angle, *axis = values
    length = math.hypot(*axis)
    if length < 1e-12:
        return identity()
    x, y, z = (part / length for part in axis)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    result = identity()
    result[:3, :3] = cosine * np.eye(3) + sine * cross + (1 - cosine) * np.outer((x, y, z), (x, y, z))
    return result


def turned_between(one: Sequence[float], two: Sequence[float], part: float) -> Matrix:
    """Return the turn between two of Euler angles in degrees, the shortest way."""
    first, last = _quaternion(euler(*one)), _quaternion(euler(*two))
    cosine = float(first @ last)
    if cosine < 0:
        last, cosine = -last, -cosine
    if cosine > 0.9995:
        mixed = first + part * (last - first)
    else:
        angle = math.acos(min(1.0, cosine))
        mixed = (math.sin((1 - part) * angle) * first + math.sin(part * angle) * last) / math.sin(angle)
    w, x, y, z = mixed / np.linalg.norm(mixed)
    angle = 2 * math.degrees(math.acos(min(1.0, max(-1.0, float(w)))))
    return about_axis((angle, x, y, z))


def _quaternion(matrix: Matrix) -> "np.typing.NDArray[np.float64]":
    """Return (w, x, y, z) of a turn, w not negative, by the largest of its parts (Shepperd 1978)."""
    m = matrix[:3, :3]
    squares = np.array([1 + m.trace(), *(1 + 2 * m[i, i] - m.trace() for i in range(3))])
    largest = int(squares.argmax())
    if largest == 0:
        parts = [squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]]
    else:
        i, j, k = largest - 1, largest % 3, (largest + 1) % 3
        parts = [m[k, j] - m[j, k], 0.0, 0.0, 0.0]
        parts[1 + i], parts[1 + j], parts[1 + k] = squares[largest], m[j, i] + m[i, j], m[k, i] + m[i, k]
    result = np.array(parts)
    unit: np.typing.NDArray[np.float64] = result / np.linalg.norm(result)
    return unit


def _mixed(one: Any, two: Any, part: float) -> Any:
    if isinstance(one, (bool, str)):
        return one
    if isinstance(one, tuple):
        return tuple(_mixed(a, b, part) for a, b in zip(one, two, strict=True)) if isinstance(two, tuple) else one
    return one + (two - one) * part


def _outside(side: str, aspect: float, box: Box) -> tuple[float, float]:
    """Return the shift that takes *box* just out of the frame at a side."""
    match side:
        case "left":
            return -2 * aspect * box.right, 0.0
        case "right":
            return 2 * aspect * (1 - box.left), 0.0
        case "up":
            return 0.0, 2 * box.bottom
        case _:
            return 0.0, -2 * (1 - box.top)
