"""How commands print: JSON for programs, aligned columns for people."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import msgspec


def print_json(value: Any, *, compact: bool = False, to_stderr: bool = False) -> None:
    """Print *value* as one JSON document: in one line, or indented by two."""
    encoded = msgspec.json.encode(value)
    text = (encoded if compact else msgspec.json.format(encoded, indent=2)).decode()
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:  # a terminal without UTF-8
        print(text.encode("ascii", "backslashreplace").decode(), file=stream, flush=True)


def print_error(code: str, details: Any, *, transient: bool = False, compact: bool) -> int:
    """Print a failed task's end on stderr, in the form of a status; return the exit status 1."""
    error = {"status": "error", "result": details, "error": {"code": code, "transient": transient}}
    print_json(error, compact=compact, to_stderr=True)
    return 1


def print_columns(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print *rows* in columns as wide as their widest text; the last one is folded at the terminal's edge."""
    if not rows:
        return
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    left = len(indent) + sum(width + 2 for width in widths)
    # Into a file or a pipe each row is one line.
    room = max(30, shutil.get_terminal_size().columns - left) if sys.stdout.isatty() else 0
    for row in rows:
        start = indent + "".join(f"{text:<{width}}  " for text, width in zip(row, widths, strict=False))
        parts = textwrap.wrap(row[-1], room) if room else [row[-1]]
        print(f"{start}{parts[0] if parts else ''}".rstrip())
        for part in parts[1:]:
            print(f"{'':<{left}}{part}")
