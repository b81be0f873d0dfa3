"""Ends tasks that are queued or executing; whoever may ask for it has been found out before."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from dragon_framework.api.service import Service
from dragon_framework.status.model import Definition, decode_status

AT_ONCE = 50
"""How many tasks of one request are cancelled at the same time."""


async def end_tasks(service: Service, tasks: Mapping[str, Definition]) -> tuple[set[str], dict[str, bytes | None]]:
    """End tasks, and tell the plugins that want to know.

    Args:
        service: The service.
        tasks: The tasks, by key.

    Returns:
        The keys of those that were not over, and the statuses of all, encoded.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def end(key: str) -> str | None:
        async with gate:
            return key if await service.store.cancel(key) else None

    ended = {key for key in await asyncio.gather(*map(end, tasks)) if key is not None}
    blobs = dict(zip(tasks, await service.store.get(list(tasks)), strict=True))
    for key in ended:
        _tell(service, key, tasks[key], blobs[key])
    return ended, blobs


def _tell(service: Service, key: str, facts: Definition, blob: bytes | None) -> None:
    if blob is None or not service.hooks.implements("dragon_task_finished"):
        return
    result: Any = decode_status(blob).result
    service.hooks.call(
        "dragon_task_finished",
        key=key,
        task_name=facts.task_name,
        status="error",
        seconds=0.0,
        result=None if result is msgspec.UNSET else result,
    )
