"""What a task costs while others are held: 1,000, 10,000 and 100,000 final statuses in Redis.

And the memory of API and worker over all of them: it must stay what it was.
"""

import asyncio
import re
import statistics
import subprocess
from pathlib import Path

from benchmarks.figures.no_ops import BATCH, NOOP
from benchmarks.load import Connection
from benchmarks.processes import resident_bytes
from benchmarks.report import Figure
from benchmarks.service import Service

HELD = (1_000, 10_000, 100_000)
SAMPLE = 1_000
ROUNDS = 7
THREADS = 8
SEEN, FLAT_FROM, FLAT_TASKS = 10_000, 50_000, 50_000
"""The API takes 10 MB more over its first 40,000 tasks, and then no more."""


def measure() -> list[Figure]:
    """Run tasks until so many are held; then time some more; look at the memory on the way."""
    with Service(workers=1, concurrency=THREADS) as dragon:
        seconds, memory = asyncio.run(_grow(dragon))
    least, most = seconds[HELD[0]], seconds[HELD[-1]]
    figures = [
        Figure(
            name=f"a no-op task while {HELD[-1]:,} are held, beside {HELD[0]:,}",
            ours=", ".join(f"{held:,}: {1e6 * each:.0f} µs" for held, each in seconds.items()),
            value=most / least,
            bar=1.1,
            note=f"create to final status, {SAMPLE:,} at once, median of {ROUNDS}",
        )
    ]
    for part, sizes in memory.items():
        figures.append(
            Figure(
                name=f"memory of the {part} over {FLAT_TASKS:,} tasks",
                ours=", ".join(f"{size / 1e6:.0f} MB" for size in sizes),
                value=sizes[2] / sizes[1],
                bar=1.1,
                note=f"after {SEEN:,}, {FLAT_FROM:,} and {FLAT_FROM + FLAT_TASKS:,}; the ratio is of the last two",
            )
        )
    return figures


async def _grow(dragon: Service) -> tuple[dict[int, float], dict[str, list[int]]]:
    connection = await dragon.connect()
    worker = _worker_pid(dragon)
    done = 0
    seconds: dict[int, float] = {}
    memory: dict[str, list[int]] = {"API": [], "worker": []}
    for goal in sorted({*HELD, SEEN, FLAT_FROM, FLAT_FROM + FLAT_TASKS}):
        while done < goal:
            count = min(BATCH, goal - done)
            await _run(dragon, connection, count)
            done += count
        if goal in {SEEN, FLAT_FROM, FLAT_FROM + FLAT_TASKS}:
            memory["API"].append(resident_bytes(dragon.api_pid))
            memory["worker"].append(resident_bytes(worker))
        if goal in HELD:
            seconds[goal] = statistics.median([await _run(dragon, connection, SAMPLE) for _ in range(ROUNDS)]) / SAMPLE
            done += ROUNDS * SAMPLE
    return seconds, memory


async def _run(dragon: Service, connection: Connection, count: int) -> float:
    """Return how many seconds *count* tasks took."""
    begin = asyncio.get_running_loop().time()
    answer = await connection.exchange(dragon.create([NOOP] * count, block=True))
    passed = asyncio.get_running_loop().time() - begin
    if answer.body.count(b'"status":"success"') != count:
        raise RuntimeError(answer.body[:500].decode())
    return passed


def _worker_pid(dragon: Service) -> int:
    """Return the process id that the worker tells of itself."""
    url = f"http://127.0.0.1:{dragon.port}/metrics"
    for _ in range(100):
        said = subprocess.run(["curl", "-s", url], capture_output=True, text=True, check=True).stdout
        for pid in re.findall(r'dragon_worker_places\{worker="[^"]*:(\d+)"', said):
            if Path(f"/proc/{pid}").exists():
                return int(pid)
        subprocess.run(["sleep", "0.1"], check=True)
    raise RuntimeError("no worker tells of itself")
