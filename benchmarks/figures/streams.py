"""1,000 open streams in one API process: how soon a client hears that its task is complete."""

import asyncio
import json
import statistics
import time

from benchmarks.processes import resident_bytes
from benchmarks.report import Figure
from benchmarks.service import Service

STREAMS = 1000
THREADS = 8
TASK_SECONDS = 0.02


def measure() -> list[Figure]:
    """Open one `create_stream` for each of 1,000 tasks, then read them all until they close."""
    with Service(workers=1, concurrency=THREADS) as dragon:
        latencies, seconds, resident = asyncio.run(_streams(dragon))
    middle = statistics.median(ordered := sorted(latencies))
    p99 = ordered[int(len(ordered) * 0.99) - 1]
    return [
        Figure(
            name=f"{STREAMS:,} streams in one API process: completion to client, p99",
            ours=f"{p99:.1f} ms (max {ordered[-1]:.1f})",
            value=p99,
            bar=20.0,
            unit="ms",
            note=f"from the return of the task to the line at the client; {STREAMS / seconds:.0f} tasks a second",
        ),
        Figure(
            name=f"{STREAMS:,} streams in one API process: completion to client, median",
            ours=f"{middle:.1f} ms",
            value=middle,
            bar=2.0,
            unit="ms",
        ),
        Figure(
            name=f"{STREAMS:,} streams in one API process: resident memory",
            ours=f"{resident / 1e6:.0f} MB",
            value=resident / 1e6,
            bar=150.0,
            unit="MB",
            note="while all are open",
        ),
    ]


async def _streams(dragon: Service) -> tuple[list[float], float, int]:
    # A first task that keeps every thread busy while the streams are opened.
    held = {"task_name": "bench.noop", "seconds": 6.0}
    holder = await dragon.connect()
    await holder.exchange(dragon.create([held] * THREADS))
    request = dragon.create({"task_name": "bench.noop", "seconds": TASK_SECONDS}, path="/v1/create_stream")
    opened: asyncio.Semaphore = asyncio.Semaphore(50)
    finished: list[tuple[float, float]] = []
    resident = 0
    waiting = 0

    async def listen() -> None:
        nonlocal resident, waiting
        async with opened:
            reader, writer = await asyncio.open_connection("127.0.0.1", dragon.port)
            writer.write(request)
            first = await _line(reader, b"[")
        if not isinstance(json.loads(first), list):
            raise RuntimeError(f"not a list of statuses: {first!r}")
        waiting += 1
        if waiting == STREAMS:
            resident = resident_bytes(dragon.api_pid)
        while True:
            line = await _line(reader, b"{")
            now = time.time()
            status = json.loads(line)
            if status["status"] == "success":
                finished.append((now, (now - status["result"]["finished_at"]) * 1000))
                break
            if status["status"] == "error":
                raise RuntimeError(line.decode())
        writer.close()

    await asyncio.gather(*(listen() for _ in range(STREAMS)))
    ends = sorted(end for end, _ in finished)
    return [latency for _, latency in finished], ends[-1] - ends[0], resident


async def _line(reader: asyncio.StreamReader, start: bytes) -> bytes:
    """Return the next line that begins with *start*: a JSON value; head and chunk sizes are passed over."""
    while line := await reader.readline():
        if line.startswith(start):
            return line
    raise ConnectionError("the stream ended before its task")
