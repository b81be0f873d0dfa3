"""The built-in face detector: OpenCV's Haar cascades, `alt2` for faces from the front and `profileface`.

P. Viola, M. Jones: Rapid Object Detection using a Boosted Cascade of Simple Features, CVPR
2001; R. Lienhart, A. Kuranov, V. Pisarevsky: Empirical Analysis of Detection Cascades,
DAGM 2003. A search in two passes: a coarse one over the whole picture, where one window that
passes is enough, and a fine one around what it found, where many must agree. It takes a third
to a half of the time of one fine pass, and misses no more. Stands on OpenCV (4.x, whose wheels
bring the cascades); import it inside a task's function alone.
"""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from dragon_image._faces import FoundFace
from dragon_image.face import FaceType

Grey = npt.NDArray[np.uint8]

_FILES = Path(cv2.__file__).parent / "data"
_FINE = 1.05  # ratio of one size of the window to the next
_MARGIN = 0.3  # around what the coarse pass found, by its side
_RANGE = 1.4  # sizes that the fine pass looks at, up and down
_HALF_SURE = 20  # windows that agree for a confidence of 0.5

cv2.setNumThreads(1)  # tasks run side by side already; and one thread finds the same every time


class _Search(NamedTuple):
    """How one cascade is used.

    Args:
        type: What it finds.
        cascade: Its file among OpenCV's.
        least: Smallest window, in pixels.
        coarse: Ratio of one size of the window to the next in the coarse pass.
        agreeing: How many windows of the fine pass must agree.
    """

    type: FaceType
    cascade: str
    least: int
    coarse: float
    agreeing: int


FRONT = _Search("front", "haarcascade_frontalface_alt2.xml", 20, 1.3, 6)
PROFILE = _Search("profile", "haarcascade_profileface.xml", 34, 1.4, 14)


class HaarDriver:
    """Finds faces in luma; needs no model file."""

    side = 533  # where the window, of 20 px, is 24 of 640
    enlarge = 2.0
    grey = True

    def __init__(self, model: str) -> None:
        self._cascades = {search: cv2.CascadeClassifier(str(_FILES / search.cascade)) for search in _SEARCHES}

    def find(self, image: Image.Image) -> list[FoundFace]:
        """Return faces from the front, and profiles that look either way where there is none of those."""
        grey: Grey = np.asarray(image)
        mirrored = np.ascontiguousarray(grey[:, ::-1])
        found = self._search(FRONT, grey)
        profiles = self._search(PROFILE, grey)  # it knows one side of the face
        profiles += [face._replace(x=image.width - face.x - face.width) for face in self._search(PROFILE, mirrored)]
        return _apart(found + sorted(profiles, key=_confidence))

    def _search(self, search: _Search, grey: Grey) -> list[FoundFace]:
        cascade = self._cascades[search]
        windows: Any = cascade.detectMultiScale(
            grey, scaleFactor=search.coarse, minNeighbors=0, minSize=(search.least, search.least)
        )
        if not len(windows):
            return []
        # Each twice, because a group of one is dropped.
        groups, _ = cv2.groupRectangles([list(map(int, window)) for window in windows] * 2, 1, 0.4)
        found = [face for group in groups for face in _around(search, cascade, grey, group)]
        return _apart(sorted(found, key=_confidence))


_SEARCHES = (FRONT, PROFILE)


def _around(search: _Search, cascade: Any, grey: Grey, group: Any) -> list[FoundFace]:
    """Return what the fine pass finds around a square of the coarse one."""
    x, y, side = int(group[0]), int(group[1]), int(group[2])
    margin = int(side * _MARGIN)
    left, top = max(0, x - margin), max(0, y - margin)
    part = np.ascontiguousarray(grey[top : y + side + margin, left : x + side + margin])
    smallest, largest = max(search.least, int(side / _RANGE)), int(side * _RANGE)
    boxes, agreeing = cascade.detectMultiScale2(
        part,
        scaleFactor=_FINE,
        minNeighbors=search.agreeing,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
    )
    return [
        FoundFace(
            search.type,
            left + int(box[0]),
            top + int(box[1]),
            int(box[2]),
            int(box[3]),
            int(number) / (int(number) + _HALF_SURE),
        )
        for box, number in zip(boxes, agreeing, strict=True)
    ]


def _confidence(face: FoundFace) -> float:
    return -face.confidence


def _apart(faces: list[FoundFace]) -> list[FoundFace]:
    """Return *faces* without those whose middle lies in an earlier one, or that have the middle of one inside."""
    kept: list[FoundFace] = []
    for face in faces:
        if not any(_holds_middle(face, other) or _holds_middle(other, face) for other in kept):
            kept.append(face)
    return kept


def _holds_middle(face: FoundFace, other: FoundFace) -> bool:
    x, y = other.x + other.width / 2, other.y + other.height / 2
    return face.x <= x <= face.x + face.width and face.y <= y <= face.y + face.height
