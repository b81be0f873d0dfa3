"""Processes that make pieces side by side, and are gone when the task is.

In: an order and its pieces. Out: which pieces are done, as they are. Processes are forked: they share what is loaded,
and start at once. One that dies takes the film with it, with a clear error; none outlives this process.

Stands on the standard library's `multiprocessing`.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import structlog

from dragon_framework import TaskError
from dragon_framework.errors import NoRoomError
from dragon_video.film.errors import FilmError
from dragon_video.film.pieces import Order, Piece, make
from dragon_video.film.plan import Drawing
from dragon_video.film.sharing import Pieces

PR_SET_PDEATHSIG = 1
TOLD_EVERY = 5
"""Frames between two messages about them."""
WAIT_SECONDS = 0.05
"""Pause between two looks, when all that is left is with other workers."""

log = structlog.get_logger("dragon.film")


class RendererDiedError(TaskError):
    """A process that drew the film was killed: nearly always for want of memory."""

    code = "renderer_died"
    transient = True

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return (
            f"a process that drew the film was ended from outside (exit status {self.status}); perhaps memory ran out"
        )


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def crew(order: Order, processes: int) -> "Iterator[Crew | Alone]":
    """Start *processes* that make pieces of *order*, and end them when the block is left; with 1 there is none."""
    if processes < 2:
        yield Alone(order)
        return
    workers = Crew(order, processes)
    try:
        yield workers
    finally:
        workers.close()


class Alone:
    """This process, which does it all."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def make(self, pieces: Pieces, told: Callable[[int], None], check: Callable[[], None]) -> Iterator[Piece]:
        """As `Crew.make`."""

        def drawn(_: int) -> None:
            check()
            told(1)

        with Drawing(self._order.plan) as drawing:
            while pieces.outstanding:
                piece = pieces.take()
                if piece is not None:
                    make(piece, self._order, drawing, drawn)
                    yield piece
                yield from _arrived(pieces, told)
                if piece is None:
                    check()
                    time.sleep(WAIT_SECONDS)


class Crew:
    """Processes that work side by side.

    Args:
        order: What is to be written.
        count: How many.
    """

    def __init__(self, order: Order, count: int) -> None:
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self._processes: dict[Connection, Any] = {}
        parent = os.getpid()
        try:
            for _ in range(count):
                here, there = context.Pipe()
                process = context.Process(target=_work, args=(there, order, parent), daemon=True)
                process.start()
                there.close()
                self._processes[here] = process
        except BaseException:
            self.close()
            raise

    def make(self, pieces: Pieces, told: Callable[[int], None], check: Callable[[], None]) -> Iterator[Piece]:
        """Make all *pieces*, and yield each when it is done, wherever that was.

        Args:
            pieces: Where they come from.
            told: Called with how many more frames are drawn.
            check: Raises when the task is cancelled.

        Raises:
            TaskError: What went wrong in one of them.
        """
        idle = list(self._processes)
        busy: set[Connection] = set()
        while busy or pieces.outstanding:
            check()
            while idle and (piece := pieces.take()) is not None:
                connection = idle.pop(0)
                _send(connection, piece)
                busy.add(connection)
            yield from _arrived(pieces, told)
            if not busy:
                time.sleep(WAIT_SECONDS)
                continue
            ready = wait(list(busy), timeout=0.2)
            for connection in [one for one in busy if one in ready]:
                kind, value = self._received(connection)
                if kind == "frames":
                    told(value)
                elif kind == "failed":
                    raise value
                else:
                    if (piece := pieces.take()) is not None:
                        _send(connection, piece)
                    else:
                        busy.remove(connection)
                        idle.append(connection)
                    yield value

    def _received(self, connection: Connection) -> tuple[str, Any]:
        try:
            message: tuple[str, Any] = connection.recv()
        except (EOFError, OSError):
            process = self._processes[connection]
            process.join(1)
            raise RendererDiedError(process.exitcode) from None
        return message

    def close(self) -> None:
        """End all processes; what they were at is lost."""
        for process in self._processes.values():
            process.kill()
        for connection, process in self._processes.items():
            process.join()
            connection.close()
            process.close()
        self._processes.clear()


def _arrived(pieces: Pieces, told: Callable[[int], None]) -> Iterator[Piece]:
    """Yield the pieces that other workers have made, and tell of their frames."""
    for piece in pieces.arrived():
        told(piece.last - piece.first)
        yield piece


def _send(connection: Connection, piece: Piece) -> None:
    """Hand a piece to a process; why one is gone is read from what it said last."""
    with contextlib.suppress(OSError):
        connection.send(piece)


def _work(connection: Connection, order: Order, parent: int) -> None:
    """Make the pieces that come, until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    drawn = 0

    def told(_: int) -> None:
        nonlocal drawn
        drawn += 1
        if drawn == TOLD_EVERY:
            connection.send(("frames", drawn))
            drawn = 0

    with contextlib.suppress(EOFError, OSError):
        try:
            with Drawing(order.plan) as drawing:
                while True:
                    piece: Piece = connection.recv()
                    make(piece, order, drawing, told)
                    connection.send(("frames", drawn))
                    drawn = 0
                    connection.send(("done", piece))
        except EOFError:
            raise
        except BaseException as error:  # noqa: BLE001  # it is raised again on the other side
            connection.send(("failed", _sendable(error)))


def _sendable(error: BaseException) -> BaseException:
    """Return an error that survives the way to another process."""
    if isinstance(error, (FilmError, NoRoomError, TaskError)):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(error.errno, error.strerror)
    return RuntimeError("".join(traceback.format_exception(error)))
