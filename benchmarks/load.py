"""A load generator for HTTP/1.1 on loopback: keep-alive connections on raw asyncio protocols.

It needs nothing installed and is the same for every server it meets. It knows
Content-Length and chunked bodies, and no more of HTTP than that.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Response:
    """One answer: status, lower-case headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[Response] | None = None

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a port of 127.0.0.1."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def exchange(self, request: bytes) -> Response:
        """Send one encoded request and return its answer.

        Raises:
            ConnectionError: If the server closes the connection before the answer is whole.
        """
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect bytes until an answer is whole."""
        self._buffer += data
        answer = _parse(self._buffer)
        if answer is not None and self._answer is not None and not self._answer.done():
            self._buffer.clear()
            self._answer.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail what waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))


def _parse(buffer: bytearray) -> Response | None:
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split(" ", 2)[1])
    start = end + 4
    if headers.get("transfer-encoding", "").lower() == "chunked":
        if not buffer.endswith(b"0\r\n\r\n"):
            return None
        body = bytearray()
        while True:
            line = buffer.index(b"\r\n", start)
            size = int(bytes(buffer[start:line]), 16)
            if not size:
                return Response(status, headers, bytes(body))
            body += buffer[line + 2 : line + 2 + size]
            start = line + 4 + size
    length = 0 if status in {204, 304} else int(headers.get("content-length", "0"))
    if len(buffer) < start + length:
        return None
    return Response(status, headers, bytes(buffer[start : start + length]))


def get(path: str, headers: str = "") -> bytes:
    """Return an encoded GET request; *headers* are whole lines, each with its line end."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """Return an encoded POST request with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


def path_of(url: str) -> str:
    """Return path and query of a URL, for a connection that leads to its host."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass
class Load:
    """What a load run measured.

    Attributes:
        seconds: Wall time of the run.
        latencies: Seconds of each unit of work, in order of their ends.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Units of work a second."""
        return len(self.latencies) / self.seconds

    @property
    def median_ms(self) -> float:
        """Median latency in milliseconds."""
        return statistics.median(self.latencies) * 1000


async def run_load(port: int, connections: int, count: int, work: Callable[[Connection, int], Awaitable[None]]) -> Load:
    """Do *count* units of work over some connections to a port of 127.0.0.1.

    Args:
        port: Where to connect.
        connections: How many units are under way at once.
        count: How many in all.
        work: One unit, given its connection and its number (from 0).
    """
    load = Load()
    numbers = iter(range(count))
    opened = [await Connection.open(port) for _ in range(connections)]

    async def keep_going(connection: Connection) -> None:
        for number in numbers:
            begin = time.perf_counter()
            await work(connection, number)
            load.latencies.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*(keep_going(connection) for connection in opened))
    load.seconds = time.perf_counter() - begin
    for connection in opened:
        connection.close()
    return load
