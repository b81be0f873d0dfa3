"""How a film of the MP4 family is to be turned, by its header: no picture has to be decoded for it.

PyAV tells the turn with a decoded picture alone, which takes longer than all else that
`video.info` does. The display matrix is in the track header: ISO/IEC 14496-12, 8.3.2; the
one of the movie header, 8.2.2, is laid over it. Stands on the standard library.
"""

import math
import struct
from collections.abc import Iterator
from typing import IO

MOST_BOXES = 1000
"""So many boxes of one level are looked at."""

_IDENTITY = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_MATRIX_AT = {0: 40, 1: 52}  # tkhd by version; what comes before the matrix, version and flags included
_TRACK_AT = {0: 12, 1: 20}
_MOVIE_MATRIX_AT = {0: 36, 1: 48}  # mvhd


def stored_turn(file: IO[bytes], track: int) -> float | None:
    """Return the counter clockwise turn, in degrees, that shows a track upright; None if that is not plain.

    Args:
        file: The file; its position changes.
        track: Id of the track.
    """
    file.seek(0, 2)
    for kind, start, end in _boxes(file, 0, file.tell()):
        if kind != b"moov":
            continue
        for inner, begin, stop in _boxes(file, start, end):
            if inner == b"mvhd" and _matrix(file, begin, _MOVIE_MATRIX_AT) != _IDENTITY:
                return None
            if inner != b"trak":
                continue
            for header, at, _ in _boxes(file, begin, stop):
                if header == b"tkhd" and _track(file, at) == track:
                    return _turn(_matrix(file, at, _MATRIX_AT))
    return None


def _turn(matrix: tuple[int, ...] | None) -> float | None:
    """Return the turn of a matrix that does nothing else."""
    if matrix is None:
        return None
    a, b, _, c, d, *_ = matrix
    if (a, b) != (d, -c):  # a flip, or a stretch
        return None
    return math.degrees(-math.atan2(b, a)) % 360


def _matrix(file: IO[bytes], start: int, at: dict[int, int]) -> tuple[int, ...] | None:
    place = at.get(_version(file, start))
    if place is None:
        return None
    file.seek(start + place)
    data = file.read(36)
    return struct.unpack(">9i", data) if len(data) == 36 else None


def _track(file: IO[bytes], start: int) -> int | None:
    place = _TRACK_AT.get(_version(file, start))
    if place is None:
        return None
    file.seek(start + place)
    data = file.read(4)
    return int.from_bytes(data, "big") if len(data) == 4 else None


def _version(file: IO[bytes], start: int) -> int:
    file.seek(start)
    return next(iter(file.read(1)), -1)


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of the contents of the boxes between two places."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind, inside = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if size == 1 and len(head) == 16:
            size, inside = int.from_bytes(head[8:], "big"), start + 16
        stop = end if size == 0 else start + size
        if stop < inside or stop > end:
            return
        yield kind, inside, stop
        start = stop
