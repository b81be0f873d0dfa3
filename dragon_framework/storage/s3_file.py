"""A file in a bucket, read by range requests: what is read is loaded, and little more.

The first request asks for 256 KiB; reading on doubles what is asked for, up to 8 MiB; a
jump begins small again. One block is kept. Of a server that answers ranges with
something else the whole file is downloaded once, to a nameless file on disk.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from dragon_framework.errors import StorageError

FIRST_BYTES = 256 * 1024
MAX_BYTES = 8 * 2**20


class S3File(io.BufferedReader):
    """A read-only seekable file.

    Args:
        name: Its name, for messages.
        location: The storage's, for messages.
        size: Bytes of the whole file.
        block: Returns the bytes from a start (included) to a stop (excluded); None if
            the server knows no ranges.
        whole: Yields the whole file in blocks.
    """

    def __init__(
        self,
        name: str,
        location: str,
        size: int,
        block: Callable[[int, int], bytes | None],
        whole: Callable[[], Iterator[bytes]],
    ) -> None:
        super().__init__(_Blocks(name, location, size, block, whole), 64 * 1024)


class _Blocks(io.RawIOBase):
    """The file without the buffer for small reads."""

    def __init__(
        self,
        name: str,
        location: str,
        size: int,
        block: Callable[[int, int], bytes | None],
        whole: Callable[[], Iterator[bytes]],
    ) -> None:
        super().__init__()
        self.name = name
        self._location = location
        self._size = size
        self._load = block
        self._load_whole = whole
        self._position = 0
        self._kept = b""
        self._kept_from = 0
        self._ahead = FIRST_BYTES // 2
        self._disk: IO[bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"the position {base + offset} is before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._position)
        if wanted <= 0:
            return 0
        if self._disk is None and not self._kept_from <= self._position < self._kept_from + len(self._kept):
            self._fill(wanted)
        if self._disk is not None:
            self._disk.seek(self._position)
            data = self._disk.read(wanted)
        else:
            start = self._position - self._kept_from
            data = self._kept[start : start + wanted]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        parts = bytearray(max(0, self._size - self._position))
        view = memoryview(parts)
        done = 0
        while count := self.readinto(view[done:]):
            done += count
        return bytes(parts)

    def close(self) -> None:
        self._kept = b""
        if self._disk is not None:
            self._disk.close()
        super().close()

    def _fill(self, wanted: int) -> None:
        """Load the block that begins at the position, or else the whole file."""
        reads_on = self._position == self._kept_from + len(self._kept)
        self._ahead = min(self._ahead * 2, MAX_BYTES) if reads_on else FIRST_BYTES
        stop = min(self._size, self._position + min(max(self._ahead, wanted), MAX_BYTES))
        data = self._load(self._position, stop)
        if data is None:
            self._download()
            return
        if len(data) != stop - self._position:
            raise StorageError(self._location, f"{self.name} cannot be read: the server answered with another range")
        self._kept, self._kept_from = data, self._position

    def _download(self) -> None:
        disk: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # lives until the file is closed
        try:
            for piece in self._load_whole():
                disk.write(piece)
            if disk.tell() != self._size:
                raise StorageError(self._location, f"{self.name} cannot be read: it came with another length")
        except BaseException as error:
            disk.close()
            if isinstance(error, OSError):
                raise StorageError(self._location, f"{self.name} cannot be read: {error.strerror or error}") from error
            raise
        self._disk = disk

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
