"""A remote file that is read by range requests: reading a header does not download it.

The first request asks for 16 KiB, enough for the header of most files; reading on
doubles what is asked for, up to 1 MiB; a jump begins small again. What was read is
kept in memory, least recently used blocks go first. A server that knows no ranges
sends the whole file in answer to the first request: that answer is kept on disk.
"""

import contextlib
import io
import os
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from dragon_framework.errors import SourceUnavailableError, public_url
from dragon_framework.sources.fetcher import Answer, Fetcher, refuse_bad_status

BLOCK_BYTES = 16 * 1024
MAX_AHEAD_BLOCKS = 64
MAX_KEPT_BLOCKS = 2048


class RangedFile(io.RawIOBase):
    """A read-only seekable file at a URL.

    Args:
        url: Where it is.
        fetcher: Makes the requests.
        spare: Path for the whole file, should the server know no ranges.
        cancelled: Asked during transfers.

    Raises:
        SourceError: On opening and on reading, if the bytes cannot be had, or the
            file changes while it is read.
    """

    def __init__(self, url: str, fetcher: Fetcher, spare: Path, cancelled: Callable[[], bool]) -> None:
        super().__init__()
        self.name = public_url(url)
        self._url = url
        self._original = url
        self._fetcher = fetcher
        self._spare = spare
        self._cancelled = cancelled
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0
        self._size = 0
        self._tag = ""
        self._date = ""
        self._next_block = 0
        self._ahead = 1
        self._local: IO[bytes] | None = None
        self._request(0, 1, first=True)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self._size

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be positioned: yes."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the position and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"the position {base + offset} is before the beginning")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next *size* bytes, fewer only at the end; all for -1."""
        stop = self._size if size is None or size < 0 else min(self._size, self._position + size)
        if stop <= self._position:
            return b""
        if self._local is not None:
            self._local.seek(self._position)
            data = self._local.read(stop - self._position)
        else:
            data = self._gather(self._position, stop)
        self._position += len(data)
        return data

    def readall(self) -> bytes:
        """Return all that is left."""
        return self.read(-1)

    def readinto(self, buffer: Any, /) -> int:
        """Fill *buffer* and return how many bytes were read."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Forget what was read."""
        self._blocks.clear()
        if self._local is not None:
            self._local.close()
            self._spare.unlink(missing_ok=True)
        super().close()

    def _gather(self, start: int, stop: int) -> bytes:
        parts = []
        first, last = start // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES
        index = first
        while index <= last:
            block = self._blocks.get(index)
            if block is None:
                self._load(index, last)
                if self._local is not None:
                    self._local.seek(start)
                    return self._local.read(stop - start)
                block = self._blocks[index]
            else:
                self._blocks.move_to_end(index)
            low = start - index * BLOCK_BYTES if index == first else 0
            high = stop - index * BLOCK_BYTES if index == last else BLOCK_BYTES
            parts.append(block[low:high])
            index += 1
        return b"".join(parts)

    def _load(self, index: int, last: int) -> None:
        sequential = index == self._next_block
        self._ahead = min(MAX_AHEAD_BLOCKS, self._ahead * 2) if sequential else 1
        wanted = min(max(self._ahead, last - index + 1), MAX_AHEAD_BLOCKS)
        count = 1
        while count < wanted and index + count not in self._blocks:
            count += 1
        self._request(index, count, first=False)

    def _request(self, index: int, count: int, *, first: bool) -> None:
        """Load *count* blocks from *index* on."""
        start = index * BLOCK_BYTES
        stop = start + count * BLOCK_BYTES
        if not first:
            stop = min(stop, self._size)
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if not first and (condition := self._tag or self._date):
            headers["If-Range"] = condition
        body = bytearray()
        spare: IO[bytes] | None = None

        def on_answer(answer: Answer) -> Callable[[bytes], object] | None:
            nonlocal spare
            if answer.status == 416 and first:
                return None  # an empty file has no first byte
            refuse_bad_status(self._original, answer)
            if answer.status == 206:
                return body.extend
            if not first:
                raise SourceUnavailableError(self._original, "it changed while it was read")
            self._spare.parent.mkdir(parents=True, exist_ok=True)
            spare = self._spare.open("w+b")
            return spare.write

        try:
            answer = self._fetcher.get(self._url, on_answer, headers=headers, cancelled=self._cancelled)
        except BaseException:
            if spare is not None:
                spare.close()
                self._spare.unlink(missing_ok=True)
            raise
        if spare is not None:
            self._size = spare.tell()
            self._local = spare
            return
        if answer.status == 416:
            self._size = 0
            return
        self._check(answer, start, len(body), first=first)
        self._url = answer.url
        self._next_block = index + count
        for offset in range(0, len(body), BLOCK_BYTES):
            self._blocks[index] = bytes(body[offset : offset + BLOCK_BYTES])
            index += 1
        while len(self._blocks) > MAX_KEPT_BLOCKS + MAX_AHEAD_BLOCKS:
            self._blocks.popitem(last=False)

    def _check(self, answer: Answer, start: int, received: int, *, first: bool) -> None:
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("content-range", ""))
        if found is None:
            raise SourceUnavailableError(self._original, "the server's answer to a range request has no range")
        low, high, size = map(int, found.groups())
        expected = min(high + 1, size) - low
        if low != start or received != expected or received == 0:
            raise SourceUnavailableError(self._original, "the server answered with another range than was asked for")
        tag = answer.headers.get("etag", "")
        strong = "" if tag.startswith("W/") else tag
        if first:
            self._size, self._tag, self._date = size, strong, answer.headers.get("last-modified", "")
        elif size != self._size or strong != self._tag:
            raise SourceUnavailableError(self._original, "it changed while it was read")

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
