"""What a text of a film looks like: the attributes of the element `text`, typed. Stands on `errors` alone."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dragon_video.film.errors import InvalidContentError

LONGEST = 10_000
"""Characters in one text: about five pages."""

REFERENCE_LINES = 360
"""`fontsize` is in pixels of a frame of this height."""

ADVANCED_SIZE = 20.0
LEGEND_HEIGHT = 0.1

Horizontal = Literal["left", "right", "center", "justify"]
Vertical = Literal["top", "center", "bottom"]
Colour = tuple[int, int, int, int]
"""Blue, green, red, alpha: 0 to 255, straight."""

WEIGHTS = {
    "thin": 100,
    "ultralight": 200,
    "extralight": 200,
    "light": 300,
    "normal": 400,
    "regular": 400,
    "medium": 500,
    "semibold": 600,
    "demibold": 600,
    "bold": 700,
    "extrabold": 800,
    "ultrabold": 800,
    "black": 900,
    "heavy": 900,
}
"""Names of weights (CSS Fonts 4, 2.2.1, and Pango)."""

STRETCHES = {
    "ultracondensed": 0.5,
    "extracondensed": 0.625,
    "condensed": 0.75,
    "semicondensed": 0.875,
    "normal": 1.0,
    "semiexpanded": 1.125,
    "expanded": 1.25,
    "extraexpanded": 1.5,
    "ultraexpanded": 2.0,
}
"""Width of letters against the face's own (CSS Fonts 4, 2.3); the letters are scaled, as few faces have such cuts."""

SLANTS = ("normal", "italic", "oblique")


@dataclass(frozen=True, kw_only=True, slots=True)
class TextStyle:
    """How to set one text.

    Args:
        type: `zone` fills a box, `legend` is one line on a bar, `advanced` has lines at an anchor.
        align: Across and down; None for what the type has: centred, or `left` for `advanced`.
        fontsize: Pixels of a frame of 360 lines; None to fill the box (`advanced`: 20).
        fontname: Name of a font, or the local file of one; None for Arial's twin.
        face, weight, style, stretch: The face by name (before a name in `fontname`, after a file),
            `bold` or 100 to 900, `italic` or `oblique`, `condensed` and the like; None for the font's own.
        fontcolor, backgroundcolor: Blue, green, red, alpha.
        vector: Draws ink for distance fields and large motion at twice the resolution.
        direction, speed: How a legend comes in; see `legend_offset`.
        height: Height of a legend's bar, as a fraction of the frame.
        reference: Text whose lines are the boxes of an `advanced` text.
        wrap: Whether lines of a zone are broken to fit its box.
        interlign: Distance of lines against the font's own.

    Raises:
        InvalidContentError: If a value is none of its kind.
    """

    type: Literal["zone", "legend", "advanced"] = "zone"
    align: tuple[Horizontal, Vertical] | None = None
    fontsize: float | None = None
    fontname: str | Path | None = None
    face: str | None = None
    weight: str | None = None
    style: str | None = None
    stretch: str | None = None
    fontcolor: Colour = (255, 255, 255, 255)
    backgroundcolor: Colour = (0, 0, 0, 0)
    vector: bool = False
    direction: Literal["left", "right", "up", "down", "static"] = "up"
    speed: float = 1.0
    height: float = LEGEND_HEIGHT
    reference: str | None = None
    wrap: bool = False
    interlign: float = 1.0

    def __post_init__(self) -> None:
        if self.type not in ("zone", "legend", "advanced"):
            raise InvalidContentError(f"type of a text is {self.type!r}; expected zone, legend or advanced")
        if self.fontsize is not None and not 1 <= self.fontsize <= 1000:
            raise InvalidContentError(f"fontsize is {self.fontsize:g}; expected 1 to 1000")
        if not 0.1 <= self.interlign <= 10:
            raise InvalidContentError(f"interlign is {self.interlign:g}; expected 0.1 to 10")
        if not 0 < self.height <= 1:
            raise InvalidContentError(
                f"height of a legend is {self.height:g}; expected a fraction of the frame up to 1"
            )
        if not 0.01 <= self.speed <= 100:
            raise InvalidContentError(f"speed is {self.speed:g}; expected 0.01 to 100")
        if self.reference is not None and len(self.reference) > LONGEST:
            raise InvalidContentError(f"reference has {len(self.reference):,} characters; expected at most {LONGEST:,}")
        _ = self.heft, self.slant, self.widening  # raise if they are none

    @property
    def placed(self) -> tuple[Horizontal, Vertical]:
        """Across and down, the type's own if none was given."""
        return self.align or (("left", "center") if self.type == "advanced" else ("center", "center"))

    @property
    def heft(self) -> int | None:
        """The weight as a number from 1 to 1000, or None for the font's own."""
        if self.weight is None:
            return None
        plain = self.weight.strip().lower().replace("-", "").replace(" ", "")
        number = int(plain) if plain.isdecimal() and len(plain) <= 4 else WEIGHTS.get(plain, 0)
        if not 1 <= number <= 1000:
            raise InvalidContentError(f"weight is {self.weight!r}; expected 1 to 1000 or one of {', '.join(WEIGHTS)}")
        return number

    @property
    def slant(self) -> str:
        """`normal`, `italic` or `oblique`."""
        plain = (self.style or "normal").strip().lower()
        if plain not in SLANTS:
            raise InvalidContentError(f"style is {self.style!r}; expected one of {', '.join(SLANTS)}")
        return plain

    @property
    def widening(self) -> float:
        """Width of letters against the face's own, 0.5 to 2."""
        plain = (self.stretch or "normal").strip().lower().replace("-", "").replace(" ", "")
        if plain not in STRETCHES:
            raise InvalidContentError(f"stretch is {self.stretch!r}; expected one of {', '.join(STRETCHES)}")
        return STRETCHES[plain]


_UNSEEN = ("Cc", "Cs")
"""Control characters, and halves of characters (Unicode's general categories)."""


def tidied(text: str, style: TextStyle) -> str:
    """Return the text as it is set: without newlines at its ends and without control characters.

    Zones and legends also lose spaces at the ends of lines, which indented XML brings; a legend is one line.

    Raises:
        InvalidContentError: If it is too long.
    """
    if len(text) > LONGEST:
        raise InvalidContentError(f"the text has {len(text):,} characters; expected at most {LONGEST:,}")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    text = "".join(
        character for character in text if character == "\n" or unicodedata.category(character) not in _UNSEEN
    )
    if style.type == "advanced":
        return text.strip("\n")
    lines = [line.strip() for line in text.split("\n")]
    return " ".join(filter(None, lines)) if style.type == "legend" else "\n".join(lines).strip("\n")
