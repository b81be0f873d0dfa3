"""Waiting for changes of many tasks over one subscription connection.

A status's notification channel has the name of its key in Redis and carries the status
itself. `Hub.watch` subscribes, waits for Redis to confirm, and reads the statuses then:
a change before the confirmation is in what was read, a change after it is delivered.
A watch keeps only the newest status of each key: a slow reader skips steps and holds
no memory. When the connection breaks, the hub subscribes again and reads everything
that is watched, so that nobody waits for what has passed.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import hiredis
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from dragon_framework.status.model import is_final
from dragon_framework.status.scripts import STATUS

RECONNECT_SECONDS = 0.25
PING_SECONDS = 10.0
CONFIRM_SECONDS = 15.0
READ_BYTES = 256 * 1024

_IDLE = STATUS + "-"


class Watch:
    """A wait for tasks: enter it, then read `current()`, `changes()`, or await `finished()`."""

    def __init__(self, hub: "Hub", keys: Sequence[str]) -> None:
        self._hub = hub
        self.keys = list(dict.fromkeys(keys))
        self._order = list(keys)
        self._blobs: dict[str, bytes | None] = dict.fromkeys(self.keys)
        self._pending = set(self.keys)
        self._changed: dict[str, bytes] = {}
        self._event = asyncio.Event()

    async def __aenter__(self) -> "Watch":
        try:
            await self._hub.add(self)
        except BaseException:
            self._hub.remove(self)
            raise
        self._changed.clear()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._hub.remove(self)

    @property
    def done(self) -> bool:
        """Whether every task is final or unknown."""
        return not self._pending

    def current(self) -> list[bytes | None]:
        """Return the newest statuses in the order of the keys; None for unknown tasks."""
        return [self._blobs[key] for key in self._order]

    async def changes(self, seconds: float) -> list[bytes]:
        """Return the statuses changed since the last call, at the latest after *seconds*.

        Empty when nothing has changed in that time, or when waiting ends for all. At most
        one status for each key.
        """
        if not self._changed:
            self._event.clear()
            if not self._pending or self._hub.interrupted:
                return []
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._event.wait()
        changed, self._changed = self._changed, {}
        return list(changed.values())

    async def finished(self, seconds: float) -> bool:
        """Return True when every task is final, False after *seconds* or when waiting ends for all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._pending and not self._hub.interrupted:
                    self._event.clear()
                    await self._event.wait()
        return not self._pending

    def wake(self) -> None:
        """Make whoever waits look again (called by the hub)."""
        self._event.set()

    def deliver(self, key: str, blob: bytes | None, *, first: bool = False) -> None:
        """Take the newest status of *key* (called by the hub).

        A *first* reading is older than what may have been delivered meanwhile.
        """
        old = self._blobs[key]
        if old is not None and (first or old == blob or is_final(old)):
            return
        self._blobs[key] = blob
        if blob is None:
            self._pending.discard(key)
        else:
            self._changed[key] = blob
            if is_final(blob):
                self._pending.discard(key)
        self._event.set()


class Hub:
    """All watches of a process.

    Args:
        client: Asynchronous Redis client.
        read: Reads the statuses of keys.
    """

    def __init__(
        self, client: "redis.asyncio.Redis", read: Callable[[Sequence[str]], Awaitable[list[bytes | None]]]
    ) -> None:
        self.interrupted = False
        """Whether waiting has ended for all."""
        self._client = client
        self._read = read
        self._watches: dict[str, set[Watch]] = {}
        self._confirmed: set[str] = set()
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._subscribe: list[str] = []
        self._unsubscribe: list[str] = []
        self._flushing = False
        self._connection: Any = None
        self._heard = 0.0
        self._listener: asyncio.Task[None] | None = None
        self._sender = asyncio.Lock()
        self._stale: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, keys: Sequence[str]) -> Watch:
        """Return a watch, not entered yet."""
        return Watch(self, keys)

    async def add(self, watch: Watch) -> None:
        """Begin to deliver to *watch*; returns when its statuses are read."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.get_running_loop().create_task(self._listen())
        unconfirmed = []
        for key in watch.keys:
            self._watches.setdefault(key, set()).add(watch)
            if key not in self._confirmed:
                unconfirmed.append(key)
        if unconfirmed:
            loop = asyncio.get_running_loop()
            waits = []
            for key in unconfirmed:
                if key not in self._confirmations:
                    self._confirmations[key] = loop.create_future()
                    self._subscribe.append(key)
                waits.append(self._confirmations[key])
            self._flush_soon()
            _, late = await asyncio.wait(waits, timeout=CONFIRM_SECONDS)
            if late:
                raise RedisConnectionError("Redis does not answer")
        for key, blob in zip(watch.keys, await self._read(watch.keys), strict=True):
            watch.deliver(key, blob, first=True)

    def remove(self, watch: Watch) -> None:
        """Deliver nothing more to *watch*."""
        for key in watch.keys:
            watches = self._watches.get(key)
            if watches is None:
                continue
            watches.discard(watch)
            if not watches:
                del self._watches[key]
                self._unsubscribe.append(key)
        self._flush_soon()

    def interrupt(self) -> None:
        """End all waiting, now and from now on: the process is about to stop."""
        self.interrupted = True
        for watches in self._watches.values():
            for watch in watches:
                watch.wake()

    async def close(self) -> None:
        """End the subscription connection."""
        tasks = [*self._tasks, *([self._listener] if self._listener else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        self._start(self._send())

    async def _send(self) -> None:
        async with self._sender:
            if self._connection is None:
                return  # the listener subscribes to everything once it is connected
            subscribe = [key for key in self._subscribe if key in self._watches and key not in self._confirmed]
            unsubscribe = [key for key in dict.fromkeys(self._unsubscribe) if key not in self._watches]
            self._subscribe, self._unsubscribe = [], []
            self._confirmed.difference_update(unsubscribe)
            try:
                if unsubscribe:
                    await self._connection.send_command("UNSUBSCRIBE", *(STATUS + key for key in unsubscribe))
                if subscribe:
                    await self._connection.send_command("SUBSCRIBE", *(STATUS + key for key in subscribe))
            except (RedisError, OSError):
                return  # the listener sees the broken connection too

    async def _listen(self) -> None:
        while True:
            connection = self._client.connection_pool.make_connection()
            pinger: asyncio.Task[None] | None = None
            try:
                await connection.connect()
                async with self._sender:
                    self._confirmed.clear()
                    self._subscribe, self._unsubscribe = [], []
                    self._stale = set(self._watches)
                    self._connection = connection
                    # A channel that is always there keeps the connection in its subscribed state.
                    await connection.send_command("SUBSCRIBE", _IDLE, *(STATUS + key for key in self._watches))
                self._heard = asyncio.get_running_loop().time()
                pinger = asyncio.get_running_loop().create_task(self._ping(connection))
                await self._read_replies(connection)
            except (RedisError, OSError, TimeoutError, hiredis.HiredisError):
                await asyncio.sleep(RECONNECT_SECONDS)
            finally:
                self._connection = None
                if pinger is not None:
                    pinger.cancel()
                await connection.disconnect(nowait=True)

    async def _read_replies(self, connection: Any) -> None:
        """Take what the server sends until it closes the connection.

        All that has come is taken at once: redis-py would read, with a time limit, for
        each reply, which costs several times what a notification is worth.
        """
        stream: asyncio.StreamReader = connection._reader  # noqa: SLF001  # nothing else reads from it now
        reader = hiredis.Reader()
        loop = asyncio.get_running_loop()
        while data := await stream.read(READ_BYTES):
            self._heard = loop.time()
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                if isinstance(reply, Exception):
                    raise reply
                self._take(reply)

    async def _ping(self, connection: Any) -> None:
        """Make a dead peer known: when nothing has come for three pings, the connection is closed."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            if asyncio.get_running_loop().time() - self._heard > 3 * PING_SECONDS:
                connection._writer.transport.abort()  # noqa: SLF001  # wakes the listener
                return
            async with self._sender:
                with contextlib.suppress(RedisError, OSError):
                    await connection.send_command("PING")

    def _take(self, response: Any) -> None:
        kind, channel = response[0], response[1]
        key = channel[len(STATUS) :].decode()
        if kind == b"message":
            for watch in tuple(self._watches.get(key, ())):
                watch.deliver(key, response[2])
        elif kind == b"subscribe":
            if key in self._watches:
                self._confirmed.add(key)
            waiter = self._confirmations.pop(key, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            if key in self._stale:
                self._stale.discard(key)
                self._start(self._refresh(key))
        elif kind == b"unsubscribe" and key in self._watches and key not in self._confirmations:
            # Watched again while the command was on its way.
            self._confirmed.discard(key)
            self._stale.add(key)
            self._confirmations[key] = asyncio.get_running_loop().create_future()
            self._subscribe.append(key)
            self._flush_soon()

    async def _refresh(self, key: str) -> None:
        """Read a status that may have changed while nothing was delivered."""
        while key in self._watches:
            try:
                blob = (await self._read([key]))[0]
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            for watch in tuple(self._watches.get(key, ())):
                watch.deliver(key, blob)
            return

    def _start(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
