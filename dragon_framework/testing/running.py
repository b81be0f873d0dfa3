"""One watched run of a task, here and now: what it gave, and what it left behind.

In: a task, its parameters as a client gives them, a directory. Out: a `WatchedRun`, with
the error where there was one. Nothing is judged here: `behaviour` and `hostile` do that.
Stands on the context and the sources.
"""

import gc
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dragon_framework.tasks import Task

NEVER = 1 << 62
"""As `cancel_at`: the run is not cancelled."""

GRACE_SECONDS = 0.2
"""How long threads and processes that a run has told to end may take to do so."""


class WatchedRun(Struct, kw_only=True):
    """What was seen of one run.

    Args:
        values: Its output values; None if it failed.
        files: Path of each output file, by name.
        media_types: Media type of each output file, by name.
        error: What it raised.
        progress: Every value of the progress, in order.
        partial: Every partial result, in order.
        looks: How often it asked, or was asked by `ctx`, whether it is cancelled.
        left_files: Names of files and directories it left where temporary files lie.
        undeclared_files: Names of files beside its outputs that `ctx.output` never named.
        left_processes: How many processes it left running.
        left_threads: Names of the threads it left running.
        changed: What of the process it changed: the working directory, the environment.
        directory: Where it ran; the texts it gives to clients must not name it.
    """

    values: dict[str, Any] | None = None
    files: dict[str, Path] = field(default_factory=dict)
    media_types: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    progress: list[Any] = field(default_factory=list)
    partial: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    left_files: tuple[str, ...] = ()
    undeclared_files: tuple[str, ...] = ()
    left_processes: int = 0
    left_threads: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    directory: Path


def watched_run(task: Task, values: Mapping[str, Any], directory: Path, *, cancel_at: int = NEVER) -> WatchedRun:
    """Run *task* once in this process, with real sources; never raises what the task raises.

    Args:
        task: The task.
        values: Parameters, as JSON holds them. Sources on this machine and local paths are allowed.
        directory: An existing directory, which the caller removes.
        cancel_at: The run is cancelled when it is asked about for this time: 0 for the first.
    """
    from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
    from dragon_framework.settings import SourcesSettings
    from dragon_framework.sources import Sources
    from dragon_framework.validation import convert_parameters

    home, elsewhere = (Path(tempfile.mkdtemp(prefix=name, dir=directory)) for name in ("run-", "elsewhere-"))
    run = WatchedRun(directory=directory)

    def cancelled() -> bool:
        run.looks += 1
        return run.looks > cancel_at

    sources = Sources(SourcesSettings(), cache_directory=None, allow=("127.0.0.0/8", "::1/128"), local_files=True)
    reporter = SilentReporter()
    ctx = RunContext(
        task,
        home,
        sources,
        reporter=reporter,
        settings=plugin_settings(task, {}, os.environ),
        is_cancelled=cancelled,
    )
    processes, threads, before = _children(), set(threading.enumerate()), _surroundings()
    with _temporary_files_in(elsewhere):
        surroundings = _surroundings()
        try:
            run.values, written = run_in_context(task, convert_parameters(task, values), ctx)
            run.files = {file.name: Path(file.path) for file in written}
            run.media_types = {file.name: file.media_type for file in written}
        except BaseException as error:  # that is what is looked for, SystemExit too
            if isinstance(error, KeyboardInterrupt):
                raise
            run.error = error
        finally:
            sources.close()
        run.changed = tuple(_changes(surroundings, _surroundings()))
    _restore(before)
    run.progress, run.partial = reporter.progress_values, reporter.partial_results
    if any(elsewhere.iterdir()) or _children() - processes:
        gc.collect()  # what nobody refers to any more is no leftover
    run.left_processes, run.left_threads = _left(processes, threads)
    run.left_files = tuple(sorted(path.name for path in elsewhere.iterdir()))
    if run.error is None and (home / "outputs").is_dir():
        named = {path.name for path in run.files.values()} | {
            Path(value).name for values in run.partial for value in values.values() if isinstance(value, str)
        }
        run.undeclared_files = tuple(
            sorted(path.name for path in (home / "outputs").iterdir() if path.name not in named)
        )
    return run


@contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Let `tempfile`, and programs that are started, make their files in *directory*."""
    default, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = default
        if variable is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = variable


def _surroundings() -> tuple[str, dict[str, str]]:
    return str(Path.cwd()), dict(os.environ)


def _changes(before: tuple[str, dict[str, str]], after: tuple[str, dict[str, str]]) -> Iterator[str]:
    if before[0] != after[0]:
        yield "the working directory"
    for name in sorted(before[1].keys() | after[1].keys()):
        if before[1].get(name) != after[1].get(name):
            yield f"the variable {name}"


def _restore(before: tuple[str, dict[str, str]]) -> None:
    if str(Path.cwd()) != before[0]:
        os.chdir(before[0])
    for name in set(os.environ) - before[1].keys():
        del os.environ[name]
    for name, value in before[1].items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _left(processes: set[int], threads: set[threading.Thread]) -> tuple[int, tuple[str, ...]]:
    """Return (processes, names of threads) that were not there before and do not end by themselves."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        alive = {number for number in _children() - processes if _runs(number)}
        started = [thread for thread in threading.enumerate() if thread not in threads and not _of_tests(thread)]
        if not (alive or started) or time.monotonic() > deadline:
            return len(alive), tuple(sorted(thread.name for thread in started))
        time.sleep(0.02)


def _of_tests(thread: threading.Thread) -> bool:
    """Whether the thread is one of the web server of the tests, which answers connections in threads."""
    return "process_request_thread" in thread.name


def _children() -> set[int]:
    """Return the processes that this one has started (on Linux; elsewhere none)."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(map(int, path.read_text().split()))
        except OSError:  # the thread has ended
            continue
    return found


def _runs(number: int) -> bool:
    """Whether a process is more than an entry that nobody has waited for."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False
