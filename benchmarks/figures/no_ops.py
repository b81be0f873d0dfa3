"""Tasks that do nothing: how soon one is done, and how long 20,000 take, beside stock dramatiq."""

import asyncio
import json
import time

from benchmarks.load import Connection, run_load
from benchmarks.peers.dramatiq_runner import StockDramatiq
from benchmarks.report import Figure
from benchmarks.service import Service

BLOCKED = 200
STOCK_SAMPLES = 25
TASKS = 20_000
BATCH = 5_000
THREADS = 8
NOOP = {"task_name": "bench.noop"}


def measure() -> list[Figure]:
    """Measure Dragon and stock dramatiq one after the other, each with one worker process of eight threads."""
    with Service(workers=1, concurrency=THREADS) as dragon:
        latency_ms = asyncio.run(_blocked(dragon))
        ours = asyncio.run(_batches(dragon))
    with StockDramatiq(1, THREADS) as stock:
        stock_ms = stock.idle_start_ms(STOCK_SAMPLES)
        theirs = stock.drain_seconds(TASKS)
    return [
        Figure(
            name="blocked create of a no-op task, median",
            ours=f"{latency_ms:.1f} ms, request to result",
            peer=f"{stock_ms:.0f} ms, stock dramatiq: send to start",
            value=latency_ms,
            bar=10.0,
            unit="ms",
        ),
        Figure(
            name=f"{TASKS:,} no-op tasks, create to final status",
            ours=f"{ours:.1f} s",
            peer=f"{theirs:.1f} s, stock dramatiq: send to acknowledgement",
            value=ours / theirs,
            bar=1.0,
            note=f"both with one worker process of {THREADS} threads, on a private server from the same binary",
        ),
    ]


async def _blocked(dragon: Service) -> float:
    request = dragon.create(NOOP, block=True)

    async def work(connection: Connection, _: int) -> None:
        _all_succeeded((await connection.exchange(request)).body, 1)

    await run_load(dragon.port, 1, 20, work)
    return (await run_load(dragon.port, 1, BLOCKED, work)).median_ms


async def _batches(dragon: Service) -> float:
    request = dragon.create([NOOP] * BATCH, block=True)
    connections = [await dragon.connect() for _ in range(TASKS // BATCH)]
    begin = time.perf_counter()
    answers = await asyncio.gather(*(connection.exchange(request) for connection in connections))
    seconds = time.perf_counter() - begin
    for answer in answers:
        _all_succeeded(answer.body, BATCH)
    return seconds


def _all_succeeded(body: bytes, count: int) -> None:
    statuses = json.loads(body)
    if len(statuses) != count or any(status["status"] != "success" for status in statuses):
        raise RuntimeError(f"not {count} successes: {body[:500]!r}")
