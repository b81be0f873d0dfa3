"""The status of a task, typed; in its JSON form it is the dictionary that it always was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dragon_client.errors import TaskError

FINAL = ("success", "error")


@dataclass(frozen=True)
class ErrorFacts:
    """Why a task ended: a stable code, and whether trying again may help."""

    code: str
    transient: bool


@dataclass(frozen=True)
class Events:
    """When a task was queued, started and completed; None for what has not happened."""

    queued: datetime | None = None
    started: datetime | None = None
    completed: datetime | None = None


class Status(dict[str, Any]):
    """The status of a task: a dictionary as the v1 reference describes it, with its values as attributes, too."""

    @property
    def key(self) -> str:
        """The key of the task."""
        return str(self["key"])

    @property
    def status(self) -> str:
        """`queued`, `executing`, `success` or `error`."""
        return str(self["status"])

    @property
    def final(self) -> bool:
        """Whether the task is over."""
        return self.get("status") in FINAL

    @property
    def result(self) -> Any:
        """What the task gives, a part of it before its end, or what went wrong; None if there is nothing yet."""
        return self.get("result")

    @property
    def progress(self) -> Any:
        """The progress as the task tells it, usually percent; None if it tells none."""
        return self.get("progress")

    @property
    def percent(self) -> float | None:
        """The progress in percent, 0 to 100, from a number or from an object with `percent`; None if it is neither."""
        if self.get("status") == "success":
            return 100.0
        value = self.progress
        if isinstance(value, dict):
            value = value.get("percent")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return min(100.0, max(0.0, float(value)))

    @property
    def phase(self) -> str | None:
        """What the task does now, from a progress with a `phase`; None if it does not tell."""
        value = self.progress.get("phase") if isinstance(self.progress, dict) else None
        return value if isinstance(value, str) else None

    @property
    def error(self) -> ErrorFacts | None:
        """Code and nature of the error; None unless the task ended as `error`."""
        if self.get("status") != "error":
            return None
        facts = self.get("error") or {}
        return ErrorFacts(str(facts.get("code", "task_error")), bool(facts.get("transient")))

    @property
    def events(self) -> Events:
        """When the task was queued, started and completed."""
        given = self.get("events") or {}
        names = ("queued", "started", "completed")
        return Events(**{name: datetime.fromisoformat(given[name]) for name in names if given.get(name)})

    def or_error(self) -> Any:
        """Return the result of a task that has succeeded.

        Raises:
            TaskError: If it ended as `error`.
            ValueError: If it is not over.
        """
        if self.error:
            raise TaskError(self.key, self.error.code, self.error.transient, self.result)
        if not self.final:
            raise ValueError(f"the task {self.key} is not over: {self.status}")
        return self.result
