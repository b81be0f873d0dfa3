"""Maps as pictures of a film: one interface, drivers by name, and the driver that composes map tiles.

A driver is a class with the interface of `MapDriver`, found by the setting `maps` in the
entry-point group `dragon_video.maps`:

    [project.entry-points."dragon_video.maps"]
    tiles = "dragon_video.film.maps:TileMaps"

The built-in one puts a map together from tiles of the server that the operator names in the
setting `map_tiles`; no server is asked without. Stands on stevedore, OpenCV, `frames` and `text`.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from stevedore import DriverManager
from stevedore.exception import NoMatches

from dragon_video.film.errors import InvalidContentError, InvalidImageError
from dragon_video.film.fonts import Fonts
from dragon_video.film.frames import OPAQUE, Frame, over, premultiplied
from dragon_video.film.text import TextStyle, set_ink
from dragon_video.settings import VideoSettings

GROUP = "dragon_video.maps"
TILE = 256
"""Pixels of a side of a tile."""
FARTHEST_NORTH = math.degrees(math.atan(math.sinh(math.pi)))
"""Degrees: where a map in Web Mercator ends, north and south, for the world to be a square (EPSG:3857)."""
LARGEST = 2048
DEEPEST = 22
DEFAULT_SIZE = (640, 640)
SEA = (224, 214, 170, 255)
"""Blue, green, red, alpha of what lies beyond the poles of the map."""
ATTRIBUTION_SIZE = 11.0
SMALLEST_SIGNED = 48
"""Pixels of a side below which nothing could be read in the corner of a map."""
MOST_MARKERS = 100

_POINT = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*")

Point = tuple[float, float]
"""Latitude and longitude in degrees, north and east."""
Fetch = Callable[[str], Path]
"""Gives the file of a URL, or raises an error of the film."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MapRequest:
    """What a map shows.

    Args:
        center: `latitude,longitude` in degrees, or an address.
        zoom: 0, where the planet is 256 pixels wide, to 22; each step doubles it.
        size: Width and height in pixels.
        markers: Points to mark, `latitude,longitude`, with `|` between.
        maptype: `map`, `satellite`, or `hybrid`, a satellite's with names.

    Raises:
        InvalidContentError: If a value is none of its kind.
    """

    center: str
    zoom: int = 0
    size: tuple[int, int] = DEFAULT_SIZE
    markers: str = ""
    maptype: Literal["map", "hybrid", "satellite"] = "map"

    def __post_init__(self) -> None:
        if not self.center.strip():
            raise InvalidContentError("a map has no center; expected latitude and longitude such as 48.857,2.352")
        if not 0 <= self.zoom <= DEEPEST:
            raise InvalidContentError(f"zoom of a map is {self.zoom}; expected 0 (the whole planet) to {DEEPEST}")
        if not all(1 <= side <= LARGEST for side in self.size):
            raise InvalidContentError(
                f"size of a map is {self.size[0]}x{self.size[1]}; expected at most {LARGEST} each"
            )
        if self.maptype not in ("map", "hybrid", "satellite"):
            raise InvalidContentError(f"maptype is {self.maptype!r}; expected map, hybrid or satellite")
        _ = self.marked

    @property
    def point(self) -> Point | None:
        """The centre, or None if it is an address."""
        return point_of(self.center, "center")

    @property
    def marked(self) -> list[Point]:
        """The points to mark."""
        points = []
        for part in filter(str.strip, self.markers.split("|")):
            point = point_of(part, "markers")
            if point is None:
                raise InvalidContentError(
                    f"markers are {part.strip()!r}; expected latitude,longitude such as 48.857,2.352"
                )
            points.append(point)
        if len(points) > MOST_MARKERS:
            raise InvalidContentError(f"a map has {len(points)} markers; expected at most {MOST_MARKERS}")
        return points


class MapDriver(Protocol):
    """What draws maps; made for each film with the operator's settings."""

    def __init__(self, settings: VideoSettings) -> None: ...

    def draw(self, request: MapRequest, fetch: Fetch, fonts: Fonts) -> Frame:
        """Return the map, opaque, in the size asked for.

        Args:
            request: What it shows; a driver that finds no addresses refuses them.
            fetch: The only way to the network.
            fonts: For what is written on the map.

        Raises:
            FilmError: If it cannot be drawn.
        """
        ...


def open_maps(settings: VideoSettings) -> MapDriver:
    """Return the driver that the settings name.

    Raises:
        InvalidContentError: If it is not installed, or does not load.
    """
    driver: MapDriver = _class(settings.maps)(settings)
    return driver


@lru_cache(maxsize=8)
def _class(name: str) -> Any:
    try:
        manager: Any = DriverManager(GROUP, name, on_load_failure_callback=_raise)
    except NoMatches as error:
        raise InvalidContentError(f"this service draws maps by {name!r}, which is not installed") from error
    return manager.driver


def _raise(_manager: object, _point: object, error: BaseException) -> None:
    raise InvalidContentError(f"the driver of maps does not load: {error}") from error


def point_of(text: str, name: str) -> Point | None:
    """Return the point that a text gives as `latitude,longitude`, or None if it is something else.

    Raises:
        InvalidContentError: If it is no point on Earth.
    """
    found = _POINT.fullmatch(text)
    if found is None:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise InvalidContentError(
            f"{name} is {text.strip()!r}; expected a latitude to 90 and a longitude to 180 degrees"
        )
    return latitude, longitude


def mercator(point: Point, zoom: int) -> tuple[float, float]:
    """Return where a point lies on the map of the world, right and down from its upper left corner, in pixels.

    The map is a square of 256 × 2^zoom pixels from 180° west (Web Mercator, EPSG:3857, on a sphere).
    """
    latitude = math.radians(max(-FARTHEST_NORTH, min(FARTHEST_NORTH, point[0])))
    world = TILE * 2.0**zoom
    x = (point[1] + 180) / 360
    y = (1 - math.asinh(math.tan(latitude)) / math.pi) / 2
    return x * world, y * world


class TileMaps:
    """Maps put together from square tiles of a server.

    Args:
        settings: With `map_tiles`, and `map_attribution` to be written into the corner.
    """

    def __init__(self, settings: VideoSettings) -> None:
        self._template = settings.map_tiles
        self._attribution = settings.map_attribution

    def draw(self, request: MapRequest, fetch: Fetch, fonts: Fonts) -> Frame:
        """Return the map: tiles, markers, attribution; see `MapDriver`."""
        self._check(request)
        if request.point is None:
            raise InvalidContentError(
                f"center of a map is {request.center!r}; this service finds no addresses: "
                "give latitude and longitude such as 48.857,2.352"
            )
        width, height = request.size
        middle = mercator(request.point, request.zoom)
        left, top = round(middle[0] - width / 2), round(middle[1] - height / 2)
        frame = np.empty((height, width, 4), np.uint8)
        frame[:] = SEA
        tiles: dict[str, Frame] = {}
        for row in range(top // TILE, -(-(top + height) // TILE)):
            if not 0 <= row < 2**request.zoom:
                continue
            for column in range(left // TILE, -(-(left + width) // TILE)):
                url = self._url(request, column % 2**request.zoom, row)
                if url not in tiles:
                    tiles[url] = tile_of(fetch(url), url)
                _put(frame, tiles[url], column * TILE - left, row * TILE - top)
        world = TILE * 2**request.zoom
        for point in request.marked:
            x, y = mercator(point, request.zoom)
            for copy in range(math.floor((left - x) / world), math.ceil((left + width - x) / world) + 1):
                mark(frame, x + copy * world - left, y - top)
        self._sign(frame, fonts)
        return frame

    def _check(self, request: MapRequest) -> None:
        if not self._template:
            raise InvalidContentError(
                "this service has no maps: its operator sets DRAGON_VIDEO_MAP_TILES to the URL of a tile, "
                "such as https://tiles.example/{z}/{x}/{y}.png"
            )
        missing = [part for part in ("{z}", "{x}", "{y}") if part not in self._template]
        if missing:
            raise InvalidContentError(f"the setting DRAGON_VIDEO_MAP_TILES lacks {', '.join(missing)}")
        if request.maptype != "map" and "{maptype}" not in self._template:
            raise InvalidContentError(f"maptype is {request.maptype!r}; this service has maps of the type 'map' alone")

    def _url(self, request: MapRequest, column: int, row: int) -> str:
        url = self._template
        values = {"z": request.zoom, "x": column, "y": row, "maptype": request.maptype}
        for name, value in values.items():
            url = url.replace("{" + name + "}", str(value))
        return url

    def _sign(self, frame: Frame, fonts: Fonts) -> None:
        """Write who made the map into the lower right corner, on a light ground."""
        height, width = frame.shape[:2]
        if not self._attribution or min(height, width) < SMALLEST_SIGNED:
            return
        style = TextStyle(
            fontsize=ATTRIBUTION_SIZE, fontcolor=(40, 40, 40, 255), align=("right", "bottom"), wrap=True
        )  # in pixels: `lines` is 360
        text = set_ink(self._attribution, style, width=max(1, width - 8), height=height, lines=360, fonts=fonts)
        rows, columns = text.frame.shape[:2]
        rows, columns = min(rows, height - 3), min(columns, width - 4)
        if rows < 1 or columns < 1:
            return
        ground = frame[height - rows - 6 if rows + 6 < height else 0 :, max(0, width - columns - 8) :]
        cv2.addWeighted(ground, 0.3, np.full_like(ground, 255), 0.7, 0, dst=ground)
        corner = frame[height - rows - 3 : height - 3, width - columns - 4 : width - 4]
        over(corner, np.ascontiguousarray(text.frame[-rows:, -columns:]))


def tile_of(path: Path, url: str) -> Frame:
    """Return the pixels of a tile, 256 × 256; larger ones, as some servers have for fine screens, are reduced.

    Raises:
        InvalidImageError: If the file is no picture.
    """
    data = np.fromfile(path, np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if decoded is None:
        raise InvalidImageError(f"the map tile {url} is no picture")
    if decoded.dtype != np.uint8:
        decoded = cv2.convertScaleAbs(decoded, alpha=1 / 257)
    frame = premultiplied(np.asarray(decoded, np.uint8))
    if frame.shape[:2] != (TILE, TILE):
        frame = np.asarray(cv2.resize(frame, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)
    return frame


def _put(frame: Frame, tile: Frame, x: int, y: int) -> None:
    """Lay a tile over a frame with its upper left corner at x, y."""
    height, width = frame.shape[:2]
    left, top, right, bottom = max(0, x), max(0, y), min(width, x + TILE), min(height, y + TILE)
    if left < right and top < bottom:
        over(frame[top:bottom, left:right], np.ascontiguousarray(tile[top - y : bottom - y, left - x : right - x]))


def mark(frame: Frame, x: float, y: float) -> None:
    """Draw a red pin whose point is at x, y in pixels; parts outside of the frame are not drawn."""
    radius, shift = 9.0, 4
    if not (-40 < x < frame.shape[1] + 40 and -40 < y < frame.shape[0] + 40):
        return
    angles = np.radians(np.linspace(-30, 210, 33))
    head = np.stack([x + radius * np.cos(angles), y - 3 * radius + radius - radius * np.sin(angles)], 1)
    outline = np.rint((np.vstack([head, [x, y]]) - 0.5) * 2**shift).astype(np.int32)
    middle = tuple(int(value) for value in np.rint((np.array([x, y - 2 * radius]) - 0.5) * 2**shift))
    cv2.fillPoly(frame, [outline], (48, 48, 220, OPAQUE), cv2.LINE_AA, shift)
    cv2.polylines(frame, [outline], True, (255, 255, 255, OPAQUE), 1, cv2.LINE_AA, shift)
    cv2.circle(frame, middle, round(radius / 3 * 2**shift), (255, 255, 255, OPAQUE), -1, cv2.LINE_AA, shift)
