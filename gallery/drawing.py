"""Frames of a definition, drawn without a service: what `video.create` does, up to the encoder.

In: a definition and a directory with what it names. Out: frames, and the warnings. Stands on `dragon_video.film`.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dragon_video.film.assets import Asset, Kind, probed
from dragon_video.film.durations import solve
from dragon_video.film.frames import Frame
from dragon_video.film.keys import AssetKey, asset_key
from dragon_video.film.nodes import Node
from dragon_video.film.parse import parse
from dragon_video.film.plan import Drawing, Plan
from dragon_video.film.rewriting import rewritten
from dragon_video.film.validate import validate

RATE = 25
_KINDS: dict[str, Kind] = {"image": "image", "video": "video", "sound": "sound"}


class Film:
    """A film that can be drawn.

    Args:
        definition: In SXML; file names are those of *directory*.
        directory: Where they lie.
        height: Of a frame, in pixels; 16 to 9.

    Attributes:
        timed: The film in time.
        assets: What it is made of.
        warnings: What the definition is told.
        seconds: How long it lasts.
    """

    def __init__(self, definition: str, directory: Path, height: int) -> None:
        root = parse(definition)
        self.warnings = [str(one) for one in validate(root)]
        body, told = rewritten(root)
        self.warnings += [str(one) for one in told]
        assets = _assets(body, directory)

        def length(node: Node) -> Fraction | None:
            key = asset_key(node)
            return None if key is None else assets[key].seconds

        self.assets = assets
        self.timed, told = solve(body, length)
        self.warnings += [str(one) for one in told]
        self.seconds = float(self.timed.duration)
        width = round(height * 16 / 9)
        self._plan = Plan(self.timed, assets, {}, width=width, height=height, aspect=16 / 9, frame_rate=Fraction(RATE))

    def frames(self, times: Sequence[float]) -> list[Frame]:
        """Return the frames at these times, in seconds."""
        last = round(self.seconds * RATE) - 1
        with Drawing(self._plan) as drawing:
            return [drawing.frame(min(last, int(time * RATE + 1e-6))).copy() for time in times]


def _assets(body: Node, directory: Path) -> dict[AssetKey, Asset]:
    found: dict[AssetKey, Asset] = {}
    for node in body.walk():
        key = asset_key(node)
        if key is not None and key not in found:
            found[key] = probed(directory / key[1], _KINDS[key[0]], key[1], lambda: None)
    return found


def strip(frames: Sequence[Frame], width: int, gap: int) -> npt.NDArray[np.uint8]:
    """Return frames side by side, each *width* pixels wide, with white between: blue, green, red."""
    height = round(width * frames[0].shape[0] / frames[0].shape[1])
    parts: list[npt.NDArray[np.uint8]] = []
    for frame in frames:
        if parts:
            parts.append(np.full((height, gap, 3), 255, np.uint8))
        parts.append(cv2.resize(frame[:, :, :3], (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8))
    return np.concatenate(parts, axis=1)
