"""A web server that answers every path with one file from memory: `python -m benchmarks.source_server FILE PORT`.

It runs as a process of its own, so that its CPU time is nobody's, and costs next to
nothing, so that what is measured is the service that asks it.
"""

import asyncio
import sys
from pathlib import Path


class Answer(asyncio.Protocol):
    """Sends the file for each request on a keep-alive connection."""

    def __init__(self, answer: bytes) -> None:
        self._whole = answer
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request head; GETs have no body."""
        assert self._transport is not None
        *heads, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for _ in heads:
            self._transport.write(self._whole)


async def main(body: bytes, port: int) -> None:
    """Serve until killed."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
    server = await asyncio.get_running_loop().create_server(lambda: Answer(head.encode() + body), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes(), int(sys.argv[2])))
