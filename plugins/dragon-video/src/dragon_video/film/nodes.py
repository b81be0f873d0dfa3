"""The tree of a definition: elements with their places in the text.

In: what the parser saw. Out: nodes that know their line and column, and those of each
attribute. Validation adds the attributes' values, typed.
"""

import re
from collections.abc import Iterator
from typing import Any

from dragon_video.film.errors import Problem

_START = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"""\s*([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")


class Node:
    """One element.

    Args:
        name: Its name.
        attributes: Its attributes as they were written.
        line: Line of its start tag, from 1.
        column: Column of its start tag, in characters from 1.
        offset: Where its start tag begins in the text, in bytes.
        source: The whole text, UTF-8.
    """

    __slots__ = ("_places", "attributes", "children", "column", "line", "name", "offset", "source", "text", "values")

    def __init__(
        self,
        name: str,
        attributes: dict[str, str] | None = None,
        *,
        line: int = 0,
        column: int = 0,
        offset: int = 0,
        source: bytes = b"",
    ) -> None:
        self.name = name
        self.attributes = attributes or {}
        self.line = line
        self.column = column
        self.offset = offset
        self.source = source
        self._places: dict[str, tuple[int, int]] | None = None
        self.children: list[Node] = []
        self.text = ""
        self.values: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.name} line={self.line} {self.attributes}>"

    def walk(self) -> "Iterator[Node]":
        """Yield this node and all below it, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def problem(self, message: str, attribute: str | None = None) -> Problem:
        """Return the problem *message*, placed at the start tag, or at one of its attributes."""
        line, column = self.place(attribute)
        return Problem(line, column, message)

    def place(self, attribute: str | None = None) -> tuple[int, int]:
        """Return (line, column) of the start tag, or of one of its attributes."""
        if attribute is None or attribute not in self.attributes:
            return self.line, self.column
        if self._places is None:
            self._places = dict(self._attribute_places())
        return self._places.get(attribute, (self.line, self.column))

    def _attribute_places(self) -> "Iterator[tuple[str, tuple[int, int]]]":
        start = _START.match(self.source, self.offset)
        position = start.end() if start else self.offset
        while found := _ATTRIBUTE.match(self.source, position):
            before = self.source[self.offset : found.start(1)].decode("utf-8", "replace")
            lines = before.count("\n")
            place = (self.line, self.column + len(before))
            if lines:
                place = self.line + lines, len(before) - before.rfind("\n")
            yield found[1].decode("utf-8", "replace"), place
            position = found.end()
