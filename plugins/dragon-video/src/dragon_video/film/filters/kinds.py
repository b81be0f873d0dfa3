"""What a kind of filter is: its parameters as data, and what it makes of a picture.

Validation, documentation and the gallery are made from `FilterKind.parameters`. In: a `Frame`, typed values and
the `Moment`. Out: a `Frame`. Stands on `film.errors` and `film.frames`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.frames import Frame
from dragon_video.film.options import TRAVELS

Colour = tuple[float, float, float, float]
"""(blue, green, red, alpha), 0 to 255, straight."""

Values = Mapping[str, Any]
"""Values of the parameters by their names."""

ValueType = Literal["number", "colour", "pair", "matrix", "choice", "direction"]
"""What a value is in Python: float; `Colour`; (x, y); five colours; a word of `Parameter.choices`; a name of
`DIRECTIONS` or a vector (x, y) with y up."""

DIRECTIONS = TRAVELS
"""Directions by name, as vectors with y up."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a filter acts.

    Args:
        progress: 0 to 1: how much of the filter's window has passed.
        seconds: Time since the window began.
        frame: Number of the film's frame, from 0.
        seed: Number of the node: random looks are a hash of it and the time, so that a frame is the same in
            whatever process it is made.
        aspect: Display ratio of the film: width to height as shown.
        lines: Height of the film's frame in the pixels of the picture: a length of 1 in the language is
            1 / 360 of it.
        children: Frames of the filter's children, in document order. Any size: they are stretched to the
            picture's.
        rendered: Whether the picture is a frame of the film: then its size stays, and its pixels have the
            shape that makes the frame `aspect` wide. Else it is a still or a frame of a video with square pixels.
    """

    progress: float
    seconds: float
    frame: int
    seed: int
    aspect: float
    lines: float
    children: Sequence[Frame] = ()
    rendered: bool = False

    @property
    def unit(self) -> float:
        """The height of one line of a 360-line frame, in pixels."""
        return self.lines / 360

    def pixel_ratio(self, picture: Frame) -> float:
        """Return how wide a pixel of *picture* is shown, in its heights: 1 for square ones."""
        height, width = picture.shape[:2]
        return round(self.aspect * height / width, 9) if self.rendered else 1.0  # 16 / 9 is no exact number


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kind of filter.

    Args:
        type: What its values are.
        default: Its value when none is given. None: another value steps in, which the meaning names.
        meaning: What it does, with its unit, as a sentence for the documentation.
        low: The least number allowed, of each component.
        high: The greatest number allowed, of each component.
        choices: The words allowed.
    """

    type: ValueType
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> tuple[float | None, float | None]:
        """The least and the greatest number allowed; None is without end."""
        return self.low, self.high

    def problem(self, value: object) -> str | None:
        """Return what is wrong with *value*, as "expected ..., got ...", or None."""
        if self.type == "choice":
            return None if value in self.choices else f"expected one of {', '.join(self.choices)}, got {value!r}"
        if self.type == "direction" and isinstance(value, str):
            return None if value in DIRECTIONS else f"expected one of {', '.join(DIRECTIONS)}, got {value!r}"
        try:
            numbers = self._numbers(value)
        except (TypeError, ValueError):
            return f"expected a {self.type}, got {value!r}"
        low, high = (0, 255) if self.type in {"colour", "matrix"} else (self.low, self.high)
        for number in numbers:
            if not ((low is None or number >= low) and (high is None or number <= high)) or not abs(number) <= 1e9:
                return f"expected {_span(low, high)}, got {number:g}"
        return None

    def _numbers(self, value: Any) -> list[float]:
        """Return all numbers in *value*.

        Raises:
            TypeError: If it is of another type.
            ValueError: If there are more or fewer than the type has.
        """
        if self.type == "number":
            return [0.0 + value]
        if self.type == "matrix":
            rows = [[0.0 + number for number in row] for row in value]
            if [len(row) for row in rows] != [4] * 5:
                raise ValueError(value)
            return [number for row in rows for number in row]
        numbers = [0.0 + number for number in value]
        if len(numbers) != (4 if self.type == "colour" else 2):
            raise ValueError(value)
        return numbers


def _span(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"a number from {low:g} to {high:g}"
    if low is not None:
        return f"a number from {low:g} on"
    return f"a number up to {high:g}" if high is not None else "a number below 1e9"


Draw = Callable[[Frame, Values, Moment], Frame]
"""Makes the filtered picture: never writes into the first, may return it where nothing changes."""


@dataclass(frozen=True, slots=True)
class FilterKind:
    """One kind of filter.

    Args:
        name: Its `type` in the language.
        summary: What it does to a picture, as a sentence for the documentation.
        parameters: Its parameters by name.
        draw: What makes the picture; every parameter has a value by then.
        children: The least and the greatest number of pictures it has as children; None is without end.
        resizes: Whether the result may have another size than the picture, if that is not `rendered`.
        moving: Whether the result differs from frame to frame although picture and values do not.
        tier: 1 or 2, as in the language's table of support.
    """

    name: str
    summary: str
    parameters: Mapping[str, Parameter]
    draw: Draw
    children: tuple[int, int | None] = (0, 0)
    resizes: bool = False
    moving: bool = False
    tier: int = 2

    def apply(self, picture: Frame, values: Values, moment: Moment) -> Frame:
        """Return *picture* with the filter applied.

        Args:
            picture: Any size from 1 × 1 on; not changed.
            values: Values at this moment; defaults step in for those not given, and names that the kind does
                not know are left alone.
            moment: When and where.

        Returns:
            A frame of the same size, except for kinds that resize. It may be *picture* itself where nothing
            changes, so do not write into it.

        Raises:
            InvalidContentError: If a value is of the wrong type or out of its range, or a child is missing.
        """
        for name, problem in self.problems(values):
            raise InvalidContentError(f"{name} of filter {self.name}: {problem}")
        if len(moment.children) < self.children[0]:
            raise InvalidContentError(
                f"filter {self.name} needs a picture inside it: an image, a video or another node"
            )
        given = {name: values.get(name) for name in self.parameters}
        full = {name: self.parameters[name].default if value is None else value for name, value in given.items()}
        return self.draw(picture, full, moment)

    def problems(self, values: Values) -> Iterator[tuple[str, str]]:
        """Yield the name of each parameter whose value is wrong, and what is wrong with it.

        So a definition can be judged before a frame is drawn; `apply` refuses the first.
        """
        for name, parameter in self.parameters.items():
            if (value := values.get(name)) is not None and (problem := parameter.problem(value)):
                yield name, problem
