"""The language as tables: which elements there are, what they hold, and what their attributes take.

Names and values are those of SXML, service `craftsman-1.0`. What stands here is all that validation
knows of single elements; the rules between attributes are in `validate`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from dragon_video.film import filters as kinds
from dragon_video.film import values as v
from dragon_video.film.values import Kind

SERVICES = ("craftsman-1.0", "slideshow-1.0", "stupeflix-1.0")

TIME: dict[str, Kind] = {
    "duration": v.DURATION,
    "margin-start": v.SECONDS,
    "margin-end": v.SECONDS,
    "margin-both": v.SECONDS,
    "start": v.SECONDS,
}
PLACEMENT: dict[str, Kind] = dict.fromkeys(("top", "bottom", "left", "right", "width", "height"), v.POSITION)
DUCKING: dict[str, Kind] = {
    "duck-others": v.SHARE,
    "duck-threshold": v.SHARE,
    "duck-margin": v.SECONDS,
    "duck-fade": v.SECONDS,
}
SINGLE_EFFECTS = ("none", "kenburns", "panel", "flower", "explode", "slice", "rectangles")
MULTIPLE_EFFECTS = ("diving", "rotator", "sliding", "square")
MOST_PICTURES = 100
ADAPTERS = ("none", "fixedAdapter", "zoomAdapter", "panoramicAdapter", "kenburnsAdapter", "fitAdapter")
TRANSITIONS = (
    *("crossfade", "waterdrop", "circle", "radial", "swirl", "strip", "scan", "scans", "move", "over", "under", "cube"),
    *("spiral", "dualmove", "custom"),
)
ANIMATORS = ("slide", "slide-in", "slide-out", "rot-in", "rot-out", "grow", "custom")
CORNERS = ("middle", "left", "right", "top", "bottom")

ATOMS = frozenset({"sequence", "stack", "effect", "text", "overlay", "sphere", "audio", "widget"})
MODIFIERS = frozenset({"filter", "animator"})
MEDIA = frozenset({"image", "video"})
FACES = (ATOMS - {"audio"}) | MEDIA
"""What an effect shows: the pictures that it counts."""

_COLOURS = (
    *("color", "color0", "color1", "whiteColor", "blackColor", "mediumColor", "opaqueColor", "transparentColor"),
    *("strokeColor", "innerShadowColor", "dropShadowColor", "outerGlowColor", "innerGlowColor"),
)
_NUMBERS = (
    *("threshold", "originalBlend", "diameter", "diameterX", "diameterY", "bias", "biasX", "biasY", "margin", "width"),
    *(
        "colorWidth",
        "transWidth",
        "height",
        "aspectRatio",
        "rate",
        "gamma",
        "offset",
        "alphaStart",
        "alphaEnd",
        "angle",
    ),
    *("zoomStart", "zoomEnd", "zoomLimit", "security", "distanceWidth", "fillOpacity", "strokeWidth", "strokeOpacity"),
    *(
        f"{shadow}{part}"
        for shadow in ("innerShadow", "dropShadow")
        for part in ("Opacity", "Angle", "Distance", "Width", "BlurWidth")
    ),
    *(f"{glow}{part}" for glow in ("outerGlow", "innerGlow") for part in ("Opacity", "Width", "BlurWidth")),
)
_PAIRS = ("point0", "point1", "center", "centerStart", "centerEnd", "innerShadowPosition", "dropShadowPosition")
FILTER_ATTRIBUTES: dict[str, Kind] = {
    **dict.fromkeys(_COLOURS, v.COLOUR),
    **dict.fromkeys(_NUMBERS, v.NUMBER),
    **dict.fromkeys(_PAIRS, v.PAIR),
    "preset": v.FILLED,
    "rgba-bias-matrix": v.MATRIX,
    "direction": v.DIRECTION,
    "strokePosition": v.choice("outside", "inside", "center"),
    "depthEnable": v.BOOLEAN,
    "timeOffset": v.NUMBER,
}
KEY_ATTRIBUTES: dict[str, Kind] = {
    "scale": v.TRIPLE,
    "pos": v.TRIPLE,
    "orient": v.TRIPLE,
    "rot": v.QUADRUPLE,
}
"""What keys give of a node's place; those in a filter's animator give attributes of the filter."""


class Element(NamedTuple):
    """One element of the language.

    Args:
        children: Names of the elements that may stand in it; None if any may.
        attributes: Its attributes.
        required: Names of the attributes that must be given.
        text: Whether it has a text of its own.
        open: Whether attributes of any other name are no mistake.
    """

    children: frozenset[str] | None = frozenset()
    attributes: Mapping[str, Kind] = MappingProxyType({})
    required: tuple[str, ...] = ()
    text: bool = False
    open: bool = False


_MEDIA_TIME = {"duration": v.DURATION, "margin-start": v.SECONDS}

ELEMENTS: Mapping[str, Element] = {
    "movie": Element(frozenset({"head", "body", "default"}), {"service": v.choice(*SERVICES)}, ("service",)),
    "head": Element(frozenset({"filtercode"})),
    "filtercode": Element(text=True, open=True),
    "default": Element(frozenset({"transition"}), open=True),
    "body": Element(ATOMS | MODIFIERS | MEDIA | {"transition"}, TIME),
    "sequence": Element(ATOMS | MODIFIERS | {"transition"}, TIME | {"name": v.TEXT}),
    "stack": Element(
        ATOMS | MODIFIERS | {"camera"},
        TIME | {"name": v.TEXT, "screenWidth": v.NUMBER, "screenHeight": v.NUMBER, "static": v.BOOLEAN},
    ),
    "effect": Element(
        ATOMS | MODIFIERS | MEDIA,
        TIME
        | {
            "type": v.choice(*SINGLE_EFFECTS, *MULTIPLE_EFFECTS),
            "timeOffset": v.NUMBER,
            "depthEnable": v.BOOLEAN,
            "direction": v.DIRECTION,
            "cameramove": v.choice("left", "right", "up", "down"),
            "filterType": v.choice("grow"),
            "transWidth": v.POSITIVE,
            "width": v.POSITIVE,
            "color": v.COLOUR,
            "adapter": v.choice(*ADAPTERS),
        },
        ("type",),
    ),
    "overlay": Element(ATOMS | MODIFIERS | MEDIA, TIME | PLACEMENT | {"depthEnable": v.BOOLEAN, "name": v.TEXT}),
    "text": Element(
        MODIFIERS,
        TIME
        | PLACEMENT
        | {
            "type": v.choice("legend", "zone", "advanced"),
            "align": v.ALIGN,
            "fontsize": v.number("a font size from 1 to 1000, in lines of a frame of 360", 1, 1000),
            "fontname": v.FILLED,
            "face": v.FILLED,
            "weight": v.FILLED,
            "style": v.FILLED,
            "stretch": v.FILLED,
            "fontcolor": v.COLOUR,
            "backgroundcolor": v.COLOUR,
            "vector": v.BOOLEAN,
            "direction": v.choice("left", "right", "up", "down", "static"),
            "speed": v.SPEED,
            "reference": v.TEXT,
            "wrap": v.BOOLEAN,
            "interlign": v.number("a factor from 0.1 to 10", 0.1, 10),
            "name": v.TEXT,
            "depthEnable": v.BOOLEAN,
        },
        text=True,
    ),
    "audio": Element(
        frozenset(),
        TIME
        | DUCKING
        | {
            "filename": v.FILLED,
            "voice": v.FILLED,
            "fadein": v.SECONDS,
            "fadeout": v.SECONDS,
            "skip": v.SECONDS,
            "volume": v.VOLUME,
            "loop": v.BOOLEAN,
            "speed": v.SPEED,
            "name": v.TEXT,
        },
        text=True,
    ),
    "image": Element(
        frozenset({"filter"}),
        _MEDIA_TIME
        | {
            "filename": v.FILLED,
            "alt_filename": v.FILLED,
            "color": v.COLOUR,
            "width": v.PIXELS,
            "height": v.PIXELS,
            "nativeHeightRatio": v.POSITIVE,
            "type": v.choice("map"),
            "center": v.FILLED,
            "zoom": v.ZOOM,
            "size": v.SIZE,
            "markers": v.FILLED,
            "maptype": v.choice("map", "hybrid", "satellite"),
            "mapkey": v.TEXT,
        },
    ),
    "video": Element(
        frozenset({"filter"}),
        _MEDIA_TIME
        | DUCKING
        | {
            "filename": v.FILLED,
            "alt_filename": v.FILLED,
            "skip": v.SECONDS,
            "audio": v.BOOLEAN,
            "volume": v.VOLUME,
            "speed": v.SPEED,
            "audiospeed": v.SPEED,
        },
        ("filename",),
    ),
    "transition": Element(
        ATOMS,
        {
            "type": v.choice(*TRANSITIONS),
            "duration": v.SECONDS,
            "direction": v.DIRECTION,
            "start": v.NUMBER,
            "rotCenter": v.choice(*CORNERS),
            "angle": v.NUMBER,
            "directions": v.FILLED,
            "rotCenters": v.FILLED,
            "angles": v.PAIR,
            "depthEnable": v.BOOLEAN,
            "drawOrder": v.choice("normal", "inverted"),
        },
    ),
    "filter": Element(
        ATOMS | MODIFIERS | MEDIA | {"filtercode"}, TIME | FILTER_ATTRIBUTES | {"type": v.FILLED}, ("type",)
    ),
    "animator": Element(
        frozenset({"key"}),
        TIME
        | {
            "type": v.choice(*ANIMATORS),
            "direction": v.choice("left", "right", "up", "down"),
            "angle": v.NUMBER,
            "growStart": v.NUMBER,
            "growEnd": v.NUMBER,
            "mode": v.choice("linear", "quadratic"),
        },
        ("type",),
    ),
    "key": Element(frozenset(), {"time": v.SECONDS} | KEY_ATTRIBUTES | FILTER_ATTRIBUTES, ("time",)),
    "camera": Element(frozenset({"animator"}), TIME | {"relative": v.BOOLEAN}),
    "sphere": Element(ATOMS | MODIFIERS | MEDIA, TIME | {"radius": v.POSITIVE, "position": v.TRIPLE}),
    "widget": Element(None, TIME | {"type": v.FILLED}, ("type",), text=True, open=True),
    "style": Element(frozenset(), {"layer": v.TEXT, "color": v.COLOUR, "visible": v.BOOLEAN}, open=True),
    "track": Element(
        frozenset({"image", "video", "text", "audio", "track"}),
        {"type": v.choice("video", "audio", "caption")},
        open=True,
    ),
}

ADAPTER_FILTERS = ADAPTERS[1:]
PICTURE_FILTERS = tuple(kinds.FILTERS)
IGNORED_FILTERS = tuple(kinds.IGNORED)
"""Accepted, and without effect."""

REFUSED_FILTERS = tuple(kinds.REFUSED)
FILTERS = (*ADAPTER_FILTERS, *PICTURE_FILTERS, *IGNORED_FILTERS, *REFUSED_FILTERS)
