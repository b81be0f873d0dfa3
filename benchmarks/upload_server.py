"""`python -m benchmarks.upload_server`: takes uploads as providers and `curl -T` send them, and keeps nothing.

Prints its port, and serves until its input ends. A body is read into one buffer and counted; what is answered
follows from the count. A process of its own, so that both clients find the same server, alone.
"""

import json
import re
import socket
import sys
import threading
from typing import Any

BUFFER_BYTES = 1 << 20
OVERHEAD_BYTES = 2000
"""More than a multipart form has beside its file."""


Answer = tuple[int, dict[str, Any], Any]
"""Status, headers, and what the JSON body says; None for no body."""


class Connection:
    """One client: requests after another."""

    def __init__(self, connection: socket.socket, sizes: dict[str, int]) -> None:
        self._socket = connection
        self._left = b""
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._sizes = sizes

    def serve(self) -> None:
        """Answer until the client leaves."""
        while head := self._head():
            first, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split()
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = self._body(int(headers.get("content-length", 0)))
            status, more, answer = self._answer(method, target, headers, body)
            text = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            data = json.dumps(answer).encode() if answer is not None else b""
            length = "" if status == 204 else f"Content-Length: {len(data)}\r\n"
            self._socket.sendall(f"HTTP/1.1 {status} X\r\n{text}{length}\r\n".encode() + data)

    def _head(self) -> bytes:
        while b"\r\n\r\n" not in self._left:
            data = self._socket.recv(65536)
            if not data:
                return b""
            self._left += data
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        return head

    def _body(self, length: int) -> bytes:
        """Count a body away; return its beginning."""
        begin = self._left[:length]
        self._left = self._left[length:]
        left = length - len(begin)
        while left:
            got = self._socket.recv_into(self._buffer, min(BUFFER_BYTES, left))
            if not got:
                return begin
            if len(begin) < OVERHEAD_BYTES:
                begin += bytes(self._buffer[: min(got, OVERHEAD_BYTES)])
            left -= got
        return begin

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        host = f"http://{headers.get('host')}"
        if target == "/curl":
            return 200, {}, {}
        if target.startswith("/upload/youtube") and method == "POST":
            return 200, {"Location": f"{host}/youtube-session"}, {}
        if target == "/youtube-session":
            last, size = map(int, re.findall(r"-(\d+)/(\d+)", headers["content-range"])[0])
            if last + 1 == size:
                return 200, {}, {"id": "video", "status": {"privacyStatus": "private"}}
            return 308, {"Range": f"bytes=0-{last}"}, None
        if target.startswith("/vimeo"):
            return self._vimeo(method, target.removeprefix("/vimeo"), headers, body, host)
        return self._facebook(method, body)

    def _vimeo(self, method: str, target: str, headers: dict[str, str], body: bytes, host: str) -> Answer:
        video = {"uri": "/videos/1", "link": "https://vimeo.com/1", "upload": {"status": "complete"}}
        if method == "PATCH":
            return 204, {"Upload-Offset": int(headers["upload-offset"]) + int(headers["content-length"])}, None
        if method == "POST":
            return 200, {}, video | {"upload": {"upload_link": f"{host}/vimeo/tus"}}
        return 200, {}, video if target.startswith("/videos") else {"uri": "/users/1"}

    def _facebook(self, method: str, body: bytes) -> Answer:
        if method == "GET":
            return 200, {}, {"published": True}
        if found := re.search(rb"file_size=(\d+)", body):
            self._sizes["facebook"] = int(found[1])
            return 200, {}, {"video_id": "1", "upload_session_id": "2"} | self._next(0)
        if b"transfer" in body:
            found = re.search(rb'name="start_offset"\r\n\r\n(\d+)', body)
            assert found
            return 200, {}, self._next(min(self._sizes["facebook"], int(found[1]) + FACEBOOK_PIECE_BYTES))
        return 200, {}, {"success": True}

    def _next(self, start: int) -> dict[str, str]:
        end = min(self._sizes["facebook"], start + FACEBOOK_PIECE_BYTES)
        return {"start_offset": str(start), "end_offset": str(end)}


FACEBOOK_PIECE_BYTES = 32 * 2**20


def main() -> None:
    """Serve until stdin ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    print(listener.getsockname()[1], flush=True)
    sizes: dict[str, int] = {}

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(connection, sizes).serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
