"""What a worker and its task processes say to each other.

Frames on a socket: four bytes of length, big-endian, then JSON of one of the structs.
Worker to task process: `Run`. Task process to worker: any number of `Progress` and
`Partial`, and of what the worker answers: `Save` with `Saved`, `Offer` and `Withdraw` with `Heard`, `Take` with
`Given`, `Look` with `Seen`; then one `Done` or `Failed`. Stands on msgspec alone.
"""

import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from dragon_framework.context import WrittenFile

MAX_FRAME_BYTES = 64 * 2**20
"""Largest message: results above it are a defect of the task, not a load to carry."""

SEND_SECONDS = 30.0
"""Longest wait for the other side to read a large message."""

_LARGE_BYTES = 65536  # above it, a copy costs more than a system call
_HEADER = struct.Struct(">I")


class Part(msgspec.Struct):
    """A part of a task's work.

    Args:
        value: What its function is given, as JSON.
        files: Paths of the files that it reads, by name.
    """

    value: msgspec.Raw
    files: dict[str, str]


class Run(msgspec.Struct, tag="run"):
    """Run a task, or a part of one.

    Args:
        key: The task's key.
        task_name: Its name.
        parameters: Its parameters, as JSON that fits the task's schema.
        directory: A directory for this run alone, not made yet.
        base: URL of the service as the client knows it, for its own files.
        state: What the task has kept of its run before this one.
        part: The part to do, instead of the task.
    """

    key: str
    task_name: str
    parameters: msgspec.Raw
    directory: str
    base: str
    state: dict[str, Any] = {}
    part: Part | None = None


class Progress(msgspec.Struct, tag="progress"):
    """A new value of the progress."""

    value: Any


class Partial(msgspec.Struct, tag="partial"):
    """Part of the result, ready early."""

    values: dict[str, Any]
    files: list[WrittenFile]


class Save(msgspec.Struct, tag="save"):
    """The task's state, to be kept; the task process waits for `Saved`."""

    state: msgspec.Raw


class Saved(msgspec.Struct, tag="saved"):
    """The state is kept."""


class Offer(msgspec.Struct, tag="offer"):
    """Parts of the task's work, for other workers too.

    Args:
        values: What each is given, as JSON.
        files: Paths of the files that all of them read, by name.
        secret: Whether the run has credentials, which the values may hold.
    """

    values: list[msgspec.Raw]
    files: dict[str, str]
    secret: bool = False


class Withdraw(msgspec.Struct, tag="withdraw"):
    """The parts are given up."""


class Heard(msgspec.Struct, tag="heard"):
    """What was said is done."""


class Take(msgspec.Struct, tag="take"):
    """The task process takes a part itself."""


class Given(msgspec.Struct, tag="given"):
    """Number of the part; None if none is free now."""

    number: int | None


class Look(msgspec.Struct, tag="look"):
    """What have other workers done?"""


class Fruit(msgspec.Struct):
    """What another worker has made of a part: its value as JSON, and paths of its files, by name."""

    number: int
    value: msgspec.Raw
    files: dict[str, str]


class Seen(msgspec.Struct, tag="seen"):
    """What they have done since the last look."""

    fruits: list[Fruit]


class Done(msgspec.Struct, tag="done"):
    """The task has succeeded.

    Args:
        values: The result's values.
        files: Files still to be stored.
        bytes_fetched: What its sources took from the network.
        notes: What it noted of itself.
        last: Whether the task process ends now.
        tidy: Whether the run made no directory.
    """

    values: dict[str, Any]
    files: list[WrittenFile]
    bytes_fetched: int = 0
    notes: dict[str, list[Any]] = {}
    last: bool = False
    tidy: bool = False


class Failed(msgspec.Struct, tag="failed"):
    """The task has failed.

    Args:
        code: Stable code of the error.
        details: What the client sees.
        transient: Whether the same task may succeed later.
        log: What the log sees, for defects: the traceback.
        bytes_fetched: What its sources took from the network.
        notes: What it noted of itself.
        last: Whether the task process ends now.
    """

    code: str
    details: Any
    transient: bool = False
    log: str = ""
    bytes_fetched: int = 0
    notes: dict[str, list[Any]] = {}
    last: bool = False


Parts = Offer | Withdraw | Take | Look
Notice = Progress | Partial | Save | Parts
Report = Notice | Done | Failed
Answer = Saved | Heard | Given | Seen

_encoder = msgspec.json.Encoder()
decode_run = msgspec.json.Decoder(Run).decode
decode_answer: Callable[[bytes], Answer] = msgspec.json.Decoder(Answer).decode
decode_report = msgspec.json.Decoder(Report).decode


class Closed(Exception):
    """The other side has closed the socket."""


class Channel:
    """Frames over a connected socket. Any thread may send, one receives."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = bytearray()
        self._sending = threading.Lock()

    def limit_waiting(self, receive_seconds: float) -> None:
        """Let `receive` wait for so long at most, and `send` for `SEND_SECONDS`.

        The kernel holds the time: Python's own timeouts cost a system call more each time.
        """
        for option, seconds in ((socket.SO_RCVTIMEO, receive_seconds), (socket.SO_SNDTIMEO, SEND_SECONDS)):
            whole, part = divmod(seconds, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(whole), int(part * 1e6)))

    def send(self, message: Run | Answer | Report) -> None:
        """Send one message.

        Raises:
            Closed: If the other side is gone.
            ValueError: If the message is larger than a frame may be.
            TypeError: If it holds what JSON cannot.
        """
        body = _encoder.encode(message)
        if len(body) > MAX_FRAME_BYTES:
            raise ValueError(f"a message of {len(body)} bytes is above the {MAX_FRAME_BYTES} that are carried")
        try:
            with self._sending:
                if len(body) < _LARGE_BYTES:
                    self.socket.sendall(_HEADER.pack(len(body)) + body)
                else:
                    self.socket.sendall(_HEADER.pack(len(body)))
                    self.socket.sendall(body)
        except OSError as error:
            raise Closed from error

    def receive(self) -> bytes:
        """Return the body of the next frame.

        Raises:
            Closed: If the other side is gone.
            TimeoutError: If the time of `limit_waiting` passed; nothing that came is lost.
        """
        while True:
            if len(self._buffer) >= _HEADER.size:
                (length,) = _HEADER.unpack_from(self._buffer)
                if length > MAX_FRAME_BYTES:
                    raise Closed
                stop = _HEADER.size + length
                if len(self._buffer) >= stop:
                    body = bytes(self._buffer[_HEADER.size : stop])
                    del self._buffer[:stop]
                    return body
            try:
                data = self.socket.recv(262144)
            except BlockingIOError as error:
                raise TimeoutError from error
            except OSError as error:
                raise Closed from error
            if not data:
                raise Closed
            self._buffer += data
