"""Many callers, one round trip: what is asked while an answer is awaited goes together next.

The first caller is not kept waiting for company; the busier the process, the larger the
batches. Stands on asyncio alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batches(Generic[T, R]):
    """Sends what callers ask for in batches, one at a time.

    Args:
        send: Takes the items of a batch and returns an answer for each.
        most: Greatest weight of a batch of several items, so that one call does not
            keep the server from its other clients.
    """

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[Sequence[R]]], most: int) -> None:
        self._send = send
        self._most = most
        self._waiting: list[tuple[T, int, asyncio.Future[R]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, item: T, weight: int = 1) -> R:
        """Return the answer for *item*.

        Raises:
            Exception: Whatever `send` raised for its batch.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, weight, answer))
        if self._sender is None:
            self._sender = loop.create_task(self._run())
        return await answer

    def close(self) -> None:
        """End what is under way."""
        if self._sender is not None:
            self._sender.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._exchange(self._take())
        finally:
            self._sender = None
            left, self._waiting = self._waiting, []
            for _, _, answer in left:  # cancelled: nobody will answer
                answer.cancel()

    def _take(self) -> list[tuple[T, int, asyncio.Future[R]]]:
        weight = count = 0
        for _, each, _ in self._waiting:
            if count and weight + each > self._most:
                break
            weight += each
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _exchange(self, batch: list[tuple[T, int, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._send([item for item, _, _ in batch])
        except asyncio.CancelledError:
            for _, _, answer in batch:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  # handed to those who wait
            for _, _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, _, answer), result in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(result)
