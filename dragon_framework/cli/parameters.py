"""Parameters on a command line: `url=photo.jpg width=200`, and the local files they name.

    key=value      the text, read as the type that the task's schema asks for
    key=@file      the text in a file; `@-` for stdin, `@@text` for a text that begins with @
    key=a key=b    a list
    -              an object of parameters, as JSON from stdin

Where the schema asks for a source, a path may stand, with `~` and wildcards.
"""

import glob
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from dragon_framework.errors import SettingsError

HELP = "A parameter. The value @FILE is the text in a file; a repeated key is a list; `-` reads JSON from stdin."

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|data:")
_WILDCARDS = re.compile(r"[*?\[]")


class NoSuchFilesError(Exception):
    """A path with wildcards does not name what the parameter needs; the text says why."""


def read_words(words: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that *words* give: texts, lists of texts, and JSON from stdin.

    Raises:
        SettingsError: If a word has another form, or its file cannot be read.
    """
    values: dict[str, Any] = {}
    given: dict[str, list[str]] = {}
    for word in words:
        if word == "-":
            values |= _object_from_stdin()
            continue
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise SettingsError(word, "expected key=value, such as url=photo.jpg")
        given.setdefault(name, []).append(_text(name, text))
    return values | {name: texts[0] if len(texts) == 1 else texts for name, texts in given.items()}


def is_local(text: Any) -> bool:
    """Whether *text* names a file on this machine rather than a URL."""
    return isinstance(text, str) and bool(text) and not _URL.match(text)


def local_paths(value: Any, *, several: bool) -> Any:
    """Return *value*, a source or a list of them, with its wildcards resolved.

    Args:
        value: As it was given.
        several: Whether the parameter takes a list.

    Raises:
        NoSuchFilesError: If nothing matches, or several files where one is needed.
    """
    if several:
        texts = value if isinstance(value, list) else [value]
        if len(texts) == 1 and isinstance(texts[0], str) and texts[0].startswith("["):
            return value  # a list as JSON
        return [path for text in texts for path in (_matches(text) if is_local(text) else [text])]
    if not is_local(value):
        return value
    found = _matches(value)
    if len(found) > 1:
        raise NoSuchFilesError(f"{value!r} matches {len(found)} files, and one is needed")
    return found[0]


def _matches(text: str) -> list[str]:
    path = Path(text).expanduser()
    if path.exists() or not _WILDCARDS.search(text):
        return [str(path)]
    found = sorted(name for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207  # keeps relative paths as they were written
    if not found:
        raise NoSuchFilesError(f"no file matches {text!r}")
    return found


def _text(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    if text == "@-":
        return sys.stdin.read()
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{name}={text}", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{name}={text}", "the file is not UTF-8 text; to give a file as source, leave @ out"
        ) from error


def _object_from_stdin() -> dict[str, Any]:
    try:
        value = msgspec.json.decode(sys.stdin.buffer.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError("-", f"stdin is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise SettingsError("-", "stdin must hold a JSON object of parameters")
    return value
