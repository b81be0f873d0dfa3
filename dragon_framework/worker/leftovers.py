"""What a task that ends as an error leaves behind: its outputs are deleted, then its message is forgotten.

In that order, so that another worker does it if this one dies in between. A thread of its
own does it, for a storage may be slow. Stands on the storage and `status.scripts`.
"""

import queue
import time
from typing import Any

import structlog

from dragon_framework.errors import StorageError
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import PASSING
from dragon_framework.status import scripts
from dragon_framework.storage import Storage

log = structlog.get_logger("dragon.leftovers")

REDIS_PAUSE_SECONDS = 0.5


class Leftovers:
    """Deletes the outputs of tasks that have none.

    Args:
        broker: The broker of this process.
        storage: Where the outputs are.
    """

    def __init__(self, broker: DragonBroker, storage: Storage) -> None:
        self._broker = broker
        self._storage = storage
        self._waiting: queue.SimpleQueue[tuple[str, str, str] | None] = queue.SimpleQueue()

    def post(self, key: str, queue_name: str, message_id: str) -> None:
        """Have the outputs of *key* deleted, then its message, which is held, forgotten and released."""
        self._waiting.put((key, queue_name, message_id))

    def run(self) -> None:
        """Do what is posted, until `close`; a thread of its own calls it."""
        while (left := self._waiting.get()) is not None:
            key, queue_name, message_id = left
            try:
                self.delete_outputs(key)
                self.drop(queue_name, message_id)
            except Exception:  # it is found stranded, and delivered again
                log.exception("outputs_left_behind", key=key)
            finally:
                self._broker.release(queue_name, [message_id])

    def close(self) -> None:
        """Have `run` return when it has done what is posted."""
        self._waiting.put(None)

    def delete_outputs(self, key: str) -> None:
        """Delete the outputs of a task; those that cannot be deleted now expire with the others."""
        try:
            self._storage.delete(key)
        except (StorageError, OSError) as error:
            log.warning("outputs_not_deleted", key=key, reason=str(error))

    def drop(self, queue_name: str, message_id: str) -> None:
        """Forget a message whose task is over; while Redis is away, wait for it.

        Raises:
            redis.RedisError: If Redis refuses for good.
        """
        keys: list[Any] = [self._broker.unacknowledged(queue_name), self._broker.messages(queue_name)]
        while True:
            try:
                self._broker.courier.call(scripts.DROP, keys, [message_id])
            except PASSING as error:
                log.warning("redis_unreachable", reason=str(error))
                time.sleep(REDIS_PAUSE_SECONDS)
            else:
                return
