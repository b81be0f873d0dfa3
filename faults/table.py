"""The table of a run, in Markdown."""

from collections.abc import Sequence

from faults.rounds import Report, Row

WRONG = ("lost", "doubled", "orphaned", "wrong")
HEAD = ("fault", "injected", "tasks hit", "run again", *WRONG)


def table(report: Report) -> str:
    """Return the table: one line for each fault, and the sums."""
    rows = sorted(report.rows.values(), key=lambda row: row.kind)
    lines = [_line(row) for row in rows]
    sums = Row("all", sum(row.injected for row in rows), sum(row.hit for row in rows), sum(row.again for row in rows))
    sums.counts = {what: sum(row.counts.get(what, 0) for row in rows) for what in WRONG}
    lines.append(_line(sums))
    widths = [max(len(HEAD[column]), *(len(line[column]) for line in lines)) for column in range(len(HEAD))]
    rule = tuple("-" * width if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths))
    return "\n".join(_padded(cells, widths) for cells in (HEAD, rule, *lines))


def _line(row: Row) -> tuple[str, ...]:
    numbers = [row.injected, row.hit, row.again, *(row.counts.get(what, 0) for what in WRONG)]
    return (row.kind, *map(str, numbers))


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([first, *rest])} |"
