"""How long a provider's faults are borne: waits by chance, growing, and an end.

"Full jitter": uniform(0.5 s, min(64 s, 2^n s)), as Google's guide for resumable uploads has it;
what the provider asks for (`Retry-After`) wins. Stands on the context.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dragon_framework import TaskContext
from dragon_upload._faults import PassingFault
from dragon_upload.errors import ProviderUnavailableError

T = TypeVar("T")

SHORTEST_WAIT_SECONDS = 0.5
SLICE_SECONDS = 0.05
"""A wait is cut into slices of this length, so that a cancellation is seen."""


class Patience:
    """Counts the faults in a row of one upload.

    Args:
        ctx: The run, whose settings say how much is borne.
        provider: Name of the provider, for messages.
    """

    def __init__(self, ctx: TaskContext, provider: str) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        self._provider = provider
        self._deadline = time.monotonic() + self._settings.deadline_seconds
        self.faults = 0

    def progressed(self) -> None:
        """Begin to count again: the provider has more than it ever had."""
        self.faults = 0

    def bear(self, fault: PassingFault) -> None:
        """Wait before the next try.

        Raises:
            ProviderUnavailableError: If it was one fault too many, or took too long.
            TaskCancelledError: If the client has cancelled the task.
        """
        self.faults += 1
        longest = self._settings.longest_wait_seconds
        if fault.wait_seconds is not None:
            seconds = min(fault.wait_seconds, self._settings.longest_asked_wait_seconds)
        else:
            seconds = random.uniform(min(SHORTEST_WAIT_SECONDS, longest), min(longest, 2.0**self.faults))  # noqa: S311
        if self.faults >= self._settings.tries:
            raise ProviderUnavailableError(
                "providerUnavailable", f"{self._provider} failed {self.faults} times in a row; {fault.problem}"
            )
        if time.monotonic() + seconds > self._deadline:
            raise ProviderUnavailableError(
                "providerUnavailable",
                f"{self._provider} took longer than {self._settings.deadline_seconds:g} s; {fault.problem}",
            )
        self.pause(seconds)

    def pause(self, seconds: float) -> None:
        """Wait, unless the task is cancelled."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._ctx.check()
            time.sleep(min(SLICE_SECONDS, left))
        self._ctx.check()

    def call(self, function: Callable[[], T]) -> T:
        """Return what *function* returns, called again after faults that may pass."""
        while True:
            try:
                return function()
            except PassingFault as fault:
                self.bear(fault)
