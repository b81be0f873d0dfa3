"""Keeps the secret values of a run out of what the run says: errors, progress, notes and logs.

A text loses each value wherever it stands: as it is, URL-encoded, escaped as in JSON, and in
base64 (RFC 4648, both alphabets, at each of the three places at which bytes can begin in it).
Values of fewer than `SHORTEST` characters are left alone: they are too common to be told from
other text. Stands on nothing.

`conceal_urls` is for what others than the owner of a task may see: URLs lose what may be a
credential in them, whether or not anybody has said that it is one.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "…"
SHORTEST = 6

_URL = re.compile(r"""([A-Za-z][A-Za-z0-9+.\-]{0,30}:/{1,3})([^\s/?#]*@)?([^\s?#"'<>]*)(\?[^\s#"<>]*)?(\#[^\s"<>]*)?""")
_WHOLE_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.\-]{0,30}:/[^\s?#]*(?=([?#]))")
_DATA = re.compile(r"""(data:[^\s"'<>]{40})[^\s"'<>]+""")


class Concealer:
    """Replaces secret values by `…`.

    Args:
        values: The secret values known so far.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self._known: set[str] = set()
        self.told = False
        """Whether it was told of any, short ones among them."""
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Hide *value* from now on, unless it is too short."""
        self.told = True
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


def conceal_urls(value: Any) -> Any:
    """Return *value* with every URL in its texts without user, password, query and fragment.

    Lists and objects are gone through, names of fields too. `data:` URLs are cut to 45 characters.
    """
    if isinstance(value, str):
        if ":" not in value:
            return value
        if (whole := _WHOLE_URL.match(value)) and "\n" not in value:  # also one with characters that no URL has
            value = f"{whole[0]}{whole[1]}{HIDDEN}"
        return _DATA.sub(rf"\1{HIDDEN}", _URL.sub(_shown, value))
    if isinstance(value, dict):
        return {conceal_urls(name): conceal_urls(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [conceal_urls(part) for part in value]
    return value


def _shown(found: re.Match[str]) -> str:
    scheme, user, rest, query, fragment = found.groups()
    ends = (query and f"?{HIDDEN}", fragment and f"#{HIDDEN}")
    return scheme + (f"{HIDDEN}@" if user else "") + rest + "".join(end for end in ends if end)
