"""The processes of the service under test: started, killed, started again as systemd would.

Every process carries a mark in its environment, which all that it starts inherits: so
whatever is left of it can be found in /proc, whoever its parent is then.
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

MARK = "DRAGON_FAULTS_MARK"
RESTART_SECONDS = 0.3
"""How long whoever watches over a process takes to start it again."""


class Part:
    """One process of the service.

    Args:
        name: What it is called in the log.
        command: Its argument list.
        environ: Its environment.
        log: Where it writes.
        ready: What it says when it is ready.
    """

    def __init__(self, name: str, command: list[str], environ: Mapping[str, str], log: Path, ready: str) -> None:
        self.name = name
        self.starts = 0
        self._command = command
        self._environ = dict(environ)
        self._log = log
        self._ready = re.compile(ready)
        self._process: subprocess.Popen[bytes] | None = None
        self._offset = 0
        self._said_ready = False
        self._ending = False
        self._wanted = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process id; that of the last one if it is dead."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        """Whether it lives, has said that it is ready, and was not told to end."""
        if not self.running or self._ending:
            return False
        if not self._said_ready:
            with self._log.open("rb") as log:
                log.seek(self._offset)
                self._said_ready = self._ready.search(log.read().decode("utf-8", "replace")) is not None
        return self._said_ready

    async def start(self) -> None:
        """Start it and keep it alive."""
        self._wanted = True
        self._spawn()
        self._keeper = asyncio.ensure_future(self._keep())
        await self.until_ready()

    async def until_ready(self, seconds: float = 60.0) -> None:
        """Return when it is ready.

        Raises:
            RuntimeError: If it is not in that time; with the end of its log.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.ready:
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n{self.log()[-3000:]}")
            await asyncio.sleep(0.05)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._ending = self._ending or number in {signal.SIGTERM, signal.SIGKILL}
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self, seconds: float = 30.0) -> int:
        """End it in an orderly way, and leave it so; return its exit status, -9 if it had to be killed."""
        self._wanted = False
        if self._keeper is not None:
            self._keeper.cancel()
        if self._process is None:
            return 0
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + seconds
        while self.running and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        if self.running:
            self.signal(signal.SIGKILL)
        return self._process.wait()

    def log(self) -> str:
        """Return all it has written."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def _spawn(self) -> None:
        self._offset = self._log.stat().st_size if self._log.exists() else 0
        self.starts += 1
        self._said_ready = self._ending = False
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _keep(self) -> None:
        while self._wanted:
            await asyncio.sleep(0.05)
            if not self.running:
                await asyncio.sleep(RESTART_SECONDS)
                self._spawn()


def marked(mark: str) -> dict[int, str]:
    """Return the processes with this mark that are no zombies, with their command lines."""
    found = {}
    needle = f"{MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if needle in (process / "environ").read_bytes().split(b"\0"):
                state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
                if state not in {"Z", "X"}:
                    words = (process / "cmdline").read_bytes().split(b"\0")
                    found[int(process.name)] = b" ".join(words).decode(errors="replace").strip()
    return found


def children(pid: int) -> list[int]:
    """Return the process ids of the children of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def nursery_of(pid: int) -> int:
    """Return the process id of the nursery of a worker; 0 if it has none."""
    for child in children(pid):
        with contextlib.suppress(OSError):
            if b"nursery" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return 0


def owner_of(client_port: int, among: dict[int, str]) -> int:
    """Return which of some processes has a TCP connection from this port of 127.0.0.1; 0 if none."""
    inode = ""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == client_port and fields[3] == "01":
            inode = f"socket:[{fields[9]}]"
    for pid in among if inode else ():
        with contextlib.suppress(OSError):
            if any(str(file.readlink()) == inode for file in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    return 0


def send(pid: int, number: int) -> None:
    """Send a signal, if the process is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
