"""Transitions that bend the picture: `swirl` and `waterdrop`."""

import math

import numpy as np
import numpy.typing as npt

from dragon_video.film.adapters import eased
from dragon_video.film.frames import Frame
from dragon_video.film.matrices import Viewport
from dragon_video.film.mixing import Field, bent, mask_mix, remap_mix
from dragon_video.film.options import Options
from dragon_video.film.transitions.base import Transition
from dragon_video.film.transitions.wipes import Wipe, distances

_TURN = 6.0  # radians at the distance 1 inside the rim
_RIM = 1.2  # of the whirl, in half heights of the frame
_DEPTH = 0.05  # of the waves, in half heights
_LENGTH = 0.22  # from one wave to the next
_REACH = 0.4  # of the waves, before and behind their front
_SHORE = 0.5  # width over which the drop lets one picture through the other


class Swirl(Transition):
    """Both pictures whirl about the middle while one dissolves into the other."""

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        strength = _TURN * math.sin(math.pi * progress) ** 2
        scene = _Scene(self.viewport)

        def bend(columns: Field, rows: Field) -> tuple[Field, Field]:
            x, y = scene.places(columns, rows)
            angle = strength * np.maximum(0, _RIM - np.hypot(x, y)) ** 2
            cosine, sine = np.cos(angle), np.sin(angle)
            return scene.pixels(x * cosine - y * sine, x * sine + y * cosine)

        return remap_mix(before, after, eased(progress), bend, 8)


class Waterdrop(Transition):
    """A drop falls into the middle: behind the front of its waves is the other picture."""

    def __init__(self, options: Options, viewport: Viewport) -> None:
        super().__init__(options, viewport)
        self._farthest = math.hypot(viewport.aspect, 1)
        self._wipe = Wipe(distances(viewport) / np.float32(self._farthest), _SHORE / self._farthest)
        # What depends on the distance alone is a table; a step of it is a thousandth of a wave.
        self._table = np.arange(0, 1.1 * self._farthest + 0.5, _LENGTH / 1000)
        self._indices: npt.NDArray[np.intp] | None = None

    def between(self, before: Frame, after: Frame, progress: float) -> Frame:
        mixed = mask_mix(before, after, self._wipe.mask(progress))
        front = progress * (self._farthest + _SHORE) - _SHORE / 2
        strength = _DEPTH * math.sin(math.pi * progress)
        distance = self._table
        behind = distance - front
        wave = strength * np.sin(behind * (2 * math.pi / _LENGTH)) * np.exp(-((behind / _REACH) ** 2))
        # The shift is radial; at the very middle, which has no radius, there is none.
        factors = (1 + wave * distance / (distance * distance + 0.01)).astype(np.float32)
        scene = _Scene(self.viewport)

        def bend(columns: Field, rows: Field) -> tuple[Field, Field]:
            x, y = scene.places(columns, rows)
            if self._indices is None:
                indices = np.round(np.hypot(x, y) * (1000 / _LENGTH)).astype(np.intp)
                self._indices = np.minimum(indices, len(distance) - 1)
            factor = factors[self._indices]
            return scene.pixels(x * factor, y * factor)

        return bent(mixed, bend, 4)


class _Scene:
    """Pixels to places of the scene and back: x from −A to A, y from −1 to 1, down."""

    def __init__(self, viewport: Viewport) -> None:
        self._wide = np.float32(viewport.width / 2 / viewport.aspect)
        self._high = np.float32(viewport.height / 2)
        self._middle = np.float32((viewport.width - 1) / 2), np.float32((viewport.height - 1) / 2)

    def places(self, columns: Field, rows: Field) -> tuple[Field, Field]:
        return (columns - self._middle[0]) / self._wide, (rows - self._middle[1]) / self._high

    def pixels(self, x: Field, y: Field) -> tuple[Field, Field]:
        return x * self._wide + self._middle[0], y * self._high + self._middle[1]
