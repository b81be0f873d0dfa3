"""Servers that answer as they are told, wrongly too; fetchers that may reach this machine."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import pytest

from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.fetcher import Fetcher
from dragon_framework.sources.guard import parse_networks


class Asked(msgspec.Struct):
    """A request as it came."""

    path: str
    headers: dict[str, str]


def reply(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """Return a whole answer; `content_length` and the like replace what would be right."""
    fields = {"content-length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {text}" for name, text in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("iso-8859-1") + body


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers each path with bytes, exactly as they are, or by calling `script(asked, send)`.

    Paths without a page of their own get `otherwise`. Connections are kept open after
    bytes, and closed after a script.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, host: str, context: Any = None) -> None:
        self.pages: dict[str, bytes | Callable[..., None]] = {}
        self.asked: list[Asked] = []
        self.connections = 0
        self.bytes_sent = 0
        self.otherwise: bytes | None = None
        self.closing = threading.Event()
        self._host = host
        self._context = context
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, 0), _Connection)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "http" if self._context is None else "https"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"

    @property
    def port(self) -> int:
        return self.server_address[1]

    def page(self, path: str, answer: bytes | Callable[..., None]) -> str:
        """Answer *path* so from now on; return its URL."""
        self.pages[path] = answer
        return self.url + path

    def get_request(self) -> Any:
        connection, address = super().get_request()
        self.connections += 1
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError):  # clients that hang up are what is tested
            request.settimeout(20)
            if self._context is not None:
                request = self._context.wrap_socket(request, server_side=True)
            with request:
                super().finish_request(request, client_address)

    def stop(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: ScriptedServer

    def handle(self) -> None:
        while line := self.rfile.readline():
            path = line.split()[1].decode()
            headers = {}
            while (field := self.rfile.readline().strip()) != b"":
                name, _, value = field.decode("iso-8859-1").partition(":")
                headers[name.lower()] = value.strip()
            asked = Asked(path, headers)
            self.server.asked.append(asked)
            otherwise = self.server.otherwise or reply(b"no such page", 404)
            answer = self.server.pages.get(path.partition("?")[0], otherwise)
            if callable(answer):
                answer(asked, self.send)
                return
            self.send(answer)

    def send(self, data: bytes) -> None:
        """Send *data*; raises OSError when the client has gone or the test is over."""
        if self.server.closing.is_set():
            raise ConnectionAbortedError
        self.request.sendall(data)
        self.server.bytes_sent += len(data)


@pytest.fixture(name="reply")
def _reply() -> Callable[..., bytes]:
    return reply


@pytest.fixture
def serve_on() -> Iterator[Callable[..., ScriptedServer]]:
    """Start a server on an address: `serve_on("127.0.0.2")`."""
    servers: list[ScriptedServer] = []

    def start(host: str, context: Any = None) -> ScriptedServer:
        servers.append(ScriptedServer(host, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve_on: Callable[..., ScriptedServer]) -> ScriptedServer:
    return serve_on("127.0.0.1")


@pytest.fixture
def make_fetcher() -> Iterator[Callable[..., Fetcher]]:
    """Make a fetcher: `make_fetcher(allow=["127.0.0.0/8"], policy=None, max_bytes=1000, ...)`."""
    fetchers: list[Fetcher] = []

    def make(allow: Any = ("127.0.0.0/8", "::1/128"), policy: Any = None, **settings: Any) -> Fetcher:
        fetchers.append(Fetcher(SourcesSettings(**settings), parse_networks(allow), policy))
        return fetchers[-1]

    yield make
    for fetcher in fetchers:
        fetcher.close()


@pytest.fixture
def fetcher(make_fetcher: Callable[..., Fetcher]) -> Fetcher:
    """A fetcher that may reach this machine, with the limits of the defaults."""
    return make_fetcher()
