"""The text engine: Pango, HarfBuzz, FriBidi and cairo as the wheel pyvips-binary carries them.

In: a text, its face and size. Out: its ink as a mask, or in colour if there are emoji, and where
the ink lies in the lines that were set.

Why this engine: it is the only one of wheels alone that shapes, orders right-to-left text, chooses
fallback faces for each script, breaks lines by Unicode's rules and draws colour emoji by itself.
Skia does the same but needs libEGL and libGL of the system; HarfBuzz with FreeType would need
itemising, breaking and emoji of our own. What libvips does not tell (baselines, advances, heights
of lines) is measured by *probes*: the text drawn as good as transparent, with a full stop after
it, whose place is then read from the mask.

fontconfig gets a configuration of our own that knows the packages' fonts alone, so that the
system's fonts never appear; see `fonts`. Glyphs are not hinted. Sizes are in pixels: at 72 dots
per inch a point is one. Stands on pyvips and `fonts`.
"""

import os
import re
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt
import pyvips

from dragon_video.film import fonts
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.text._forked import elsewhere

LARGEST_SIDE = 30_000
"""Pixels: cairo draws at most 32,767."""
LARGEST_AREA = 60_000_000

CHINESE_JAPANESE_KOREAN = {
    "ja": ("Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK SC"),
    "ko": ("Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC"),
    "zh-cn": ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR"),
}

_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_MAYBE_COLOUR = re.compile("[\u00a9\u00ae\u20e3\u2122-\u3299\ufe0f\U0001f000-\U0001ffff\ue000-\uf8ff]")
"""Where a colour font may have its glyphs: symbols, emoji, and what fonts define for themselves."""

_started = threading.Lock()
_known: set[Path] = set()
_ready: int | None = None
"""The process in which the engine was started; one forked from it cannot use it (see `_forked`)."""

Mask = npt.NDArray[np.uint8]


class Ink(NamedTuple):
    """What was drawn.

    Args:
        pixels: (height, width) coverage, or (height, width, 4) straight RGBA if it has colours of its own.
        x, y: Where its upper left pixel lies, right and down from the upper left corner of the lines.
    """

    pixels: Mask
    x: int
    y: int

    @property
    def width(self) -> int:
        """Pixels across; 0 if nothing was drawn."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down; 0 if nothing was drawn."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Setting:
    """How lines are set.

    Args:
        face: The face.
        size: Pixels of the em.
        colour: Red, green, blue of the ink, for what has no colour of its own.
        slant: `normal`, `italic` or `oblique`.
        width: Pixels that lines may be long; None for as long as they are.
        align: `low`, `centre` or `high`: left, centred, right.
        justify: Whether lines reach both edges.
        wrap: What is broken at `width`: `word`, or `word-char` for too long words as well.
        pitch: Distance of lines against the face's own; 0 for what each line's faces ask for.
        right_to_left: Direction of the whole.
    """

    face: fonts.Face
    size: float
    colour: tuple[int, int, int] = (255, 255, 255)
    slant: str = "normal"
    width: int | None = None
    align: Literal["low", "centre", "high"] = "low"
    justify: bool = False
    wrap: Literal["word", "word-char"] = "word-char"
    pitch: float = 1.0
    right_to_left: bool = False

    def sized(self, size: float, width: int | None = None) -> "Setting":
        """Return the same with another size, and width of lines."""
        return replace(self, size=size, width=width)


def draw(text: str, setting: Setting) -> Ink:
    """Return the ink of a text; its pixels are empty if there is none.

    Raises:
        InvalidContentError: If it is too large to be drawn.
    """
    return _drawn(_markup(escape(text), text, setting), setting, in_colour=bool(_MAYBE_COLOUR.search(text)))


def extent(text: str, setting: Setting) -> Ink:
    """Return the ink of a text as a mask, whatever colours it has: quicker, to measure it."""
    return _drawn(_markup(escape(text), text, setting), setting, in_colour=False)


def draw_justified(text: str, setting: Setting, width: int) -> Ink:
    """Return the ink of a single line whose words are spread over *width* pixels.

    Pango leaves the last line of a paragraph as it is: a word of no ink follows that cannot
    stand in the same line, and is cut off.
    """
    setting = replace(setting, width=width, justify=True, wrap="word")
    hidden = '<span alpha="1">' + "W" * (2 + round(2 * width / setting.size)) + "</span>"
    ink = _drawn(
        _markup(f"{escape(text)} {hidden}", text, setting), setting, in_colour=bool(_MAYBE_COLOUR.search(text))
    )
    pixels = ink.pixels if ink.pixels.ndim == 2 else ink.pixels[:, :, 3]
    rows, columns = np.flatnonzero(pixels.max(axis=1)), np.flatnonzero(pixels.max(axis=0))
    top, left, bottom, right = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    return Ink(ink.pixels[top:bottom, left:right], ink.x + int(left), ink.y + int(top))


def height_of(text: str, setting: Setting) -> float:
    """Return the height of the lines of a text in pixels, those of ascent and descent included."""
    below = _row_of_stop(_probe(escape(text) or " ", "\n", text, setting), setting)
    return below - _first_row(setting.sized(setting.size))


@lru_cache(256)
def baseline_of(text: str, setting: Setting) -> float:
    """Return how far the baseline of a single line lies below its top, in pixels."""
    return _row_of_stop(_probe(escape(text), "", text, setting), setting)


@lru_cache(1024)
def advance_of(text: str, setting: Setting) -> float:
    """Return how long a single line is in pixels, spaces at its ends included."""
    if not text:
        return 0.0
    setting = replace(setting, right_to_left=False, width=None)
    left = _column_of_stop(_probe(f"\u2068{escape(text)}\u2069", "", text, setting), setting)
    return left - _first_column(setting)


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is from a script that runs to the left (UAX 9, P2 and P3)."""
    import unicodedata

    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def _probe(hidden: str, between: str, text: str, setting: Setting) -> str:
    return _markup(f'<span alpha="1">{hidden}</span>{between}.', text, setting)


def _row_of_stop(markup: str, setting: Setting) -> float:
    ink = _drawn(markup, replace(setting, justify=False, align="low"), in_colour=False)
    rows = _seen(ink.pixels.max(axis=1, initial=0))
    return float(ink.y + (rows[-1] + 1 if rows.size else ink.height))


def _column_of_stop(markup: str, setting: Setting) -> float:
    ink = _drawn(markup, replace(setting, justify=False, align="low"), in_colour=False)
    columns = _seen(ink.pixels.max(axis=0, initial=0))
    return float(ink.x + (columns[0] if columns.size else ink.width))


def _seen(values: Mask) -> npt.NDArray[np.intp]:
    """Return where the stop of a probe is: at least half as dark as it gets, and more than what is hidden."""
    return np.flatnonzero(values > max(4, int(values.max(initial=0)) // 2))


@lru_cache(64)
def _first_row(setting: Setting) -> float:
    return _row_of_stop(_markup(".", ".", setting), setting)


@lru_cache(64)
def _first_column(setting: Setting) -> float:
    return _column_of_stop(_markup(".", ".", setting), setting)


@lru_cache(64)
def natural_pitch(face: fonts.Face, slant: str) -> float:
    """Return the distance of lines that a face asks for, in ems."""
    setting = Setting(face, 1000, slant=slant, pitch=0)
    one, two = (_row_of_stop(_markup(dots, ".", setting), setting) for dots in (".", '<span alpha="1">.</span>\n.'))
    return (two - one) / 1000


def _markup(inner: str, text: str, setting: Setting) -> str:
    """Return Pango's markup: the face, then those for what it lacks, all by name."""
    language = "ja" if _KANA.search(text) else "ko" if _HANGUL.search(text) else "zh-cn"
    families = (setting.face.family, *fonts.SCRIPTS, *CHINESE_JAPANESE_KOREAN[language], *fonts.EMOJI)
    mark = "\u200f" if setting.right_to_left else "\u200e"  # the direction of a paragraph is that of its first letter
    inner = mark + inner.replace("\n", "\n" + mark)
    red, green, blue = setting.colour
    # As an absolute height, so that all lines are equally far apart whatever faces their letters come from.
    pitch = setting.pitch and setting.pitch * setting.size * natural_pitch(setting.face, setting.slant)
    height = f' line_height="{max(1024, round(pitch * 1024))}"' if pitch else ""
    return (
        f'<span font_family={quoteattr(",".join(families))} size="{round(setting.size * 1024)}" '
        f'weight="{setting.face.weight or 400}" style="{setting.slant}"{height} '
        f'foreground="#{red:02x}{green:02x}{blue:02x}" lang="{language}" fallback="true">{inner}</span>'
    )


def _drawn(markup: str, setting: Setting, *, in_colour: bool) -> Ink:
    if _ready not in (None, os.getpid()):
        ink: Ink = elsewhere("drawn", markup, setting, in_colour)
        return ink
    return drawn(markup, setting, in_colour)


def drawn(markup: str, setting: Setting, in_colour: bool) -> Ink:  # noqa: FBT001 - called by name from elsewhere
    """Return the ink of Pango's markup, drawn in this process.

    Raises:
        InvalidContentError: If it is too large.
    """
    _start()
    options: dict[str, object] = {"align": setting.align, "justify": setting.justify, "dpi": 72, "rgba": in_colour}
    if setting.width is not None:
        options |= {"width": max(1, setting.width), "wrap": setting.wrap}
    if setting.face.file is not None:
        load(setting.face.file)
    try:
        image = pyvips.Image.text(markup, **options)
    except pyvips.Error as error:
        if "no text to render" in str(error):
            return Ink(np.zeros((0, 0), np.uint8), 0, 0)
        raise InvalidContentError(_too_large(setting)) from error
    if image.width > LARGEST_SIDE or image.height > LARGEST_SIDE or image.width * image.height > LARGEST_AREA:
        raise InvalidContentError(_too_large(setting))
    return Ink(_pixels(image, 4 if in_colour else 1), image.xoffset, image.yoffset)


def _pixels(image: Any, channels: int) -> Mask:
    """Return the pixels of an image, without starting the threads of libvips."""
    data = pyvips.Region.new(image).fetch(0, 0, image.width, image.height)
    shape = (image.height, image.width) if channels == 1 else (image.height, image.width, channels)
    return np.frombuffer(bytes(data), np.uint8).reshape(shape)


def _too_large(setting: Setting) -> str:
    return (
        f"the text is too large to be drawn with letters of {setting.size:.0f} pixels; "
        f"a smaller fontsize, wrap, or shorter lines would help"
    )


def _start() -> None:
    """Give fontconfig our configuration; once in a process, before it is asked for the first time."""
    global _ready  # noqa: PLW0603 - the state of a C library, which is one for the process
    with _started:
        if _ready is not None:
            return
        pyvips.cache_set_max(0)
        before = os.environ.get("FONTCONFIG_FILE")
        with TemporaryDirectory(prefix="dragon-fonts-") as directory:
            path = Path(directory) / "fonts.conf"
            path.write_text(_configuration(Path(directory)), encoding="utf-8")
            os.environ["FONTCONFIG_FILE"] = str(path)
            try:
                pyvips.Image.text("x", font="Arimo 8")
            finally:
                if before is None:
                    del os.environ["FONTCONFIG_FILE"]
                else:
                    os.environ["FONTCONFIG_FILE"] = before
        _ready = os.getpid()


def load(path: Path) -> None:
    """Make the faces of a file known to Pango; a film's own file by its path (the rule in `_configuration`)."""
    if _ready not in (None, os.getpid()):
        elsewhere("load", path)
        return
    _start()
    with _started:
        if path not in _known:
            pyvips.Image.text("x", fontfile=str(path), font="Arimo 8")
            _known.add(path)


def _configuration(cache: Path) -> str:
    directories = "".join(f"<dir>{escape(str(path))}</dir>" for path in fonts.installed_directories())
    emoji = "".join(f"<string>{family}</string>" for family in fonts.EMOJI)
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
        f"{directories}<cachedir>{escape(str(cache))}</cachedir><config><rescan><int>0</int></rescan></config>"
        "<selectfont><rejectfont><glob>*.woff*</glob></rejectfont>"
        "<rejectfont><glob>*/glyf_colr1.ttf</glob></rejectfont></selectfont>"
        '<match target="scan"><test name="file" compare="contains">'
        f'<string>{fonts.OWN_FILE}</string></test><edit name="family" mode="assign"><name>file</name></edit></match>'
        '<match target="pattern"><test name="family"><string>emoji</string></test>'
        f'<edit name="family" mode="prepend" binding="strong">{emoji}</edit></match>'
        '<match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit>'
        '<edit name="hintstyle" mode="assign"><const>hintnone</const></edit>'
        '<edit name="rgba" mode="assign"><const>none</const></edit></match></fontconfig>'
    )
