"""What one connection may do before it is a request: uvicorn's HTTP protocol, with the limits it lacks.

uvicorn bounds neither the size of a request's head nor the time a client takes to send
it, and forgets the body of a request that offers HTTP/2 on the side (`Upgrade: h2c`, as
Java's client does). Here a head has at most about `MAX_HEAD_BYTES`, a connection on which
nothing moves is closed, and an offer to upgrade is declined by not seeing it (RFC 9110, 7.8).
"""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""A read from the socket may bring some more than that, up to 256 KiB."""

SILENT_SECONDS = 60.0
"""A client that sends nothing, while a head or a body is due, is let go after one to two times that."""

_UPGRADE = re.compile(rb"(?im)^upgrade(?=[ \t]*:)")

_TOO_LARGE = b"the request line and headers are larger than the %d bytes that are accepted" % MAX_HEAD_BYTES
_NOT_HTTP = b"the request is not HTTP/1.1 that can be read, or its URL is too long"


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection, with limits; the arguments are uvicorn's."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_head = True
        self._head_bytes = 0
        self._heads = 0
        self._reads = 0
        self._owed: tuple[int, int] | None = None
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Watch the connection from its start."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(SILENT_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is too large ends the connection."""
        self._reads += 1
        head_due, heads = self._in_head, self._heads
        if head_due and b"pgrade" in data.lower():
            head, end, body = data.partition(b"\r\n\r\n")
            data = _UPGRADE.sub(b"x-declined", head) + end + body
        super().data_received(data)
        if head_due and self._heads == heads:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self._refuse(b"431 Request Header Fields Too Large", b"head", _TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Begin with the request."""
        self._in_head = False
        self._head_bytes = 0
        self._heads += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # uvicorn's text; ours has the form of the API
        """Refuse what is no request, in the form of the API."""
        self._refuse(b"400 Bad Request", b"request", _NOT_HTTP)

    def _refuse(self, status: bytes, name: bytes, description: bytes) -> None:
        body = b'{"status":"error","errors":[{"name":"%s","location":"header","description":"%s"}]}' % (
            name,
            description,
        )
        self.transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"access-control-allow-origin: *\r\nconnection: close\r\n\r\n%s" % (status, len(body), body)
        )
        self.transport.close()

    def _look(self) -> None:
        """Close the connection if the client owes the same as at the last look."""
        answering = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # before any
        owed: tuple[int, int] | None = None
        if answering:
            if self.cycle.more_body and not self.flow.read_paused:
                owed = self._heads, self._reads  # the next part of a body
        elif self.timeout_keep_alive_task is None:  # else it is idle after an answer: uvicorn's own clock runs
            owed = self._heads, 0  # the next head, however slowly its bytes drop in
        if owed is not None and owed == self._owed:
            self.transport.close()
            return
        self._owed = owed
        self._watch = self.loop.call_later(SILENT_SECONDS, self._look)
