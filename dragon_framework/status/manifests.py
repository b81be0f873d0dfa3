"""Where workers leave what they say of their tasks, and API processes find it: two hashes in Redis.

    dragon:manifests          task name -> manifest (JSON), written when it is another than before
    dragon:manifests:told     task name -> when a worker last said that it has the task (Unix time, seconds)
    dragon:manifests:revision a number that rises with every change

A task of which no worker has spoken for a day is left out. Stands on `status.scripts`.
"""

import time
from collections.abc import Mapping
from typing import Any

from dragon_framework.status.scripts import PREFIX

MANIFESTS = PREFIX + "manifests"
TOLD = MANIFESTS + ":told"
REVISION = MANIFESTS + ":revision"

TELL_SECONDS = 60.0
"""How often a worker says again what it has."""

LIFE_SECONDS = 24 * 3600.0
"""A task of which no worker has spoken for so long is offered no more."""


def tell_manifests(client: Any, manifests: Mapping[str, bytes]) -> bool:
    """Write the manifests of a worker's tasks; return whether any of them was new.

    Args:
        client: A client of Redis, not asynchronous.
        manifests: Manifest by task name.

    Raises:
        redis.RedisError: If Redis cannot be reached.
    """
    if not manifests:
        return False
    names = list(manifests)
    known = dict(zip(names, client.hmget(MANIFESTS, names), strict=True))
    changed = {name: text for name, text in manifests.items() if known[name] != text}
    with client.pipeline(transaction=True) as pipeline:
        pipeline.hset(TOLD, mapping=dict.fromkeys(names, int(time.time())))
        if changed:
            pipeline.hset(MANIFESTS, mapping=changed)
            pipeline.incr(REVISION)
        pipeline.execute()
    return bool(changed)


def living(manifests: Mapping[bytes, bytes], told: Mapping[bytes, bytes], now_seconds: float) -> list[bytes]:
    """Return the manifests of which a worker has spoken lately, by name."""
    oldest = now_seconds - LIFE_SECONDS
    return [text for name, text in sorted(manifests.items()) if float(told.get(name, b"0")) >= oldest]
