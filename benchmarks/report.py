"""One measured figure, and the table of all."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    Args:
        name: What was measured.
        ours: The measured value of Dragon, with its unit.
        peer: The measured value of the peer and its name; empty when the bar is absolute.
        value: What the bar judges: a ratio, or the value itself.
        bar: The bar, None for a line that is there to be read only.
        unit: Unit of `value` and `bar`; `x` for a ratio.
        at_least: Whether the value must reach the bar (else it must stay below).
        note: Anything a reader needs to judge the figure.
    """

    name: str
    ours: str
    peer: str = ""
    value: float
    bar: float | None = None
    unit: str = "x"
    at_least: bool = False
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the bar is met; None without a bar."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.at_least else self.value <= self.bar


def table(figures: Sequence[Figure]) -> str:
    """Return the table as text, columns padded, one line a figure and one for its note."""
    rows = [("figure", "Dragon", "peer", "result", "bar", "")]
    for figure in figures:
        mark = {True: "pass", False: "FAIL", None: ""}[figure.passed]
        sign = "≥" if figure.at_least else "≤"
        bar = "" if figure.bar is None else f"{sign} {_number(figure.bar)} {figure.unit}"
        rows.append((figure.name, figure.ours, figure.peer, f"{_number(figure.value)} {figure.unit}", bar, mark))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths).rstrip())
    for number, figure in reversed(list(enumerate(figures))):
        if figure.note:
            lines.insert(number + 3, f"    {figure.note}")
    return "\n".join(lines)


def show(figures: Iterable[Figure]) -> None:
    """Print figures as they are measured, one short line each."""
    for figure in figures:
        mark = {True: "pass", False: "FAIL", None: "    "}[figure.passed]
        print(f"    {mark}  {figure.name}: {_number(figure.value)} {figure.unit}", file=sys.stderr, flush=True)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
