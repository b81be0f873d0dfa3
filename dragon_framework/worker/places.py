"""How many tasks run at once in a worker, and that no family waits for another.

A worker runs `slots` tasks at once, of whatever queues have some; and always one of each
queue, even if that is one more. So long videos never keep thumbnails waiting. Places that are free may be taken by
parts of other workers' tasks; a task that comes ends the last of these at once.
Stands on threading alone.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable


class Places:
    """The places of one worker process, for its threads.

    Args:
        slots: Tasks that run at once.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._parts: dict[str, Callable[[], None]] = {}

    def enter(self, queue: str, wait_seconds: float) -> bool:
        """Take a place for a task of *queue*; return False if there is none within *wait_seconds*."""
        deadline = time.monotonic() + wait_seconds
        with self._changed:
            while self._running[queue] and self._running.total() >= self._slots:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return False
            self._running[queue] += 1
            surplus = self._running.total() + len(self._parts) - self._slots
            ended = list(self._parts.values())[-surplus:] if surplus > 0 else []
        for end in ended:
            end()
        return True

    def enter_part(self, key: str, end: Callable[[], None]) -> bool:
        """Take a place for a part of another worker's task; return False if there is none.

        Args:
            key: Names it.
            end: Called when a task needs the place, perhaps more than once.
        """
        with self._changed:
            if self._running.total() + len(self._parts) >= self._slots:
                return False
            self._parts[key] = end
            return True

    def leave_part(self, key: str) -> None:
        """Give the place of a part back."""
        with self._changed:
            del self._parts[key]

    def free(self) -> int:
        """Return how many places are free for parts."""
        with self._changed:
            return self._slots - self._running.total() - len(self._parts)

    def busy(self) -> int:
        """Return how many places are taken."""
        with self._changed:
            return self._running.total() + len(self._parts)

    def leave(self, queue: str) -> None:
        """Give a place back."""
        with self._changed:
            self._running[queue] -= 1
            self._changed.notify_all()
