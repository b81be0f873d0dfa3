"""Advanced texts: lines at an anchor, or in boxes that the lines of a reference text give.

In: a text, its style and setting. Out: a `TextPicture` whose origin is the anchor: on the
baseline of the first line, where it begins for `left`, where it ends for `right`, in its middle
for `center`. Each line of `reference` gives a box as long as that line, moved by the spaces it
begins with (to the left if the text runs to the left). Words go on to the next box when one is
full, a word longer than its box is broken between characters, and what is left at the end becomes
an ellipsis. Stands on `_pango` and `picture`.
"""

import math
import unicodedata
from typing import NamedTuple

from dragon_video.film.text import _pango
from dragon_video.film.text._pango import Setting
from dragon_video.film.text.picture import TextPicture, fineness, joined, reduced
from dragon_video.film.text.style import ADVANCED_SIZE, TextStyle

MOST_ROOMS = 40
"""A text that is as many times as long as its room, with letters of a whole em, is too long with any."""
ELLIPSIS = "…"
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"


class Room(NamedTuple):
    """Room for one line.

    Args:
        left: Where it begins, in pixels of the measured size.
        width: How long it is; infinite without a reference.
    """

    left: float
    width: float


class Line(NamedTuple):
    """A line that was filled.

    Args:
        text: What stands in it.
        room: Where.
        last: Whether a paragraph ends with it.
    """

    text: str
    room: Room
    last: bool


def set_advanced(text: str, style: TextStyle, setting: Setting, *, unit: float, scale: float) -> TextPicture:
    """Return the ink of an advanced text.

    Args:
        text: Tidied, with at least one character.
        style: How it looks.
        setting: Its face.
        unit: Pixels of the film for one of a frame of 360 lines.
        scale: Pixels of the picture for one of the film.

    Raises:
        InvalidContentError: If it is too large to be drawn.
    """
    size = (style.fontsize or ADVANCED_SIZE) * unit
    fine = fineness(size * scale)
    pixels = fine * scale
    drawn = setting.sized(size * pixels)
    lines = filled(text, rooms_of(style.reference, drawn), drawn)
    widest = max((line.room.left + line.room.width for line in lines if line.room.width < math.inf), default=0.0)
    pitch = drawn.size * _pango.natural_pitch(drawn.face, drawn.slant) * style.interlign
    across = style.placed[0]
    pictures = []
    for number, line in enumerate(lines):
        if not line.text.strip():
            continue
        justified = across == "justify" and not line.last and line.room.width < math.inf
        ink = (
            _pango.draw_justified(line.text, drawn, round(line.room.width))
            if justified
            else _pango.draw(line.text, drawn)
        )
        baseline = _pango.baseline_of(line.text, drawn)
        x = 0.0 if justified else _start_of(line, across, _pango.advance_of(line.text, drawn), drawn)
        x -= {"center": widest / 2, "right": widest}.get(across, 0.0)
        left = widest - line.room.left - line.room.width if drawn.right_to_left and widest else line.room.left
        picture = reduced(ink, fine, scale, style.widening, style.fontcolor)
        pictures.append(picture.moved((x + left) * style.widening / pixels, (number * pitch - baseline) / pixels))
    picture = joined(pictures, scale)
    down = {"top": 0.0, "center": 0.0, "bottom": -(len(lines) - 1) * pitch / pixels}[style.placed[1]]
    return picture.moved(0.0, down)


def _start_of(line: Line, across: str, advance: float, setting: Setting) -> float:
    """Return where a line begins in its box, or against the anchor if it has none."""
    side = ("right" if setting.right_to_left else "left") if across == "justify" else across
    room = -advance if line.room.width == math.inf else line.room.width - advance
    if side == "left":
        return 0.0
    return room / 2 if side == "center" else room


def rooms_of(reference: str | None, setting: Setting) -> list[Room] | None:
    """Return the rooms that a reference gives, in pixels of the setting; None without one."""
    if reference is None or not reference.strip():
        return None
    found = []
    for line in reference.replace("\\n", "\n").strip("\n").split("\n"):
        words = line.strip(" ")
        left = _pango.advance_of(line[: len(line) - len(line.lstrip(" "))], setting)
        found.append(Room(left, _pango.advance_of(words, setting)))
    return found


def filled(text: str, rooms: list[Room] | None, setting: Setting) -> list[Line]:
    """Return the lines of a text, one for each room that it needs."""
    endless = Room(0.0, math.inf)
    paragraphs = text.split("\n")
    if rooms is None:
        return [Line(paragraph.rstrip(), endless, True) for paragraph in paragraphs]
    lines: list[Line] = []
    for index, paragraph in enumerate(paragraphs):
        rest = paragraph.strip()
        while True:
            if len(lines) == len(rooms):
                return lines
            room = rooms[len(lines)]
            if len(lines) == len(rooms) - 1:
                more = any(part.strip() for part in paragraphs[index + 1 :])
                lines.append(Line(_ended(rest, room, setting, more=more), room, True))
                return lines
            line, rest = _broken(rest, room, setting)
            lines.append(Line(line, room, not rest))
            if not rest:
                break
    return lines


def _broken(text: str, room: Room, setting: Setting) -> tuple[str, str]:
    """Return what of a paragraph goes into a room, and the rest."""
    if _fits(text, room, setting):
        return text, ""
    words = text.split(" ")
    count = _most(len(words) - 1, lambda n: _fits(" ".join(words[:n]), room, setting))
    if count:
        return " ".join(words[:count]), " ".join(words[count:]).lstrip()
    clusters = clusters_of(words[0])
    count = max(1, _most(len(clusters), lambda n: _fits("".join(clusters[:n]), room, setting)))
    line = "".join(clusters[:count])
    return line, text[len(line) :].lstrip()


def _ended(text: str, room: Room, setting: Setting, *, more: bool) -> str:
    """Return what of the rest goes into the last room, with an ellipsis if something is left out."""
    if not more and _fits(text, room, setting):
        return text
    clusters = clusters_of(text)
    count = _most(len(clusters), lambda n: _fits("".join(clusters[:n]).rstrip() + ELLIPSIS, room, setting))
    return "".join(clusters[:count]).rstrip() + ELLIPSIS


def _fits(text: str, room: Room, setting: Setting) -> bool:
    if len(text) * setting.size > MOST_ROOMS * (room.width + setting.size):
        return False  # need not be drawn to be known
    return _pango.advance_of(text, setting) <= room.width + 0.5


def _most(count: int, holds: object) -> int:
    """Return the largest number up to *count* for which a test holds that holds for all smaller ones; 0 always does."""
    assert callable(holds)
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def clusters_of(text: str) -> list[str]:
    """Return a text in parts between which it may be broken: letters with their marks, emoji with their joiners.

    A part of Unicode's rules for grapheme clusters (UAX 29, GB9, GB9a, GB11, GB12): marks, joiners,
    skin tones and pairs of regional letters stay together.
    """
    parts: list[str] = []
    for character in text:
        glued = (
            unicodedata.category(character).startswith("M")
            or character in _JOINERS
            or "\U0001f3fb" <= character <= "\U0001f3ff"
            or (parts and parts[-1].endswith("\u200d"))
            or (parts and _regional(character) and len(parts[-1]) == 1 and _regional(parts[-1]))
        )
        if glued and parts:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
