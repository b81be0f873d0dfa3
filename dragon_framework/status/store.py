"""The API's side of the status store: submit, read, wait. Asynchronous, one per process.

Submissions and reads that come while one is under way share the next round trip. Waiting is
one subscription connection for all (`hub`): subscribe, then read, so that no change is
missed. Stands on `scripts`, `model` and redis-py.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError

from dragon_framework.settings import QUEUE_TASKS, WEEK_SECONDS
from dragon_framework.status import scripts
from dragon_framework.status.batches import Batches
from dragon_framework.status.connection import connect_async
from dragon_framework.status.history import hour_now
from dragon_framework.status.hub import Hub, Watch
from dragon_framework.status.model import now
from dragon_framework.status.submission import SHARE, SUBMIT, Batch, Submission, Verdict, batch_of, pack

MAX_BATCH = 5000
"""Most tasks in one call, so that other clients of Redis get their turn."""


class TaskStore:
    """Statuses of tasks, in Redis.

    Args:
        client: An asynchronous Redis client; the store closes it.
        retention_seconds: Life of a status after its last change.
        queue_tasks: Most tasks in one queue, those that run among them.
    """

    def __init__(
        self,
        client: "redis.asyncio.Redis",
        retention_seconds: float = WEEK_SECONDS,
        queue_tasks: int = QUEUE_TASKS,
    ) -> None:
        self.client = client
        self._queue_tasks = queue_tasks
        self._ttl = max(1, int(retention_seconds))
        self._submit = client.register_script(SUBMIT)
        self._share = client.register_script(SHARE)
        self._cancel = client.register_script(scripts.CANCEL)
        self._submissions: Batches[Batch, Verdict] = Batches(self._send_submissions, MAX_BATCH)
        self._reads: Batches[list[str], list[bytes | None]] = Batches(self._send_reads, MAX_BATCH)
        self._hub = Hub(client, self.get)

    @classmethod
    def connect(cls, url: str, retention_seconds: float = WEEK_SECONDS, queue_tasks: int = QUEUE_TASKS) -> "TaskStore":
        """Return a store on the server at *url*; connects when first used.

        Raises:
            SettingsError: If the URL is unusable.
        """
        return cls(connect_async(url), retention_seconds, queue_tasks)

    async def close(self) -> None:
        """End all waiting and close the connections."""
        await self._hub.close()
        self._submissions.close()
        self._reads.close()
        await self.client.aclose()

    async def ping(self) -> None:
        """Return when Redis answers.

        Raises:
            redis.RedisError: If it does not.
        """
        await self.client.ping()

    async def submit(
        self,
        submissions: Iterable[Submission],
        *,
        account_id: str = "",
        most_tasks: int | None = None,
        priority: int = 0,
    ) -> Verdict:
        """Write statuses and enqueue tasks, all or none.

        Args:
            submissions: Tasks of one request.
            account_id: The account they belong to.
            most_tasks: Most tasks the account may have under way; None for no limit.
            priority: Higher goes first, among the tasks of the account.

        Returns:
            Whether they were accepted, or why not.

        Raises:
            redis.RedisError: If Redis cannot be reached; nothing may be assumed then.
        """
        batch = batch_of(submissions, account_id, most_tasks, priority)
        return await self._submissions.ask(batch, len(batch[3]))

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the encoded statuses of *keys*, None for unknown or expired ones."""
        return await self._reads.ask(list(keys), len(keys)) if keys else []

    async def definitions(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the encoded definitions of *keys*, None for unknown or expired ones."""
        if not keys:
            return []
        blobs: list[Any] = await self.client.mget([scripts.DEFINITION + key for key in keys])
        return blobs

    def watch(self, keys: Sequence[str]) -> Watch:
        """Return a watch on *keys*: an asynchronous context manager (see `Watch`)."""
        return self._hub.watch(keys)

    def stop_waiting(self) -> None:
        """End all waiting, with the statuses as they are: the process is about to stop."""
        self._hub.interrupt()

    async def wait(self, keys: Sequence[str], seconds: float) -> list[bytes | None]:
        """Return the statuses of *keys* when all are final, or as they are after *seconds*."""
        async with self.watch(keys) as watch:
            await watch.finished(seconds)
            return watch.current()

    async def submit_shared(
        self,
        item: Submission,
        digest: str,
        seconds: float,
        *,
        account_id: str = "",
        most_tasks: int | None = None,
        priority: int = 0,
    ) -> tuple[str, bytes] | Verdict:
        """Submit a task unless an equal one is under way or has succeeded.

        Args:
            item: The task.
            digest: What equal tasks have in common.
            seconds: How long the task serves for equal ones.
            account_id: The account it belongs to.
            most_tasks: Most tasks the account may have under way; None for no limit.
            priority: Higher goes first, among the tasks of the account.

        Returns:
            Key and encoded status of the task that serves, or why there is none.
        """
        packed = pack(batch_of([item], account_id, most_tasks, priority))
        arguments: list[Any] = [digest, max(1, int(seconds * 1000)), self._ttl, packed, self._queue_tasks, hour_now()]
        answer = await self._share(args=arguments)
        return (answer[0].decode(), answer[1]) if len(answer) == 2 else Verdict(answer[0])

    async def cancel(self, key: str) -> bool | None:
        """End a task as an error with the code `cancelled`; a worker that runs it is told.

        Returns:
            True if it was not over yet, None if it is unknown or expired, else False; then a
            callback that has not been delivered yet will not be sent any more.
        """
        answer = await self._cancel(
            keys=[scripts.STATUS + key, scripts.METRICS, scripts.CANCELLATIONS],
            args=[key, now(), self._ttl, hour_now()],
        )
        return None if answer < 0 else bool(answer == 1)

    async def remember_request(self, name: str, content: bytes) -> bytes:
        """Keep *content* under an idempotency key, unless there is some; return what is kept."""
        full = f"{scripts.PREFIX}i:{name}"
        if await self.client.set(full, content, nx=True, ex=self._ttl):
            return content
        kept: Any = await self.client.get(full)
        return kept if kept is not None else content

    async def forget_request(self, name: str) -> None:
        """Forget what is kept under an idempotency key, if anything is."""
        await self.client.delete(f"{scripts.PREFIX}i:{name}")

    async def callbacks_due(self) -> int:
        """Return how many callbacks are to be sent, now or later."""
        return int(await self.client.zcard(f"{scripts.PREFIX}callbacks"))

    async def deliveries(self, keys: Sequence[str]) -> list[list[Any]]:
        """Return what workers did with each task, oldest first (`worker.life.delivery_of`)."""
        async with self.client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.lrange(scripts.DELIVERIES + key, 0, -1)
            return [[msgspec.json.decode(blob) for blob in blobs] for blobs in await pipeline.execute()]

    async def counters(self) -> dict[str, float]:
        """Return the counters: `{"image.thumb|success|count": 3, "image.thumb|success|seconds": 0.2}`."""
        raw: dict[Any, Any] = await self.client.hgetall(scripts.METRICS)
        return {name.decode(): float(value) for name, value in raw.items()}

    async def _send_submissions(self, batches: Sequence[Batch]) -> list[Verdict]:
        arguments: list[Any] = [self._ttl, pack(batches), self._queue_tasks, hour_now()]
        try:
            answers = await self._submit(args=arguments)
        except RedisConnectionError:
            # The connection may have been closed while idle. The script is idempotent.
            answers = await self._submit(args=arguments)
        return [Verdict(answer) for answer in answers]

    async def _send_reads(self, batch: Sequence[list[str]]) -> list[list[bytes | None]]:
        names = [scripts.STATUS + key for keys in batch for key in keys]
        try:
            blobs: list[Any] = await self.client.mget(names)
        except RedisConnectionError:
            blobs = await self.client.mget(names)
        answers, start = [], 0
        for keys in batch:
            answers.append(blobs[start : start + len(keys)])
            start += len(keys)
        return answers
