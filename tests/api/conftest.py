"""A whole service with the probe tasks, shared by the tests of the API: what clients meet."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from benchmarks.service import Service

_numbers = itertools.count(1)
HERE = Path(__file__).parent
TASKS = ("echo", "fail", "files", "one", "extra", "work", "copy", "login")


@pytest.fixture(scope="session")
def probe_environ(tmp_path_factory):
    """An environment in which the probe tasks are installed, and nothing is set for Dragon."""
    site = tmp_path_factory.mktemp("site")
    shutil.copy(HERE / "probe_tasks.py", site)
    metadata = site / "dragon_probe-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dragon-probe\nVersion: 1.0\n")
    points = "".join(f"probe.{name} = probe_tasks:{name}\n" for name in TASKS)
    (metadata / "entry_points.txt").write_text(f"[dragon.tasks]\n{points}")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    return environ | {"PYTHONPATH": str(site), "DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}


class Client(httpx.Client):
    """An HTTP client of one service, with its secret; `client.v1(...)` posts JSON."""

    def __init__(self, dragon, **options):
        self.secret = dragon.secret
        found = re.search(r"api key: (\S+)", dragon.said)
        self.api_key = found[1] if found else ""
        super().__init__(base_url=f"http://127.0.0.1:{dragon.port}", timeout=60, **options)

    @property
    def auth_headers(self):
        return {"Authorization": f"Secret {self.secret}"}

    def create(self, tasks, *, block=True, headers=None, **more):
        """Return the statuses of created tasks."""
        body = {"tasks": tasks, "block": block, **more}
        answer = self.post("/v1/create", json=body, headers=self.auth_headers | (headers or {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stream(self, method, path, **options):
        return super().stream(method, path, **options)


@pytest.fixture(scope="session")
def dragon(probe_environ):
    """A running service with the probe tasks."""
    with Service(environ=probe_environ, concurrency=4, api_stream_heartbeat_seconds=0.3) as service:
        yield service


@pytest.fixture
def client(dragon):
    with Client(dragon) as client:
        yield client


@pytest.fixture
def make_service(probe_environ):
    """Start a service with settings of its own: `with make_service(api_max_tasks=3) as client:`."""

    @contextmanager
    def make(**settings):
        with Service(environ=probe_environ, **settings) as service, Client(service) as client:
            client.dragon = service
            yield client

    return make


def lines_of(response):
    """Yield the JSON values of a stream, blank lines left out."""
    for line in response.iter_lines():
        if line.strip():
            yield json.loads(line)


@pytest.fixture
def run_dragon(probe_environ):
    """Run a `dragon` command to its end: `run_dragon("accounts", "list")`."""

    def run(*arguments):
        program = Path(sys.executable).parent / "dragon"
        return subprocess.run([program, *arguments], env=probe_environ, capture_output=True, text=True, timeout=60)

    return run


def wait_until(true, seconds=20.0):
    """Wait until *true* returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def accounts_service(probe_environ):
    """A service for tests that add accounts to it."""
    with Service(environ=probe_environ, concurrency=2) as service:
        yield service


@pytest.fixture
def limited(accounts_service, run_dragon):
    """A service and the secret of an account with limits on it; the account is this test's own."""
    with Client(accounts_service) as client:
        client.dragon = accounts_service

        def add(name, *flags):
            name = f"{name}-{next(_numbers)}"
            added = run_dragon("accounts", "add", name, "--data-dir", str(client.dragon.data))
            assert added.returncode == 0, added.stderr
            if flags:
                done = run_dragon("accounts", "limits", name, *flags, "--data-dir", str(client.dragon.data))
                assert done.returncode == 0, done.stderr
            return next(line.split()[-1] for line in added.stdout.splitlines() if "secret" in line)

        yield client, add


class Receiver:
    """A receiver of callbacks on loopback.

    `answers` are taken in turn, the last one again and again: an HTTP status, or seconds to be silent.
    """

    def __init__(self):
        self.answers = [200]
        self.requests = []
        self.headers = {}
        self.open = self.most_open = 0
        receiver, lock = self, threading.Lock()
        self._closing = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, dict(self.headers), body))
                answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                if isinstance(answer, float):
                    with lock:
                        receiver.open += 1
                        receiver.most_open = max(receiver.open, receiver.most_open)
                    receiver._closing.wait(answer)
                    with lock:
                        receiver.open -= 1
                    return
                self.send_response(answer)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815  # the name that http.server calls

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def new_receiver():
    """Make receivers of callbacks: `with new_receiver() as receiver:`."""
    return Receiver


@pytest.fixture
def receiver():
    """A receiver of callbacks."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def calling(probe_environ):
    """A client of a service that is impatient with receivers."""
    settings = {"callbacks_retry_seconds": 0.1, "callbacks_attempts": 3, "callbacks_timeout_seconds": 1.0}
    with Service(environ=probe_environ, concurrency=2, **settings) as running, Client(running) as client:
        client.dragon = running
        yield client


@pytest.fixture(scope="module")
def watched(probe_environ):
    """A client of a service whose numbers are those of one module's tests; it runs one task at once."""
    with Service(environ=probe_environ, concurrency=1, worker_retries=0) as running, Client(running) as client:
        client.dragon = running
        yield client
