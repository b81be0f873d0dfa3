"""Stock dramatiq on the same kind of Redis: two actors, nothing of Dragon.

Run as its documentation says: `dramatiq benchmarks.peers.bare_dramatiq --processes P --threads T`.
"""

import os
import time

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

client = redis.Redis.from_url(os.environ["BENCH_REDIS"])
broker = RedisBroker(client=client)
dramatiq.set_broker(broker)


@dramatiq.actor
def nothing() -> None:
    """The bare message."""


@dramatiq.actor
def note_start(sent_at: float) -> None:
    """Write down how many milliseconds after sending the message was started."""
    client.rpush("started_ms", (time.time() - sent_at) * 1000)
