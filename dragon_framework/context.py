"""The context of one run of a task: what `ctx` is, wherever the task runs.

In: a task, a directory of its own (made when first needed), the sources. Out: through
a `Reporter`, progress and partial results; at the end, the files that were written.
Task processes, `dragon run` and the test fixtures all use this one implementation.
Stands on `sources` and `tasks`.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from dragon_framework.concealing import Concealer
from dragon_framework.errors import TaskCancelledError, TaskLimitError, UnknownTaskError
from dragon_framework.media_types import media_type_of
from dragon_framework.sources import Sources
from dragon_framework.spreading import AloneDesk, Open, RunSpread
from dragon_framework.tasks import STATE_BYTES, Inner, Origin, Task, TaskState
from dragon_framework.validation import check_output, convert_parameters

_SUFFIX = re.compile(r"(?:\.[a-z0-9]{1,8}){1,2}")


Others = Callable[[str], tuple[Task, Any]]
"""Finds another installed task and its plugin's settings by the task's name; raises `UnknownTaskError`."""


class WrittenFile(msgspec.Struct, frozen=True):
    """An output file as the task left it.

    Args:
        name: Name declared by the task.
        filename: `name` with its suffix: the file's name in the storage.
        path: Where it lies now.
        media_type: Its media type.
    """

    name: str
    filename: str
    path: str
    media_type: str


class Reporter(Protocol):
    """Where progress and partial results go."""

    def progress(self, value: Any) -> None:
        """Take a new value of the progress."""

    def partial(self, values: dict[str, Any], files: list[WrittenFile]) -> None:
        """Take values and whole files that are ready before the task is."""


class SilentReporter:
    """Keeps what was reported, for tests and for runs nobody watches."""

    def __init__(self) -> None:
        self.progress_values: list[Any] = []
        self.partial_results: list[dict[str, Any]] = []

    def progress(self, value: Any) -> None:
        """Keep *value*."""
        self.progress_values.append(value)

    def partial(self, values: dict[str, Any], files: list[WrittenFile]) -> None:
        """Keep the values, and the paths of the files."""
        self.partial_results.append(values | {file.name: file.path for file in files})


class RunState:
    """The state of one run (implements `dragon_framework.TaskState`).

    Args:
        values: What the run before has left.
        keep: Carries encoded values to where they outlive this process; nowhere by default,
            for runs that are not repeated.
    """

    def __init__(
        self, values: Mapping[str, Any] | None = None, keep: Callable[[bytes], None] = lambda _encoded: None
    ) -> None:
        self._encoded = msgspec.json.encode(dict(values or {}))
        self._keep = keep

    def load(self) -> dict[str, Any]:
        """Return what was saved last."""
        values: dict[str, Any] = msgspec.json.decode(self._encoded)
        return values

    def save(self, values: Mapping[str, Any]) -> None:
        """Replace what is kept by *values*."""
        encoded = msgspec.json.encode(dict(values))
        if len(encoded) > STATE_BYTES:
            raise ValueError(f"a state of {len(encoded)} bytes is above the {STATE_BYTES} that are kept")
        self._keep(encoded)
        self._encoded = encoded


class RunContext:
    """One run of one task (implements `dragon_framework.TaskContext`).

    Args:
        task: The task that runs.
        directory: A directory of this run alone; made when first needed. The caller
            removes it afterwards.
        sources: Fetches what the client named.
        reporter: Takes progress and partial results.
        settings: The plugin's settings.
        is_cancelled: Tells whether the client has cancelled the task.
        others: Finds the tasks that this one may run; without it there are none.
        offer: Offers parts of the run to other workers; without it all are done here.
        state: What the task keeps over the death of a worker.
        concealer: Knows the run's credentials; told of more by `conceal`.
    """

    def __init__(  # noqa: PLR0913  # what a run is made of
        self,
        task: Task,
        directory: Path,
        sources: Sources,
        *,
        reporter: Reporter,
        settings: Any = None,
        is_cancelled: Callable[[], bool] = lambda: False,
        state: TaskState | None = None,
        concealer: Concealer | None = None,
        others: Others | None = None,
        offer: Open = AloneDesk,
    ) -> None:
        self.task_name = task.name
        self.settings = settings
        self._task = task
        self._directory = directory
        self._sources = sources
        self._reporter = reporter
        self._is_cancelled = is_cancelled
        self._state = state or RunState()
        self._concealer = Concealer() if concealer is None else concealer
        self._declared = {file.name: file for file in task.files}
        self._written: dict[str, WrittenFile] = {}
        self._handed_over: set[str] = set()
        self._opened: list[IO[bytes] | Generator[Path, None, None]] = []
        self._origins: dict[Path, Origin] = {}
        self._others = others
        self._inner_runs = 0
        self._offer = offer
        self._spreads = 0
        self._spread: RunSpread | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the client has cancelled the task."""
        return self._is_cancelled()

    @property
    def temporary_directory(self) -> Path:
        """An empty directory of this run."""
        return self._made("temporary")

    @property
    def state(self) -> TaskState:
        """What the task keeps over the death of a worker."""
        if not self._task.keeps_state:
            raise ValueError(f"{self.task_name} keeps no state; declare it with @task(keeps_state=True)")
        return self._state

    def fetch(self, url: str, *, max_bytes: int | None = None) -> Path:
        """Return a local copy of the file at *url*."""
        self.check()
        into = self._made("sources")
        path, origin = self._sources.fetch_with_origin(url, into, max_bytes=max_bytes, cancelled=self._is_cancelled)
        self._origins[path] = origin
        return path

    def origin(self, path: Path) -> Origin:
        """Return where a file that `fetch` returned came from."""
        try:
            return self._origins[path]
        except KeyError:
            raise ValueError(f"{path.name!r} is not a path that ctx.fetch returned") from None

    def fetch_all(self, urls: Sequence[str]) -> Iterator[Path]:
        """Yield a local copy of each file, in the order of *urls*, fetched side by side."""
        self.check()
        found = self._sources.fetch_all(urls, self._made("sources"), cancelled=self._is_cancelled)
        self._opened.append(found)
        return found

    def open(self, url: str) -> IO[bytes]:
        """Return the file at *url* as a seekable file that loads what is read."""
        self.check()
        file = self._sources.open(url, into=self._directory / "sources", cancelled=self._is_cancelled)
        self._opened.append(file)
        return file

    def output(self, name: str, suffix: str, media_type: str | None = None) -> Path:
        """Return the path at which to write the output file *name*."""
        declared = self._declared.get(name)
        if declared is None:
            known = ", ".join(self._declared) or "none"
            raise ValueError(f"{self.task_name} declares no output file {name!r} (declared: {known})")
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"{suffix!r} is not a file suffix such as '.jpg'")
        media_type = media_type or media_type_of(suffix)
        if declared.media_types and media_type not in declared.media_types:
            allowed = ", ".join(declared.media_types)
            raise ValueError(f"output {name!r} of {self.task_name} is one of {allowed}, not {media_type}")
        path = self._made("outputs") / f"{name}{suffix}"
        self._written[name] = WrittenFile(name, path.name, str(path), media_type)
        return path

    def run(self, task_name: str, **parameters: Any) -> Inner:
        """Run another installed task inside this one, and return its result."""
        self.check()
        if self._others is None:
            raise UnknownTaskError(task_name)
        task, settings = self._others(task_name)
        self._inner_runs += 1
        inner = RunContext(
            task,
            self._made("inner") / str(self._inner_runs),
            self._sources,
            reporter=SilentReporter(),
            settings=settings,
            is_cancelled=self._is_cancelled,
            concealer=self._concealer,
            others=self._others,
        )
        values, files = run_in_context(task, convert_parameters(task, parameters), inner)
        return Inner(values, {file.name: Path(file.path) for file in files})

    def spread(self, values: Sequence[Any], files: Mapping[str, Path] | None = None) -> RunSpread:
        """Hand out parts of this task's work."""
        self.check()
        if self._spread is not None and self._spread.open:
            raise ValueError("parts are handed out already; leave the block of the other ctx.spread before")
        self._spreads += 1
        self._spread = RunSpread(
            self._task,
            values,
            files or {},
            directory=self._directory / "parts" / str(self._spreads),
            settings=self.settings,
            is_cancelled=self._is_cancelled,
            opened=self._offer,
        )
        return self._spread

    def progress(self, value: Any) -> None:
        """Show *value* as the task's progress."""
        self.check()
        self._reporter.progress(value)

    def partial(self, **values: Any) -> None:
        """Show part of the result; a file written through `output` by its `Path`.

        The file is handed over: the task may not write to it any more. Another file of the same output, with another
        suffix, takes its place.
        """
        self.check()
        files: list[WrittenFile] = []
        plain: dict[str, Any] = {}
        for name, value in values.items():
            if not isinstance(value, Path):
                plain[name] = msgspec.to_builtins(value)
                continue
            written = self._written.get(name)
            if written is None or written.path != str(value):
                raise ValueError(f"{name!r} is not a path that ctx.output({name!r}, ...) returned")
            files.append(written)
            self._handed_over.add(name)
        self._reporter.partial(plain, files)

    def conceal(self, value: str) -> None:
        """Treat *value* as a credential in all that this run says."""
        self._concealer.add(value)

    def check(self) -> None:
        """Raise `TaskCancelledError` if the client has cancelled the task."""
        if self._is_cancelled():
            raise TaskCancelledError

    def finish(self, output: Any) -> tuple[dict[str, Any], list[WrittenFile]]:
        """Return the result of a run: its values, and the files still to be stored.

        Raises:
            InvalidResultError: If values or files are not what the task declared.
            TaskLimitError: If the files are larger than the task may write.
        """
        present = {
            name: file for name, file in self._written.items() if name in self._handed_over or Path(file.path).is_file()
        }
        values = check_output(self._task, output, present.keys())
        files = [file for name, file in present.items() if name not in self._handed_over]
        allowed = self._task.limits.output_bytes
        if files and sum(Path(file.path).stat().st_size for file in files) > allowed:
            raise TaskLimitError(self.task_name, "output files", f"{allowed} bytes")
        return values, files

    def close(self) -> None:
        """Close the files that `open` returned, and end what `fetch_all` still fetches, and what other workers do."""
        if self._spread is not None:
            self._spread.close()
        for file in self._opened:
            file.close()
        self._opened.clear()

    def _made(self, name: str) -> Path:
        directory = self._directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def run_in_context(task: Task, parameters: Any, ctx: RunContext) -> tuple[dict[str, Any], list[WrittenFile]]:
    """Run *task* to its end and return (values, files).

    Raises:
        TaskError: What the task or the check of its result raised.
        Exception: Whatever else the task's function raised.
    """
    try:
        return ctx.finish(task(parameters, ctx))
    finally:
        ctx.close()


def plugin_settings(task: Task, tables: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]) -> Any:
    """Return the settings of the task's plugin, or None if it has none.

    Raises:
        SettingsError: If one is unusable; it names the variable or the table.
    """
    from dragon_framework.settings import read_section

    if task.settings is None:
        return None
    return read_section(task.settings, task.section, environ, tables.get(task.section, {}))
