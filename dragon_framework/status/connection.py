"""Connections to Redis: one place for URL, timeouts and the errors of a bad setting."""

from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from dragon_framework.errors import SettingsError

CONNECT_SECONDS = 5.0
REPLY_SECONDS = 15.0
"""Longest wait for one answer; above the second that a consumer's blocking call takes."""

MOST_CONNECTIONS = 64


def connect_sync(url: str) -> "redis.Redis":
    """Return a thread-safe client for workers and the command line.

    It never repeats a command by itself: redis-py would repeat ten times, and a fetch
    whose answer was lost would then hide messages in the worker's unacknowledged set.

    Raises:
        SettingsError: If the URL is unusable.
    """
    return redis.Redis.from_url(_vetted(url), **_options(Retry(NoBackoff(), 0)))


def connect_async(url: str) -> "redis.asyncio.Redis":
    """Return a client for the API's event loop; it never repeats a command by itself.

    Raises:
        SettingsError: If the URL is unusable.
    """
    from redis.asyncio.retry import Retry as AsyncRetry

    # Of many commands at once, those without a connection wait for one; redis-py's usual pool would refuse them.
    pool: Any = redis.asyncio.BlockingConnectionPool.from_url(
        _vetted(url), max_connections=MOST_CONNECTIONS, timeout=REPLY_SECONDS, **_options(AsyncRetry(NoBackoff(), 0))
    )
    pool.connection_class = type("Connection", (_ClosedMeansLost, pool.connection_class), {})
    return redis.asyncio.Redis.from_pool(pool)


class _ClosedMeansLost:
    """A connection on uvloop, which raises RuntimeError where asyncio raises OSError: when it was just reset."""

    async def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        try:
            await super().send_packed_command(*arguments, **options)  # type: ignore[misc]
        except RuntimeError as error:
            raise redis.ConnectionError(f"the connection is lost: {error}") from error


def _options(retry: Any) -> dict[str, Any]:
    return {
        "retry": retry,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": REPLY_SECONDS,
        "protocol": 2,
    }


def _vetted(url: str) -> str:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        shown = url.rpartition("@")[2]
        raise SettingsError("redis", f"expected redis://, rediss:// or unix://, got {shown!r}")
    return url
