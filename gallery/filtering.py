"""The films of filters: for each kind one in which an attribute goes from one value to another, where it has such.

Stands on the table of the filters, so that none is left out.
"""

from dragon_video.film.filters import FILTERS
from gallery.shows import SECONDS, Show, each, effect, held, image, over

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
    "displacement": ("", ('width="{}"', 0, 0.03)),
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
    shows: list[Show] = []
    for name in FILTERS:
        if name == "colormap":
            shows += [COLORMAPS[0], *presets(), COLORMAPS[1]]
        elif name not in {"distancemap", "distancecolor"}:  # among the texts
            shows.append(filtered(name))
    return tuple(shows)
