"""Running the ffmpeg program: over local files, watched, and gone when the task is.

In: arguments, usually those of a graph that `ffmpeg-python` wrote. Out: nothing but the
files it writes; or an error whose text a client may see, while the end of what ffmpeg said
goes to the log. The program is a child in the task process's group, so that whatever ends
the task ends it too.

Stands on the program alone: that of the wheel `imageio-ffmpeg`, which the extra
`dragon-framework[media]` brings, or the one that `DRAGON_FFMPEG` names.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import structlog

from dragon_framework.errors import NoRoomError, TaskError
from dragon_framework.media.reading import FORMAT_WHITELIST
from dragon_framework.notes import note, shown_command
from dragon_framework.tasks import TaskContext

KEPT_BYTES = 8192
"""So much of the end of ffmpeg's messages is kept for the log."""

INPUT_OPTIONS = {"protocol_whitelist": "file,pipe", "format_whitelist": FORMAT_WHITELIST}
"""What every input of a stranger is opened with (see `reading`)."""

_BEFORE = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-progress", "pipe:1", "-y")

log = structlog.get_logger("dragon.ffmpeg")


class FfmpegError(TaskError):
    """ffmpeg ended with an error: nearly always, what it read is damaged."""

    code = "media_not_converted"

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said
        """The end of its messages; for logs, not for clients."""

    def __str__(self) -> str:
        return "the file could not be converted: it is damaged, or holds what this conversion cannot take"


@lru_cache(maxsize=1)
def ffmpeg_program() -> str:
    """Return the path of the program.

    Raises:
        FileNotFoundError: If there is none.
    """
    if named := os.environ.get("DRAGON_FFMPEG"):
        return named
    import imageio_ffmpeg

    # Its own `get_ffmpeg_exe` starts the program once to try it, which takes longer than most uses here.
    binaries = Path(imageio_ffmpeg.__file__).parent / "binaries"
    for path in sorted(binaries.glob("ffmpeg-*")):
        if os.access(path, os.X_OK):
            return str(path)
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_of(path: Path) -> tuple[str, dict[str, str]]:
    """Return the name of a local file as ffmpeg shall read it, and the options to read it with."""
    return f"file:{path}", INPUT_OPTIONS


def run_ffmpeg(
    arguments: Sequence[str], ctx: TaskContext, *, on_seconds: Callable[[float], None] | None = None
) -> None:
    """Run the program to its end.

    Args:
        arguments: What follows the program's name: inputs, graph, outputs.
        ctx: The task: when it is cancelled, the program is killed.
        on_seconds: Told now and then how many seconds of output are written.

    Raises:
        FfmpegError: If it failed.
        NoRoomError: If the disk is full.
        TaskCancelledError: If the task was cancelled meanwhile.
    """
    command = [ffmpeg_program(), *_BEFORE, *arguments]
    note("commands", shown_command(["ffmpeg", *command[1:]]))
    process: subprocess.Popen[bytes] = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said: list[bytes] = []
    assert process.stdout is not None
    assert process.stderr is not None
    drain = threading.Thread(target=_drain, args=(process.stderr, said), daemon=True)
    drain.start()
    try:
        for line in process.stdout:  # a block of lines twice a second, with or without progress
            ctx.check()
            seconds = _seconds(line)
            if seconds is not None and on_seconds is not None:
                on_seconds(seconds)
        status = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        drain.join(5)
        process.stdout.close()
        process.stderr.close()
    ctx.check()
    if status:
        words = b"".join(said).decode("utf-8", "replace")
        log.warning("ffmpeg_failed", task=ctx.task_name, status=status, said=words[-2000:])
        if "No space left on device" in words:
            raise NoRoomError
        raise FfmpegError(words)


def _drain(stream: IO[bytes], kept: list[bytes]) -> None:
    """Read a stream to its end and keep the end of it."""
    with contextlib.suppress(ValueError, OSError):  # closed while we read
        while data := stream.read1(KEPT_BYTES):  # type: ignore[attr-defined]
            kept.append(data)
            while sum(map(len, kept)) - len(kept[0]) > KEPT_BYTES:
                kept.pop(0)


def _seconds(line: bytes) -> float | None:
    """Return how much is written, if this line of `-progress` says so."""
    name, _, value = line.partition(b"=")
    if name != b"out_time_us":
        return None
    try:
        return max(0.0, int(value) / 1e6)
    except ValueError:  # N/A, before the first packet
        return None


def compiled(stream: Any) -> list[str]:
    """Return the arguments of a graph of `ffmpeg-python`."""
    arguments: list[str] = stream.get_args()
    return arguments
