"""A task process: runs one task after another for one worker thread.

Forked by the nursery with the plugins loaded; leader of its own process group, so that
whatever a task starts dies with it. In: `Run` frames. Out: reports. Ends when the
worker closes the socket, or when a task has left something behind that the next one
must not meet: threads, or much memory.
"""

import contextlib
import ctypes
import errno
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from dragon_framework.concealing import Concealer
from dragon_framework.context import RunContext, RunState, WrittenFile, run_in_context
from dragon_framework.errors import InternalTaskError, NoRoomError, TaskCancelledError, TaskError
from dragon_framework.hooks import fetch_policy, hooks_of
from dragon_framework.media_types import media_type_of
from dragon_framework.notes import take_notes
from dragon_framework.parts import PartResult
from dragon_framework.registry import Registry
from dragon_framework.sealing import secrets_of
from dragon_framework.settings import Settings
from dragon_framework.sources import Sources
from dragon_framework.spreading import PartRun, done_part
from dragon_framework.storage import Storage, open_storage
from dragon_framework.tasks import Task
from dragon_framework.validation import convert_parameters
from dragon_framework.worker.wire import (
    Answer,
    Channel,
    Closed,
    Done,
    Failed,
    Given,
    Look,
    Offer,
    Part,
    Partial,
    Parts,
    Progress,
    Report,
    Run,
    Save,
    Seen,
    Take,
    Withdraw,
    decode_answer,
    decode_run,
)

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

KEPT_BYTES = 512 * 2**20
"""A task process that holds more than this between tasks is replaced."""

_decode = msgspec.json.decode


class TaskProcess:
    """The life of one task process.

    Args:
        connection: Socket to the worker.
        settings: The service's settings.
        registry: The installed tasks.
        plugin_settings: Settings of the plugins, by task name.
    """

    def __init__(
        self, connection: socket.socket, settings: Settings, registry: Registry, plugin_settings: dict[str, Any]
    ) -> None:
        self._channel = Channel(connection)
        self._settings = settings
        self._registry = registry
        self._plugin_settings = plugin_settings
        self._sources: dict[str, Sources] = {}
        self._storage: Storage | None = None
        self._policy = fetch_policy(hooks_of(settings))
        self._home = os.open(".", os.O_RDONLY | os.O_CLOEXEC)
        self._memory = _Memory()
        self._cancelled = False
        self._running = False
        self._conceal = Concealer()
        self._asking = threading.Lock()

    def serve(self) -> None:
        """Run tasks until the worker closes the socket, or this process is not fit for another."""
        signal.signal(signal.SIGTERM, self._cancel)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        conceal_records(lambda: self._conceal)
        while True:
            try:
                run = decode_run(self._channel.receive())
            except Closed:
                return
            threads = threading.active_count()
            self._cancelled = False
            self._running = True
            report = self._run(run)
            self._running = False
            _end_leftovers()
            os.fchdir(self._home)
            report.last = threading.active_count() > threads or self._memory.resident_bytes() > KEPT_BYTES
            self._send(report, run.task_name)
            if report.last:
                return

    def _send(self, report: Done | Failed, task_name: str) -> None:
        try:
            self._channel.send(report)
        except (TypeError, UnicodeEncodeError) as error:  # an error's details that JSON cannot hold
            inside = InternalTaskError(task_name, type(error).__name__)
            self._channel.send(Failed(inside.code, inside.details(), log=repr(error), last=report.last))
        except ValueError as error:
            self._channel.send(
                Failed(code="result_too_large", details=f"the result is too large: {error}", last=report.last)
            )

    def _cancel(self, _signal: int, _frame: FrameType | None) -> None:
        if not self._running:
            os._exit(0)
        self._cancelled = True

    def _run(self, run: Run) -> Done | Failed:
        conceal = Concealer()
        reporter = _ChannelReporter(self._channel, self._settings.worker.progress_interval_seconds, conceal)
        sources: Sources | None = None
        before = 0
        take_notes()
        try:
            sources = self._sources_for(run.base)
            before = sources.bytes_fetched
            task = self._registry.get(run.task_name)
            if run.part is not None:
                return self._do_part(task, run.part, Path(run.directory))
            parameters = _parameters(task, run.parameters)
            for value in secrets_of(parameters):
                conceal.add(value)
            self._conceal = conceal
            ctx = RunContext(
                task,
                Path(run.directory),
                sources,
                reporter=reporter,
                settings=self._plugin_settings.get(task.name),
                is_cancelled=lambda: self._cancelled,
                state=RunState(run.state, self._keep),
                concealer=conceal,
                others=lambda name: (self._registry.get(name), self._plugin_settings.get(name)),
                offer=lambda values, files: _WorkersDesk(self._ask, values, files, secret=conceal.told),
            )
            values, files = run_in_context(task, parameters, ctx)
            tidy = not os.path.exists(run.directory)  # noqa: PTH110  # for every task
            return Done(values, files, sources.bytes_fetched - before, conceal(take_notes()), tidy=tidy)
        except BaseException as error:  # noqa: BLE001  # whatever a task does ends that task alone
            shown = TaskCancelledError() if self._cancelled else error
            failed = failure(shown, run.task_name, self._registry.tasks.get(run.task_name))
            failed.bytes_fetched = sources.bytes_fetched - before if sources else 0
            failed.notes = take_notes()
            failed.details, failed.log, failed.notes = conceal([failed.details, failed.log, failed.notes])
            return failed
        finally:
            self._conceal = Concealer()
            reporter.close()

    def _do_part(self, task: Task, part: Part, directory: Path) -> Done:
        """Do a part of another worker's task."""
        if task.part is None:
            raise ValueError(f"{task.name} has no function for parts here")
        files = {name: Path(path) for name, path in part.files.items()}
        run = PartRun(directory, files, self._plugin_settings.get(task.name), lambda: self._cancelled)
        value, written = done_part(task.part, bytes(part.value), run)
        found = [WrittenFile(name, name, str(path), media_type_of(name)) for name, path in written.items()]
        return Done({"value": msgspec.Raw(value)}, found, notes=take_notes())

    def _keep(self, encoded: bytes) -> None:
        """Have the worker keep the task's state, and wait until it has."""
        self._ask(Save(msgspec.Raw(encoded)))

    def _ask(self, question: Save | Parts) -> Answer:
        """Return the worker's answer; questions of several threads take turns."""
        with self._asking:
            self._channel.send(question)
            return decode_answer(self._channel.receive())

    def _sources_for(self, base: str) -> Sources:
        sources = self._sources.get(base)
        if sources is None:
            if len(self._sources) >= 8:
                self._sources.pop(next(iter(self._sources))).close()
            settings = self._settings
            if self._storage is None:
                self._storage = open_storage(
                    settings.storage or str(settings.data_path / "storage"),
                    {"retention_seconds": settings.retention_seconds},
                )
            sources = self._sources[base] = Sources(
                settings.sources,
                cache_directory=settings.data_path / "cache" if settings.sources.cache_bytes else None,
                allow=settings.allow_source,
                storage=self._storage,
                own_urls=[url for url in {base, settings.public_url} if url],
                policy=self._policy,
            )
        return sources


def conceal_records(concealer: Callable[[], Concealer]) -> None:
    """Let what libraries log in this process lose the credentials of the run that is under way."""
    make = logging.getLogRecordFactory()

    def record(*arguments: Any, **more: Any) -> logging.LogRecord:
        made = make(*arguments, **more)
        conceal = concealer()
        with contextlib.suppress(TypeError, ValueError):  # arguments that do not fit: logging itself says so
            made.msg, made.args = conceal(made.getMessage()), None
        if made.exc_info and made.exc_info[1] is not None:
            made.exc_text = conceal("".join(traceback.format_exception(made.exc_info[1])).rstrip())
        return made

    logging.setLogRecordFactory(record)


def failure(error: BaseException, task_name: str, task: Task | None) -> Failed:
    """Return what is reported of an error that a task raised."""
    transient = task is not None and isinstance(error, task.retry_on)
    if isinstance(error, TaskError):
        try:
            return Failed(error.code, error.details(), transient or error.transient)
        except Exception as defect:  # noqa: BLE001  # a plugin's error that cannot say what it is
            error = defect
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        full = NoRoomError()
        return Failed(full.code, full.details(), full.transient)
    kind = "out of memory" if isinstance(error, MemoryError) else type(error).__name__
    inside = InternalTaskError(task_name, kind)
    trace = "".join(traceback.format_exception(error))[-8000:].encode("utf-8", "backslashreplace").decode()
    return Failed(inside.code, inside.details(), transient, trace)


def _parameters(task: Task, encoded: msgspec.Raw) -> Any:
    """Return the parameters of a run; an API that knew the task by its manifest alone could not judge them all.

    Raises:
        InvalidParametersError: If the task's own types refuse them.
    """
    try:
        return _decode(encoded, type=task.parameters)
    except msgspec.ValidationError:
        return convert_parameters(task, _decode(encoded))


class _WorkersDesk:
    """The worker knows which parts are free: it offers them to other workers (implements `spreading.Desk`)."""

    def __init__(
        self,
        ask: Callable[[Parts], Answer],
        values: Sequence[bytes],
        files: Mapping[str, Path],
        *,
        secret: bool,
    ) -> None:
        self._ask = ask
        ask(Offer([msgspec.Raw(value) for value in values], {name: str(path) for name, path in files.items()}, secret))

    def take(self) -> int | None:
        given = self._ask(Take())
        assert isinstance(given, Given)
        return given.number

    def look(self) -> list[PartResult]:
        seen = self._ask(Look())
        assert isinstance(seen, Seen)
        return [
            PartResult(fruit.number, _decode(fruit.value), {name: Path(path) for name, path in fruit.files.items()})
            for fruit in seen.fruits
        ]

    def close(self) -> None:
        with contextlib.suppress(Closed):  # the worker is gone, and so are the parts
            self._ask(Withdraw())


class _ChannelReporter:
    """Sends reports to the worker; progress at most once in an interval.

    Closed when the run is over: a thread that a task has left running says nothing more.
    """

    def __init__(self, channel: Channel, interval_seconds: float, conceal: Concealer) -> None:
        self._conceal = conceal
        self._channel = channel
        self._interval_seconds = interval_seconds
        self._next = 0.0
        self._lock = threading.Lock()
        self._open = True

    def progress(self, value: Any) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._interval_seconds
            self._send(Progress(self._conceal(value)))

    def partial(self, values: dict[str, Any], files: list[WrittenFile]) -> None:
        self._send(Partial(values, files))

    def close(self) -> None:
        with self._lock:
            self._open = False

    def _send(self, report: Report) -> None:
        with self._lock:
            if self._open:
                self._channel.send(report)


class _Memory:
    """Resident memory of this process, from a file kept open."""

    def __init__(self) -> None:
        self._file = -1
        with contextlib.suppress(OSError):  # no /proc here
            self._file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def resident_bytes(self) -> int:
        if self._file < 0:
            return 0
        return int(os.pread(self._file, 128, 0).split()[1]) * resource.getpagesize()


def main(
    connection: socket.socket,
    settings: Settings,
    registry: Registry,
    plugin_settings: dict[str, Any],
    *,
    nursery_pid: int,
) -> None:
    """Be a task process, from the fork to the end (called in the forked process)."""
    os.setsid()
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # dies with the nursery
        if os.getppid() != nursery_pid:  # which was quicker
            return
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)  # adopts what a task's programs leave behind
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    with contextlib.suppress(Closed):
        TaskProcess(connection, settings, registry, plugin_settings).serve()


def _end_leftovers() -> None:
    """Kill and reap every process that the task has left running, adopted ones included."""
    listing = f"/proc/self/task/{os.getpid()}/children"
    for _ in range(100):
        try:
            os.waitpid(-1, os.WNOHANG)  # costs nothing when there is none, which is the rule
        except ChildProcessError:
            return
        try:
            children = [int(word) for word in Path(listing).read_text(encoding="ascii").split()]
        except OSError:  # no /proc here: the group is killed with this process
            return
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
