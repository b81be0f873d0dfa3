"""The nursery: a small process that forks task processes for one worker.

It loads the plugins once and has one thread, so that forking is quick (10 ms instead
of 150) and safe; the worker has many threads and must not fork. Started by the worker
as `python -m dragon_framework.worker.nursery FD`, it takes its settings from the socket,
then one byte and a socket for each task process it shall fork. It answers in lines:

    ready              once, when the plugins are loaded
    forked PID         a task process runs
    refused            the system gave no process
    ended PID STATUS   a task process has ended, with its wait status

What a dead task process leaves behind is killed here: its group, and, on Linux, those
that left the group, which are handed to this process as the next subreaper. When the
worker is gone (end of file) all that is left is killed, and the nursery ends.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable

import msgspec

from dragon_framework.settings import Settings

PR_SET_CHILD_SUBREAPER = 36


class NurserySettings(msgspec.Struct):
    """The first frame: what the nursery must know."""

    settings: Settings


def main(descriptor: int) -> None:
    """Serve the worker on the other side of the socket *descriptor* until it is gone."""
    control = socket.socket(fileno=descriptor)
    settings = _receive_settings(control)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    from dragon_framework.context import plugin_settings
    from dragon_framework.registry import registry_of
    from dragon_framework.worker import child

    registry = registry_of(settings)
    by_task = {name: plugin_settings(task, settings.tables, os.environ) for name, task in registry.tasks.items()}
    for module in dict.fromkeys(module for task in registry.tasks.values() for module in task.preload):
        with contextlib.suppress(Exception):  # the task that needs it will report it
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what is loaded stays: collections in task processes neither look at its pages nor copy them
    pid = os.getpid()
    _Nursery(control, lambda connection: child.main(connection, settings, registry, by_task, nursery_pid=pid)).serve()


class _Nursery:
    """The loop: one process to fork, or one that has ended, after another."""

    def __init__(self, control: socket.socket, be_task_process: Callable[[socket.socket], None]) -> None:
        self._control = control
        self._be_task_process = be_task_process
        self._children: set[int] = set()
        self._wake_reader, self._wake_writer = _pipe()

    def serve(self) -> None:
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            self._say("ready")
            while True:
                ready, _, _ = select.select([self._control.fileno(), self._wake_reader], [], [])
                if self._wake_reader in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_reader, 4096)
                    self._bury_the_dead()
                if self._control.fileno() in ready:
                    data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
                    if not data:
                        return
                    for number in descriptors:
                        os.set_inheritable(number, False)  # a program of a task that kept it would hide the task's end
                        self._fork(number)
        except OSError:  # the worker is gone
            return
        finally:
            self._end_all()

    def _say(self, line: str) -> None:
        self._control.sendall(f"{line}\n".encode())

    def _fork(self, number: int) -> None:
        try:
            pid = os.fork()
        except OSError:
            os.close(number)
            self._say("refused")
            return
        if pid == 0:
            self._be_child(number)
        os.close(number)
        self._children.add(pid)
        self._say(f"forked {pid}")

    def _be_child(self, number: int) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            os.close(self._wake_reader)
            os.close(self._wake_writer)
            self._be_task_process(socket.socket(fileno=number))
            code = 0
        finally:
            os._exit(code)

    def _bury_the_dead(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._children:
                self._children.discard(pid)
                _kill(os.killpg, pid)
                for orphan in _children_of_this_process() - self._children:
                    _kill(os.kill, orphan)
                self._say(f"ended {pid} {status}")

    def _end_all(self) -> None:
        for pid in self._children:
            _kill(os.killpg, pid)
            _kill(os.kill, pid)  # it may not lead its group yet
        for _ in range(100):  # each generation of orphans comes here when its parent is dead
            orphans = _children_of_this_process()
            if not orphans:
                return
            for pid in orphans:
                _kill(os.kill, pid)
            for pid in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _kill(kill: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        kill(pid, signal.SIGKILL)


def _children_of_this_process() -> set[int]:
    """Return the process ids of all children, adopted ones included; none where /proc is missing."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listing:  # noqa: PTH123  # on a hot path
            return {int(word) for word in listing.read().split()}
    except OSError:
        return set()


def _receive_settings(control: socket.socket) -> Settings:
    header = _exactly(control, 4)
    return msgspec.json.decode(_exactly(control, int.from_bytes(header, "big")), type=NurserySettings).settings


def _exactly(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        block = control.recv(size - len(data))
        if not block:
            sys.exit(0)
        data += block
    return data


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer


if __name__ == "__main__":
    main(int(sys.argv[1]))
