"""Lists the tasks that wait and that run, whoever created them: for operators.

Those that wait come in the order of their queues and lines (`queue.lines`), then those that wait
for their next try. The place of a task changes while one looks. Stands on `overview`.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import redis.asyncio
from msgspec import Struct

from dragon_framework.queue.lines import LINE
from dragon_framework.status import scripts
from dragon_framework.status.overview import HEAD, account_in, age_of, look, name_in

MOST_SCANNED = 20_000
"""Waiting tasks that are looked at for one page."""
_BATCH = 500
_MOST_RUNNING = 10_000


class OpenTask(Struct):
    """A task that is not over.

    Args:
        key: Its key.
        task_name: Its name.
        account: Who created it.
        status: `queued` or `executing`.
        seconds: How long it has waited since it was created, or has run.
        queue: Queue it waits in; empty if it runs.
        worker: `HOST:PID` of the worker that runs it; empty if it waits.
    """

    key: str
    task_name: str
    account: str
    status: str
    seconds: float
    queue: str = ""
    worker: str = ""


async def read_executing(client: "redis.asyncio.Redis") -> list[OpenTask]:
    """Return the tasks that run, the oldest first."""
    return [
        OpenTask(task.key, task.task_name, task.account, "executing", task.seconds, worker=task.worker)
        for task in (await look(client, _MOST_RUNNING)).running
    ]


async def read_queued(
    client: "redis.asyncio.Redis", wanted: Callable[[OpenTask], bool], limit: int, skip: int, account: str = ""
) -> tuple[list[OpenTask], int]:
    """Return tasks that wait, and how many to skip the next time; 0 when there are no more.

    Args:
        client: A client of the service's Redis.
        wanted: Which tasks.
        limit: Most tasks.
        skip: How many to pass over.
        account: Whose lines to look at; all if it is empty.
    """
    found: list[OpenTask] = []
    passed = skip
    async for task in _waiting(client, skip, account):
        if len(found) == limit or passed - skip >= MOST_SCANNED:
            return found, passed
        passed += 1
        if task is not None and wanted(task):
            found.append(task)
    return found, 0


async def _waiting(client: "redis.asyncio.Redis", skip: int, account: str) -> AsyncIterator[OpenTask | None]:
    """Yield each waiting task after the first *skip*; None for one that is gone meanwhile."""
    server: Any = client
    queues = (await look(client, 0)).queues
    sets = [
        (name, f"{LINE}{name}:{line.account}", line.waiting)
        for name, queue in queues.items()
        for line in queue.lines
        if account in {"", line.account}
    ]
    sets += [(name, f"dragon:r:{name}", queue.retrying) for name, queue in queues.items() if queue.retrying]
    for queue, members, size in sets:
        if skip >= size:
            skip -= size
            continue
        start, skip = skip, 0
        while keys := [key.decode() for key in await server.zrange(members, start, start + _BATCH - 1)]:
            start += len(keys)
            for task in await _described(server, queue, keys):
                yield task


async def _described(server: Any, queue: str, keys: list[str]) -> list[OpenTask | None]:
    async with server.pipeline(transaction=False) as pipeline:
        pipeline.hmget(f"dramatiq:{queue}.msgs", keys)
        for key in keys:
            pipeline.getrange(scripts.DEFINITION + key, 0, HEAD)
            pipeline.getrange(scripts.STATUS + key, 0, HEAD)
        messages, *heads = await pipeline.execute()
    return [
        OpenTask(key, name_in(definition), account_in(message), "queued", age_of(status), queue=queue)
        if message and status[11:13] == b"qu"
        else None
        for key, message, definition, status in zip(keys, messages, heads[::2], heads[1::2], strict=True)
    ]
