"""Keeps the secret values of a run out of what the run says: errors, progress, notes and logs.

A text loses each value wherever it stands: as it is, URL-encoded, escaped as in JSON, and in
base64 (RFC 4648, both alphabets, at each of the three places at which bytes can begin in it).
Values of fewer than `SHORTEST` characters are left alone: they are too common to be told from
other text. Stands on nothing.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "…"
SHORTEST = 6


class Concealer:
    """Replaces secret values by `…`.

    Args:
        values: The secret values known so far.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self._known: set[str] = set()
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Hide *value* from now on, unless it is too short."""
        if len(value) < SHORTEST or value in self._known:
            return
        self._known.add(value)
        self._forms = sorted({*self._forms, *forms_of(value)}, key=len, reverse=True)

    def __call__(self, value: Any) -> Any:
        """Return *value* without the secrets, in all its lists and objects."""
        if not self._forms:
            return value
        if isinstance(value, str):
            for form in self._forms:
                if form in value:
                    value = value.replace(form, HIDDEN)
            return value
        if isinstance(value, dict):
            return {self(name): self(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self(part) for part in value]
        return value


def forms_of(value: str) -> set[str]:
    """Return *value* and what becomes of it in URLs, JSON and base64."""
    raw = value.encode("utf-8", "surrogatepass")
    forms = {value, quote(raw, safe=""), quote(raw), quote_plus(raw), json.dumps(value)[1:-1]}
    for begin in range(3):
        shifted = base64.b64encode(bytes(begin) + raw).decode().rstrip("=")
        # What shares a letter with the bytes before or behind it is not the value's own.
        own = shifted[(0, 2, 3)[begin] : len(shifted) - bool((begin + len(raw)) % 3)]
        forms |= {own, own.replace("+", "-").replace("/", "_")}
    return forms
