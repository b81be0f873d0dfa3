"""A small HTTP/1.1 server on raw sockets, so that it can break off anywhere.

A provider is a handler: `operation(request)` names what is asked, `answer(request)` does it and returns
`(status, headers, body)`; bodies are read through `request.blocks()`. Faults are planned for each operation and used
up one a request: `server.faults["youtube.put"] = [None, Fault("lost")]`.
"""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Fault:
    """What happens instead of an answer.

    kind:
        refuse      the connection is reset before the request is read
        reset       `after` bytes of the body are read, of which the provider keeps `keep`, then a reset
        lost        all is done, and the answer is never sent
        call        all is done, `reply` is called, and the answer is never sent
        hold        `reply` is called while the request waits, and then it is as if nothing was
        cut_head    all is done, the answer ends within its headers
        cut_body    all is done, the answer ends within its body
        stall       all is done (`done`) or nothing, then silence
        slow        all is done after a while
        early       the answer `reply` comes while the body is still on its way, then the connection ends
        instead     the body is read and dropped, and the answer is `reply`
        after       all is done, and the answer is `reply`
        gzip        all is done, the answer is compressed though nobody asked for it
        hang_up     all is done and answered, and the connection is closed without a word
    """

    kind: str
    reply: object = ()
    after: int = 0
    keep: int | None = None
    done: bool = True


def reply(status, body=b"", **headers):
    """An answer: an object as JSON, or a text."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
        headers.setdefault("Content_Type", "application/json")
    body = body.encode() if isinstance(body, str) else body
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body


class Broken(Exception):
    """The connection is over."""


@dataclass
class Request:
    method: str
    target: str
    headers: dict
    reader: object
    limit: int | None = None
    taken: int = 0
    kept: bytearray = field(default_factory=bytearray)

    def __post_init__(self):
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.length = int(self.headers.get("content-length", 0))

    @property
    def bearer(self):
        return self.headers.get("authorization", "").partition(" ")[2]

    def blocks(self):
        """The body as it comes; it ends early where a fault says so."""
        stop = self.length if self.limit is None else min(self.length, self.limit)
        while self.taken < stop:
            block = self.reader.read1(min(1 << 20, stop - self.taken))
            if not block:
                raise Broken
            self.taken += len(block)
            yield block

    def body(self):
        return b"".join(self.blocks())

    def json(self):
        return json.loads(self.body() or b"{}")

    def complete(self):
        return self.taken == self.length


class FakeServer:
    """Serves providers under their prefixes: `FakeServer({"/vimeo": FakeVimeo(), ...})`."""

    def __init__(self, providers):
        self.providers = providers
        self.faults = defaultdict(list)
        self.log = []
        self.on_operation = lambda _name: None
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._closing = threading.Event()
        self._open = set()
        self._lock = threading.RLock()
        for prefix, provider in providers.items():
            provider.server, provider.prefix = self, prefix

    @property
    def port(self):
        return self._socket.getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def operations(self):
        return [name for name, _, _, _ in self.log]

    def _accept(self):
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reader = connection.makefile("rb")
        try:
            while self._one(connection, reader):
                pass
        except (Broken, OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            with contextlib.suppress(OSError):
                reader.close()
            connection.close()

    def _one(self, connection, reader):
        first = reader.readline(65536).decode("latin-1").split()
        if len(first) != 3:
            return False
        headers = {}
        while (line := reader.readline(65536).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        request = Request(first[0], first[1], headers, reader)
        prefix = next(one for one in self.providers if request.path.startswith(one))
        provider = self.providers[prefix]
        request.path = request.path.removeprefix(prefix) if prefix != "/" else request.path
        name = provider.operation(request)
        with self._lock:
            self.log.append((name, request.method, request.target, headers))
            plan = self.faults[name]
            fault = plan.pop(0) if plan else None
        self.on_operation(name)
        return self._answer(connection, provider, request, fault)

    def _answer(self, connection, provider, request, fault):  # noqa: PLR0912  # one for each kind of fault
        kind = fault.kind if fault else ""
        if kind == "refuse":
            return _reset(connection)
        if kind == "early":
            _send(connection, *fault.reply, close=True)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                connection.settimeout(0.1)
                while connection.recv(1 << 20):
                    pass
            return False
        if kind == "stall" and not fault.done:
            for _ in request.blocks():
                pass
            self._closing.wait(30)
            return False
        if kind == "instead":
            for _ in request.blocks():
                pass
            _send(connection, *fault.reply)
            return True
        if kind == "reset":
            request.limit = fault.after
            provider.partly(request, fault.keep)
            return _reset(connection)
        if kind == "hold":
            fault.reply()
        status, headers, body = provider.answer(request)
        if not request.complete():
            _send(connection, status, headers, body, close=True)
            return False
        if kind == "call":
            fault.reply()
        if kind in {"lost", "call"}:
            return _reset(connection)
        if kind == "stall":
            self._closing.wait(30)
            return False
        if kind == "slow":
            self._closing.wait(0.2)
        if kind == "after":
            status, headers, body = fault.reply
        if kind == "gzip":
            body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
        if kind in {"cut_head", "cut_body"}:
            whole = _encoded(status, headers, body or b"{}", close=False)
            edge = whole.index(b"\r\n\r\n")
            connection.sendall(whole[: edge - 3] if kind == "cut_head" else whole[: edge + 5])
            connection.shutdown(socket.SHUT_WR)
            return False
        _send(connection, status, headers, body, head=request.method == "HEAD")
        return kind != "hang_up"


def _encoded(status, headers, body, *, close):
    lines = [f"HTTP/1.1 {status} X"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status not in {204, 304}:
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def _send(connection, status, headers, body, *, close=False, head=False):
    whole = _encoded(status, headers, body, close=close)
    connection.sendall(whole[: whole.index(b"\r\n\r\n") + 4] if head else whole)


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
