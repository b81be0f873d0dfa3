"""The films of the gallery: for each element one short definition that shows it.

Stands on the tables of the language, so that nothing in them is left out.
"""

from typing import NamedTuple

SECONDS = 4


class Show(NamedTuple):
    """One film of the gallery.

    Args:
        name: What it shows; with the section the name of its strip.
        body: What stands in its `body`.
        caption: What to look at; "" for what the tables say of it.
        times: When its five frames are, in seconds.
        moves: Whether its frames differ.
    """

    name: str
    body: str
    caption: str = ""
    times: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 3.96)
    moves: bool = True

    @property
    def definition(self) -> str:
        """The film in SXML."""
        body = "\n".join("    " + line for line in self.body.splitlines())
        return f'<movie service="craftsman-1.0">\n  <body>\n{body}\n  </body>\n</movie>\n'


def image(name: str, *filters: str) -> str:
    """Return an image element with filters inside."""
    inside = "".join("\n" + indented(one) for one in filters)
    return f'<image filename="{name}"' + (f">{inside}\n</image>" if filters else "/>")


def indented(text: str) -> str:
    """Return *text* two places further in."""
    return "\n".join("  " + line for line in text.splitlines())


def held(tag: str, *inside: str) -> str:
    """Return an element around others; *tag* is its name and attributes."""
    inner = "\n".join(indented(one) for one in inside)
    return f"<{tag}>\n{inner}\n</{tag.split(maxsplit=1)[0]}>"


def effect(kind: str, *inside: str, seconds: float = SECONDS, more: str = "") -> str:
    """Return an effect with pictures or other elements inside."""
    return held(f'effect type="{kind}" duration="{seconds:g}"{more}', *inside)


def over(picture: str, *inside: str) -> str:
    """Return a stack with a picture on a slow move at the back."""
    return held("stack", effect("kenburns", image(picture)), *inside)


def each(*inside: str) -> str:
    """Return effects of equal lengths, one after another."""
    seconds = SECONDS / len(inside)
    return "\n".join(effect("none", one, seconds=seconds) for one in inside)


def on(code: str, *inside: str) -> str:
    """Return a stack on a plain colour."""
    return held("stack", effect("none", f'<image color="{code}"/>'), *inside)


_ENTER = (0.0, 0.3, 0.65, 1.2, 3.8)
_FOUR = (image("mountains.jpg"), image("sea.jpg"), image("balloons.jpg"), image("desert.jpg"))
_VISITS = (0.0, 1.7, 2.1, 4.0, 5.9)


def _visit(kind: str, more: str = "") -> Show:
    return Show(
        kind + (" " + more.split('"')[1] if more else ""), effect(kind, *_FOUR, seconds=8, more=more), times=_VISITS
    )


EFFECTS = (
    Show("none", effect("none", image("balloons.jpg")), moves=False),
    Show("kenburns", effect("kenburns", image("mountains.jpg"))),
    Show("kenburns negative", effect("kenburns", image("sea.jpg"), more=' direction="negative"')),
    Show("panel", effect("panel", image("balloons.jpg")), times=_ENTER),
    Show("flower", effect("flower", image("desert.jpg")), times=(0.1, 0.5, 1.0, 1.5, 3.8)),
    Show("explode", effect("explode", image("mountains.jpg")), times=(0.1, 0.4, 0.8, 1.3, 3.8)),
    Show("slice", effect("slice", image("sea.jpg")), times=_ENTER),
    Show("rectangles", effect("rectangles", image("city.jpg")), times=_ENTER),
    _visit("diving"),
    _visit("rotator"),
    _visit("rotator", ' direction="up"'),
    _visit("sliding"),
    _visit("square"),
)

_SHAPES = ("lighthouse.jpg", "panorama.jpg", "balloons.jpg", "logo.png", "star.png")
_FIFTHS = (0.4, 1.2, 2.0, 2.8, 3.6)


def _fitted(name: str, attributes: str = "", caption: str = "") -> Show:
    one = f'<filter type="{name}"{attributes}/>'
    return Show(name, each(*(image(shape, one) for shape in _SHAPES)), caption, _FIFTHS)


ADAPTERS = (
    Show(
        "none",
        "\n".join(effect("none", image(shape), seconds=0.8, more=' adapter="none"') for shape in _SHAPES),
        "Stretched to the frame.",
        _FIFTHS,
    ),
    _fitted("fixedAdapter", "", "Cropped in the middle, or about a place of its own."),
    _fitted("fitAdapter", "", "Whole, with nothing beside it."),
    Show(
        "zoomAdapter", effect("none", image("balloons.jpg"), more=' adapter="zoomAdapter"'), "Cropped, going in slowly."
    ),
    Show(
        "panoramicAdapter",
        effect("none", image("panorama.jpg"), more=' adapter="panoramicAdapter"'),
        "Along the longer side of a wide or tall picture.",
    ),
    Show(
        "kenburnsAdapter",
        effect(
            "none",
            image(
                "city.jpg",
                '<filter type="kenburnsAdapter" zoomStart="1" zoomEnd="2.2" centerEnd="0.2,0.2"/>',
            ),
        ),
        "From one window of the picture to another: here to the moon.",
    ),
    Show("cameramove", effect("none", image("forest.jpg"), more=' cameramove="right"'), "The camera drifts past."),
)

_BETWEEN = (1.0, 1.4, 1.8, 2.2, 2.8)


def _joint(kind: str, attributes: str = "", *, name: str = "", caption: str = "") -> Show:
    joint = f'<transition type="{kind}" duration="2"{attributes}/>'
    body = "\n".join(
        (effect("none", image("mountains.jpg"), seconds=3), joint, effect("none", image("sea.jpg"), seconds=3))
    )
    return Show(name or kind, body, caption, _BETWEEN)


_WIDGET = '<transition type="custom" duration="2">\n  <widget type="set.transitions.dissolve.01"/>\n</transition>'

TRANSITIONS = (
    _joint("crossfade"),
    _joint("waterdrop"),
    _joint("circle"),
    _joint("radial"),
    _joint("swirl"),
    _joint("strip"),
    _joint("scan"),
    _joint("scan", ' direction="down"', name="scan down"),
    _joint("scans"),
    _joint("move"),
    _joint("move", ' direction="up"', name="move up"),
    _joint("move", ' angle="20" rotCenter="bottom"', name="move angle", caption="With a turn about the lower border."),
    _joint("over"),
    _joint("under"),
    _joint("over", ' direction="right"', name="over right"),
    _joint("cube"),
    _joint("cube", ' direction="up"', name="cube up"),
    _joint("spiral"),
    _joint(
        "dualmove",
        ' directions="up,right" angles="-15,15"',
        caption="Out upwards and in to the right, each with a turn.",
    ),
)


def _far(picture: str, at: str) -> str:
    """Return a picture far behind the screen."""
    place = held('animator type="custom"', f'<key time="0" pos="{at},-3"/>')
    return held(f'overlay duration="{SECONDS}"', image(picture, '<filter type="fixedAdapter"/>'), place)


ANIMATORS = (
    Show(
        "slide-in",
        over(
            "forest.jpg",
            held(
                'overlay width="0.3" height="0.5333"',
                image("logo.png"),
                '<animator type="slide-in" duration="2" mode="quadratic"/>',
            ),
        ),
        "In from the left, at rest after 2 s.",
        (0.0, 0.6, 1.0, 1.4, 3.0),
    ),
    Show(
        "slide-out",
        over(
            "forest.jpg",
            held(
                'overlay width="0.3" height="0.5333"',
                image("logo.png"),
                '<animator type="slide-out" direction="up" duration="2"/>',
            ),
        ),
        "Out upwards in the last 2 s.",
        (1.0, 2.2, 2.8, 3.3, 3.8),
    ),
    Show(
        "slide",
        held(
            "stack",
            effect("none", image("forest.jpg")),
            held(
                'overlay width="0.3" height="0.5333"', image("logo.png"), '<animator type="slide" direction="right"/>'
            ),
        ),
        "A slow drift, by a twentieth of the frame in all.",
    ),
    Show(
        "rot-in",
        over(
            "desert.jpg",
            held(
                'overlay width="0.3" height="0.5333"',
                image("logo.png"),
                '<animator type="rot-in" angle="180" duration="2"/>',
            ),
        ),
        "Turns into its place.",
        (0.0, 0.6, 1.2, 1.7, 3.0),
    ),
    Show(
        "rot-out",
        over(
            "desert.jpg",
            held(
                'overlay width="0.3" height="0.5333"',
                image("logo.png"),
                '<animator type="rot-out" angle="180" duration="2"/>',
            ),
        ),
        "Turns out of its place.",
        (1.0, 2.2, 2.8, 3.3, 3.8),
    ),
    Show(
        "grow",
        effect("none", image("mountains.jpg"), '<animator type="grow" growStart="-1.5" growEnd="0"/>'),
        "Comes nearer, from far behind the screen.",
    ),
    Show(
        "custom",
        on(
            "#203040",
            held(
                'overlay width="0.6" height="0.6"',
                image("balloons.jpg"),
                held(
                    'animator type="custom" mode="quadratic"',
                    '<key time="0" pos="-0.9,0,-1" orient="0,70,0"/>',
                    '<key time="2" pos="0,0,0" orient="0,0,0"/>',
                    '<key time="4" pos="0.9,0,-1" orient="0,-70,0"/>',
                ),
            ),
        ),
        "Keys with a place and a turn about the upright axis.",
    ),
    Show(
        "custom in a filter",
        effect(
            "none",
            image(
                "city.jpg",
                held(
                    'filter type="gaussianBlur"',
                    held('animator type="custom"', '<key time="0" diameter="30"/>', '<key time="3" diameter="0"/>'),
                ),
            ),
        ),
        "Keys of a filter's attribute: the picture comes into focus.",
    ),
    Show(
        "camera",
        held(
            "stack",
            _far("mountains.jpg", "-1.8,1.1"),
            _far("sea.jpg", "1.8,1.1"),
            _far("desert.jpg", "-1.8,-1.1"),
            _far("balloons.jpg", "1.8,-1.1"),
            held(
                "camera",
                held(
                    'animator type="custom" mode="quadratic"',
                    '<key time="0.5" pos="0,0,0"/>',
                    '<key time="2.5" pos="1.8,1.1,-3"/>',
                    '<key time="4" pos="1.8,1.1,-3"/>',
                ),
            ),
        ),
        "Four pictures far behind the screen; the camera goes to one of them.",
    ),
)

LAYOUT = (
    Show(
        "picture in picture",
        held(
            "stack",
            effect("kenburns", image("sea.jpg")),
            held('overlay right="0.05" bottom="0.08" width="0.3"', '<video filename="boat.mp4" audio="false"/>'),
        ),
        "An overlay with one size given: the other follows from the film's ratio.",
    ),
    Show(
        "four corners",
        on(
            "#101820",
            held(
                'overlay left="0.02" top="0.03" width="0.47" height="0.46"',
                image("mountains.jpg", '<filter type="fixedAdapter"/>'),
            ),
            held(
                'overlay right="0.02" top="0.03" width="0.47" height="0.46"',
                image("sea.jpg", '<filter type="fixedAdapter"/>'),
            ),
            held(
                'overlay left="0.02" bottom="0.03" width="0.47" height="0.46"',
                image("desert.jpg", '<filter type="fixedAdapter"/>'),
            ),
            held(
                'overlay right="0.02" bottom="0.03" width="0.47" height="0.46"',
                image("balloons.jpg", '<filter type="fixedAdapter"/>'),
            ),
        ),
        "Boxes in fractions of the frame.",
        moves=False,
    ),
    Show(
        "logo",
        over("mountains.jpg", held('overlay right="0.03" top="0.05" height="0.2"', image("logo.png"))),
        "A picture with transparent corners.",
    ),
)


def _text(attributes: str, words: str, *inside: str) -> str:
    filters = "".join("\n" + indented(one) for one in inside)
    return f"<text {attributes}>{words}{filters}\n</text>" if filters else f"<text {attributes}>{words}</text>"


def _distance(name: str, told: str, attributes: str, keys: tuple[str, str], code: str = "#35506b") -> Show:
    """Return a film of a text in a style by distance, of which one attribute goes from one value to another."""
    steps = (f'<key time="{at}" {key}/>' for at, key in zip((0, SECONDS), keys, strict=True))
    text = _text(
        'type="zone" vector="true" fontname="arialbold" left="0.1" right="0.1" top="0.25" bottom="0.25"',
        "Stars",
        '<filter type="distancemap" distanceWidth="40"/>',
        held(f'filter type="distancecolor" {attributes}', held('animator type="custom"', *steps)),
    )
    return Show(name, on(code, text), told)


_FONTS = (
    *("arial", "arialbold", "arialroundedmtbold", "comicsansms", "couriernew", "landspeedrecord", "saddlebag"),
    *("timesnewroman", "verdana"),
)


def _font(name: str, left: float, top: float) -> str:
    look = f'type="zone" fontname="{name}" fontsize="26" fontcolor="#3a2418" align="left,center"'
    return _text(f'{look} left="{left:g}" top="{top:g}" height="0.17"', name)


TEXTS = (
    Show(
        "zone",
        over("mountains.jpg", _text('type="zone" left="0.1" right="0.1" top="0.3" bottom="0.3"', "Fits its box")),
        "As large as its box allows.",
    ),
    Show(
        "zone aligned",
        over(
            "desert.jpg",
            _text('type="zone" fontsize="36" align="left,top" left="0.05" top="0.06"', "Left and top"),
            _text('type="zone" fontsize="36" align="right,bottom" right="0.05" bottom="0.08"', "Right and bottom"),
        ),
        "With a size of its own, aligned in its box.",
    ),
    Show(
        "zone wrapped",
        over(
            "city.jpg",
            _text(
                'type="zone" wrap="true" fontsize="30" align="justify,center" left="0.15" right="0.15" top="0.1"'
                ' bottom="0.1" backgroundcolor="#00000080"',
                "Long texts are broken where words end, and here both borders are straight. "
                "Lines stand as far apart as the face says.",
            ),
        ),
        "Broken into lines, justified, on a half transparent ground.",
    ),
    Show(
        "legend",
        over("balloons.jpg", _text('type="legend" backgroundcolor="#00000099"', "Three balloons over the hills")),
        "Comes up from below.",
        (0.0, 0.2, 0.4, 1.0, 3.9),
    ),
    Show(
        "legend left",
        over(
            "desert.jpg", _text('type="legend" direction="left" backgroundcolor="#7a2f2acc"', "It travels to the left")
        ),
        "Comes from the right.",
        (0.0, 0.2, 0.4, 1.0, 3.9),
    ),
    Show(
        "advanced",
        over(
            "forest.jpg",
            _text(
                'type="advanced" fontsize="56" face="times" style="italic" fontcolor="#12361c"',
                "At an anchor",
                held(
                    'animator type="custom"',
                    '<key time="0" pos="-1.4,0.1,0"/>',
                    '<key time="4" pos="-0.6,0.1,0"/>',
                ),
            ),
        ),
        "Begins at an anchor, which an animator moves.",
    ),
    Show(
        "advanced scripts",
        on(
            "#20304a",
            _text(
                'type="advanced" fontsize="40" align="center"',
                "Grüße · Привет · γειά&#10;שלום עולם · مرحبا بالعالم&#10;你好 · こんにちは · 안녕하세요",
            ),
        ),
        "Scripts in both directions, from free fonts.",
        moves=False,
    ),
    Show(
        "fonts",
        on(
            "#f3ead7",
            *(_font(name, 0.04 + 0.5 * (at % 2), 0.02 + 0.19 * (at // 2)) for at, name in enumerate(_FONTS)),
        ),
        "The names of the original, set in free faces like them.",
        moves=False,
    ),
    _distance(
        "stroke",
        "A line around the letters, of growing width.",
        'color="#ffd166" strokeColor="#c1121f"',
        ('strokeWidth="0"', 'strokeWidth="0.4"'),
    ),
    _distance(
        "drop shadow",
        "A soft shadow below, from the left to the right.",
        'color="#ffffff" dropShadowColor="#000000" dropShadowOpacity="0.8" dropShadowBlurWidth="0.3"',
        ('dropShadowPosition="-0.08,-0.06"', 'dropShadowPosition="0.08,-0.06"'),
    ),
    _distance(
        "inner shadow",
        "As if cut out, with light from the right and then from the left.",
        'color="#f4a261" innerShadowColor="#3a1500" innerShadowOpacity="0.9" innerShadowBlurWidth="0.3"',
        ('innerShadowPosition="-0.06,-0.03"', 'innerShadowPosition="0.06,-0.03"'),
    ),
    _distance(
        "outer glow",
        "Light around the letters.",
        'color="#ffffff" outerGlowColor="#ffe45e" outerGlowBlurWidth="0.6"',
        ('outerGlowOpacity="0"', 'outerGlowOpacity="1"'),
        "#14142b",
    ),
    _distance(
        "inner glow",
        "Light from their edges inwards.",
        'color="#1d3557" innerGlowColor="#8ecae6" innerGlowBlurWidth="0.5"',
        ('innerGlowOpacity="0"', 'innerGlowOpacity="1"'),
        "#e9ecef",
    ),
)

_PICTURES = {
    "bilateralBlur": "forest.jpg",
    "glow": "city.jpg",
    "key": "studio.png",
    "makeTransparent": "badge.png",
    "noise": "forest.jpg",
    "tv": "city.jpg",
}
_WIDER = 'diameter="{}"', 0, 30
_BLENDED = 'originalBlend="{}"', 1, 0
_KEYED: dict[str, tuple[str, tuple[str, float, float]]] = {
    "blur": ("", _WIDER),
    "hblur": ("", _WIDER),
    "vblur": ("", _WIDER),
    "gaussianBlur": ("", _WIDER),
    "hgaussianBlur": ("", _WIDER),
    "vgaussianBlur": ("", _WIDER),
    "directionalBlur": (' diameter="40"', ('angle="{}"', 0, 90)),
    "bilateralBlur": (' diameter="16"', ('threshold="{}"', 0, 0.6)),
    "tint": (' blackColor="#1d3557" whiteColor="#ffe8b8"', _BLENDED),
    "threetint": (' blackColor="#10002b" mediumColor="#e0457b" whiteColor="#fff3b0"', _BLENDED),
    "threshold": ("", ('threshold="{}"', 0.3, 0.9)),
    "exposure": ("", ('offset="{}"', -1.5, 1.5)),
    "bleach": ("", _BLENDED),
    "glow": (' threshold="0.4"', ('diameter="{}"', 0, 80)),
    "gradient": (' color0="#5a189a" color1="#ffb34700" point0="0,0"', ('point1="{0},{0}"', 0.2, 1.5)),
    "radialGradient": (' color1="#000000e0"', ('point1="{},0.5"', 1.4, 0.6)),
    "frame": (' color="#ffffff"', ('width="{}"', 0, 0.12)),
    "borderBlur": ("", ('transWidth="{}"', 0, 0.4)),
    "cornerCut": ("", ('width="{}"', 0, 0.5)),
    "key": (' color="#10a836" transWidth="0.05"', ('width="{}"', 0, 0.12)),
    "makeTransparent": ("", ('width="{0}" transWidth="{0}"', 0, 0.15)),
    "subRender": ("", ('height="{}"', 12, 90)),
    "maskedBlur": ("", ('diameter="{}"', 0, 40)),
    "displacement": ("", ('width="{}"', 0, 0.1)),
}
"""Attributes of filters, and one that goes from one value to another."""

_GROWING = '<animator type="grow" growStart="-8" growEnd="1"/>'
_MASKS = {
    "mask": held("overlay", image("star.png"), _GROWING),
    "alphamask": held('overlay height="0.9"', image("logo.png"), '<animator type="slide-in" duration="4"/>'),
    "alphainvmask": held('overlay height="0.9"', image("logo.png"), '<animator type="slide-in" duration="4"/>'),
    "lumamask": held("overlay", image("star.png"), _GROWING),
    "lumainvmask": held("overlay", image("star.png"), _GROWING),
}
_BOXED = {"frame", "borderBlur", "cornerCut"}
_INSIDE = {"maskedBlur": image("star.png"), "displacement": image("ripples.png")}
_BEHIND = {"key": "mountains.jpg", "makeTransparent": "sea.jpg"}


def keyed(kind: str, attributes: str, key: tuple[str, float, float]) -> str:
    """Return a filter with an attribute that goes from one value to another."""
    text, first, last = key
    keys = (f'<key time="{at}" {text.format(f"{value:g}")}/>' for at, value in ((0, first), (SECONDS, last)))
    inside = (_INSIDE[kind],) if kind in _INSIDE else ()
    return held(f'filter type="{kind}"{attributes}', *inside, held('animator type="custom"', *keys))


def filtered(kind: str) -> Show:
    """Return a film that shows a filter of a kind."""
    picture = _PICTURES.get(kind, "balloons.jpg")
    if kind in _MASKS:
        one = held(f'filter type="{kind}"', _MASKS[kind])
        return Show(kind, held("stack", effect("none", image("mountains.jpg")), effect("none", image(picture), one)))
    if kind == "combine":
        inside = ('<filter type="gaussianBlur" diameter="12"/>', held('overlay height="0.6"', image("logo.png")))
        return Show(
            kind, effect("none", image(picture), held('filter type="combine" margin-start="1.5" duration="2"', *inside))
        )
    if kind not in _KEYED:
        attributes = ' alphaStart="0" alphaEnd="1"' if kind == "alpha" else ' zoomEnd="1.6"' if kind == "grow" else ""
        return Show(
            kind, effect("none", image(picture, f'<filter type="{kind}"{attributes}/>')), moves=kind != "identity"
        )
    one = image(picture, keyed(kind, *_KEYED[kind]))
    if kind in _BOXED:
        return Show(kind, over("mountains.jpg", held('overlay left="0.2" right="0.2"', one)))
    if kind in _BEHIND:
        return Show(kind, over(_BEHIND[kind], held('overlay height="0.9"', one)))
    return Show(kind, effect("none", one))


def presets() -> tuple[Show, ...]:
    """Return films that show the presets of `colormap`, five in each."""
    from dragon_video.film.filters import FILTERS

    names = FILTERS["colormap"].parameters["preset"].choices[1:]  # the first is what it does without one
    groups = [names[at : at + 5] for at in range(0, len(names), 5)]
    return tuple(
        Show(
            f"colormap {group[0]}",
            each(*(image("balloons.jpg", f'<filter type="colormap" preset="{name}"/>') for name in group)),
            "Presets: " + ", ".join(f"`{name}`" for name in group) + ".",
            tuple(SECONDS * (at + 0.5) / len(group) for at in range(len(group))),
        )
        for group in groups
    )


COLORMAPS = (
    Show(
        "colormap",
        effect("none", image("balloons.jpg"), '<filter type="colormap" margin-start="1.5" duration="2"/>'),
        "Without attributes: black and white; here for 2 s.",
    ),
    Show(
        "colormap matrix",
        effect(
            "none",
            image(
                "balloons.jpg",
                held(
                    'filter type="colormap"',
                    held(
                        'animator type="custom"',
                        '<key time="0" rgba-bias-matrix="#FF000000,#00FF0000,#0000FF00,#000000FF,#00000000"/>',
                        '<key time="4" rgba-bias-matrix="#0000FF00,#00FF0000,#FF000000,#000000FF,#00000000"/>',
                    ),
                ),
            ),
        ),
        "From no change to red and blue in each other's place.",
    ),
)


def filters() -> tuple[Show, ...]:
    """Return a film for each filter that draws, in the order of its table."""
    from dragon_video.film.filters import FILTERS

    shows: list[Show] = []
    for name in FILTERS:
        if name == "colormap":
            shows += [COLORMAPS[0], *presets(), COLORMAPS[1]]
        elif name not in {"distancemap", "distancecolor"}:  # among the texts
            shows.append(filtered(name))
    return tuple(shows)


def sections() -> dict[str, tuple[Show, ...]]:
    """Return all films by the headings of the page."""
    return {
        "Effects": EFFECTS,
        "Adapters": ADAPTERS,
        "Transitions": TRANSITIONS,
        "Animators and cameras": ANIMATORS,
        "Layout": LAYOUT,
        "Texts": TEXTS,
        "Filters": filters(),
    }
