"""Face detectors: one interface, drivers by name, and what the task makes of their findings.

In: a scaled, upright picture. Out: faces in pixels of the whole picture. A driver is a class
with the interface of `FaceDriver`, found by the setting `face_detector` in the entry-point
group `dragon_image.faces`:

    [project.entry-points."dragon_image.faces"]
    haar = "dragon_image._haar:HaarDriver"

Stands on stevedore; import it inside a task's function alone.
"""

from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from PIL import Image
from stevedore import DriverManager
from stevedore.exception import NoMatches

from dragon_framework.media.geometry import Size
from dragon_image.face import FaceDetectorError, FaceType

GROUP = "dragon_image.faces"


class FoundFace(NamedTuple):
    """A face: its type, its rectangle in pixels, and how certain it is, 0 to 1."""

    type: FaceType
    x: float
    y: float
    width: float
    height: float
    confidence: float


class FaceDriver(Protocol):
    """What a driver has; it is made once for each process, with the path of the setting `face_model`.

    Attributes:
        side: Longer side, in pixels, of the pictures it wants to see.
        enlarge: How many times a small picture is enlarged at most to have that side.
        grey: Whether it wants luma (mode L) rather than RGB.
    """

    side: int
    enlarge: float
    grey: bool

    def __init__(self, model: str) -> None:
        """Load what it needs; raise `FaceDetectorError` if that is missing."""

    def find(self, image: Image.Image) -> list[FoundFace]:
        """Return the faces in *image*, in its pixels, in any order; boxes may reach beyond it."""
        ...


@lru_cache(maxsize=2)
def open_driver(name: str, model: str) -> FaceDriver:
    """Return the driver called *name*, made with the model file at *model*.

    Raises:
        FaceDetectorError: If there is none of that name, or it cannot be loaded.
    """
    try:
        manager: Any = DriverManager(
            GROUP, name, invoke_on_load=True, invoke_args=(model,), on_load_failure_callback=_raise
        )
    except NoMatches as error:
        raise FaceDetectorError(name, "no driver of that name is installed") from error
    driver: FaceDriver = manager.driver
    return driver


def _raise(_manager: object, _point: object, error: BaseException) -> None:
    raise error


def in_whole_picture(faces: list[FoundFace], seen: Size, size: Size) -> list[FoundFace]:
    """Return faces found in a picture of *seen* pixels as those of one of *size*: front first, then by confidence.

    Rectangles are cut off at the borders and rounded; what lies outside is left out.
    """
    placed: list[FoundFace] = []
    across, down = size[0] / seen[0], size[1] / seen[1]
    for face in faces:
        left, right = (min(max(round(x * across), 0), size[0]) for x in (face.x, face.x + face.width))
        top, bottom = (min(max(round(y * down), 0), size[1]) for y in (face.y, face.y + face.height))
        if right > left and bottom > top:
            placed.append(FoundFace(face.type, left, top, right - left, bottom - top, face.confidence))
    return sorted(placed, key=lambda face: (face.type != "front", -face.confidence, face.y, face.x))
