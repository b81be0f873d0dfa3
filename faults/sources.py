"""The sources of the tasks: pictures and sounds made here, and a web server that sometimes does not want to.

    /a.jpg            the file
    /flaky/2/x/a.jpg  503 for the first 2 requests with the name x, then the file
    /callback         takes the final status of a task by POST; every fifth time it answers 503

A `held` hook is told of each request before it is answered: a fault may strike there.
"""

import asyncio
import contextlib
import json
import math
import re
import struct
import wave
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image

PICTURES = {"a.jpg": (641, 479), "b.jpg": (1201, 803), "c.png": (333, 777)}
"""Sizes of the pictures, in pixels."""

SOUNDS = {"a.wav": (2.5, 44100), "b.wav": (6.0, 22050)}
"""Lengths of the sounds in seconds, and their rates in Hz."""


def make_sources(directory: Path) -> None:
    """Write all files into *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, size in PICTURES.items():
        Image.effect_noise(size, 60).convert("RGB").save(directory / name)
    for name, (seconds, rate) in SOUNDS.items():
        samples = [int(20000 * math.sin(number * 440 * math.tau / rate)) for number in range(int(seconds * rate))]
        with wave.open(str(directory / name), "wb") as sound:
            sound.setparams((1, 2, rate, len(samples), "NONE", ""))
            sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))


class SourceServer:
    """Serves the files of a directory on a free port of 127.0.0.1, with single ranges."""

    def __init__(self, directory: Path) -> None:
        self._files = {path.name: path.read_bytes() for path in directory.iterdir()}
        self._asked: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self.held: Callable[[int], Awaitable[None]] | None = None
        """Told the port of the client before a request is answered; called once, then forgotten."""
        self.url = ""
        self.calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
        """What was posted of each task, by its key."""
        self._posts = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
        ):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if (held := self.held) is not None:
                    self.held = None
                    await held(writer.get_extra_info("peername")[1])
                length = re.search(r"(?im)^content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                writer.write(self._called(body) if head.startswith("POST ") else self._answer(head))
                await writer.drain()
        writer.close()

    def _called(self, body: bytes) -> bytes:
        status = json.loads(body)
        self.calls[status["key"]].append(status)
        self._posts += 1
        return b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % (b"503 Later" if self._posts % 5 == 0 else b"200 OK")

    def _answer(self, head: str) -> bytes:
        method, path, _ = head.split(" ", 2)
        path = path.partition("?")[0]
        name = path.rpartition("/")[2]
        data = self._files.get(name)
        if data is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        if flaky := re.match(r"/flaky/(\d+)/([^/]+)/", path):
            self._asked[flaky[2]] += 1
            if self._asked[flaky[2]] <= int(flaky[1]):
                return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
        kind = {"jpg": "image/jpeg", "png": "image/png", "wav": "audio/wav"}[name.rpartition(".")[2]]
        lines = [f"Content-Type: {kind}", "Accept-Ranges: bytes", f'ETag: "{name}-{len(data)}"']
        first = "HTTP/1.1 200 OK"
        wanted = re.search(r"(?im)^range: bytes=(\d+)-(\d*)", head)
        if wanted and int(wanted[1]) < len(data):
            start, stop = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
            first = "HTTP/1.1 206 Partial Content"
            lines.append(f"Content-Range: bytes {start}-{stop}/{len(data)}")
            data = data[start : stop + 1]
        lines.append(f"Content-Length: {len(data)}")
        text = "\r\n".join([first, *lines, "", ""]).encode()
        return text if method == "HEAD" else text + data
