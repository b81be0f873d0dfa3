"""The process of `dragon serve`: starts API, workers and Valkey, and keeps them alive.

It imports nothing heavy, holds the listening socket (so that connections wait while the
API is started again), and has one thread: it waits for signals, for the ends of its
children, and, at the start, for the API's first answer. A child that dies is started
again, later each time; so is Valkey, on the same data. Stands on `embedded`.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import msgspec

from dragon_framework.cli.child import Handover, send_handover
from dragon_framework.cli.health import HealthCheck, installed_tasks
from dragon_framework.embedded import EmbeddedServer
from dragon_framework.errors import SettingsError
from dragon_framework.settings import Settings

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
STEADY_SECONDS = 30.0
"""A process that lived so long is started again at once when it dies."""

MAX_FAILED_STARTS = 3
"""So many deaths in a row before the service ever answered, or of Valkey, end the service."""

BAD_SETTING = 2
"""Exit status of a child that cannot use a setting: at its first start, that ends the service."""

EXTRA_STOP_SECONDS = 5.0
"""What is left after its grace period and so long is killed."""


class Ended(Exception):
    """The service ends with this exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Child:
    """One process that is kept alive; leader of its own session.

    Args:
        role: `api` or `worker`.
        handover: Makes what the process is told at its start.
        descriptors: Files that it inherits.
    """

    def __init__(self, role: str, handover: Callable[[], Handover], descriptors: tuple[int, ...] = ()) -> None:
        self.role = role
        self.due: float | None = None
        """When it is to be started again; None while it runs."""
        self.failures = 0
        self.starts = 0
        self._handover = handover
        self._descriptors = descriptors
        self._started = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 when it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the process; it loads its libraries until it is told more."""
        command = [sys.executable, "-P", "-m", "dragon_framework.cli.child", self.role, str(os.getpid())]
        # Settings go through the pipe, the URL of Redis and the key of secrets through nothing else.
        withheld = {"DRAGON_REDIS", "DRAGON_SECRET_KEY"}
        environment = {name: value for name, value in os.environ.items() if name not in withheld}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=self._descriptors, start_new_session=True, env=environment
        )
        self.due = None
        self.starts += 1
        self._started = time.monotonic()

    def tell(self) -> None:
        """Tell the started process what it is to do."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has died; the loop will notice
                send_handover(self._process.stdin.fileno(), self._handover())

    def ended(self) -> int | None:
        """Return the exit status if the process has ended since the last call."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
        self.failures = 1 if time.monotonic() - self._started > STEADY_SECONDS else self.failures + 1
        return status

    def signal(self, number: int) -> None:
        """Send a signal to the process; SIGKILL to all of its session."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if number == signal.SIGKILL:
                    os.killpg(self._process.pid, number)
                else:
                    os.kill(self._process.pid, number)


class Supervisor:
    """Runs the service on *listener* until a signal ends it.

    Args:
        settings: The settings; without `redis` a private Valkey is started.
        listener: A listening socket.
        development: Whether there shall be a development account.
    """

    def __init__(self, settings: Settings, listener: socket.socket, *, development: bool) -> None:
        self._settings = settings
        self._listener = listener
        self._development = development
        self._server = None if settings.redis else EmbeddedServer(settings.data_path)
        self._server_failures = 0
        self._server_started = 0.0
        self._children = [Child("api", self._handover_api, (listener.fileno(),))]
        self._children += [Child("worker", self._handover) for _ in range(settings.workers)]
        self._signals = 0
        self._last_signal = 0
        self._answered = False
        self._events: Any = None

    def run(self, on_ready: Callable[[int], None]) -> int:
        """Run until a signal; return the exit status.

        Args:
            on_ready: Called when the service answers, with the number of its tasks.

        Raises:
            SettingsError: If Valkey cannot be started.
        """
        reader, writer = socket.socketpair()
        with reader, writer:
            reader.setblocking(False)
            writer.setblocking(False)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                    signal.signal(number, self._on_signal)
            signal.signal(signal.SIGCHLD, lambda *_: None)
            previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            try:
                self._start()
                self._keep(reader, on_ready)
                status = 0
            except Ended as end:
                status = end.status
            finally:
                self._stop(reader)
                signal.set_wakeup_fd(previous)
        return 128 + self._last_signal if self._signals > 1 else status

    def _start(self) -> None:
        for child in self._children:
            child.start()
        if self._server is not None:
            self._server.start()
            self._server_started = time.monotonic()
        for child in self._children:
            child.tell()

    def _keep(self, reader: socket.socket, on_ready: Callable[[int], None]) -> None:
        """Keep all alive until a signal comes."""
        health = HealthCheck(self._listener)
        ready: list[Any] = []
        with contextlib.closing(health):
            while not self._signals:
                if not self._answered and health.passed(ready):
                    self._answered = True
                    on_ready(installed_tasks(self._listener))
                    self._log("info", "service_started", workers=self._settings.workers)
                ready, _, _ = select.select([reader, *health.waiting], [], [], self._next_wait(health))
                _drain(reader)
                self._watch_server()
                self._watch_children()

    def _next_wait(self, health: HealthCheck) -> float | None:
        now = time.monotonic()
        times = [child.due - now for child in self._children if child.due is not None]
        if not self._answered:
            times.append(health.interval_seconds)
        return max(0.0, min(times)) if times else None

    def _watch_server(self) -> None:
        if self._server is None or self._server.running:
            return
        steady = time.monotonic() - self._server_started > STEADY_SECONDS
        self._server_failures = 1 if steady else self._server_failures + 1
        if self._server_failures > MAX_FAILED_STARTS:
            self._log("error", "redis_dies", hint=f"see {self._settings.data_path / 'redis.log'}")
            raise Ended(1)
        self._log("error", "redis_died", hint="it is started again on the same data")
        time.sleep(FIRST_DELAY_SECONDS * (self._server_failures - 1))
        try:
            self._server.restart()
        except SettingsError as error:
            self._log("error", "redis_does_not_start", reason=error.problem)
            raise Ended(1) from error
        self._server_started = time.monotonic()

    def _watch_children(self) -> None:
        now = time.monotonic()
        for child in self._children:
            pid = child.pid
            status = child.ended()
            if status is not None and not self._signals:
                if status == BAD_SETTING and child.starts == 1:
                    raise Ended(BAD_SETTING)  # it has told
                if not self._answered and child.failures >= MAX_FAILED_STARTS:
                    self._log("error", "service_does_not_start", role=child.role, status=status)
                    raise Ended(1)
                delay = 0.0 if child.failures == 1 else FIRST_DELAY_SECONDS * 2.0 ** (child.failures - 1)
                child.due = now + min(LONGEST_DELAY_SECONDS, delay)
                self._log("error", "process_died", role=child.role, pid=pid, status=status, failures=child.failures)
            if child.due is not None and child.due <= now:
                try:
                    child.start()
                except OSError as error:  # no memory, no process left
                    child.due = now + LONGEST_DELAY_SECONDS
                    self._log("error", "process_not_started", role=child.role, reason=str(error))
                else:
                    child.tell()

    def _stop(self, reader: socket.socket) -> None:
        """End everything: workers in their own time, then the API, which told the last results, then Valkey."""
        self._listener.close()
        if self._answered:
            self._log("info", "service_stopping")
        for role, grace in (
            ("worker", self._settings.worker.shutdown_seconds),
            ("api", self._settings.api.shutdown_seconds),
        ):
            children = [child for child in self._children if child.role == role]
            self._end(children, reader, grace + EXTRA_STOP_SECONDS if self._answered else EXTRA_STOP_SECONDS)
        if self._server is not None:
            self._server.stop()
        if self._answered:
            self._log("info", "service_stopped")

    def _end(self, children: list[Child], reader: socket.socket, grace_seconds: float) -> None:
        """End some children; kill those that are there after the grace period, or after a second signal."""
        deadline = time.monotonic() + grace_seconds
        for child in children:
            child.signal(signal.SIGTERM)
        while alive := [child for child in children if child.pid and child.ended() is None]:
            late = time.monotonic() > deadline
            if late or self._signals > 1:
                if late:
                    self._log("warning", "processes_killed", pids=[child.pid for child in alive])
                    deadline = float("inf")
                for child in alive:
                    child.signal(signal.SIGKILL)
            select.select([reader], [], [], 0.1)
            _drain(reader)

    def _handover(self) -> Handover:
        redis = self._server.url if self._server is not None else self._settings.redis
        return Handover(msgspec.structs.replace(self._settings, redis=redis))

    def _handover_api(self) -> Handover:
        whole = self._handover()
        whole.listener = self._listener.fileno()
        whole.development = self._development
        return whole

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        self._last_signal = number
        if self._signals == 2:
            for child in self._children:
                child.signal(signal.SIGKILL)
        elif self._signals > 2:
            os._exit(128 + number)  # the rest dies with this process

    def _log(self, level: str, event: str, **facts: Any) -> None:
        if self._events is None:
            import structlog

            from dragon_framework import logs

            logs.configure(self._settings.log_format, self._settings.log_level)
            self._events = structlog.get_logger("dragon.serve")
        getattr(self._events, level)(event, **facts)


def _drain(reader: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while reader.recv(4096):
            pass
