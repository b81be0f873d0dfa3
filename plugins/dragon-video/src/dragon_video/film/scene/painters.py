"""The painters: one for each kind of node, each paints its node in a frame of the film.

A painter is told the canvas, the number of the frame, and the matrix that its container gives. What it is and
what moves it, filters included, is the same for all (`Painter`); what it shows is its own (`draw`). Stands
on `raster`, `effects`, `transitions` and `stage`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dragon_video.film.adapters import adapter
from dragon_video.film.animators import Animator
from dragon_video.film.effects import planes
from dragon_video.film.frames import Frame, blank
from dragon_video.film.matrices import Matrix, Viewport, identity, scale, translate
from dragon_video.film.pictures import Picture
from dragon_video.film.placement import Box
from dragon_video.film.scene.media import Medium
from dragon_video.film.scene.stage import Canvas, Clock, Space, World
from dragon_video.film.scene.using import FilterUse
from dragon_video.film.text import TextPicture
from dragon_video.film.transitions import transition

Moves = Sequence[tuple[Animator, Clock]]
"""Animators and when they act, in the order of the text."""


def moved(moves: Moves, seconds: float) -> Matrix:
    """Return what animators make of a place at a time of the film; the first is applied first."""
    result = identity()
    for animator, clock in moves:
        result = animator.matrix(clock.progress(seconds), seconds - clock.start) @ result
    return result


@dataclass(frozen=True, slots=True)
class Setting:
    """What all nodes have.

    Args:
        clock: When it is on screen.
        world: What is shared.
        space: Where its children are laid out.
        moves: Its animators.
        filters: Its filters.
    """

    clock: Clock
    world: World
    space: Space
    moves: Moves = ()
    filters: Sequence[FilterUse] = ()


class Painter(ABC):
    """Paints one node.

    Args:
        setting: What moves and filters it, and when.
    """

    def __init__(self, setting: Setting) -> None:
        self.clock = setting.clock
        self.world = setting.world
        self.space = setting.space
        self._moves = setting.moves
        self._filters = [one for one in setting.filters if one.kind != "alpha"]
        self._fades = [one for one in setting.filters if one.kind == "alpha"]

    def paint(self, canvas: Canvas, frame: int, model: Matrix) -> None:
        """Paint the node over *canvas*, if it is on screen.

        Args:
            canvas: What is changed.
            frame: Number of the frame in the film.
            model: What the container makes of its children.
        """
        if not self.clock.on(frame):
            return
        seconds = self.world.seconds(frame)
        alpha = 1.0
        for fade in self._fades:
            if fade.clock.on(frame):
                alpha *= fade.alpha(seconds)
        if alpha <= 0:
            return
        if self._moves:
            model = model @ moved(self._moves, seconds)
        acting = [one for one in self._filters if one.clock.on(frame)]
        if not acting and (alpha >= 1 or self.single(frame)):
            self.draw(canvas, frame, model, alpha)
            return
        layer = canvas.layer()
        self.draw(layer, frame, model, 1.0)
        pixels, viewport = layer.frame, canvas.viewport
        for one in acting:
            pixels = one.apply(
                pixels, frame, seconds, aspect=viewport.aspect, lines=float(viewport.height), rendered=True
            )
        canvas.add(pixels, alpha)

    def single(self, frame: int) -> bool:
        """Whether `draw` lays down one picture, so that it can be faded by itself."""
        return False

    @abstractmethod
    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        """Paint what the node shows; *alpha* is 1 unless it is `single`."""

    def release(self) -> None:  # noqa: B027  # most nodes hold nothing
        """Give back memory and open files: the node will not be seen for a while."""


class Group(Painter):
    """A stack: its children together, the first at the back.

    Args:
        children: What is in it.
        cameras: Animators of its cameras, and whether each adds to the one before.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        children: Sequence[Painter],
        cameras: Sequence[tuple[Moves, bool, Clock]] = (),
    ) -> None:
        super().__init__(setting)
        self._children = children
        self._cameras = cameras

    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        before = canvas.view
        seconds = self.world.seconds(frame)
        for moves, relative, clock in self._cameras:
            if clock.on(frame):
                place = moved(list(reversed(moves)), seconds)
                view: Matrix = identity()
                if abs(np.linalg.det(place)) > 1e-9:
                    view = np.asarray(np.linalg.inv(place), dtype=np.float64)
                canvas.view = view @ canvas.view if relative else view
        for child in self._children:
            child.paint(canvas, frame, model)
        canvas.view = before

    def release(self) -> None:
        for child in self._children:
            child.release()


class Joint:
    """A transition at its place.

    Args:
        kind: Its type.
        options: Its attributes.
        clock: When it acts.
        before: What leaves, None for nothing.
        after: What comes.
    """

    def __init__(
        self, kind: str, options: Mapping[str, Any], clock: Clock, before: Painter | None, after: Painter | None
    ) -> None:
        self.clock = clock
        self.before = before
        self.after = after
        self._kind = kind
        self._options = options
        self._made: dict[Viewport, Any] = {}

    def draw(self, canvas: Canvas, frame: int, model: Matrix, world: World) -> None:
        """Paint both sides, and what the transition makes of them."""
        bare = canvas.bare
        sides: list[Frame] = []
        for side in (self.before, self.after):
            layer = canvas.layer(bare=bare)
            if side is not None:
                side.paint(layer, frame, model)
            sides.append(layer.frame)
        middle = 0.5 / float(world.frame_rate)  # of the time that the frame is on screen
        progress = self.clock.progress(world.seconds(frame) + middle)
        viewport = canvas.viewport
        if viewport not in self._made:
            self._made[viewport] = transition(self._kind, self._options, viewport)
        result = self._made[viewport].draw(sides[0], sides[1], progress)
        if bare:
            canvas.replace(result)
        else:
            canvas.add(result)


class Line(Painter):
    """A sequence: its children one after another, transitions between."""

    def __init__(
        self,
        setting: Setting,
        *,
        children: Sequence[Painter],
        joints: Sequence[Joint],
    ) -> None:
        super().__init__(setting)
        self._children = children
        self._joints = joints
        self._shown: set[int] = set()

    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        joined: set[int] = set()
        for joint in self._joints:
            if joint.clock.on(frame):
                joint.draw(canvas, frame, model, self.world)
                joined |= {id(side) for side in (joint.before, joint.after) if side is not None}
        shown: set[int] = set(joined)
        for child in self._children:
            if child.clock.on(frame):
                shown.add(id(child))
                if id(child) not in joined:
                    child.paint(canvas, frame, model)
        if gone := self._shown - shown:
            for child in self._children:
                if id(child) in gone:
                    child.release()
        self._shown = shown

    def release(self) -> None:
        for child in self._children:
            child.release()


class Face(Protocol):
    """One picture of an effect."""

    def ratio(self) -> float:
        """Width by height as shown."""

    def picture(self, canvas: Canvas, frame: int) -> Picture:
        """Return it as it is in a frame of the film."""

    def alpha(self, frame: int) -> float:
        """Return how much of it there is."""

    def release(self) -> None:
        """Give back what it holds."""


class MediumFace:
    """An image or video in an effect."""

    def __init__(self, medium: Medium) -> None:
        self.medium = medium

    def ratio(self) -> float:
        return self.medium.ratio

    def picture(self, canvas: Canvas, frame: int) -> Picture:
        return self.medium.picture(frame)

    def alpha(self, frame: int) -> float:
        return self.medium.alpha(frame)

    def release(self) -> None:
        self.medium.release()


class NodeFace:
    """Any node in an effect: what it paints fills the frame."""

    def __init__(self, painter: Painter, space: Space) -> None:
        self._painter = painter
        self._space = space

    def ratio(self) -> float:
        return self._space.aspect

    def picture(self, canvas: Canvas, frame: int) -> Picture:
        layer = Canvas(blank(canvas.viewport.width, canvas.viewport.height), canvas.viewport)
        self._painter.paint(layer, frame, identity())
        return Picture(layer.frame)

    def alpha(self, frame: int) -> float:
        return 1.0

    def release(self) -> None:
        self._painter.release()


class EffectPainter(Painter):
    """An effect: its pictures on planes.

    Args:
        kind: Its type.
        options: Its attributes.
        faces: Its pictures.
        shares: When each picture has its turn.
        over: What else is in it, painted over it.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        kind: str,
        options: Mapping[str, Any],
        faces: Sequence[Face],
        shares: Sequence[Clock],
    ) -> None:
        super().__init__(setting)
        self._kind = kind
        self._options = options
        self._faces = faces
        self._shares = shares
        self._ratios = [face.ratio() for face in faces]

    def single(self, frame: int) -> bool:
        return len(self._faces) == 1 and self._kind in {"none", "kenburns"}

    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        seconds = self.world.seconds(frame) - self.clock.start + self._options.get("timeOffset", 0.0)
        progress = self._progress(seconds)
        shown = planes(self._kind, self._ratios, self.space.aspect, progress, max(0.0, seconds), self._options)
        pictures: dict[int, Picture] = {}
        for plane in shown:
            face = self._faces[plane.picture]
            opacity = alpha * plane.alpha * face.alpha(frame)
            if opacity <= 0:
                continue
            if plane.picture not in pictures:
                pictures[plane.picture] = face.picture(canvas, frame)
            canvas.draw(pictures[plane.picture], model @ plane.matrix, alpha=opacity, part=plane.part)
        canvas.bare = canvas.bare and not shown

    def _progress(self, seconds: float) -> float:
        """Return how far the effect is: equal parts of it for each picture, whatever their shares of the time."""
        count = len(self._faces)
        if count == 1:
            return min(max(seconds / self.clock.duration, 0.0), 1.0) if self.clock.duration > 0 else 1.0
        at = seconds + self.clock.start
        for index, share in enumerate(self._shares):
            if at < share.start + share.duration or index == count - 1:
                return (index + share.progress(at)) / count
        return 1.0

    def release(self) -> None:
        for face in self._faces:
            face.release()


class OverlayPainter(Painter):
    """An overlay: a medium, or nodes, in a box.

    A medium is stretched to the box, unless an adapter says how it fits. Nodes have a scene of their own
    in the box, and are cut at its edges.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        box: Box,
        aspect: float,
        medium: Medium | None,
        children: Sequence[Painter],
    ) -> None:
        super().__init__(setting)
        self._boxed, self._filters = self._filters, []
        self._matrix = box.matrix(aspect)
        self._medium = medium
        self._children = children

    def single(self, frame: int) -> bool:
        return True

    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        acting = [one for one in self._boxed if one.clock.on(frame)]
        medium = self._medium
        if medium is not None and not self._children:
            alpha *= medium.alpha(frame)
        if alpha <= 0:
            return
        if medium is not None and medium.adapter is None and not self._children and not acting:
            picture = medium.picture(frame)
        else:
            picture = self._contents(frame, acting)
        canvas.draw(picture, model @ self._matrix, alpha=alpha)
        canvas.bare = False

    def _contents(self, frame: int, acting: Sequence[FilterUse]) -> Picture:
        """Return the box with everything in it."""
        space = self.space
        width, height = space.canvas
        inner = Canvas(blank(width, height), Viewport(width, height, space.aspect))
        medium = self._medium
        if medium is not None:
            kind, options = medium.adapter or ("none", {})
            matrix = adapter(kind, medium.ratio, space.aspect, self.clock.progress(self.world.seconds(frame)), options)
            opacity = medium.alpha(frame) if self._children else 1.0
            inner.draw(medium.picture(frame), matrix, alpha=opacity)
        for child in self._children:
            child.paint(inner, frame, identity())
        pixels, seconds = inner.frame, self.world.seconds(frame)
        for one in acting:
            pixels = one.apply(pixels, frame, seconds, aspect=space.aspect, lines=float(height), rendered=True)
        return Picture(pixels)

    def release(self) -> None:
        if self._medium is not None:
            self._medium.release()
        for child in self._children:
            child.release()


class Lettering(Protocol):
    """Sets a text."""

    def picture(self, values: Mapping[str, Any] | None) -> TextPicture:
        """Return the text as a picture over its ground, in a style of distances if *values* has one."""


class TextPainter(Painter):
    """A text: its picture at its place.

    Args:
        lettering: Sets the text, when it is first seen, and when its style changes.
        styles: Its filters `distancemap` and `distancecolor`.
        corner: Where the picture's place is counted from, in pixels of the container: right and down.
        lines: Height of the container in pixels, as the text counts them.
        entry: Where it is at a time since it began, as a shift in widths and heights of the frame; up is positive.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        lettering: Lettering,
        styles: Sequence[FilterUse],
        corner: tuple[float, float],
        lines: float,
        entry: Callable[[float], tuple[float, float]] | None = None,
    ) -> None:
        super().__init__(setting)
        self._lettering = lettering
        self._styles = styles
        self._corner = corner
        self._lines = lines
        self._entry = entry
        self._made: tuple[Mapping[str, Any] | None, Picture, Matrix] | None = None

    def single(self, frame: int) -> bool:
        return True

    def draw(self, canvas: Canvas, frame: int, model: Matrix, alpha: float) -> None:
        seconds = self.world.seconds(frame)
        values: dict[str, Any] | None = None
        for style in self._styles:
            if style.clock.on(frame):
                values = (values or {}) | style.values(seconds)
        if self._made is None or self._made[0] != values:
            self._made = self._prepared(values)
        _, picture, matrix = self._made
        if self._entry is not None:
            right, up = self._entry(seconds - self.clock.start)
            matrix = translate(2 * self.space.aspect * right, 2 * up) @ matrix
        canvas.draw(picture, model @ matrix, alpha=alpha)
        canvas.bare = False

    def _prepared(self, values: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, Picture, Matrix]:
        text, unit = self._lettering.picture(values), 2 / self._lines
        x, y = self._corner[0] + text.x + text.width / 2, self._corner[1] + text.y + text.height / 2
        place = translate(x * unit - self.space.aspect, 1 - y * unit)
        return values, Picture(text.frame), place @ scale(text.width * unit / 2, text.height * unit / 2)

    def release(self) -> None:
        self._made = None
