"""Themes and slide shows as plain elements of the language.

The original's themes (`<widget type="director.theme...">`) were projects of an editing program and are gone. What
they hold is shown in one plain way: each image with a slow move, each text on a plain ground, captions as
legends, crossfades between, the sound under everything. `slideshow-1.0` is rewritten likewise.

In: a validated tree. Out: a body without widgets, and warnings. New nodes have the place of the old.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from dragon_video.film.errors import Problem
from dragon_video.film.nodes import Node
from dragon_video.film.values import PARENT

SECONDS_EACH = Fraction(5)
CROSSFADE = Fraction(1)
FADE_OUT = Fraction(3)
GROUND = (0x20, 0x20, 0x20, 255)

_MEDIA = {"image", "video"}


def rewritten(root: Node) -> tuple[Node, list[Problem]]:
    """Return the body of a film, without widgets, and what is told of those.

    Args:
        root: A validated `movie`; it is changed.
    """
    warnings: list[Problem] = []
    body = next(child for child in root.children if child.name == "body")
    if root.values["service"] != "craftsman-1.0":
        body.children = list(_slides(body, _default(root)))
    for node in list(body.walk()):
        node.children = [
            _replaced(child, node, warnings) if child.name == "widget" else child for child in node.children
        ]
        if node.name == "transition" and node.values.get("type") == "custom":
            warnings.append(node.problem("transitions made of widgets are crossfades here", "type"))
            node.children = []
    return body, warnings


def _made(origin: Node, name: str, children: Iterable[Node] = (), **values: Any) -> Node:
    """Return a new node at the place of *origin*; `_` in names of values stands for `-`."""
    node = Node(name, line=origin.line, column=origin.column, offset=origin.offset, source=origin.source)
    node.values = {key.replace("_", "-"): value for key, value in values.items() if value is not None}
    node.children = list(children)
    return node


def _default(root: Node) -> dict[str, Any]:
    for child in root.children:
        if child.name == "default":
            for inner in child.children:
                if inner.name == "transition":
                    return dict(inner.values)
    return {}


def _slides(body: Node, transition: dict[str, Any]) -> Iterable[Node]:
    """Yield the slides of `slideshow-1.0`, with a transition between each two."""
    before: Node | None = None
    for child in body.children:
        if child.name in _MEDIA:
            if before is not None:
                values = {"type": "crossfade", "duration": CROSSFADE} | transition
                given: dict[str, Any] = {key.replace("-", "_"): value for key, value in values.items()}
                yield _made(child, "transition", **given)
            yield _slide(child, None)
            before = child
        else:
            yield child
            before = None


def _slide(medium: Node, seconds: Fraction | None) -> Node:
    """Return an image with a slow move, or a video, as long as it says."""
    own = medium.values.pop("duration", None)
    if medium.name == "video":
        return _made(medium, "effect", [medium], type="none", duration=own)
    return _made(medium, "effect", [medium], type="kenburns", duration=own or seconds or SECONDS_EACH)


def _replaced(widget: Node, parent: Node, warnings: list[Problem]) -> Node:
    """Return plain nodes for a widget."""
    kind = str(widget.values.get("type", ""))
    tracks = [child for child in widget.children if child.name == "track"]
    media = [child for child in widget.children if child.name in _MEDIA]
    if tracks:
        warnings.append(widget.problem(f"the theme {kind!r} is gone; its pictures are shown in a plain way", "type"))
        return _theme(widget, tracks)
    warnings.append(widget.problem(f"the widget {kind!r} is gone; what is in it is shown full screen", "type"))
    shown = [_made(one, "effect", [one], type="none") for one in media]
    if len(shown) > 1:
        shown = [_made(widget, "effect", media, type="sliding")]
    for text in (child for child in widget.children if child.name == "text"):
        text.values.setdefault("type", "zone")
        shown.append(text)
    known = {"sequence", "stack", "effect", "overlay", "audio"}
    shown += [child for child in widget.children if child.name in known]
    return _made(widget, "stack", shown, **_times(widget))


def _times(node: Node) -> dict[str, Any]:
    names = ("duration", "margin-start", "margin-end", "margin-both", "start")
    return {name.replace("-", "_"): node.values[name] for name in names if name in node.values}


def _theme(widget: Node, tracks: list[Node]) -> Node:
    """Return a stack of the slides and the sound of a theme."""
    slides: list[Node] = []
    sound: list[Node] = []
    for track in tracks:
        for child in track.children:
            if child.name in _MEDIA:
                slides.append(_captioned(child))
            elif child.name == "text":
                slides.append(_title(child))
            elif child.name == "audio":
                child.values.setdefault("fadeout", FADE_OUT)
                sound.append(child)
    line: list[Node] = []
    for slide in slides:
        if line:
            line.append(_made(slide, "transition", type="crossfade", duration=CROSSFADE))
        line.append(slide)
    if line:  # the pictures say how long it is
        for one in sound:
            one.values.setdefault("duration", PARENT)
    shown = [_made(widget, "sequence", line)] if line else []
    return _made(widget, "stack", [*shown, *sound], **_times(widget))


def _captioned(medium: Node) -> Node:
    captions = [
        text
        for track in medium.children
        if track.name == "track"
        for text in track.children
        if text.name == "text" and text.text.strip()
    ]
    captions += [child for child in medium.children if child.name == "text" and child.text.strip()]
    medium.children = [child for child in medium.children if child.name == "filter"]
    slide = _slide(medium, None)
    if not captions:
        return slide
    for caption in captions:
        caption.values["type"] = "legend"
    return _made(medium, "stack", [slide, *captions])


def _title(text: Node) -> Node:
    """Return a text on a plain ground."""
    seconds = text.values.pop("duration", None) or SECONDS_EACH
    text.values.setdefault("type", "zone")
    for side in ("left", "right", "top", "bottom"):
        text.values.setdefault(side, 0.1)
    ground = _made(text, "effect", [_made(text, "image", color=GROUND)], type="none", duration=seconds)
    return _made(text, "stack", [ground, text])
