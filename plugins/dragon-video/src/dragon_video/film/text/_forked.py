"""The text engine for a process that was forked after the engine had been started: there it runs in one of its own.

In: what `_pango` would draw. Out: its ink. Pango asks fontconfig in a thread, and a forked
process has the engine without that thread: it would wait forever. A fresh interpreter draws then
instead, about a third of a second to start, once for the process; it ends when the process does,
because its pipe is closed. Stands on nothing but the standard library until it draws.
"""

import os
import subprocess
import sys
import threading
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

_lock = threading.Lock()
_helpers: dict[int, tuple[Connection, subprocess.Popen[bytes]]] = {}
"""The helper of a process, by the process's number; those of parents are not ours to use."""


def elsewhere(name: str, *arguments: Any) -> Any:
    """Return what a function of `_pango` returns in a fresh process, or raise what it raises there.

    Raises:
        RuntimeError: If that process has died.
    """
    with _lock:
        if os.getpid() not in _helpers:
            _helpers[os.getpid()] = _started()
        connection, _ = _helpers[os.getpid()]
        try:
            connection.send((name, arguments))
            done, value = connection.recv()
        except (EOFError, OSError) as error:
            del _helpers[os.getpid()]
            raise RuntimeError("the process that draws texts has died") from error
    if not done:
        raise value
    return value


def _started() -> tuple[Connection, subprocess.Popen[bytes]]:
    here, there = Pipe()
    with there:
        process = subprocess.Popen(
            [sys.executable, "-c", f"import {__name__} as forked; forked.serve({there.fileno()})"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(there.fileno(),),
        )
    return here, process


def serve(descriptor: int) -> None:
    """Draw what is asked for through a file descriptor until its other end is closed."""
    from dragon_video.film.text import _pango

    connection = Connection(descriptor)
    while True:
        try:
            name, arguments = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = (True, getattr(_pango, name)(*arguments))
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            answer = (False, error)
        connection.send(answer)
