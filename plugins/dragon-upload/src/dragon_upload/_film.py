"""The film that is uploaded: its size and duration, and a mark to know it by after a restart.

Stands on `dragon_framework.media`.
"""

import hashlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dragon_framework import TaskContext
from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.kinds import moving_pictures
from dragon_framework.media.reading import open_media

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

EXPECTED = "a video file"
FIRST_PACKETS = 400
SAMPLES = 32
SAMPLE_BYTES = 65_536


class Film(Struct, frozen=True):
    """A film on this machine.

    Args:
        path: Where it lies.
        size: Its bytes.
        duration: Its duration in seconds.
        mark: What tells it from another of the same size (`mark_of`).
    """

    path: Path
    size: int
    duration: float
    mark: str


def look_at(path: Path, url: str, ctx: TaskContext) -> Film:
    """Return what is known of the film at *path*.

    Raises:
        UnreadableSourceError: If it is empty, or no film.
    """
    size = path.stat().st_size
    if size == 0:
        raise UnreadableSourceError(url, EXPECTED, "it is empty")
    return Film(path, size, duration_of(path, url, ctx), mark_of(path, size))


def duration_of(path: Path, url: str, ctx: TaskContext) -> float:
    """Return the duration of a film in seconds, rounded to milliseconds.

    What the container says; where it says nothing, the end of the last packet.

    Raises:
        UnreadableSourceError: If it has no video stream, or cannot be read.
    """
    import av

    with open_media(path, url, EXPECTED) as container:
        streams = moving_pictures(container)
        if not streams:
            raise UnreadableSourceError(url, EXPECTED, "it has no video stream")
        if not _has_picture(container, streams[0]):
            raise UnreadableSourceError(url, EXPECTED, "it has no picture that can be read")
        if container.duration is not None and container.duration > 0:
            return round(container.duration / av.time_base, 3)
        end = 0.0
        container.seek(0)
        for packet in container.demux():
            ctx.check()
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if end == 0.0:
            raise UnreadableSourceError(url, EXPECTED, "it has no pictures")
        return round(end, 3)


def _has_picture(container: "InputContainer", stream: "VideoStream") -> bool:
    """Whether one of the first packets holds a picture."""
    import av

    for packet in itertools.islice(container.demux(stream), FIRST_PACKETS):
        try:
            if packet.decode():
                return True
        except av.InvalidDataError:
            continue
    return False


def mark_of(path: Path, size: int) -> str:
    """Return a digest of the size and of 32 samples of 64 KiB, spread evenly, ends included.

    A whole digest would take as long as the upload to a fast network. A source that has become
    another file since the last run differs in its header or its index.
    """
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    last = max(0, size - SAMPLE_BYTES)
    with path.open("rb", buffering=0) as file:
        for number in range(SAMPLES):
            file.seek(last * number // (SAMPLES - 1))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
