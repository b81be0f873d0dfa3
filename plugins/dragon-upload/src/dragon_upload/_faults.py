"""What a request to a provider can end with, beside an answer. Stands on nothing."""

from typing import Any

from msgspec import Struct


class PassingFault(Exception):
    """A fault that may pass: ask the provider how much it has, and go on from there.

    Args:
        problem: What happened.
        wait_seconds: How long the provider asks to wait; None if it does not.
        sent: Whether the request may have had its effect.
    """

    def __init__(self, problem: str, wait_seconds: float | None = None, *, sent: bool = True) -> None:
        super().__init__(problem)
        self.problem = problem
        self.wait_seconds = wait_seconds
        self.sent = sent


class SessionGone(Exception):
    """The provider does not know the upload any more."""


class Told(Struct, frozen=True):
    """What the provider has said of an upload.

    Args:
        offset: How many bytes it has.
        answer: What it said when it had them all; None while it has not.
        wait_seconds: How long it asks to wait before the next request.
    """

    offset: int
    answer: dict[str, Any] | None = None
    wait_seconds: float | None = None
