"""A whole Dragon for a measurement: `dragon serve` with the no-op task, in a fresh directory."""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.load import Connection, get, post
from benchmarks.processes import free_port, stop

ROOT = Path(__file__).parent.parent
TASKS_PROJECT = ROOT / "benchmarks" / "dragon-bench-tasks"
TASKS_PATH = ROOT / "build" / "bench-tasks"
START_SECONDS = 60.0


def bench_tasks() -> Path:
    """Return a directory for PYTHONPATH in which `bench.noop` is installed; nothing else sees that task."""
    source = TASKS_PROJECT / "src" / "dragon_bench_tasks" / "noop.py"
    installed = TASKS_PATH / "dragon_bench_tasks" / "noop.py"
    if not installed.exists() or installed.read_bytes() != source.read_bytes():
        shutil.rmtree(TASKS_PATH, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--target", TASKS_PATH, TASKS_PROJECT], check=True)
    return TASKS_PATH


def environment(**settings: object) -> dict[str, str]:
    """Return this process's environment with the no-op task, sources on loopback, and *settings* as `DRAGON_*`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(bench_tasks()), environ.get("PYTHONPATH", "")]))
    environ["DRAGON_ALLOW_SOURCE"] = "127.0.0.0/8"
    return environ | as_variables(settings)


def as_variables(settings: Mapping[str, object]) -> dict[str, str]:
    """Return settings as `DRAGON_*` variables."""
    return {f"DRAGON_{name}".upper(): str(value) for name, value in settings.items()}


class Service:
    """A running service: `with Service(workers=1, concurrency=8) as dragon: dragon.port, dragon.secret`.

    Args:
        command: Another command that ends in `dragon serve`, such as `make run`; its port must be given too.
        port: Port to listen on; 0 for a free one.
        environ: Environment without the settings; one with the no-op task by default.
        settings: Settings, as the environment takes them.
    """

    def __init__(
        self,
        command: list[str] | None = None,
        port: int = 0,
        environ: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        self._process: subprocess.Popen[bytes]
        self._directory = tempfile.TemporaryDirectory(prefix="bench-dragon-", ignore_cleanup_errors=True)
        self.data = Path(self._directory.name)
        self.port = port or free_port()
        program = Path(sys.executable).parent / "dragon"
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--data-dir", str(self.data)]
        self._command = command or [str(program), "serve", *address]
        settings = {"log_level": "warning", "api_stream_heartbeat_seconds": 300} | settings
        self._environ = dict(environ) | as_variables(settings) if environ is not None else environment(**settings)
        self.said = ""
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.secret = ""

    def __enter__(self) -> "Service":
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(r"(?s)Dragon is listening on \S+.*secret: (\S+)\n", self.said)):
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                stop(self._process)
                raise RuntimeError(f"the service did not start; it said:\n{self.said}")
            self.said += line
        self.secret = found[1]
        return self

    def terminate(self) -> None:
        """Ask it to end, as an operator would; `with` waits for it."""
        self._process.terminate()

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        self._directory.cleanup()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line.decode(errors="replace"))
        self._lines.put(None)

    @property
    def authorization(self) -> str:
        """The header line of this service's account."""
        return f"Authorization: Secret {self.secret}\r\n"

    def create(self, tasks: object, *, block: bool = False, path: str = "/v1/create") -> bytes:
        """Return an encoded request that creates *tasks*."""
        body: dict[str, Any] = {"tasks": tasks}
        if block:
            body["block"] = True
        return post(path, json.dumps(body).encode(), self.authorization)

    def get(self, path: str) -> bytes:
        """Return an encoded GET request of this service's account."""
        return get(path, self.authorization)

    async def connect(self) -> Connection:
        """Open a connection to the API."""
        return await Connection.open(self.port)

    @property
    def api_pid(self) -> int:
        """Process id of the API process: the one that listens."""
        return listening_pid(self.port)


def listening_pid(port: int) -> int:
    """Return the process that answers on a TCP port of this machine.

    The supervisor holds the socket too, for an API that is started again; the API is the younger of the two.

    Raises:
        LookupError: If there is none, or it belongs to another user.
    """
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
            inodes.add(f"socket:[{fields[9]}]")
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name), reverse=True):
        try:
            if any(str(file.readlink()) in inodes for file in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise LookupError(f"nothing listens on port {port}")
