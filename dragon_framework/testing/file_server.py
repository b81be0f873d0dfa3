"""A small web server for tests: local files, range requests, a count of bytes sent."""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote

from dragon_framework.media_types import media_type_of


class FileServer:
    """Serves single files on 127.0.0.1 (a free port), with ETag and single ranges.

    `bytes_sent` counts the bytes of bodies, `requests` the requests, both over all files.
    """

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.bytes_sent = 0
        self.requests = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, path: Path) -> str:
        """Return the URL of a local file; the same for the same path."""
        with self._lock:
            for number, known in self.files.items():
                if known == path:
                    return f"{self.url}/{number}/{quote(path.name)}"
            number = str(len(self.files))
            self.files[number] = path
        return f"{self.url}/{number}/{quote(path.name)}"

    def count(self, sent: int) -> None:
        """Add *sent* bytes to the counter."""
        with self._lock:
            self.bytes_sent += sent

    def __enter__(self) -> "FileServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(files: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the base class's name)
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._answer(send_body=False)

        def do_GET(self) -> None:
            self._answer(send_body=True)

        def _answer(self, *, send_body: bool) -> None:
            files.requests += 1
            path = files.files.get(unquote(self.path).strip("/").partition("/")[0])
            if path is None or not path.is_file():
                self.send_error(404)
                return
            stat = path.stat()
            size = stat.st_size
            start, stop = 0, size
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if asked:
                start = int(asked[1])
                stop = min(size, int(asked[2]) + 1) if asked[2] else size
                if start >= size:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{size}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{stat.st_mtime_ns:x}-{size:x}"')
            self.send_header("Content-Type", media_type_of(path.name))
            self.send_header("Content-Length", str(stop - start))
            self.end_headers()
            if send_body:
                self._send(path, start, stop)

        def _send(self, path: Path, start: int, stop: int) -> None:
            with path.open("rb") as file, contextlib.suppress(ConnectionError):
                file.seek(start)
                while start < stop and (block := file.read(min(65536, stop - start))):
                    self.wfile.write(block)
                    files.count(len(block))
                    start += len(block)

    return Handler
