"""The worker's side of task processes: one for each worker thread, kept for many tasks.

A task process that crashes, hangs, grows or is cancelled is killed with its whole
process group, and ends its task alone. Stands on `wire` and `nursery`.
"""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from dragon_framework.errors import TaskCrashedError, TaskError, TaskLimitError
from dragon_framework.settings import Settings
from dragon_framework.tasks import Task
from dragon_framework.worker.nursery import NurserySettings
from dragon_framework.worker.wire import Channel, Closed, Done, Failed, Partial, Progress, Run, decode_report

log = structlog.get_logger("dragon.processes")

WATCH_SECONDS = 0.25
"""How often a running task's memory, output and time are looked at."""

CANCEL_GRACE_SECONDS = 0.5
FORK_SECONDS = 60.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class HandedBack(Exception):
    """The run was ended because the worker stops; the task is to be queued again."""


class Nursery:
    """The process that forks task processes; started again if it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._forked: queue.Queue[int] = queue.Queue()
        self._ended: dict[int, int] = {}
        self._ended_change = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = threading.Event()

    def start(self) -> None:
        """Start the process; it loads the plugins while this returns."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "dragon_framework.worker.nursery", str(theirs.fileno())]
        self._ready = ready = threading.Event()
        self._forked = forked = queue.Queue()
        with theirs:
            # A session of its own: Ctrl-C in a terminal is for the worker to answer.
            # It decodes what strangers send, and has no business with Redis.
            environment = {name: value for name, value in os.environ.items() if name != "DRAGON_REDIS"}
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=environment,
            )
        body = msgspec.json.encode(NurserySettings(msgspec.structs.replace(self._settings, redis="")))
        ours.sendall(len(body).to_bytes(4, "big") + body)
        self._control = ours
        threading.Thread(target=self._listen, args=(ours, ready, forked), name="nursery", daemon=True).start()

    def wait_ready(self, seconds: float) -> bool:
        """Return whether the plugins are loaded, waiting up to *seconds*."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """End the nursery, which kills every task process."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
        if self._process is not None:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def fork(self) -> tuple[int, socket.socket]:
        """Return (process id, socket) of a fresh task process.

        Raises:
            OSError: If the nursery cannot make one.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                if self._process is not None:
                    log.error("nursery_died", returncode=self._process.returncode)
                self.start()
            if not self._ready.wait(FORK_SECONDS) or self._control is None:
                raise OSError("the nursery does not answer")
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(self._control, [b"f"], [theirs.fileno()])
                    return self._forked.get(timeout=FORK_SECONDS), ours
                except (OSError, queue.Empty) as error:
                    ours.close()
                    raise OSError("the nursery does not answer") from error

    def wait_status(self, pid: int, seconds: float) -> int | None:
        """Return the wait status of an ended task process, None if it is not known in time."""
        deadline = time.monotonic() + seconds
        with self._ended_change:
            while pid not in self._ended:
                if not self._ended_change.wait(max(0.0, deadline - time.monotonic())):
                    return self._ended.pop(pid, None)
            return self._ended.pop(pid)

    def _listen(self, control: socket.socket, ready: threading.Event, forked: "queue.Queue[int]") -> None:
        with contextlib.suppress(OSError), control.makefile("rb") as lines:
            for line in lines:
                word, *numbers = line.split()
                if word == b"ready":
                    ready.set()
                elif word == b"forked":
                    forked.put(int(numbers[0]))
                elif word == b"ended":
                    with self._ended_change:
                        self._ended[int(numbers[0])] = int(numbers[1])
                        while len(self._ended) > 1000:
                            self._ended.pop(next(iter(self._ended)))
                        self._ended_change.notify_all()


class TaskRunner:
    """Runs tasks one after another in a task process of its own.

    Args:
        nursery: Forks the processes.
        tasks_per_process: A process is replaced after so many tasks.
    """

    def __init__(self, nursery: Nursery, tasks_per_process: int) -> None:
        self._nursery = nursery
        self._tasks_per_process = tasks_per_process
        self._pid = 0
        self._channel: Channel | None = None
        self._runs = 0
        self._hand_back = threading.Event()
        self._cancelled_at: float | None = None
        self._key = ""

    @property
    def key(self) -> str:
        """Key of the task that runs now; empty if none does."""
        return self._key

    def prepare(self) -> None:
        """Fork the process now, so that the first task need not wait."""
        if self._channel is None:
            self._pid, connection = self._nursery.fork()
            connection.settimeout(WATCH_SECONDS)
            self._channel = Channel(connection)
            self._runs = 0

    def run(self, run: Run, task: Task, on_report: Callable[[Progress | Partial], None]) -> Done | Failed:
        """Run a task to its end, whatever that is.

        Args:
            run: What to run.
            task: Its declaration, for the limits.
            on_report: Called with progress and partial results.

        Raises:
            HandedBack: If `hand_back` was called meanwhile.
        """
        self._cancelled_at = None
        self._key = run.key
        try:
            return self._run(run, task, on_report)
        except TaskError as error:
            self._kill()
            return Failed(error.code, error.details(), error.transient)
        except HandedBack:
            self._kill()
            raise
        finally:
            self._key = ""
            self._runs += 1
            if self._runs >= self._tasks_per_process:
                self.close()

    def hand_back(self) -> None:
        """End the running task at once; `run` raises `HandedBack` (called by another thread)."""
        self._hand_back.set()

    def close(self) -> None:
        """End the task process: it has nothing to do."""
        if self._channel is not None:
            self._channel.socket.close()
            self._channel = None
            self._pid = 0

    def _run(self, run: Run, task: Task, on_report: Callable[[Progress | Partial], None]) -> Done | Failed:
        for attempt in range(3):
            try:
                self.prepare()
                assert self._channel is not None  # noqa: S101  (for the type checker)
                self._channel.send(run)
                break
            except (Closed, OSError) as error:  # it died while it had nothing to do
                self._kill()
                if attempt == 2:
                    raise TaskCrashedError(run.task_name, "no task process can be started") from error
        watch = _Watch(task, self._pid, Path(run.directory))
        channel = self._channel
        while True:
            try:
                report = decode_report(channel.receive())
            except TimeoutError:
                if self._hand_back.is_set():
                    raise HandedBack from None
                watch.check()
                continue
            except (Closed, msgspec.MsgspecError) as error:
                if self._hand_back.is_set():
                    raise HandedBack from None
                raise TaskCrashedError(run.task_name, self._cause_of_death()) from error
            if isinstance(report, Progress | Partial):
                on_report(report)
                if self._hand_back.is_set():
                    raise HandedBack
                watch.check_time()
                continue
            return report

    def _cause_of_death(self) -> str:
        status = self._nursery.wait_status(self._pid, 2.0) if self._pid else None
        if status is None:
            return "its process was lost"
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            try:
                name = signal.Signals(number).name
            except ValueError:
                name = f"signal {number}"
            return f"{name}, perhaps for want of memory" if number == signal.SIGKILL else name
        return f"exit status {os.waitstatus_to_exitcode(status)}"

    def _kill(self) -> None:
        """Kill the task process and all that is in its group."""
        if self._pid:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self._pid, signal.SIGKILL)
        self.close()


class _Watch:
    """Holds a running task to its limits."""

    def __init__(self, task: Task, pid: int, directory: Path) -> None:
        self._task = task
        self._pid = pid
        self._outputs = directory / "outputs"
        self._deadline = time.monotonic() + task.limits.seconds

    def check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise TaskLimitError(self._task.name, "time", f"{self._task.limits.seconds:g} s")

    def check(self) -> None:
        self.check_time()
        limits = self._task.limits
        if resident_bytes(self._pid) > limits.memory_bytes:
            raise TaskLimitError(self._task.name, "memory", f"{limits.memory_bytes} bytes")
        written = 0
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._outputs):
                written += entry.stat(follow_symlinks=False).st_size
        if written > limits.output_bytes:
            raise TaskLimitError(self._task.name, "output files", f"{limits.output_bytes} bytes")


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all below it, in bytes; 0 where /proc is missing."""
    total = 0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int(Path(f"/proc/{current}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
            for thread in os.listdir(f"/proc/{current}/task"):
                children = Path(f"/proc/{current}/task/{thread}/children").read_text(encoding="ascii")
                waiting += map(int, children.split())
    return total
