"""How many tasks run at once in a worker, and that no family waits for another.

A worker runs `slots` tasks at once, of whatever queues have some; and always one of each
queue, even if that is one more. So long videos never keep thumbnails waiting.
Stands on threading alone.
"""

import threading
import time
from collections import Counter


class Places:
    """The places of one worker process, for its threads.

    Args:
        slots: Tasks that run at once.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()

    def enter(self, queue: str, wait_seconds: float) -> bool:
        """Take a place for a task of *queue*; return False if there is none within *wait_seconds*."""
        deadline = time.monotonic() + wait_seconds
        with self._changed:
            while self._running[queue] and self._running.total() >= self._slots:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return False
            self._running[queue] += 1
            return True

    def busy(self) -> int:
        """Return how many places are taken."""
        with self._changed:
            return self._running.total()

    def leave(self, queue: str) -> None:
        """Give a place back."""
        with self._changed:
            self._running[queue] -= 1
            self._changed.notify_all()
