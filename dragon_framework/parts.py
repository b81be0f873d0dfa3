"""Parts of a task's work: what may be done by another worker, and what such a worker sees.

A task that can cut its work names a function in `@task(part=...)`, and hands out values and files by
`TaskContext.spread`. Workers that are idle take parts, the task's own process takes the others, so it never waits for
a place. Each part is accepted once. A part is no task: it has no status, no key and no URL.

This module has the public types alone and stands on msgspec.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

MOST_PARTS = 10_000
"""Most parts of one task."""

PART_BYTES = 65_536
"""Most bytes of a part's value, and of what its function returns, as JSON."""


class PartResult(NamedTuple):
    """A part that is done.

    Args:
        number: Its place among the values that were given to `spread`, from 0.
        value: What the part's function returned, as JSON holds it.
        files: The files that it wrote, by name; gone after the run.
    """

    number: int
    value: Any
    files: dict[str, Path]


class PartContext(Protocol):
    """A part's door to the world, in whatever worker it is done. All that it hands out is cleaned up afterwards."""

    settings: Any
    """The plugin's settings, of the worker that does the part."""

    files: dict[str, Path]
    """The files that were given to `spread`, by name; read-only."""

    @property
    def temporary_directory(self) -> Path:
        """An empty directory of this part."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the part any more."""
        ...

    def output(self, name: str) -> Path:
        """Return the path at which to write a file of the result.

        Args:
            name: Its name in `PartResult.files`, with its suffix; at most 100 letters, digits, `_`, `-` and dots.

        Raises:
            ValueError: If that is no such name.
        """
        ...

    def check(self) -> None:
        """Raise `TaskCancelledError` if nobody wants the part any more."""
        ...


class Spread(Protocol):
    """Parts that are handed out; a context manager. When it is left, what other workers are still at is given up.

    Use `results`; or `take` and `arrived`, where the task's own process does its parts in a way of its own.
    """

    @property
    def outstanding(self) -> int:
        """How many parts this run has neither taken nor got from another worker."""
        ...

    def take(self) -> int | None:
        """Return the number of a part that this run does itself, the first that is free; None if none is free now.

        Nobody else does a part that was taken.
        """
        ...

    def arrived(self) -> list[PartResult]:
        """Return the parts that other workers have done since the last call; does not wait.

        Other workers begin with the last part. One that fails there, or whose worker dies, is free again.
        """
        ...

    def results(self) -> Iterator[PartResult]:
        """Yield all parts as they are done: here, one after another, by the part's function, and elsewhere.

        Raises:
            TaskError: What the function raised here.
            TaskCancelledError: If the task is cancelled.
        """
        ...

    def __enter__(self) -> "Spread": ...
    def __exit__(self, *exception: object) -> None: ...


PartFunction = Callable[[Any, PartContext], Any]
