"""CPU of the API process for one `POST /v1/create`, beside an empty Litestar handler under the same uvicorn."""

import asyncio
import os
import statistics
import subprocess
import sys

from benchmarks.load import Connection, post, run_load
from benchmarks.processes import cpu_seconds, free_port, stop, wait_for_port
from benchmarks.report import Figure
from benchmarks.service import Service

CONNECTIONS = 32
REQUESTS = 4000
ROUNDS = 5
BODY = b'{"tasks":{"task_name":"bench.noop"}}'


def measure() -> list[Figure]:
    """Measure both in turns, several times; report the medians."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.peers.empty_litestar:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    environ = os.environ | {"PYTHONWARNINGS": "ignore"}
    with Service(workers=0) as dragon:  # no worker: the API alone, and the queue grows
        empty = subprocess.Popen(command, env=environ, start_new_session=True)
        try:
            wait_for_port(port, empty)
            request = post("/v1/create", BODY, dragon.authorization)
            ours, theirs = [], []
            for _ in range(ROUNDS):
                theirs.append(_microseconds(empty.pid, port, request))
                ours.append(_microseconds(dragon.api_pid, dragon.port, request))
        finally:
            stop(empty)
    mine, peer = statistics.median(ours[1:]), statistics.median(theirs[1:])
    return [
        Figure(
            name="POST /v1/create, one task: CPU of the API process",
            ours=f"{mine:.0f} µs",
            peer=f"{peer:.0f} µs, empty Litestar POST handler",
            value=mine / peer,
            bar=2.0,
        )
    ]


def _microseconds(pid: int, port: int, request: bytes) -> float:
    async def work(connection: Connection, _: int) -> None:
        answer = await connection.exchange(request)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")

    before = cpu_seconds(pid)
    asyncio.run(run_load(port, CONNECTIONS, REQUESTS, work))
    return (cpu_seconds(pid) - before) / REQUESTS * 1e6
