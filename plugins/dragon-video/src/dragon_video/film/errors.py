"""What can be wrong with a film, by the names that clients of the original service know.

In: what is wrong and where. Out: errors whose text begins with their name, such as
`InvalidXMLError: line 12, column 8: ...`; several problems stand one a line.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dragon_framework import TaskError


class Problem(NamedTuple):
    """One thing that is wrong with the definition.

    Args:
        line: Line of the definition, from 1; 0 if the problem has no place.
        column: Column in that line, in characters from 1.
        message: What is wrong, and what would help.
    """

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}" if self.line else self.message


class FilmError(TaskError):
    """The film cannot be made from this definition.

    Args:
        problems: What is wrong: problems with their places, or plain messages.
    """

    name = "FilmError"

    def __init__(self, problems: str | Sequence[Problem | str]) -> None:
        told = [problems] if isinstance(problems, str) else list(problems)
        super().__init__(told)
        self.problems = [item if isinstance(item, Problem) else Problem(0, 0, item) for item in told]

    def __str__(self) -> str:
        return f"{self.name}: " + "\n".join(str(problem) for problem in self.problems)


class InvalidXMLError(FilmError):
    """The definition is not well formed, or not in the language."""

    code = "invalid_xml"
    name = "InvalidXMLError"


class InvalidContentError(FilmError):
    """The definition is in the language, but makes no film."""

    code = "invalid_content"
    name = "InvalidContentError"


class InvalidFontError(FilmError):
    """A font is unknown, or the file is none."""

    code = "invalid_font"
    name = "InvalidFontError"


class InvalidImageError(FilmError):
    """A picture or video cannot be read."""

    code = "invalid_image"
    name = "InvalidImageError"


class CouldNotDownloadError(FilmError):
    """A picture, video, sound or font cannot be fetched.

    Args:
        problems: What cannot be fetched, and why.
        transient: Whether all of it may be there later.
    """

    code = "could_not_download"
    name = "CouldNotDownloadError"

    def __init__(self, problems: str | Sequence[Problem | str], *, transient: bool = False) -> None:
        super().__init__(problems)
        self.transient = transient  # type: ignore[misc]  # narrows the class's answer
