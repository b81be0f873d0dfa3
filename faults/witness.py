"""Listens to every status that is published, on a connection of its own straight to Redis.

A final status must be published once, and nothing after it. While Redis is away nothing is
heard, so the witness proves what was doubled, not that nothing is missing: `checks` does.
"""

import asyncio
import contextlib
from typing import Any

import redis.asyncio

from dragon_framework.status.model import is_final
from dragon_framework.status.scripts import STATUS
from faults.ledger import Ledger


class Witness:
    """One subscription to the statuses of all tasks.

    Args:
        port: Port of Redis on 127.0.0.1.
        ledger: Where it notes what it hears.
    """

    def __init__(self, port: int, ledger: Ledger) -> None:
        self._client: Any = redis.asyncio.Redis(port=port, protocol=2)
        self._ledger = ledger
        self._listener: asyncio.Task[None] | None = None
        self._early: dict[str, list[bytes]] = {}
        self.heard = 0

    async def start(self) -> None:
        """Begin to listen."""
        self._listener = asyncio.ensure_future(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._client.aclose()

    def settle(self) -> None:
        """Give what was heard before its task was known to the ledger."""
        for key in list(self._early):
            if key in self._ledger.entries:
                *before, last = self._early.pop(key)
                self._early[key] = before
                self._note(key, last)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                async with self._client.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.psubscribe(f"{STATUS}*")
                    async for message in subscription.listen():
                        self.heard += 1
                        self._note(message["channel"].decode()[len(STATUS) :], message["data"])
            await asyncio.sleep(0.05)

    def _note(self, key: str, blob: bytes) -> None:
        entry = self._ledger.entries.get(key)
        if entry is None:
            self._early.setdefault(key, []).append(blob)
            return
        for one in (*self._early.pop(key, ()), blob):
            if entry.published:
                entry.after.append(one)
            elif is_final(one):
                entry.published.append(one)
