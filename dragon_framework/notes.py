"""What a run notes of itself for `details=true`: what it fetched, which programs it ran.

One run at a time in a task process, so one list is enough. Few and short notes: they are
kept beside the status. Stands on nothing.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

MOST_NOTES = 20
MOST_CHARACTERS = 2000

_notes: dict[str, list[Any]] = {}
_DIRECTORIES = re.compile(r"(?:/[^/\s:=',]+)+/")


def note(kind: str, what: Any) -> None:
    """Note *what* under *kind*; beyond `MOST_NOTES` of a kind, nothing."""
    kept = _notes.setdefault(kind, [])
    if len(kept) < MOST_NOTES:
        kept.append(what)


def take_notes() -> dict[str, list[Any]]:
    """Return what was noted since the last call."""
    global _notes  # swapped whole, so that what a thread of the last run adds is lost
    taken, _notes = _notes, {}
    return taken


def shown_url(url: str) -> str:
    """Return *url* without what may be secret: user, query and fragment; of a `data:` URL its type alone."""
    if url[:5].lower() == "data:":
        return url.partition(",")[0][:100] + ",…"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"[:300] + ("?…" if parts.query else "")


def shown_command(words: Sequence[str]) -> str:
    """Return a command line in one text, each path cut to its last part."""
    text = " ".join(_DIRECTORIES.sub("…/", word) for word in words)
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"
