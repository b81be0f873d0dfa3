"""Reads what an element says about its look: numbers, pairs, choices and directions, typed or as text.

Stands on `errors` alone.
"""

import math
from collections.abc import Mapping, Sequence

from dragon_video.film.errors import InvalidContentError

Options = Mapping[str, object]
Pair = tuple[float, float]

TRAVELS: Mapping[str, Pair] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, 1.0),
    "down": (0.0, -1.0),
    "positive": (-1.0, 0.0),
    "negative": (1.0, 0.0),
    "static": (0.0, 0.0),
}
"""Ways to travel, as steps in x and y (up): `positive` is the usual way, to the left."""


def number(options: Options, name: str, default: float) -> float:
    """Return an option as a finite number.

    Raises:
        InvalidContentError: If it is none.
    """
    value = options.get(name)
    return default if value is None else _number(name, value)


def pair(options: Options, name: str, default: Pair) -> Pair:
    """Return an option as two numbers: a pair, or text such as `0.5,0.5`.

    Raises:
        InvalidContentError: If it is none.
    """
    value = options.get(name)
    if value is None:
        return default
    first, second = _two(name, value, "two numbers such as 0.5,0.5")
    return _number(name, first), _number(name, second)


def numbers_of_both(options: Options, name: str, default: float) -> Pair:
    """Return one number for each of two sides; one alone is for both."""
    value = options.get(name)
    if value is None:
        return default, default
    if isinstance(value, (int, float)) or (isinstance(value, str) and "," not in value):
        return (_number(name, value),) * 2
    return pair(options, name, (default, default))


def choice(options: Options, name: str, default: str, choices: Sequence[str]) -> str:
    """Return an option that is one of *choices*.

    Raises:
        InvalidContentError: If it is another.
    """
    value = options.get(name)
    return default if value is None else _choice(name, value, choices)


def choices_of_both(options: Options, name: str, default: str, choices: Sequence[str]) -> tuple[str, str]:
    """Return one of *choices* for each of two sides; one alone is for both."""
    value = options.get(name)
    if value is None:
        return default, default
    if isinstance(value, str) and "," not in value:
        return (_choice(name, value, choices),) * 2
    first, second = _two(name, value, "one or two of " + ", ".join(choices))
    return _choice(name, first, choices), _choice(name, second, choices)


def direction(options: Options, name: str = "direction", default: str = "left") -> Pair:
    """Return the way something travels, as a step in x and y (up).

    Raises:
        InvalidContentError: If it is neither a way of `TRAVELS` nor two numbers.
    """
    value = options.get(name)
    return TRAVELS[default] if value is None else _direction(name, value)


def directions_of_both(options: Options, name: str, default: tuple[Pair, Pair]) -> tuple[Pair, Pair]:
    """Return a way for each of two sides: two ways, or four numbers; one way alone is for both."""
    value = options.get(name)
    if value is None:
        return default
    parts = _parts(value)
    if len(parts) == 1:
        return (_direction(name, parts[0]),) * 2
    if len(parts) == 4:
        return _direction(name, tuple(parts[:2])), _direction(name, tuple(parts[2:]))
    first, second = _two(name, value, "two ways such as left,right, or four numbers")
    return _direction(name, first), _direction(name, second)


def flag(options: Options, name: str, *, default: bool) -> bool:
    """Return an option as true or false.

    Raises:
        InvalidContentError: If it is neither.
    """
    value = options.get(name)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    return _choice(name, value, ("true", "false")) == "true"


def _direction(name: str, value: object) -> Pair:
    parts = _parts(value)
    if len(parts) == 2:
        return _number(name, parts[0]), _number(name, parts[1])
    return TRAVELS[_choice(name, value, tuple(TRAVELS))]


def _parts(value: object) -> list[object]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, Sequence) else [value]


def _two(name: str, value: object, expected: str) -> tuple[object, object]:
    parts = _parts(value)
    if len(parts) != 2:
        raise InvalidContentError(f"{name} is {value!r}; expected {expected}")
    return parts[0], parts[1]


def _number(name: str, value: object) -> float:
    try:
        result = float(value) if isinstance(value, (int, float, str)) else math.nan
    except ValueError:
        result = math.nan
    if not math.isfinite(result):
        raise InvalidContentError(f"{name} is {value!r}; expected a number")
    return result


def _choice(name: str, value: object, choices: Sequence[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    raise InvalidContentError(f"{name} is {value!r}; expected one of {', '.join(choices)}")
