"""Listens for tasks that clients have cancelled, and ends their runs here.

In: keys on the channel `dragon:cancel`; the final status is written already (`CANCEL`).
What was missed while the connection was away is found by reading the statuses of what
runs. Stands on redis-py's subscriptions.
"""

import threading
from typing import Any

import redis
import structlog

from dragon_framework.status.model import is_final
from dragon_framework.status.scripts import CANCELLATIONS, STATUS
from dragon_framework.worker.pool import RunnerPool

log = structlog.get_logger("dragon.cancellations")

POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0


class Cancellations:
    """A thread that ends runs which nobody wants any more.

    Args:
        client: Redis client of this process.
        pool: Knows what runs.
    """

    def __init__(self, client: "redis.Redis", pool: RunnerPool) -> None:
        self._client: Any = client
        self._pool = pool
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cancellations", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                log.warning("redis_unreachable", reason=str(error))
                self._stop.wait(RETRY_SECONDS)
            except Exception:  # without this thread no cancelled task would be stopped
                log.exception("listening_failed")
                self._stop.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        with self._client.pubsub() as subscription:
            subscription.subscribe(CANCELLATIONS)
            while not self._stop.is_set():
                message = subscription.get_message(timeout=POLL_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._find_missed()
                elif message["type"] == "message":
                    self._pool.take_away(message["data"].decode("utf-8", "replace"))

    def _find_missed(self) -> None:
        keys = self._pool.running()
        if not keys:
            return
        for key, blob in zip(keys, self._client.mget([STATUS + key for key in keys]), strict=True):
            if blob is None or is_final(blob):
                self._pool.take_away(key)
