"""The nursery: a small process that forks task processes for one worker.

It loads the plugins once and has one thread, so that forking is quick (10 ms instead
of 150) and safe; the worker has many threads and must not fork. Started by the worker
as `python -m dragon_framework.worker.nursery FD`, it takes its settings from the socket,
then one byte and a socket for each task process it shall fork. It answers in lines:

    ready              once, when the plugins are loaded
    forked PID         a task process runs
    ended PID STATUS   a task process has ended, with its wait status

When the worker is gone (end of file) it kills all process groups it made, and ends.
"""

import contextlib
import importlib
import os
import select
import signal
import socket
import sys
from typing import Any

import msgspec

from dragon_framework.settings import Settings


class NurserySettings(msgspec.Struct):
    """The first frame: what the nursery must know."""

    settings: Settings


def main(descriptor: int) -> None:
    """Serve the worker on the other side of the socket *descriptor* until it is gone."""
    control = socket.socket(fileno=descriptor)
    settings = _receive_settings(control)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    from dragon_framework.context import plugin_settings
    from dragon_framework.registry import load_registry
    from dragon_framework.worker import child

    registry = load_registry(settings.disable)
    by_task = {
        name: plugin_settings(task, settings.plugins, os.environ) for name, task in registry.tasks.items()
    }
    for module in dict.fromkeys(module for task in registry.tasks.values() for module in task.preload):
        with contextlib.suppress(Exception):  # the task that needs it will report it
            importlib.import_module(module)

    wake_reader, wake_writer = _pipe()
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    control.sendall(b"ready\n")
    children: set[int] = set()
    try:
        while True:
            ready, _, _ = select.select([control, wake_reader], [], [])
            if wake_reader in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_reader, 4096)
                _report_ended(control, children)
            if control in ready:
                data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
                if not data:
                    return
                for number in descriptors:
                    pid = os.fork()
                    if pid == 0:
                        _be_child(child, number, control, (wake_reader, wake_writer), settings, registry, by_task)
                    os.close(number)
                    children.add(pid)
                    control.sendall(b"forked %d\n" % pid)
    except OSError:
        return
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _be_child(
    child: Any,
    number: int,
    control: socket.socket,
    pipes: tuple[int, int],
    settings: Settings,
    registry: Any,
    by_task: dict[str, Any],
) -> None:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        for pipe in pipes:
            os.close(pipe)
        child.main(socket.socket(fileno=number), settings, registry, by_task)
        code = 0
    finally:
        os._exit(code)


def _report_ended(control: socket.socket, children: set[int]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what the task process left in its group
        control.sendall(b"ended %d %d\n" % (pid, status))


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
