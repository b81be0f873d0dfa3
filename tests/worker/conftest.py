"""A worker process for real: tasks of a distribution made here, a private server, a runner module.

`lab` has a server and directories of its own and starts the workers a test asks for;
`shared` is one lab with one worker, for all tests that leave it as they found it.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dragon_framework.embedded import EmbeddedServer
from dragon_framework.keys import new_key
from dragon_framework.queue.message import encode_message
from dragon_framework.status import scripts
from dragon_framework.status.connection import connect_sync
from dragon_framework.status.model import Events, Status, encode_status, now

RUNNER = """
import sys
from dragon_framework.settings import load_settings
from dragon_framework.worker import run_worker
sys.exit(run_worker(load_settings()))
"""

OURS = "dragon-image dragon-audio dragon-video dragon-upload dragon-html"


def wait_until(true: Callable[[], Any], what: str = "", seconds: float = 25.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for word in (thread / "children").read_text().split():
            found += [int(word), *descendants(int(word))]
    return found


class Lab:
    """A server, directories, workers, and tasks to send."""

    def __init__(self, directory: Path, site: Path, lines: Any) -> None:
        self._lines = lines
        self.directory = directory
        self.server = EmbeddedServer(directory / "redis")
        self.server.start()
        self.client = connect_sync(self.server.url)
        self.site = site
        self.numbers = itertools.count()
        self.workers: list[subprocess.Popen[bytes]] = []

    # For tests, which pytest imports by file: they cannot import this module.
    wait_until = staticmethod(wait_until)
    alive = staticmethod(alive)
    descendants = staticmethod(descendants)

    def start_worker(self, **settings: Any) -> "subprocess.Popen[bytes]":
        """Start a worker and return when it takes messages."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
        environ |= {
            "PYTHONPATH": str(self.site),
            "DRAGON_REDIS": self.server.url,
            "DRAGON_DATA_DIR": str(self.directory / "data"),
            "DRAGON_DISABLE": OURS,
            "DRAGON_CONCURRENCY": "2",
            "DRAGON_WORKER_HEARTBEAT_SECONDS": "1.5",
            "DRAGON_WORKER_RETRY_SECONDS": "0.05",
        }
        environ |= {f"DRAGON_{name}".upper(): str(value) for name, value in settings.items()}
        before = set(self.client.zrange("dramatiq:__heartbeats__", 0, -1))
        with (self.directory / f"worker-{next(self.numbers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-c", RUNNER], env=environ, stdout=log, stderr=log, start_new_session=True
            )
        self.workers.append(worker)
        wait_until(
            lambda: set(self.client.zrange("dramatiq:__heartbeats__", 0, -1)) - before or worker.poll() is not None,
            "the worker has started",
        )
        return worker

    def submit(self, task: str, *, key: str = "", definition: str = "", **parameters: Any) -> str:
        """Queue a task as the API does; return its key."""
        key = key or new_key()
        queue = task.partition(".")[0]
        definition = definition or json.dumps(
            {"task_name": task, "parameters": parameters, "base": "http://dragon.test"}
        )
        self.client.set(f"dragon:d:{key}", definition, ex=600)
        self.client.set(f"dragon:t:{key}", encode_status(Status("queued", key, Events(queued=now()))), ex=600)
        self.send(key, encode_message(key, queue), queue)
        return key

    def send(self, key: str, message: bytes, queue: str) -> None:
        """Put a message into a queue."""
        self._lines.send(self.client, queue, key, message)

    def waiting(self, queue: str) -> list[str]:
        """Return what waits in a queue, in order."""
        return self._lines.waiting(self.client, queue)

    def status(self, key: str) -> dict[str, Any]:
        return json.loads(self.client.get(f"dragon:t:{key}"))

    def wait(self, key: str, *states: str) -> dict[str, Any]:
        """Return the status of *key* once it is one of *states*: a final one by default."""
        states = states or ("success", "error")
        wait_until(lambda: self.status(key)["status"] in states, f"{key} is {states}; {self.log()}")
        return self.status(key)

    def cancel(self, key: str) -> int:
        cancel = self.client.register_script(scripts.CANCEL)
        return cancel(keys=[f"dragon:t:{key}", scripts.METRICS, scripts.CANCELLATIONS], args=[key, now(), 600])

    @contextmanager
    def listening(self, key: str) -> Iterator[list[dict[str, Any]]]:
        """Collect what is published about *key*."""
        seen: list[dict[str, Any]] = []
        with self.client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(f"dragon:t:{key}")
            subscription.get_message(timeout=1)
            yield seen
            while message := subscription.get_message(timeout=0.3):
                seen.append(json.loads(message["data"]))

    def nothing_is_left(self) -> bool:
        """Whether no message and no file of a run remains."""
        names = [name for name in self.client.keys("dramatiq:*.msgs") if not name.endswith(b".XQ.msgs")]
        names += self.client.keys("dramatiq:__acks__*")
        files = [path for path in (self.directory / "data" / "runs").rglob("*") if path.name != ".lock"]
        return not names and all(path.is_dir() and path.parent.name == "runs" for path in files)

    def log(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.directory.glob("worker-*.log")))

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()  # its nursery ends all else; how a worker stops in order is a test of its own
            worker.wait()
        self.client.close()
        self.server.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A directory for PYTHONPATH in which acme-tasks is installed."""
    directory = tmp_path_factory.mktemp("site")
    metadata = directory / "acme_tasks-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tasks\nVersion: 1.0\n")
    source = (Path(__file__).parent / "acme_tasks.py").read_text()
    (directory / "acme_tasks.py").write_text(source)
    points = [line.partition('"')[2].partition('"')[0] for line in source.splitlines() if line.startswith('@task("')]
    lines = "".join(f"{name} = acme_tasks:{name.replace('.', '_')}\n" for name in points)
    (metadata / "entry_points.txt").write_text(f"[dragon.tasks]\n{lines}")
    return directory


@pytest.fixture(scope="session")
def new_lab() -> type[Lab]:
    """For tests that make a lab of another scope: they cannot import this module."""
    return Lab


@pytest.fixture
def lab(tmp_path, site, lines) -> Iterator[Lab]:
    lab = Lab(tmp_path, site, lines)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, site, lines) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("shared"), site, lines)
    lab.start_worker(worker_progress_interval_seconds=0.001)
    yield lab
    lab.close()
