"""What the whole service is doing now: the one source of `/metrics`, `dragon top` and the dashboard.

Read from Redis in a few round trips, whatever waits there; writes nothing. What is over is
`history`'s. Stands on `counters` and the keys of `scripts` and `queue.lines`.
"""

import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

import redis.asyncio
from msgspec import Struct

from dragon_framework.queue.lines import LINE, TURNS
from dragon_framework.status import scripts
from dragon_framework.status.counters import HEARTBEATS, PULSE, decode_pulse, parts, seconds_since
from dragon_framework.status.history import FAILED_CALLBACKS

_QUEUED = re.compile(rb'"queued":"([^"]+)"')
_LINE = re.compile(rb'"line":"([^"]*)"')
_NAME = re.compile(rb'^\{"task_name":"([^"]+)"')
MOST_LINES = 100
"""Lines of a queue that are looked at: those of the accounts that are next."""
HEAD = 400
"""Bytes in which a status has its events, and a definition its name."""


class Line(Struct):
    """The tasks of one account that wait in a queue.

    Args:
        account: Id of the account.
        waiting: How many wait.
        oldest_seconds: How long the one that goes first has waited.
    """

    account: str
    waiting: int
    oldest_seconds: float


class Queue(Struct):
    """One queue.

    Args:
        waiting: Tasks that wait for a worker, or for their next try.
        running: Tasks that workers have, the few among them that they hold ready.
        retrying: Of those that wait, those that wait for their next try.
        oldest_seconds: How long the oldest of those next in line has waited; 0 if none waits.
        buried: Messages that no worker could read.
        lines: Who waits, of at most 100 accounts.
    """

    waiting: int
    running: int
    retrying: int
    oldest_seconds: float
    buried: int
    lines: list[Line]


class Running(Struct):
    """A task that runs.

    Args:
        key: Its key.
        seconds: For how long.
        worker: `HOST:PID` of its worker.
        task_name: Its name; empty if it has just ended.
        account: Who created it; empty if it has just ended.
    """

    key: str
    seconds: float
    worker: str
    task_name: str = ""
    account: str = ""


class Worker(Struct):
    """A worker process that lives.

    Args:
        id: Its id in Redis.
        host: Name of its machine.
        pid: Its process id.
        started: When it began, Unix time; 0 if it does not say.
        heartbeat_seconds: How long ago it was last heard of.
        slots: Tasks that it runs at once.
        busy: Tasks that it runs now.
        queues: Queues that it serves.
        resident_bytes: Memory of the process itself, without its task processes.
    """

    id: str
    host: str
    pid: int
    started: float
    heartbeat_seconds: float
    slots: int
    busy: int
    queues: list[str]
    resident_bytes: int


class Callbacks(Struct):
    """Callbacks of tasks that are over.

    Args:
        waiting: To be sent, now or later.
        failed: Given up, of tasks whose statuses are still there; of many the last 500.
    """

    waiting: int
    failed: int


class Now(Struct):
    """What a service is doing.

    Args:
        time: Unix time of the look.
        queues: By name.
        workers: By machine and process id.
        running: Running tasks, the oldest first.
        totals: Final statuses since the beginning, by status; `retry`: tries that were repeated.
        deaths: Task processes that ended with a task in them, by reason.
        callbacks: Callbacks.
    """

    time: float
    queues: dict[str, Queue]
    workers: list[Worker]
    running: list[Running]
    totals: dict[str, int]
    deaths: dict[str, int]
    callbacks: Callbacks


async def look(client: "redis.asyncio.Redis", most_running: int, queues: Iterable[str] = ()) -> Now:
    """Return what a service is doing now.

    Args:
        client: A client of its Redis.
        most_running: Most running tasks that are told.
        queues: Names of queues, beside those that workers have served.

    Raises:
        redis.RedisError: If Redis cannot be reached.
    """
    server: Any = client
    async with server.pipeline(transaction=False) as pipeline:
        pipeline.smembers("dramatiq:__queues__")
        pipeline.hgetall(scripts.METRICS)
        pipeline.zcard(f"{scripts.PREFIX}callbacks")
        pipeline.zcount(FAILED_CALLBACKS, int(time.time()), "+inf")
        served, counters, waiting, failed = await pipeline.execute()
    names = {name.decode() for name in served} | set(queues)
    totals, deaths = _sums(counters)
    workers, running = await read_workers(client)
    running = sorted(running, key=lambda task: -task.seconds)[:most_running]
    await _name(server, running, workers)
    return Now(
        time=round(time.time(), 3),
        queues=await read_queues(client, sorted(name for name in names if not name.endswith((".DQ", ".XQ")))),
        workers=workers,
        running=running,
        totals=totals,
        deaths=deaths,
        callbacks=Callbacks(waiting, failed),
    )


async def read_queues(client: "redis.asyncio.Redis", names: Sequence[str]) -> dict[str, Queue]:
    """Return how the queues *names* are."""
    server: Any = client
    heard: list[bytes] = await server.zrange(HEARTBEATS, 0, -1)
    async with server.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hlen(f"dramatiq:{name}.msgs")
            pipeline.zcard(f"dragon:r:{name}")
            pipeline.zcard(f"dramatiq:{name}.XQ")
            pipeline.lrange(TURNS + name, 0, MOST_LINES - 1)
            for worker in heard:
                pipeline.scard(f"dramatiq:__acks__.{worker.decode()}.{name}")
        answers = await pipeline.execute()
    counts = [answers[at : at + 4 + len(heard)] for at in range(0, len(answers), 4 + len(heard))]
    lines = [(number, line.decode()) for number, one in enumerate(counts) for line in one[3]]
    async with server.pipeline(transaction=False) as pipeline:
        for number, line in lines:
            pipeline.zcard(f"{LINE}{names[number]}:{line}")
            pipeline.zrange(f"{LINE}{names[number]}:{line}", 0, 0)
        answers = await pipeline.execute()
    async with server.pipeline(transaction=False) as pipeline:
        for first in answers[1::2]:
            pipeline.getrange(scripts.STATUS + (first[0].decode() if first else ""), 0, HEAD)
        ages = [age_of(blob) for blob in await pipeline.execute()]
    waiting: dict[int, list[Line]] = {}
    for (number, account), size, age in zip(lines, answers[::2], ages, strict=True):
        if size:
            waiting.setdefault(number, []).append(Line(account, size, age))
    queues = {}
    for number, (name, (messages, retrying, buried, _, *taken)) in enumerate(zip(names, counts, strict=True)):
        in_line = sorted(waiting.get(number, ()), key=lambda line: (-line.waiting, line.account))
        running = min(messages, sum(taken))
        oldest = max((line.oldest_seconds for line in in_line), default=0.0)
        queues[name] = Queue(messages - running, running, retrying, oldest, buried, in_line)
    return queues


async def read_workers(client: "redis.asyncio.Redis") -> tuple[list[Worker], list[Running]]:
    """Return the workers that live, and what they said that they run."""
    server: Any = client
    heard: list[tuple[bytes, float]] = await server.zrange(HEARTBEATS, 0, -1, withscores=True)
    if not heard:
        return [], []
    async with server.pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.mget([PULSE + name.decode() for name, _ in heard])
        (seconds, microseconds), blobs = await pipeline.execute()
    clock = seconds + microseconds / 1e6
    workers, running = [], []
    for (name, beat), blob in zip(heard, blobs, strict=True):
        if blob is None:
            continue  # it has just begun, or is dying
        pulse = decode_pulse(blob)
        worker = Worker(
            id=name.decode(),
            host=pulse.host,
            pid=pulse.pid,
            started=pulse.started,
            heartbeat_seconds=round(max(0.0, clock - beat / 1000), 3),
            slots=pulse.slots,
            busy=pulse.busy,
            queues=pulse.queues,
            resident_bytes=pulse.resident_bytes,
        )
        workers.append(worker)
        running += [Running(key, age, f"{pulse.host}:{pulse.pid}") for key, age in pulse.running.items()]
    return sorted(workers, key=lambda worker: (worker.host, worker.pid)), running


def _sums(counters: dict[bytes, bytes]) -> tuple[dict[str, int], dict[str, int]]:
    """Return totals by status, and deaths by reason."""
    totals: dict[str, int] = {}
    deaths: dict[str, int] = {}
    for name, value in counters.items():
        task, status, what = parts(name.decode())
        if task == "*":
            deaths[what] = int(value)
        elif what == "count" and task != "callback":
            totals[status] = totals.get(status, 0) + int(value)
    return totals, deaths


async def _name(server: Any, running: Sequence[Running], workers: Sequence[Worker]) -> None:
    """Add name and account of each running task: its message says whose line it waited in."""
    queues = {f"{worker.host}:{worker.pid}": worker.queues for worker in workers}
    async with server.pipeline(transaction=False) as pipeline:
        for task in running:
            pipeline.getrange(scripts.DEFINITION + task.key, 0, HEAD)
            for queue in queues[task.worker]:
                pipeline.hget(f"dramatiq:{queue}.msgs", task.key)
        answers = iter(await pipeline.execute())
    for task in running:
        task.task_name = name_in(next(answers))
        messages = [next(answers) for _ in queues[task.worker]]
        task.account = next((account_in(message) for message in messages if message), "")


def name_in(definition: bytes) -> str:
    """Return the task's name, by the beginning of a definition; empty if there is none."""
    found = _NAME.match(definition)
    return found[1].decode() if found else ""


def account_in(message: bytes) -> str:
    """Return whose line a message waits in; empty if it does not say."""
    found = _LINE.search(message)
    return found[1].decode() if found else ""


def age_of(status: bytes) -> float:
    """Return how long ago a task was queued, in seconds, by the beginning of its status."""
    found = _QUEUED.search(status)
    return round(seconds_since(found[1].decode(), time.time()), 3) if found else 0.0
