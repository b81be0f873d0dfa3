"""What was accepted, what became of it, and which faults struck it.

In: what clients, proxies and the witness see. Out: for each task one `Entry`. It is the
suite's own book: nothing in it comes from what Dragon keeps.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Expected = dict[str, Any]


@dataclass
class Entry:
    """One task.

    Args:
        key: Its key, as the API gave it.
        definition: What was asked for.
        expected: What its result must be; see `definitions`.
        cancelled: Whether a client has asked to cancel it.
        final: The final status as a client saw it first.
        published: Every final status that was published, in order.
        after: Statuses that were published after the first final one.
    """

    key: str
    definition: dict[str, Any]
    expected: Expected
    cancelled: bool = False
    final: dict[str, Any] | None = None
    published: list[bytes] = field(default_factory=list)
    after: list[bytes] = field(default_factory=list)


@dataclass
class Strike:
    """One fault that was injected.

    Args:
        kind: Its name.
        keys: The tasks that ran in the part it struck.
        starts: How often each had been started then.
    """

    kind: str
    keys: set[str]
    starts: dict[str, int]


class Ledger:
    """The book of one arena."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.starts: Counter[str] = Counter()
        self.strikes: list[Strike] = []
        self.problems: list[str] = []
        """What no check would find later: answers that no client may get."""

    def strike(self, kind: str, keys: Iterable[str]) -> Strike:
        """Note a fault."""
        hit = set(keys)
        strike = Strike(kind, hit, {key: self.starts[key] for key in hit})
        self.strikes.append(strike)
        return strike

    def struck(self, key: str) -> list[str]:
        """Return the faults that struck a task, in order."""
        return [strike.kind for strike in self.strikes if key in strike.keys]
