"""A progress bar on a terminal's stderr; nothing where stderr is no terminal."""

import sys
import time
from typing import Any

BAR_WIDTH = 30
INTERVAL_SECONDS = 0.1
ERASE_LINE = "\r\x1b[K"


class ProgressBar:
    """Shows what a task reports: a bar for a percentage, else the value as text.

    Args:
        label: What stands before it.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty()
        self._next = 0.0
        self._shown = False

    def show(self, value: Any) -> None:
        """Show *value*; at most ten times in a second."""
        now = time.monotonic()
        if not self._terminal or now < self._next:
            return
        self._next = now + INTERVAL_SECONDS
        self._shown = True
        print(f"{ERASE_LINE}{self._label}  {drawn(value)}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the terminal as it was."""
        if self._shown:
            print(ERASE_LINE, end="", file=sys.stderr, flush=True)
            self._shown = False


def drawn(value: Any) -> str:
    """Return *value* as a bar if it is a percentage (0 to 100), alone or with its phase, else as a short text."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        full = round(BAR_WIDTH * value / 100)
        return f"[{'#' * full}{' ' * (BAR_WIDTH - full)}] {value:3.0f} %"
    if isinstance(value, dict) and value.keys() == {"percent", "phase"}:
        return f"{drawn(value['percent'])} {drawn(str(value['phase']))}"
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
