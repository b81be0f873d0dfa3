"""Texts in boxes: zones that fill a box or have a size of their own, and legends on a bar.

In: a text, its style, a box in pixels of the film's frame. Out: a `TextPicture`. Stands on
`_pango` (the engine), `picture` and `advanced`.

How a zone fills its box: the largest size at which the lines fit its height (from the ascent of
the first to the descent of the last, and any ink beyond) and the ink its width. It is placed by
its ink across, and by its lines down, so that texts side by side stand on one line whether or not
they have letters that descend.
"""

import math
from dataclasses import replace
from pathlib import Path

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.fonts import DEFAULT, Face, Fonts
from dragon_video.film.text import _pango
from dragon_video.film.text._pango import Ink, Setting
from dragon_video.film.text.advanced import set_advanced
from dragon_video.film.text.distance import DistanceStyle
from dragon_video.film.text.picture import Box, TextPicture, fineness, in_style, nothing, on_ground, reduced
from dragon_video.film.text.style import REFERENCE_LINES, TextStyle, tidied

LEGEND_MARGIN = 0.15
"""Room above and below a legend's line, and at its ends, as a part of the bar's height."""
LARGEST_SCALE = 8.0
LARGEST_BOX = 16_000_000
"""Pixels that the picture of a box may have; beyond, it is drawn less finely than was asked."""
LARGEST_SIDE = 12_000
LONGEST_WORD = 40
"""Letters of a word that may decide how large a text is that fills its box; longer ones are broken."""
PRECISION = 250
"""The size at which broken lines fill their box is found to this part of itself."""
SMALLEST = 0.5
"""Pixels of the em below which nobody looks for a smaller size."""
ROOM_OF_LETTER = 0.6
"""Room that a letter takes in lines of text, in square ems: half an em wide, and a line high. A first guess."""


def set_text(
    text: str,
    style: TextStyle,
    *,
    width: float,
    height: float,
    lines: int,
    fonts: Fonts,
    scale: float = 1.0,
    distance: DistanceStyle | None = None,
) -> TextPicture:
    """Return a text as a picture, over its ground.

    Args:
        text: What it says; newlines at its ends do not count.
        style: How it looks.
        width: Of the box, in pixels of the film's frame: of the placed node for a zone, the whole
            frame for a legend or an advanced text.
        height: As *width*.
        lines: Height of the film's frame in pixels; sizes of fonts follow it.
        fonts: The faces that may be asked for.
        scale: The largest size the text is shown at, against the one it is set for, 0.1 to 8:
            the ink is drawn once, that large, as far as 16 million pixels for the box allow.
        distance: Fill, stroke, shadows and glows, or None for ink in `fontcolor` alone.

    Raises:
        InvalidContentError: If the text is too long, or too large to be drawn.
        InvalidFontError: If the font is unknown or none.
    """
    ink = set_ink(text, style, width=width, height=height, lines=lines, fonts=fonts, scale=scale)
    box = ground(style, ink, width=width, height=height)
    if distance is not None:
        ink = in_style(ink, distance, lines=lines, height=box.height)
    return on_ground(ink, box, style.backgroundcolor, ink.scale)


def ground(style: TextStyle, ink: TextPicture, *, width: float, height: float) -> Box:
    """Return where `backgroundcolor` is laid: the box of a zone, the bar of a legend, behind the ink of the rest."""
    if style.type == "legend":
        return bar(style, width=width, height=height)
    return Box(0.0, 0.0, width, height) if style.type == "zone" else Box(ink.x, ink.y, ink.width, ink.height)


def bar(style: TextStyle, *, width: float, height: float) -> Box:
    """Return where the bar of a legend is in a frame of that size, once it has come in: at the bottom."""
    return Box(0.0, height * (1 - style.height), width, height * style.height)


def set_ink(
    text: str, style: TextStyle, *, width: float, height: float, lines: int, fonts: Fonts, scale: float = 1.0
) -> TextPicture:
    """Return the ink of a text without its ground; arguments and errors as of `set_text`."""
    if not (width > 0 and height > 0):
        raise InvalidContentError(f"a text has a box of {width:g} × {height:g} pixels")
    most = min(math.sqrt(LARGEST_BOX / (width * height)), LARGEST_SIDE / max(width, height))
    scale = min(max(0.1, min(LARGEST_SCALE, scale)) * (2 if style.vector else 1), most)
    text = tidied(text, style)
    if not text.strip():
        return nothing(scale)
    setting = setting_of(style, fonts, text)
    if style.type == "advanced":
        return set_advanced(text, style, setting, unit=lines / REFERENCE_LINES, scale=scale)
    box = Box(0.0, 0.0, width, height)
    if style.type == "legend":
        box = bar(style, width=width, height=height)
        margin = LEGEND_MARGIN * box.height
        box = Box(box.x + margin, box.y + margin, max(1.0, box.width - 2 * margin), box.height - 2 * margin)
    return _in_box(text, style, setting, box, lines=lines, scale=scale)


def setting_of(style: TextStyle, fonts: Fonts, text: str) -> Setting:
    """Return how the engine sets a text of that style, but for its size."""
    file = style.fontname if isinstance(style.fontname, Path) else None
    face = fonts.own(file) if file is not None else fonts.face(style.face or str(style.fontname or DEFAULT))
    for path in fonts.files:  # for emoji and characters that no other face has
        _pango.load(path)
    blue, green, red, _ = style.fontcolor
    return Setting(
        Face(face.family, style.heft or face.weight, face.file),
        FINE_SIZE,
        (red, green, blue),
        style.slant,
        pitch=style.interlign,
        right_to_left=_pango.is_right_to_left(text),
    )


FINE_SIZE = 100.0
"""Pixels of the em at which texts are measured."""


def _in_box(text: str, style: TextStyle, setting: Setting, box: Box, *, lines: int, scale: float) -> TextPicture:
    wraps = style.wrap and style.type == "zone"
    if style.fontsize is not None:
        size = style.fontsize * lines / REFERENCE_LINES
    elif wraps:
        if max(map(len, text.split())) <= LONGEST_WORD:
            setting = replace(setting, wrap="word")
        size = _filling_wrapped(text, style, setting, box)
    else:
        size = _filling(text, style, setting, box)
    for _ in range(4):
        picture, down = _set_at(text, style, setting.sized(size), box.width if wraps else None, scale)
        if style.fontsize is not None or (picture.width <= box.width and down <= box.height):
            break
        size *= min(box.width / picture.width, box.height / down, 0.999)  # rounded up to whole pixels
    return _placed(picture, down, style, box, justified=wraps and style.placed[0] == "justify")


def _set_at(
    text: str, style: TextStyle, setting: Setting, width: float | None, scale: float
) -> tuple[TextPicture, float]:
    """Return the text in lines of *width*, and the height of its lines; both in pixels of the film."""
    size = setting.size
    fine = fineness(size * scale)
    longest = len(text) if width is None else 0
    fine = max(1, min(fine, int(_pango.LARGEST_SIDE / (longest * size * scale + 1))))
    across = None if width is None else round(width / style.widening * scale * fine)
    sized = aligned(setting.sized(size * scale * fine, across), style)
    ink = _pango.draw(text, sized)
    lines = _pango.height_of(text, sized) / fine / scale
    return reduced(ink, fine, scale, style.widening, style.fontcolor), lines


def aligned(setting: Setting, style: TextStyle) -> Setting:
    """Return the setting with the lines aligned among themselves as the style says."""
    across = style.placed[0]
    sides = {"left": "low", "center": "centre", "right": "high", "justify": "low"}
    if setting.right_to_left:  # the engine's low is where lines begin
        sides |= {"left": "high", "right": "low"}
    return replace(setting, align=sides[across], justify=across == "justify" and setting.width is not None)  # type: ignore[arg-type]


def _placed(picture: TextPicture, lines: float, style: TextStyle, box: Box, *, justified: bool) -> TextPicture:
    across, down = style.placed
    room = box.width - picture.width
    x = {"left": 0.0, "center": room / 2, "right": room}.get(across, picture.x if justified else 0.0)
    top = {"top": 0.0, "center": (box.height - lines) / 2, "bottom": box.height - lines}[down]
    return _on_pixels(replace(picture, x=box.x + x, y=box.y + top + picture.y))


def _on_pixels(picture: TextPicture) -> TextPicture:
    """Return a picture whose pixels fall on those of the film: half a pixel beside, small letters would blur."""
    scale = picture.scale
    return replace(picture, x=round(picture.x * scale) / scale, y=round(picture.y * scale) / scale)


def _filling(text: str, style: TextStyle, setting: Setting, box: Box) -> float:
    """Return the size that fills the box with the lines as they are: all grows with the size."""
    lines = text.split("\n")
    longest = max(len(line) for line in lines)
    measured = aligned(setting.sized(min(FINE_SIZE, 25_000 / longest, 20_000 / len(lines) / style.interlign)), style)
    ink = _pango.extent(text, measured)
    if not ink.width:
        return box.height
    down = _pango.height_of(text, measured)
    return measured.size * min(box.width / (ink.width * style.widening), box.height / _needed(ink, down))


def _needed(ink: Ink, lines: float) -> float:
    """Return the height a text needs that is placed by its lines and has ink above or below them."""
    return lines + 2 * max(0.0, -ink.y, ink.y + ink.height - lines)


def _filling_wrapped(text: str, style: TextStyle, setting: Setting, box: Box) -> float:
    """Return the largest size at which the lines, broken between words, fill the box."""
    at = min(48.0, max(12.0, 48.0 * math.sqrt(400 / len(text))), 20_000 / (text.count("\n") + 1) / style.interlign)

    def fits(size: float) -> bool:
        across = box.width / style.widening * at / size
        measured = setting.sized(at, max(1, math.floor(across)))
        ink = _pango.extent(text, measured)
        return ink.width <= across and _needed(ink, _pango.height_of(text, measured)) * size / at <= box.height

    low, high = 0.0, box.height * 1.5
    size = min(high, math.sqrt(box.width * box.height / (ROOM_OF_LETTER * style.widening * len(text))))
    while high - low > low / PRECISION:
        low, high = (size, high) if fits(size) else (low, size)
        size = (low + high) / 2 if low else high / 2
        if low and high / low > 1.5:  # not yet between two near sizes
            size = low * 1.25
        if high < SMALLEST:
            return high
    return low
