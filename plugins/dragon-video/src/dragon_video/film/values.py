"""The kinds of values that attributes take: from the text to a Python value, or to what was expected.

Times are exact: `Fraction`, in seconds. Colours are (blue, green, red, alpha), 0 to 255, not premultiplied.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

PARENT = ".."
"""The duration that takes what the parent has."""

LONGEST_SECONDS = 360_000
"""100 hours: above any film that may be made, below what could stall the arithmetic."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?")
_COLOUR = re.compile(r"#([0-9a-fA-F]{6})([0-9a-fA-F]{2})?")

Colour = tuple[int, int, int, int]


class Kind(NamedTuple):
    """A kind of value.

    Args:
        expected: What to write, in words that follow "expected".
        read: Makes the value of the text; raises `ValueError` if it is none.
        choices: The words to choose from, if there are such.
    """

    expected: str
    read: Callable[[str], Any]
    choices: tuple[str, ...] = ()


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    value = float(text)
    if abs(value) > 1e9:
        raise ValueError(text)
    return value


def number(expected: str, low: float, high: float) -> Kind:
    """Return the kind of numbers from *low* to *high*."""

    def read(text: str) -> float:
        value = _number(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return Kind(expected, read)


def choice(*choices: str) -> Kind:
    """Return the kind of one word of *choices*."""

    def read(text: str) -> str:
        if text.strip() not in choices:
            raise ValueError(text)
        return text.strip()

    return Kind("one of " + ", ".join(choices), read, choices)


def numbers(count: int, example: str) -> Kind:
    """Return the kind of *count* numbers with commas between."""

    def read(text: str) -> tuple[float, ...]:
        parts = text.split(",")
        if len(parts) != count:
            raise ValueError(text)
        return tuple(_number(part) for part in parts)

    return Kind(f"{count} numbers such as {example!r}", read)


def _seconds(text: str) -> Fraction:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    value = Fraction(text.strip())
    if not 0 <= value <= LONGEST_SECONDS:
        raise ValueError(text)
    return value


def _duration(text: str) -> Fraction | str:
    return PARENT if text.strip() == PARENT else _seconds(text)


def _boolean(text: str) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return found


def colour(text: str) -> Colour:
    """Return (blue, green, red, alpha) of `#RRGGBB` or `#RRGGBBAA`.

    Raises:
        ValueError: If it is neither.
    """
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    red, green, blue = bytes.fromhex(found[1])
    return blue, green, red, int(found[2], 16) if found[2] else 255


def _matrix(text: str) -> tuple[Colour, ...]:
    parts = text.split(",")
    if len(parts) != 5:
        raise ValueError(text)
    return tuple(colour(part) for part in parts)


def _position(text: str) -> float | None:
    return None if text.strip() == "auto" else number("", -100, 100).read(text)


_DIRECTIONS = ("positive", "negative", "left", "right", "up", "down", "static")


def _direction(text: str) -> str | tuple[float, ...]:
    return text.strip() if text.strip() in _DIRECTIONS else PAIR.read(text)


_HORIZONTAL = ("left", "right", "center", "justify")
_VERTICAL = ("top", "center", "bottom")


def _align(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1:
        parts.append("center")
    if len(parts) != 2 or parts[0] not in _HORIZONTAL or parts[1] not in _VERTICAL:
        raise ValueError(text)
    return parts[0], parts[1]


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text.strip()


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,4})[xX](\d{1,4})\s*", text)
    if found is None or not (0 < int(found[1]) <= 2048 and 0 < int(found[2]) <= 2048):
        raise ValueError(text)
    return int(found[1]), int(found[2])


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\s*\d{1,9}\s*", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return read


SECONDS = Kind(f"a time in seconds from 0 to {LONGEST_SECONDS}", _seconds)
DURATION = Kind(f"a time in seconds from 0 to {LONGEST_SECONDS}, or '..' for the parent's", _duration)
NUMBER = Kind("a number", _number)
POSITIVE = Kind("a number from 0", number("", 0, 1e9).read)
SHARE = Kind("a number from 0 to 1", number("", 0, 1).read)
VOLUME = Kind("a volume from 0 to 10", number("", 0, 10).read)
SPEED = Kind("a speed from 0.01 to 100", number("", 0.01, 100).read)
BOOLEAN = Kind("true or false", _boolean, ("true", "false"))
COLOUR = Kind("a colour as #RRGGBB or #RRGGBBAA", colour)
MATRIX = Kind("five colours as #RRGGBBAA with commas between", _matrix)
POSITION = Kind("a fraction of the container such as 0.1, or auto", _position)
PAIR = numbers(2, "0.5,0.5")
TRIPLE = numbers(3, "0,0,-1")
QUADRUPLE = numbers(4, "90,0,0,1")
DIRECTION = Kind("one of " + ", ".join(_DIRECTIONS) + ", or two numbers such as '1,0'", _direction, _DIRECTIONS)
ALIGN = Kind(
    f"one of {', '.join(_HORIZONTAL)}, and after a comma perhaps one of {', '.join(_VERTICAL)}", _align, _HORIZONTAL
)
TEXT = Kind("a text", str)
FILLED = Kind("a text that is not empty", _filled)
SIZE = Kind("a size in pixels such as 640x640, at most 2048x2048", _size)
PIXELS = Kind("a whole number of pixels from 1 to 8192", _integer(1, 8192))
ZOOM = Kind("a whole number from 0 (the whole planet) to 22", _integer(0, 22))
