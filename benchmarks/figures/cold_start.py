"""`make run` in an installed tree: from the command to the first successful task."""

import asyncio
import json
import tempfile
import time

from benchmarks.processes import free_port
from benchmarks.report import Figure
from benchmarks.service import Service


def measure() -> list[Figure]:
    """Start three times, each with a new data directory; report the slowest."""
    seconds = max(_once() for _ in range(3))
    return [
        Figure(
            name="`make run` (installed) to the first successful task",
            ours=f"{seconds:.2f} s, slowest of three",
            value=seconds,
            bar=5.0,
            unit="s",
        )
    ]


def _once() -> float:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-cold-", ignore_cleanup_errors=True) as data:
        begin = time.perf_counter()
        with Service(["make", "--silent", "run", f"PORT={port}", f"DATA_DIR={data}"], port) as dragon:
            return asyncio.run(_first_success(dragon, begin))


async def _first_success(dragon: Service, begin: float) -> float:
    connection = await dragon.connect()
    answer = await connection.exchange(dragon.create({"task_name": "bench.noop"}, block=True))
    seconds = time.perf_counter() - begin
    if json.loads(answer.body)[0]["status"] != "success":
        raise RuntimeError(answer.body.decode())
    connection.close()
    return seconds
