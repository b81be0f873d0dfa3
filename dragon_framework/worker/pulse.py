"""A worker tells every two seconds how it is: places, running tasks, task processes that died.

Every minute it tells what tasks it has (`manifests`), too. All goes into Redis, where
`/metrics` and `dragon top` read it (`status.counters`); so no worker opens a port. What
cannot be told now is told the next time.
"""

import contextlib
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping

import redis

from dragon_framework.queue.broker import DragonBroker
from dragon_framework.status.counters import DEATHS, PULSE, PULSE_LIFE_SECONDS, PULSE_SECONDS, Pulse, encode_pulse
from dragon_framework.status.manifests import TELL_SECONDS, tell_manifests
from dragon_framework.status.scripts import METRICS
from dragon_framework.worker.places import Places
from dragon_framework.worker.pool import RunnerPool
from dragon_framework.worker.runner import PAGE_BYTES


class Teller:
    """Tells how a worker is, until `stop`.

    Args:
        broker: The broker of this process.
        pool: Knows what runs.
        places: Knows how many places are taken.
        slots: Tasks that run at once.
        queues: Queues that are served.
        manifests: What is told of the tasks in these queues, by task name.
    """

    def __init__(
        self,
        broker: DragonBroker,
        pool: RunnerPool,
        places: Places,
        slots: int,
        queues: list[str],
        manifests: Mapping[str, bytes],
    ) -> None:
        self._broker = broker
        self._pool = pool
        self._places = places
        self._slots = slots
        self._queues = queues
        self._manifests = manifests
        self._manifests_due = 0.0
        self._started = round(time.time(), 3)
        self._deaths: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the deaths a last time, and that this worker is gone."""
        self._stop.set()
        self._thread.join(PULSE_SECONDS)
        with contextlib.suppress(redis.RedisError):
            self.tell()
            self._broker.client.delete(PULSE + self._broker.broker_id)

    def tell(self) -> None:
        """Tell once.

        Raises:
            redis.RedisError: If Redis cannot be reached; deaths are told the next time.
        """
        self._deaths.update(self._pool.take_deaths())
        pulse = Pulse(
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=self._slots,
            busy=self._places.busy(),
            queues=self._queues,
            running={key: round(age, 1) for key, age in self._pool.ages().items()},
            resident_bytes=_own_resident_bytes(),
            started=self._started,
        )
        with self._broker.client.pipeline(transaction=True) as pipeline:
            pipeline.set(PULSE + self._broker.broker_id, encode_pulse(pulse), ex=PULSE_LIFE_SECONDS)
            for reason, count in self._deaths.items():
                pipeline.hincrby(METRICS, DEATHS + reason, count)
            pipeline.execute()
        self._deaths.clear()
        if time.monotonic() >= self._manifests_due:
            tell_manifests(self._broker.client, self._manifests)
            self._manifests_due = time.monotonic() + TELL_SECONDS

    def _run(self) -> None:
        while True:
            with contextlib.suppress(redis.RedisError):
                self.tell()
            if self._stop.wait(PULSE_SECONDS):
                return


def _own_resident_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # every two seconds
            return int(file.read().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
