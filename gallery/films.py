"""The films of the gallery: for each element one short definition that shows it, by the headings of the page."""

from gallery.filtering import filters
from gallery.shows import SECONDS, Show, each, effect, held, image, on, over
from gallery.texts import TEXTS

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
