"""The attribute `srcset`, parsed by the rules of the HTML standard (4.8.4.2.1). Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SIMPLE = re.compile(
    r"""[\t\n\f\r\ ,]*+([^\t\n\f\r ]*[^\t\n\f\r ,])[\t\n\f\r ]++
    (?:([0-9]{1,6}(?=w)|[0-9]{1,4}(?:\.[0-9]{1,4})?(?=x))([wx]))[\t\n\f\r ]*+(?:,|\Z)""",
    re.VERBOSE,
)
_URL = re.compile(r"[\t\n\f\r ,]*([^\t\n\f\r ]+)")
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?)*+")  # commas within parentheses do not end them
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MAX_WIDTH = 65_535


class SrcsetCandidate(NamedTuple):
    """One file of a srcset: its URL as written; its width in pixels or its density, where it has one."""

    url: str
    width: int | None = None
    density: float | None = None


def parse_srcset(text: str) -> Iterator[SrcsetCandidate]:
    """Yield the candidates of *text*; those whose descriptors are wrong are left out, as browsers do."""
    at = 0
    while simple := _SIMPLE.match(text, at):  # most are
        url, number, unit = simple.groups()
        at = simple.end()
        if unit == "w":
            if (width := min(int(number), MAX_WIDTH)) > 0:
                yield SrcsetCandidate(url, width)
        else:
            yield SrcsetCandidate(url, None, float(number))
    while found := _URL.match(text, at):
        url, at = found[1], found.end()
        if url.endswith(","):
            url = url.rstrip(",")
            if url:
                yield SrcsetCandidate(url)
            continue
        descriptors = _DESCRIPTORS.match(text, at)
        assert descriptors is not None  # it matches nothing as well
        at = descriptors.end() + 1
        if (candidate := _described(url, descriptors[0].split())) is not None:
            yield candidate


def _described(url: str, descriptors: list[str]) -> SrcsetCandidate | None:
    width: int | None = None
    density: float | None = None
    future_height = False
    for descriptor in descriptors:
        number, unit = descriptor[:-1], descriptor[-1]
        if unit == "w" and number.isdecimal() and number.isascii() and width is None and density is None:
            width = min(int(number[:9]), MAX_WIDTH)
            if width == 0:
                return None
        elif unit == "x" and _NUMBER.fullmatch(number) and width is None and density is None and not future_height:
            density = float(number)
            if not 0 <= density < 1e6:
                return None
        elif unit == "h" and number.isdecimal() and number.isascii() and not future_height and density is None:
            future_height = True
        else:
            return None
    if future_height and width is None:
        return None
    return SrcsetCandidate(url, width, density)
