"""The worker's side of the nursery: start it, have task processes forked, end them.

In: the service's settings. Out: `TaskProcessHandle`s. A nursery that dies is replaced
when the next process is needed. Stands on `nursery`, which runs on the other side.
"""

import contextlib
import ctypes
import os
import queue
import secrets
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

from dragon_framework.settings import Settings
from dragon_framework.worker.nursery import NurserySettings

log = structlog.get_logger("dragon.processes")

PR_SET_CHILD_SUBREAPER = 36
ORIGIN = "DRAGON_NURSERY"
"""In the environment of a nursery, and of all that its task processes start: whose they are."""

FORK_SECONDS = 60.0
STOP_SECONDS = 5.0
ADOPTION_SECONDS = 1.0
"""For so long orphans are looked for: the kernel's list may miss some while others end (proc(5), children)."""


class _Link:
    """One nursery process, and what it has said."""

    def __init__(self, process: "subprocess.Popen[bytes]", control: socket.socket, token: str) -> None:
        self.process = process
        self.token = token
        self.control = control
        self.ready = threading.Event()
        self.forked: queue.SimpleQueue[int] = queue.SimpleQueue()  # 0: refused, or the nursery is gone
        self.change = threading.Condition()
        self.gone = False
        self.alive: set[int] = set()
        self.ended: dict[int, int] = {}

    def listen(self) -> None:
        self._hear()
        with self.change:
            self.gone = True
            orphans, self.alive = self.alive, set()
            for pid in orphans:
                for kill in (os.killpg, os.kill):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        kill(pid, signal.SIGKILL)
            self.change.notify_all()
        self.ready.set()
        self.forked.put(0)
        end_adopted(self.process, self.token)

    def _hear(self) -> None:
        with contextlib.suppress(OSError), self.control.makefile("rb") as lines:
            for line in lines:
                word, *numbers = line.split()
                if word == b"ready":
                    self.ready.set()
                elif word == b"forked":
                    with self.change:
                        self.alive.add(int(numbers[0]))
                    self.forked.put(int(numbers[0]))
                elif word == b"refused":
                    self.forked.put(0)
                elif word == b"ended":
                    with self.change:
                        self.alive.discard(int(numbers[0]))
                        self.ended[int(numbers[0])] = int(numbers[1])
                        while len(self.ended) > 1000:  # nobody asks how an idle process ended
                            self.ended.pop(next(iter(self.ended)))
                        self.change.notify_all()


class TaskProcessHandle:
    """A task process: its socket, its end.

    Args:
        link: The nursery that forked it.
        pid: Its process id, which is also its group's.
        connection: Socket to it.
    """

    def __init__(self, link: _Link, pid: int, connection: socket.socket) -> None:
        self._link = link
        self.pid = pid
        self.connection = connection

    def signal(self, number: int) -> None:
        """Send it a signal, if it still lives."""
        self._send(os.kill, number)

    def kill(self) -> None:
        """Kill it and its group, and close the socket."""
        self._send(os.killpg, signal.SIGKILL)
        self._send(os.kill, signal.SIGKILL)  # it may not lead its group yet
        self.connection.close()

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended, or its nursery has, which ends it."""
        with self._link.change:
            return self._link.gone or self.pid in self._link.ended

    def cause_of_death(self, seconds: float) -> str:
        """Return how it ended, in words, waiting up to *seconds* to know."""
        deadline = time.monotonic() + seconds
        with self._link.change:
            while self.pid not in self._link.ended and not self._link.gone:
                if not self._link.change.wait(max(0.0, deadline - time.monotonic())):
                    break
            status = self._link.ended.pop(self.pid, None)
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

    def _send(self, kill: Callable[[int, int], None], number: int) -> None:
        with self._link.change:  # once it is known to have ended, its number may be another's
            if self.pid in self._link.alive:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, number)


class Nursery:
    """The process that forks task processes; started again if it dies.

    Args:
        settings: The service's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._link: _Link | None = None

    @property
    def pid(self) -> int:
        """Process id of the nursery; 0 before the start."""
        link = self._link
        return link.process.pid if link else 0

    def start(self) -> None:
        """Start the process; it loads the plugins while this returns."""
        if sys.platform == "linux":  # what task processes leave comes to us if the nursery is dead too
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        with self._lock:
            self._start()

    def stop(self) -> None:
        """End the nursery, which kills every task process."""
        with self._lock:
            self._end()

    def fork(self) -> TaskProcessHandle:
        """Return a fresh task process.

        Raises:
            OSError: If none can be made now.
        """
        with self._lock:
            link = self._link
            if link is None or link.gone or link.process.poll() is not None:
                if link is not None:
                    log.error("nursery_died", returncode=link.process.poll())
                    self._end()
                link = self._start()
            if not link.ready.wait(FORK_SECONDS) or link.gone:
                link.process.kill()
                raise OSError("the nursery does not start")
            ours, theirs = socket.socketpair()
            try:
                with theirs:
                    socket.send_fds(link.control, [b"f"], [theirs.fileno()])
                pid = link.forked.get(timeout=FORK_SECONDS)
            except (OSError, queue.Empty) as error:
                ours.close()
                link.process.kill()  # an answer that came later would be taken for that of another fork
                raise OSError("the nursery does not answer") from error
            if pid == 0:
                ours.close()
                raise OSError("the system gave no process, or the nursery died")
            return TaskProcessHandle(link, pid, ours)

    def _start(self) -> _Link:
        ours, theirs = socket.socketpair()
        # -P: a module that happens to lie in the working directory is not imported.
        command = [sys.executable, "-P", "-m", "dragon_framework.worker.nursery", str(theirs.fileno())]
        # It decodes what strangers send, and has no business with Redis, nor with the secrets of other tasks.
        withheld = {"DRAGON_REDIS", "DRAGON_SECRET_KEY"}
        environment = {name: value for name, value in os.environ.items() if name not in withheld}
        environment[ORIGIN] = token = secrets.token_hex(8)
        with theirs:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in a terminal is for the worker to answer
                env=environment,
            )
        self._link = link = _Link(process, ours, token)
        body = msgspec.json.encode(NurserySettings(msgspec.structs.replace(self._settings, redis="", secret_key="")))
        with contextlib.suppress(OSError):  # it has died already; the listener sees it
            ours.sendall(len(body).to_bytes(4, "big") + body)
        threading.Thread(target=link.listen, name="nursery", daemon=True).start()
        return link

    def _end(self) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        with contextlib.suppress(OSError):
            link.control.shutdown(socket.SHUT_RDWR)
        try:
            link.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            link.process.kill()
            link.process.wait()
        link.control.close()


def end_adopted(nursery: "subprocess.Popen[bytes]", token: str) -> None:
    """Kill and reap what a nursery has left to this process: programs that its task processes had started.

    Children of other origin are left alone. Where /proc is missing nothing is found; the groups of the task
    processes were killed there, and only what had left its group lives on.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        nursery.wait(STOP_SECONDS)  # only then its children are ours
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < STOP_SECONDS:
        children = _children_of_this_process() - {nursery.pid}
        left = [pid for pid in children if _has_token(pid, token)]
        dead = [pid for pid in children if _is_dead_elsewhere(pid)]
        if not left and not dead and passed > ADOPTION_SECONDS:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in left + dead:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def _children_of_this_process() -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):
                found.update(map(int, (thread / "children").read_text(encoding="ascii").split()))
    return found


def _has_token(pid: int, token: str) -> bool:
    """Whether a child was started by the nursery of *token*.

    One that is being started shows no environment for a moment (execve(2)), whoever its parent is; nor does one
    that ends. Neither is taken for an orphan: the first shows its own soon, the second needs no killing.
    """
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{ORIGIN}={token}".encode() in environ.split(b"\0")


def _is_dead_elsewhere(pid: int) -> bool:
    """Whether a child is a zombie of another session: an orphan that only waits to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
        return state == b"Z" and os.getsid(pid) != os.getsid(0)
    except OSError:
        return False
