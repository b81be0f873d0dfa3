"""Images and videos as they are shown: the picture of a frame, with the filters of the medium.

Stands on `stage` and `using`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dragon_framework.errors import UnreadableSourceError
from dragon_video.film import frames
from dragon_video.film.assets import Asset
from dragon_video.film.errors import FilmError, InvalidImageError
from dragon_video.film.nodes import Node
from dragon_video.film.pictures import Picture
from dragon_video.film.reels import Reel
from dragon_video.film.scene.stage import Clock, Space, World
from dragon_video.film.scene.using import FilterUse

_PLAIN = 16


class Medium:
    """An image or video.

    Args:
        asset: Its file; None for a plain colour.
        node: Its node.
        space: Where it is shown.
        clock: When it is shown.
        world: What is shared.
        filters: Its filters that change pixels.
        adapter: The adapter filter that it has, and its attributes.
    """

    def __init__(
        self,
        asset: Asset | None,
        node: Node,
        space: Space,
        clock: Clock,
        world: World,
        *,
        filters: Sequence[FilterUse] = (),
        adapter: tuple[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.adapter = adapter
        self._asset = asset
        self._node = node
        self._values = node.values
        self._space = space
        self._clock = clock
        self._filters = [one for one in filters if one.kind != "alpha"]
        self._fades = [one for one in filters if one.kind == "alpha"]
        self._world = world
        self._still = all(one.still for one in self._filters)
        self._kept: tuple[Picture, tuple[Any, ...], Picture] | None = None
        self._plain: Picture | None = None
        self._reel: Reel | None = None

    @property
    def ratio(self) -> float:
        """Width by height as shown, before filters."""
        if self._asset is not None:
            return self._asset.ratio
        width, height = self._values.get("width"), self._values.get("height")
        return width / height if width and height else self._space.aspect

    def alpha(self, frame: int) -> float:
        """Return how much of it there is in a frame, 0 to 1."""
        seconds, alpha = self._world.seconds(frame), 1.0
        for one in self._fades:
            if one.clock.on(frame):
                alpha *= one.alpha(seconds)
        return alpha

    def picture(self, frame: int) -> Picture:
        """Return its picture in a frame of the film."""
        source = self._source(frame)
        acting = [one for one in self._filters if one.clock.on(frame)]
        if not acting:
            return source
        key = (*acting, None if self._still else frame)
        if self._kept is None or self._kept[0] is not source or self._kept[1] != key:
            pixels, seconds = source.pixels, self._world.seconds(frame)
            lines = self._lines(source)
            for one in acting:
                pixels = one.apply(pixels, frame, seconds, aspect=self._space.aspect, lines=lines, rendered=False)
            self._kept = source, key, Picture(pixels)
        return self._kept[2]

    def _lines(self, source: Picture) -> float:
        """Return the height of the film's frame in pixels of *source*, where it just covers its space."""
        shown = max(self._space.width / source.width, self._space.height / source.height)
        return self._space.height / max(shown, 1e-9)

    def _source(self, frame: int) -> Picture:
        asset = self._asset
        if asset is None:
            if self._plain is None:
                self._plain = Picture(frames.plain(_PLAIN, _PLAIN, self._values["color"]))
            return self._plain
        try:
            return self._read(asset, frame)
        except UnreadableSourceError as error:
            message = f"the video is damaged: {error.problem or 'it cannot be read'}"
            raise InvalidImageError([self._node.problem(message, "filename")]) from error
        except FilmError as error:
            problems = [self._node.problem(one.message, "filename") for one in error.problems]
            raise InvalidImageError(problems) from error

    def _read(self, asset: Asset, frame: int) -> Picture:
        space = self._space
        width, height = space.width * space.enlarged, space.height * space.enlarged
        if asset.kind == "image":
            return self._world.stills.get(asset.path, width, height)
        if self._reel is None:
            self._reel = self._world.reel(asset.path, width, height)
        local = self._world.seconds(frame) - self._clock.start - float(self._values.get("margin-start", 0))
        return self._reel.at(float(self._values.get("skip", 0)) + local * self._values.get("speed", 1.0))

    def release(self) -> None:
        """Close what is open; it is opened again where it is needed."""
        if self._reel is not None:
            self._world.release(self._reel)
            self._reel = None
        self._kept = None
        if self._asset is not None and self._asset.kind == "image":
            self._world.stills.drop(self._asset.path)
