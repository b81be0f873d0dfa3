"""The films of texts: their types, fonts, and styles by distance."""

from gallery.shows import SECONDS, Show, held, indented, on, over


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
