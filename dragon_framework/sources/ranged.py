"""A remote file that is read by range requests: reading a header does not download it.

The first request asks for 16 KiB, enough for the header of most files; reading on
doubles what is asked for, up to 1 MiB; a jump begins small again. What was read is
kept in memory, least recently used blocks go first. A server that knows no ranges
sends the whole file in answer to the first request: that answer is kept on disk. So is
the file if the server compresses it: ranges of that would be ranges of something else.
"""

import contextlib
import io
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError, public_url
from dragon_framework.sources.answer import Answer, Writer, refuse_bad_status
from dragon_framework.sources.fetcher import Fetcher

BLOCK_BYTES = 16 * 1024
MAX_AHEAD_BLOCKS = 64
MAX_KEPT_BLOCKS = 2048

NO_RANGE = "the server's answer to a range request has no range"
OTHER_RANGE = "the server answered with another range than was asked for"


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
        try:
            self._start()
        except BaseException:
            self.close()
            raise

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
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        if whence not in bases:
            raise ValueError(f"whence is 0, 1 or 2, not {whence}")
        base = bases[whence]
        if base + offset < 0:
            raise ValueError(f"the position {base + offset} is before the beginning")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next *size* bytes, fewer only at the end; all for -1."""
        if self.closed:
            raise ValueError("the file is closed")
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
        stop = min((index + count) * BLOCK_BYTES, self._size)
        try:
            self._keep(index, self._part(self._url, index * BLOCK_BYTES, stop))
        except SourceUnavailableError as error:
            if error.http_status is None or self._url == self._original:
                raise
            # What was redirected to may hold for a short time only: ask again for the way.
            self._keep(index, self._part(self._original, index * BLOCK_BYTES, stop))

    def _start(self) -> None:
        """Load the beginning, and with it what is known of the file."""
        head: list[_Range] = []

        def on_answer(answer: Answer) -> Writer | None:
            if answer.status == 416 or (answer.status == 206 and answer.encoded):
                return None  # an empty file, or parts of something else than the file
            refuse_bad_status(self._original, answer, partial=True)
            found = _range_of(answer)
            if answer.status != 206:
                return self._spare_file().write
            if found is None:
                return None
            if found.size > self._fetcher.settings.max_bytes:
                raise SourceTooLargeError(self._original, self._fetcher.settings.max_bytes)
            head.append(found)
            return body.add

        body = _Body(self._original, 0, BLOCK_BYTES)
        answer = self._get(self._url, on_answer, {"Range": f"bytes=0-{BLOCK_BYTES - 1}"})
        if self._local is None and not head:
            self._get(self._url, self._on_whole, {})
        if self._local is not None:
            self._size = self._local.tell()
            return
        found = head[0]
        self._size = found.size
        self._tag, self._date = _validators(answer)
        self._url = answer.url
        self._keep(0, body.checked(found, found.size))

    def _part(self, url: str, start: int, stop: int) -> bytes:
        """Return the bytes from *start* to before *stop* of the file that was begun."""
        body = _Body(self._original, start, stop)
        head: list[_Range] = []
        changed = SourceUnavailableError(self._original, "it changed while it was read")

        def on_answer(answer: Answer) -> Writer:
            if answer.status == 416:
                raise changed
            refuse_bad_status(self._original, answer, partial=True)
            found = _range_of(answer)
            if found is None and answer.status == 206:
                raise SourceUnavailableError(self._original, NO_RANGE)
            same = found is not None and found.size == self._size and _validators(answer) == (self._tag, self._date)
            if found is None or not same or answer.encoded:
                raise changed
            head.append(found)
            return body.add

        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if condition := self._tag or self._date:
            headers["If-Range"] = condition
        self._url = self._get(url, on_answer, headers).url
        return body.checked(head[0], self._size)

    def _keep(self, index: int, data: bytes) -> None:
        """Keep *data*, which begins with block *index*."""
        for offset in range(0, len(data), BLOCK_BYTES):
            self._blocks[index] = data[offset : offset + BLOCK_BYTES]
            index += 1
        self._next_block = index
        while len(self._blocks) > MAX_KEPT_BLOCKS + MAX_AHEAD_BLOCKS:
            self._blocks.popitem(last=False)

    def _get(self, url: str, on_answer: Callable[[Answer], Writer | None], headers: Mapping[str, str]) -> Answer:
        try:
            return self._fetcher.get(url, on_answer, headers=headers, cancelled=self._cancelled, named=self._original)
        except OSError as error:
            raise SourceUnavailableError(self._original, f"no room to keep it ({error.strerror})") from error

    def _on_whole(self, answer: Answer) -> Writer:
        refuse_bad_status(self._original, answer)
        return self._spare_file().write

    def _spare_file(self) -> IO[bytes]:
        self._spare.parent.mkdir(parents=True, exist_ok=True)
        self._local = self._spare.open("w+b")
        return self._local

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


class _Range(NamedTuple):
    """What `Content-Range` says (RFC 9110, 14.4): first byte, last byte, size of the whole."""

    first: int
    last: int
    size: int


class _Body:
    """The body of an answer to a range request: the range that was asked for, no byte more."""

    def __init__(self, url: str, start: int, stop: int) -> None:
        self._url = url
        self._start = start
        self._stop = stop
        self._data = bytearray()

    def add(self, data: bytes) -> None:
        if len(self._data) + len(data) > self._stop - self._start:
            raise SourceUnavailableError(self._url, OTHER_RANGE)
        self._data += data

    def checked(self, found: _Range, size: int) -> bytes:
        stop = min(self._stop, size)
        if found.first != self._start or found.last + 1 != stop or len(self._data) != stop - self._start:
            raise SourceUnavailableError(self._url, OTHER_RANGE)
        return bytes(self._data)


def _range_of(answer: Answer) -> _Range | None:
    found = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", answer.headers.get("content-range", ""))
    return _Range(*map(int, found.groups())) if found and answer.status == 206 else None


def _validators(answer: Answer) -> tuple[str, str]:
    """Return the strong entity tag, and where there is none, the date: what tells that a file is the same."""
    tag = answer.headers.get("etag", "")
    strong = "" if tag.startswith("W/") else tag
    return strong, "" if strong else answer.headers.get("last-modified", "")
