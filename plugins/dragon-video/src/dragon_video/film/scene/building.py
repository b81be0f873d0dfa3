"""The painters of a film, made of its nodes in time.

In: the timed tree. Out: the painter of the body. What can be worked out before the first frame is worked out here:
boxes, windows, how large each picture is shown at most. Stands on `painters`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dragon_video.film.adapters import KENBURNS_MIDDLE
from dragon_video.film.animators import Animator, Keys
from dragon_video.film.assets import Asset
from dragon_video.film.durations import Timed
from dragon_video.film.errors import FilmError, InvalidFontError
from dragon_video.film.frames import Frame, blank
from dragon_video.film.keys import asset_key
from dragon_video.film.language import ADAPTER_FILTERS, FACES, MEDIA
from dragon_video.film.matrices import Viewport, identity
from dragon_video.film.nodes import Node
from dragon_video.film.placement import FULL, Box, placed
from dragon_video.film.scene.media import Medium
from dragon_video.film.scene.painters import (
    EffectPainter,
    Face,
    Group,
    Joint,
    Line,
    MediumFace,
    Moves,
    NodeFace,
    OverlayPainter,
    Painter,
    Setting,
    TextPainter,
)
from dragon_video.film.scene.stage import Canvas, Clock, Space, World
from dragon_video.film.scene.using import FilterUse
from dragon_video.film.text import DistanceStyle, TextPicture, TextStyle, in_style, legend_offset, set_ink
from dragon_video.film.text.picture import on_ground
from dragon_video.film.text.setting import ground as ground_of

_COMES_NEAR = {"kenburns": KENBURNS_MIDDLE, "diving": 2.0, "rotator": 1.5, "square": 1.2}
"""How many times larger than the frame these effects show a picture: `kenburns` halfway, others before it fades out."""


DISTANCE_FILTERS = ("distancemap", "distancecolor")

_TEXT = (
    *("type", "align", "fontsize", "fontname", "face", "weight", "style", "stretch", "fontcolor", "backgroundcolor"),
    *("vector", "direction", "speed", "reference", "wrap", "interlign"),
)


class Builder:
    """Makes painters.

    Args:
        world: What the painters share.
        order: Number of each node in the text, by its identity: the seed of what is random in it.
    """

    def __init__(self, world: World, order: Mapping[int, int]) -> None:
        self._world = world
        self._order = order

    def painter(self, timed: Timed, space: Space) -> Painter | None:
        """Return what paints a node and all in it; None for what is not seen."""
        match timed.node.name:
            case "body" | "sequence":
                return self._line(timed, space)
            case "stack":
                return self._stack(timed, space)
            case "effect":
                return self._effect(timed, space, timed.node.values["type"])
            case "sphere":
                return self._effect(timed, space, "none")
            case "overlay":
                return self._overlay(timed, space)
            case "text":
                return self._text(timed, space)
            case _:
                return None

    def _moves(self, timed: Timed, aspect: float, box: Box = FULL) -> Moves:
        return [
            (Animator(child.node, aspect, box), self._world.clock(child))
            for child in timed.children
            if child.node.name == "animator"
        ]

    def _enlarging(self, timed: Timed, space: Space) -> tuple[Moves, Space]:
        moves = self._moves(timed, space.aspect)
        for animator, _ in moves:
            space = space.larger(animator.enlarges())
        return moves, space

    def _setting(self, timed: Timed, space: Space, moves: Moves) -> Setting:
        return Setting(self._world.clock(timed), self._world, space, moves, self._filters(timed, space))

    def _filters(self, timed: Timed, space: Space) -> list[FilterUse]:
        return [
            self._filter(child, space)
            for child in timed.children
            if child.node.name == "filter" and child.node.values["type"] not in ADAPTER_FILTERS
        ]

    def _filter(self, timed: Timed, space: Space) -> FilterUse:
        keys = [
            (Keys(child.node), child.node.values.get("mode", "linear"), float(child.start))
            for child in timed.children
            if child.node.name == "animator"
        ]
        faces = [self._face(child, space) for child in timed.children if child.node.name in FACES]
        seen = [face for face in faces if face is not None]

        def children(frame: int) -> Sequence[Frame]:
            width, height = replace(space, enlarged=min(1.0, space.enlarged)).fitting().canvas
            canvas = Canvas(blank(width, height), Viewport(width, height, space.aspect))
            return [face.picture(canvas, frame).pixels for face in seen]

        return FilterUse(
            timed.node.values["type"],
            timed.node.values,
            self._world.clock(timed),
            self._order[id(timed.node)],
            keys=keys,
            inside=self._filters(timed, space),
            children=children if seen else None,
            problem=timed.node.problem,
        )

    def _line(self, timed: Timed, space: Space) -> Painter:
        moves, inner = self._enlarging(timed, space)
        made: dict[int, Painter | None] = {}
        for child in timed.children:
            if child.node.name not in {"transition", "filter", "animator"}:
                made[id(child)] = self.painter(child, inner)
        joints = [
            Joint(
                child.node.values.get("type", "crossfade"),
                child.node.values,
                self._world.clock(child),
                made.get(id(child.before)),
                made.get(id(child.after)),
            )
            for child in timed.children
            if child.node.name == "transition"
        ]
        children = [painter for painter in made.values() if painter is not None]
        return Line(self._setting(timed, inner, moves), children=children, joints=joints)

    def _stack(self, timed: Timed, space: Space) -> Painter:
        moves, inner = self._enlarging(timed, space)
        cameras: list[tuple[Moves, bool, Clock]] = []
        for child in timed.children:
            if child.node.name == "camera":
                steps = self._moves(child, space.aspect)
                for animator, _ in steps:
                    inner = inner.larger(animator.nears())
                cameras.append((steps, child.node.values.get("relative", False), self._world.clock(child)))
        painters = [self.painter(child, inner) for child in timed.children]
        children = [painter for painter in painters if painter is not None]
        return Group(self._setting(timed, inner, moves), children=children, cameras=cameras)

    def _effect(self, timed: Timed, space: Space, kind: str) -> Painter | None:
        values = timed.node.values
        moves, inner = self._enlarging(timed, space)
        inner = inner.larger(_COMES_NEAR.get(kind, 1.0))
        faces: list[Face] = []
        shares: list[Clock] = []
        options: dict[str, Any] = dict(values)
        for child in timed.children:
            if child.node.name not in FACES:
                continue
            face = self._face(child, inner)
            if face is None:
                continue
            faces.append(face)
            shares.append(self._world.clock(child))
            if isinstance(face, MediumFace) and face.medium.adapter is not None:
                name, given = face.medium.adapter
                options |= {**given, "adapter": name}
        if not faces:
            return None
        setting = self._setting(timed, space, moves)
        return EffectPainter(setting, kind=kind, options=options, faces=faces, shares=shares)

    def _face(self, timed: Timed, space: Space) -> Face | None:
        if timed.node.name in MEDIA:
            return MediumFace(self._medium(timed, space))
        painter = self.painter(timed, space)
        return None if painter is None else NodeFace(painter, space)

    def _medium(self, timed: Timed, space: Space) -> Medium:
        adapter = None
        for child in timed.children:
            name = child.node.values.get("type")
            if child.node.name == "filter" and name in ADAPTER_FILTERS:
                values = child.node.values
                adapter = name.removesuffix("Adapter"), values
                space = space.larger(max(values.get("zoomStart", 1.0), values.get("zoomEnd", 1.0)))
        asset = self._asset(timed.node)
        # What is in a filter is laid over the whole medium, so it is laid out in the medium's shape.
        filters = self._filters(timed, space if asset is None else space.covered(asset.ratio))
        clock = self._world.clock(timed)
        return Medium(asset, timed.node, space, clock, self._world, filters=filters, adapter=adapter)

    def _asset(self, node: Node) -> Asset | None:
        key = asset_key(node)
        return None if key is None else self._world.assets[key]

    def _overlay(self, timed: Timed, space: Space) -> Painter:
        media = [child for child in timed.children if child.node.name in MEDIA]
        asset = self._asset(media[0].node) if media else None
        box = placed(timed.node.values, space.aspect, None if asset is None else asset.ratio)
        moves = self._moves(timed, space.aspect, box)
        sides = space.width * box.width, space.height * box.height
        inner = Space(box.ratio(space.aspect), *sides, space.enlarged, space.room)
        for animator, _ in moves:
            inner = inner.larger(animator.enlarges())
        inner = inner.fitting()
        medium = self._medium(media[0], inner) if media else None
        painters = [self.painter(child, inner) for child in timed.children]
        return OverlayPainter(
            self._setting(timed, inner, moves),
            box=box,
            aspect=space.aspect,
            medium=medium,
            children=[painter for painter in painters if painter is not None],
        )

    def _text(self, timed: Timed, space: Space) -> Painter:
        node = timed.node
        style = text_style(node, self._world)
        box = FULL if style.type != "zone" else placed(node.values, space.aspect, None)
        moves = self._moves(timed, space.aspect, box)
        for animator, _ in moves:
            space = space.larger(animator.enlarges())
        lines = max(1.0, space.height)
        wide = lines * space.aspect
        corner = (box.left * wide, box.top * lines) if style.type != "advanced" else (wide / 2, lines / 2)
        setting = self._setting(timed, space, moves)
        lettering = NodeLettering(node, style, self._world, space.enlarged)
        lettering.width, lettering.height = max(1e-3, box.width * wide), max(1e-3, box.height * lines)
        return TextPainter(
            replace(setting, filters=[one for one in setting.filters if one.kind not in DISTANCE_FILTERS]),
            lettering=lettering,
            styles=[one for one in setting.filters if one.kind in DISTANCE_FILTERS],
            corner=corner,
            lines=lines,
            entry=(lambda seconds: legend_offset(style, seconds)) if style.type == "legend" else None,
        )


class NodeLettering:
    """Sets the text of one node; the ink is kept.

    Args:
        node: A `text`.
        style: How it looks.
        world: Has the fonts.
        enlarged: How many times larger than at rest it is shown at most.
    """

    def __init__(self, node: Node, style: TextStyle, world: World, enlarged: float) -> None:
        self._node = node
        self._style = style
        self._world = world
        self._enlarged = enlarged
        self.width = 1.0
        """Of its box, in pixels."""
        self.height = 1.0
        self._ink: TextPicture | None = None

    def picture(self, values: Mapping[str, Any] | None) -> TextPicture:
        """Return the text over its ground, in the style of distances that *values* describe."""
        try:
            return self._picture(values)
        except FilmError as error:
            problems = [one if one.line else self._node.problem(one.message) for one in error.problems]
            raise type(error)(problems) from error

    def _picture(self, values: Mapping[str, Any] | None) -> TextPicture:
        style, lines = self._style, self._world.lines
        if self._ink is None:
            self._ink = set_ink(
                self._node.text,
                style,
                width=self.width,
                height=self.height,
                lines=lines,
                fonts=self._world.known_fonts,
                scale=self._enlarged,
            )
        picture = self._ink
        if values is not None:
            height = self.height if style.type == "zone" else picture.height
            picture = in_style(picture, DistanceStyle.of(values), lines=lines, height=height)
        ground = ground_of(style, self._ink, width=self.width, height=self.height)
        return on_ground(picture, ground, style.backgroundcolor, picture.scale)


def check_texts(body: Timed, world: World) -> None:
    """Look at the style of each text, before anything is drawn.

    Raises:
        FilmError: If any is wrong; it tells all that are.
    """
    wrong: list[FilmError] = []
    for timed in body.walk():
        if timed.node.name == "text":
            try:
                text_style(timed.node, world)
            except FilmError as error:
                wrong.append(error)
    if wrong:
        raise type(wrong[0])([problem for error in wrong for problem in error.problems])


def text_style(node: Node, world: World) -> TextStyle:
    """Return how a `text` looks.

    Raises:
        FilmError: If a value is none of its kind, or the font is unknown; it names the element.
    """
    values = node.values
    given = {name: values[name] for name in _TEXT if name in values}
    url = given.get("fontname", "")
    if url in world.fonts:
        given["fontname"] = world.fonts[url]
    if given.get("type") == "legend" and values.get("height") is not None:
        given["height"] = values["height"]
    try:
        style = TextStyle(**given)
        if not isinstance(style.fontname, Path):
            world.known_fonts.face(style.face or style.fontname)
        else:
            world.known_fonts.own(style.fontname)
    except FilmError as error:
        at = "fontname" if isinstance(error, InvalidFontError) else None
        raise type(error)([one if one.line else node.problem(one.message, at) for one in error.problems]) from error
    return style


def scene(body: Timed, world: World, viewport: Viewport) -> Painter:
    """Return what paints the film."""
    order = {id(timed.node): number for number, timed in enumerate(body.walk())}
    space = Space(viewport.aspect, float(viewport.width), float(viewport.height))
    painter = Builder(world, order).painter(body, space)
    assert painter is not None
    return painter


def painted(painter: Painter, frame: int, viewport: Viewport) -> Frame:
    """Return a frame of the film: BGRA, opaque."""
    painter.world.stills.next_frame()
    canvas = Canvas(None, viewport)
    painter.paint(canvas, frame, identity())
    return canvas.frame
