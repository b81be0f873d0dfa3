"""Runs tasks in a task process: one runner for each worker thread, kept for many tasks.

A task process that crashes, hangs, grows or is cancelled is killed with its whole
process group, and ends its task alone. Stands on `wire` and `processes`.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from dragon_framework.errors import TaskCrashedError, TaskError, TaskLimitError
from dragon_framework.tasks import Task
from dragon_framework.worker.processes import Nursery, TaskProcessHandle
from dragon_framework.worker.wire import (
    Answer,
    Channel,
    Closed,
    Done,
    Failed,
    Notice,
    Run,
    decode_report,
)

WATCH_SECONDS = 0.1
"""How often a running task's memory, output and time are looked at."""

CANCEL_GRACE_SECONDS = 0.4
FORK_ATTEMPTS = 3
FORK_PAUSE_SECONDS = 0.5
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class HandedBack(Exception):
    """The run was ended because the worker stops; the task is to be queued again."""


class TakenAway(Exception):
    """The run was ended because the task has a final status, or another worker."""


_DEATHS: dict[type[BaseException], str] = {TakenAway: "cancelled", HandedBack: "handed_back"}
"""Why a process was killed; everything else is this worker's doing."""


class TaskRunner:
    """Runs tasks one after another in a task process of its own.

    Args:
        nursery: Forks the processes.
        tasks_per_process: A process is replaced after so many tasks.
        on_death: Told why a task process was killed, or has died, with a task in it.
    """

    def __init__(
        self, nursery: Nursery, tasks_per_process: int, on_death: Callable[[str], None] = lambda _reason: None
    ) -> None:
        self._nursery = nursery
        self._tasks_per_process = tasks_per_process
        self._process: TaskProcessHandle | None = None
        self._channel: Channel | None = None
        self._runs = 0
        self._lock = threading.Lock()
        self._key = ""
        self._is_part = False
        self._taken_away_at: float | None = None
        self._hand_back = False
        self._on_death = on_death
        self.peak_bytes = 0
        """Most memory that was seen of the last run and all it started; 0 if it was too short to be looked at."""
        self.begun = 0.0
        """When the run that is under way began (monotonic clock)."""

    @property
    def key(self) -> str:
        """Key of the task that runs now; empty if none does, or a part of another worker's."""
        return "" if self._is_part else self._key

    def prepare(self) -> None:
        """Fork the process now, so that the first task need not wait.

        Raises:
            OSError: If none can be made now.
        """
        self._ready()

    def run(
        self,
        run: Run,
        task: Task,
        on_begun: Callable[[], None],
        on_report: Callable[[Notice], Answer | None],
    ) -> Done | Failed:
        """Run a task to its end, whatever that is.

        Args:
            run: What to run.
            task: Its declaration, for the limits.
            on_begun: Called once, when a task process has it.
            on_report: Called with what the task says before its end; returns the answer to what has one. What it raises
                ends the run.

        Raises:
            HandedBack: If `hand_back` was called meanwhile.
            TakenAway: If `take_away` was called meanwhile.
        """
        with self._lock:
            self._key = run.key
            self._is_part = run.part is not None
            self._taken_away_at = None
            self.begun = time.monotonic()
        self.peak_bytes = 0
        try:
            return self._run(run, task, on_begun, on_report)
        except TaskError as error:
            self._kill()
            self._on_death(error.limit.replace(" ", "_") if isinstance(error, TaskLimitError) else error.code)
            return Failed(error.code, error.details(), error.transient)
        except BaseException as error:
            self._on_death(_DEATHS.get(type(error), "worker"))
            self._kill()  # it is in the middle of a run that nobody waits for
            raise
        finally:
            with self._lock:
                self._key = ""
            self._runs += 1
            if self._runs >= self._tasks_per_process:
                self.close()

    def take_away(self, key: str) -> None:
        """End the run if it is that of *key*: politely, then not (called by another thread)."""
        with self._lock:
            if key == self._key and self._taken_away_at is None:
                self._taken_away_at = time.monotonic()
                if self._process is not None:
                    self._process.signal(signal.SIGTERM)

    def hand_back(self) -> None:
        """End this and every later run at once (called by another thread)."""
        self._hand_back = True

    def close(self) -> None:
        """End the task process: it has nothing to do."""
        with self._lock:
            process, self._process, self._channel = self._process, None, None
        if process is not None:
            process.connection.close()

    def _ready(self) -> Channel:
        """Return the channel to a task process, forked now if there is none."""
        if self._channel is None:
            process = self._nursery.fork()
            channel = Channel(process.connection)
            channel.limit_waiting(WATCH_SECONDS)
            with self._lock:
                self._process, self._channel = process, channel
            self._runs = 0
        return self._channel

    def _begin(self, run: Run) -> tuple[Channel, TaskProcessHandle]:
        """Send the run to a living task process."""
        for attempt in range(FORK_ATTEMPTS):
            try:
                channel = self._ready()
                channel.send(run)
            except (Closed, OSError) as error:  # it died while it had nothing to do, or cannot be forked
                self._kill()
                if attempt == FORK_ATTEMPTS - 1:
                    raise TaskCrashedError(run.task_name, "no process can be started") from error
                if isinstance(error, OSError):
                    time.sleep(FORK_PAUSE_SECONDS)
            else:
                assert self._process is not None
                return channel, self._process
        raise AssertionError

    def _run(
        self,
        run: Run,
        task: Task,
        on_begun: Callable[[], None],
        on_report: Callable[[Notice], Answer | None],
    ) -> Done | Failed:
        channel, process = self._begin(run)
        on_begun()
        watch = _Watch(task, process.pid, run.directory)
        ended = False
        while True:
            self.peak_bytes = watch.peak_bytes
            try:
                report = decode_report(channel.receive())
            except TimeoutError:
                self._check_wanted()
                watch.check()
                if ended:  # and it has said nothing since: a program that it has left keeps the socket open
                    raise TaskCrashedError(run.task_name, process.cause_of_death(0.0)) from None
                ended = process.ended
                continue
            except (Closed, msgspec.MsgspecError) as error:
                self._check_wanted(at_once=True)
                raise TaskCrashedError(run.task_name, process.cause_of_death(2.0)) from error
            if isinstance(report, Done | Failed):
                if self._taken_away_at is not None:
                    raise TakenAway
                if report.last:
                    self.close()
                return report
            answer = on_report(report)
            if answer is not None:
                with contextlib.suppress(Closed):  # it has died since; the next look will say so
                    channel.send(answer)
            self._check_wanted()
            watch.check_now_and_then()

    def _check_wanted(self, *, at_once: bool = False) -> None:
        """Raise if nobody wants the result of this run any more."""
        since = self._taken_away_at
        if since is not None and (at_once or time.monotonic() - since >= CANCEL_GRACE_SECONDS):
            raise TakenAway
        if self._hand_back:
            raise HandedBack

    def _kill(self) -> None:
        """Kill the task process and all that is in its group."""
        with self._lock:
            process, self._process, self._channel = self._process, None, None
        if process is not None:
            process.kill()


class _Watch:
    """Holds a running task to its limits."""

    def __init__(self, task: Task, pid: int, directory: str) -> None:
        self._task = task
        self._pid = pid
        self.peak_bytes = 0
        self._outputs = f"{directory}/outputs"
        begun = time.monotonic()
        self._deadline = begun + task.limits.seconds
        self._next = begun + WATCH_SECONDS

    def check_now_and_then(self) -> None:
        """Check, unless that was done a moment ago."""
        if time.monotonic() >= self._next:
            self.check()

    def check(self) -> None:
        """Raise `TaskLimitError` if the task is over one of its limits."""
        now = time.monotonic()
        self._next = now + WATCH_SECONDS
        limits = self._task.limits
        if now > self._deadline:
            raise TaskLimitError(self._task.name, "time", f"{limits.seconds:g} s")
        resident = resident_bytes(self._pid)
        self.peak_bytes = max(self.peak_bytes, resident)
        if resident > limits.memory_bytes:
            raise TaskLimitError(self._task.name, "memory", f"{limits.memory_bytes} bytes")
        if written_bytes(self._outputs) > limits.output_bytes:
            raise TaskLimitError(self._task.name, "output files", f"{limits.output_bytes} bytes")


def written_bytes(directory: str) -> int:
    """Return the size of all files of a directory, in bytes; 0 if there is none."""
    written = 0
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # renamed meanwhile
                written += entry.stat(follow_symlinks=False).st_size
    return written


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all below it, in bytes; 0 where /proc is missing."""
    total = 0
    waiting = [pid]
    while waiting:
        current = Path(f"/proc/{waiting.pop()}")
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int((current / "statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
            for thread in (current / "task").iterdir():
                waiting += map(int, (thread / "children").read_text(encoding="ascii").split())
    return total
