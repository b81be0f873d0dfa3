"""Sources that misbehave: slow, broken off, refused, endless, changing. Each method returns a URL.

    def test_a_source_that_breaks_off_is_an_error(run_task, fault_source, tmp_path):
        with pytest.raises(SourceUnavailableError):
            run_task("acme.gzip", url=fault_source.cut(tmp_path / "a.txt", after=10))

One web server on 127.0.0.1, each connection in a thread of its own. Nothing is simulated:
the bytes, and their absence, go through the system's sockets.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from dragon_framework.media_types import media_type_of

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""What answers a request: given the handler, and how many requests there were for this URL before."""

BLOCK = 4096


class FaultServer:
    """A web server whose files do what no file should.

    Attributes:
        requests: How many requests came, over all URLs.
    """

    def __init__(self) -> None:
        self.requests = 0
        self._answers: list[tuple[Answer, list[int]]] = []
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "FaultServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def slow(self, path: Path, bytes_per_second: float = 1000.0) -> str:
        """Serve a file slowly."""
        data = path.read_bytes()
        step = max(1, int(bytes_per_second / 20))

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, path, len(data))
            for start in range(0, len(data), step):
                request.wfile.write(data[start : start + step])
                request.wfile.flush()
                if self._closing.wait(0.05):
                    return

        return self._url(path.name, answer)

    def stalled(self, path: Path, after: int = 0) -> str:
        """Serve the first *after* bytes of a file, then nothing more, without closing."""
        data = path.read_bytes()

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, path, len(data))
            request.wfile.write(data[:after])
            request.wfile.flush()
            self._closing.wait()

        return self._url(path.name, answer)

    def cut(self, path: Path, after: int) -> str:
        """Announce a whole file, send its first *after* bytes, and close."""
        data = path.read_bytes()

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, path, len(data))
            request.wfile.write(data[:after])

        return self._url(path.name, answer)

    def reset(self, path: Path, after: int = 0) -> str:
        """Send the first *after* bytes of a file, then reset the connection (TCP RST)."""
        data = path.read_bytes()

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, path, len(data))
            request.wfile.write(data[:after])
            request.wfile.flush()
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()

        return self._url(path.name, answer)

    def status(self, number: int, name: str = "file") -> str:
        """Answer with an HTTP status, such as 404, always."""

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            request.send_error(number)

        return self._url(name, answer)

    def flaky(self, path: Path, failures: int = 1, number: int = 503) -> str:
        """Answer with an HTTP status the first times, then serve the file."""
        data = path.read_bytes()

        def answer(request: BaseHTTPRequestHandler, before: int) -> None:
            if before < failures:
                request.send_error(number)
                return
            self._head(request, 200, path, len(data))
            request.wfile.write(data)

        return self._url(path.name, answer)

    def endless(self, name: str = "file", beginning: bytes = b"") -> str:
        """Serve *beginning*, then zeros without end and without a length."""

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            request.send_response(200)
            request.send_header("Content-Type", media_type_of(name))
            request.send_header("Connection", "close")
            request.end_headers()
            request.wfile.write(beginning)
            while not self._closing.is_set():
                request.wfile.write(bytes(BLOCK))

        return self._url(name, answer)

    def redirect(self, url: str, name: str = "file") -> str:
        """Redirect to *url*: one on this server, or an address that the service must not reach."""

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            request.send_response(302)
            request.send_header("Location", url)
            request.send_header("Content-Length", "0")
            request.end_headers()

        return self._url(name, answer)

    def redirect_loop(self) -> str:
        """Redirect to itself."""
        return self.redirect("?again")

    def mislabelled(self, path: Path, content_type: str) -> str:
        """Serve a file under another `Content-Type`."""
        data = path.read_bytes()

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, path, len(data), content_type)
            request.wfile.write(data)

        return self._url(path.name, answer)

    def changing(self, *paths: Path) -> str:
        """Serve one file at the first request, the next one at the second, and so on; the last one from then on."""
        files = [path.read_bytes() for path in paths]

        def answer(request: BaseHTTPRequestHandler, before: int) -> None:
            data = files[min(before, len(files) - 1)]
            self._head(request, 200, paths[0], len(data))
            request.wfile.write(data)

        return self._url(paths[0].name, answer)

    def hostile(self) -> dict[str, str]:
        """Return URLs of files that are not what they seem, by name: empty, a text, cut media."""
        from dragon_framework.testing.hostile import hostile_files

        return {name: self.data(name, data) for name, data in hostile_files().items()}

    def data(self, name: str, data: bytes) -> str:
        """Serve *data* as a file of that name, as it should be."""

        def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
            self._head(request, 200, Path(name), len(data))
            request.wfile.write(data)

        return self._url(name, answer)

    def _url(self, name: str, answer: Answer) -> str:
        with self._lock:
            self._answers.append((answer, [0]))
            number = len(self._answers) - 1
        return f"http://127.0.0.1:{self._server.server_address[1]}/{number}/{quote(name)}"

    @staticmethod
    def _head(request: BaseHTTPRequestHandler, status: int, path: Path, length: int, content_type: str = "") -> None:
        request.send_response(status)
        request.send_header("Content-Type", content_type or media_type_of(path.name))
        request.send_header("Content-Length", str(length))
        request.end_headers()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request as its URL was made to; called by the web server."""
        number = request.path.strip("/").partition("/")[0]
        if not number.isdecimal() or int(number) >= len(self._answers):
            request.send_error(404)
            return
        answer, count = self._answers[int(number)]
        with self._lock:
            before = count[0]
            count[0] += 1
            self.requests += 1
        with contextlib.suppress(OSError):  # the client has gone
            answer(request, before)


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the base class's name)
            """Say nothing."""

        def do_GET(self) -> None:
            server.answer(self)

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

    return Handler
