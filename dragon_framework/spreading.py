"""Parts of one run: how they are handed out, and what a part is run with.

In: values, files, and a `Desk` that knows which parts are free; alone, all are. Out: a `RunSpread` for the task,
and `done_part` for whoever does one. Stands on `tasks` and `parts`.
"""

import inspect
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, get_type_hints

import msgspec

from dragon_framework.errors import TaskCancelledError
from dragon_framework.parts import MOST_PARTS, PART_BYTES, PartFunction, PartResult
from dragon_framework.tasks import Task

WAIT_SECONDS = 0.05
"""Pause between two looks, when all that is left is with other workers."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")


class Desk(Protocol):
    """Knows which parts of one run are free, and what other workers have done."""

    def take(self) -> int | None:
        """Return the number of the first free part, which is then this run's; None if none is free now."""

    def look(self) -> list[PartResult]:
        """Return what has been done elsewhere since the last call; does not wait."""

    def close(self) -> None:
        """Have other workers give up what they are at."""


Open = Callable[[Sequence[bytes], Mapping[str, Path]], Desk]
"""Opens a desk for the values of parts, as JSON, and the files that all of them read."""


class AloneDesk:
    """A desk where no other worker comes."""

    def __init__(self, values: Sequence[bytes], _files: Mapping[str, Path]) -> None:
        self._left = iter(range(len(values)))

    def take(self) -> int | None:
        """Return the next number."""
        return next(self._left, None)

    def look(self) -> list[PartResult]:
        """Return nothing."""
        return []

    def close(self) -> None:
        """Do nothing."""


class PartRun:
    """What one part is run with (implements `dragon_framework.PartContext`).

    Args:
        directory: A directory of this part alone; made when first needed.
        files: What all parts read, by name.
        settings: The plugin's settings.
        is_cancelled: Tells whether nobody wants the part any more.
    """

    def __init__(
        self, directory: Path, files: Mapping[str, Path], settings: Any, is_cancelled: Callable[[], bool]
    ) -> None:
        self.settings = settings
        self.files = dict(files)
        self._directory = directory
        self._is_cancelled = is_cancelled
        self._outputs: dict[str, Path] = {}

    @property
    def temporary_directory(self) -> Path:
        """An empty directory of this part."""
        return self._made("temporary")

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the part any more."""
        return self._is_cancelled()

    def output(self, name: str) -> Path:
        """Return the path at which to write a file of the result."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a file of a part: letters, digits, '_', '-' and dots are")
        return self._outputs.setdefault(name, self._made("outputs") / name)

    def check(self) -> None:
        """Raise `TaskCancelledError` if nobody wants the part any more."""
        if self._is_cancelled():
            raise TaskCancelledError

    def written(self) -> dict[str, Path]:
        """Return the files that were written, by name."""
        return {name: path for name, path in self._outputs.items() if path.is_file()}

    def _made(self, name: str) -> Path:
        directory = self._directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def done_part(part: PartFunction, value: bytes, run: PartRun) -> tuple[bytes, dict[str, Path]]:
    """Do a part here; return its value as JSON, and its files.

    Args:
        part: The task's function for parts.
        value: Its value, as JSON.
        run: What it is run with.

    Raises:
        ValueError: If its result is too large.
        TypeError: If JSON cannot hold its result.
    """
    result = msgspec.json.encode(part(msgspec.json.decode(value, type=_kind(part)), run))
    if len(result) > PART_BYTES:
        raise ValueError(f"the value of a part has {len(result)} bytes; at most {PART_BYTES} are carried")
    return result, run.written()


def _kind(part: PartFunction) -> Any:
    """Return what the first argument of a part's function is annotated with; `Any` if with nothing."""
    first = next(iter(inspect.signature(part).parameters))
    return get_type_hints(part).get(first, Any)


class RunSpread:
    """The parts of one run (implements `dragon_framework.Spread`).

    Args:
        task: The task, with a function for parts.
        values: What the parts are given.
        files: What all of them read, by name.
        directory: Where the parts that are done here keep their files.
        settings: The plugin's settings.
        is_cancelled: Tells whether the task is cancelled.
        opened: Opens the desk.

    Raises:
        ValueError: If there are too many values, or one is too large.
    """

    def __init__(  # what parts are made of
        self,
        task: Task,
        values: Sequence[Any],
        files: Mapping[str, Path],
        *,
        directory: Path,
        settings: Any,
        is_cancelled: Callable[[], bool],
        opened: Open,
    ) -> None:
        if task.part is None:
            raise ValueError(f"{task.name} has no function for parts; declare it with @task(part=...)")
        if len(values) > MOST_PARTS:
            raise ValueError(f"{len(values)} parts are above the {MOST_PARTS} that one task may have")
        self._part = task.part
        self._values = [msgspec.json.encode(value) for value in values]
        longest = max(map(len, self._values), default=0)
        if longest > PART_BYTES:
            raise ValueError(f"the value of a part has {longest} bytes; at most {PART_BYTES} are carried")
        self._files = dict(files)
        self._directory = directory
        self._settings = settings
        self._is_cancelled = is_cancelled
        self._left = set(range(len(values)))
        self._desk: Desk | None = opened(self._values, self._files)

    @property
    def open(self) -> bool:
        """Whether parts may still be taken."""
        return self._desk is not None

    @property
    def outstanding(self) -> int:
        """How many parts this run has neither taken nor got from another worker."""
        return len(self._left)

    def take(self) -> int | None:
        """Return the number of a part that this run does itself; None if none is free now."""
        number = self._desk.take() if self._desk is not None and self._left else None
        if number is not None:
            self._left.discard(number)
        return number

    def arrived(self) -> list[PartResult]:
        """Return the parts that other workers have done since the last call."""
        if self._desk is None or not self._left:
            return []
        found = [result for result in self._desk.look() if result.number in self._left]
        self._left.difference_update(result.number for result in found)
        return found

    def results(self) -> Iterator[PartResult]:
        """Yield all parts as they are done."""
        while self._left:
            self._check()
            number = self.take()
            if number is not None:
                run = PartRun(self._directory / str(number), self._files, self._settings, self._is_cancelled)
                value, files = done_part(self._part, self._values[number], run)
                yield PartResult(number, msgspec.json.decode(value), files)
            found = self.arrived()
            yield from found
            if number is None and not found and self._left:
                time.sleep(WAIT_SECONDS)

    def close(self) -> None:
        """Give up what other workers are at; no part is taken after it."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()

    def __enter__(self) -> "RunSpread":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        if self._desk is None:
            raise ValueError("the parts are given up: the block of ctx.spread was left")
        if self._is_cancelled():
            raise TaskCancelledError
