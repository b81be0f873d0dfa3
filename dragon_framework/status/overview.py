"""What the whole service is doing, read from Redis in a few round trips: for `dragon top`.

Stands on `counters` and the keys of `scripts` and `queue.lines`; writes nothing.
"""

import re
import time
from typing import Any

import msgspec
import redis

from dragon_framework.queue.lines import LINE, TURNS
from dragon_framework.status import scripts
from dragon_framework.status.counters import HEARTBEATS, PULSE, decode_pulse, parts, seconds_since
from dragon_framework.status.model import decode_definition

_QUEUED = re.compile(rb'"queued":"([^"]+)"')
MOST_LINES = 100


def overview(client: "redis.Redis", most_running: int) -> dict[str, Any]:
    """Return queues, workers, running tasks (at most *most_running*, oldest first) and totals.

    Raises:
        redis.RedisError: If Redis cannot be reached.
    """
    server: Any = client
    heard: list[bytes] = server.zrange(HEARTBEATS, 0, -1)
    listed = sorted(name.decode() for name in server.smembers("dramatiq:__queues__"))
    queues = [name for name in listed if not name.endswith((".DQ", ".XQ"))]
    workers, running = _workers(server, [worker.decode() for worker in heard])
    running = sorted(running, key=lambda task: -task["seconds"])[:most_running]
    _name(server, running)
    totals: dict[str, int] = {}
    deaths: dict[str, int] = {}
    for name, value in server.hgetall(scripts.METRICS).items():
        task, status, what = parts(name.decode())
        if task == "*":
            deaths[what] = int(value)
        elif what == "count" and task != "callback":
            totals[status] = totals.get(status, 0) + int(value)
    return {
        "time": round(time.time(), 3),
        "queues": {name: _queue(server, name, heard) for name in queues},
        "workers": workers,
        "running": running,
        "totals": totals,
        "deaths": deaths,
        "callbacks_waiting": server.zcard(f"{scripts.PREFIX}callbacks"),
    }


def _workers(client: Any, names: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    workers, running = [], []
    for blob in client.mget([PULSE + name for name in names]) if names else []:
        if blob is None:
            continue  # it has just begun, or is dying
        pulse = decode_pulse(blob)
        shown = msgspec.structs.asdict(pulse)
        name = f"{pulse.host}:{pulse.pid}"
        running += [{"key": key, "seconds": age, "worker": name} for key, age in shown.pop("running").items()]
        workers.append(shown)
    return sorted(workers, key=lambda worker: (worker["host"], worker["pid"])), running


def _name(client: Any, running: list[dict[str, Any]]) -> None:
    """Add the name of each running task."""
    keys = [scripts.DEFINITION + task["key"] for task in running]
    for task, blob in zip(running, client.mget(keys) if keys else [], strict=True):
        task["task"] = decode_definition(blob).task_name if blob else ""


def _queue(client: Any, queue: str, workers: list[bytes]) -> dict[str, float]:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hlen(f"dramatiq:{queue}.msgs")
        pipeline.lrange(TURNS + queue, 0, MOST_LINES - 1)
        for worker in workers:
            pipeline.scard(f"dramatiq:__acks__.{worker.decode()}.{queue}")
        messages, lines, *taken = pipeline.execute()
    with client.pipeline(transaction=False) as pipeline:
        for line in lines:
            pipeline.zrange(f"{LINE}{queue}:{line.decode()}", 0, 0)
        heads = [first[0].decode() for first in pipeline.execute() if first]
    blobs = client.mget([scripts.STATUS + key for key in heads]) if heads else []
    found = [match for blob in blobs if blob and (match := _QUEUED.search(blob, 0, 400))]
    ages = [seconds_since(match[1].decode(), time.time()) for match in found]
    return {"waiting": max(0, messages - sum(taken)), "oldest_seconds": round(max(ages, default=0.0), 3)}
