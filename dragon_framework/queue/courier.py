"""Carries the script calls of many threads to Redis: those that wait together travel together.

A call that finds the connection free goes at once, alone. Calls that come while one is
under way gather, and the first of them takes all along. So an idle worker answers as
soon as it can, and a busy one pays for a round trip once in several calls. Each call is
still one atomic script with an answer of its own. Stands on redis-py's connection and
hiredis; redis-py's command layer costs more than the scripts do.
"""

import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import hiredis
import redis


class _Call:
    """One call, and the thread that waits for it."""

    __slots__ = ("answer", "leads", "packed", "turn")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.turn = threading.Lock()
        self.turn.acquire()
        self.leads = False
        self.answer: Any = None


class Courier:
    """One connection for the script calls of all threads.

    Args:
        client: Whose server to talk to.
        scripts: Sources of the scripts that will be called.
    """

    def __init__(self, client: "redis.Redis", scripts: Sequence[str]) -> None:
        self._pool: Any = client.connection_pool
        self._names = {script: hashlib.sha1(script.encode()).hexdigest() for script in scripts}  # noqa: S324  # Redis's name for it
        self._connection: Any = None
        self._lock = threading.Lock()
        self._under_way = False
        self._waiting: list[_Call] = []

    def call(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Return the answer of *script*.

        Raises:
            redis.RedisError: If it failed, or the connection did: then the script may
                have run, or not. Nothing is repeated here.
        """
        call = _Call(_packed("EVALSHA", self._names[script], len(keys), *keys, *arguments))
        with self._lock:
            self._waiting.append(call)
            leads = not self._under_way
            self._under_way = True
        if not leads:
            call.turn.acquire()
            leads = call.leads
        if leads:
            self._carry(call)
        if isinstance(call.answer, Exception):
            raise call.answer
        return call.answer

    def close(self) -> None:
        """Close the connection, when no call is under way; a later call opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _carry(self, leader: _Call) -> None:
        """Carry what waits now, then let the next one lead."""
        with self._lock:
            calls, self._waiting = self._waiting, []
        try:
            answers = self._exchange([call.packed for call in calls])
        except Exception as error:  # noqa: BLE001  # handed to every thread that waits
            kind = type(error) if isinstance(error, redis.ConnectionError | redis.TimeoutError) else redis.RedisError
            answers = [kind(str(error)) for _ in calls]
        with self._lock:
            follower = self._waiting[0] if self._waiting else None
            self._under_way = follower is not None
        if follower is not None:
            follower.leads = True
            follower.turn.release()
        for call, answer in zip(calls, answers, strict=True):
            call.answer = answer
            if call is not leader:
                call.turn.release()

    def _exchange(self, commands: list[bytes]) -> list[Any]:
        connection = self._connection
        try:
            if connection is None:
                connection = self._connection = self._connect()
            connection.send_packed_command([b"".join(commands)])
            return [_response(connection) for _ in commands]
        except BaseException:
            self._connection = None
            if connection is not None:
                connection.disconnect()
            raise

    def _connect(self) -> Any:
        connection = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.connect()
            loads = [_packed("SCRIPT", "LOAD", script) for script in self._names]
            connection.send_packed_command([b"".join(loads)])
            for _ in loads:
                connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        return connection


def _packed(*words: Any) -> bytes:
    command: Any = tuple(word if isinstance(word, str | bytes) else str(word) for word in words)
    packed: bytes = hiredis.pack_command(command)
    return packed


def _response(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.exceptions.NoScriptError as error:  # somebody flushed them: connect again, which loads them
        raise redis.ConnectionError(str(error)) from error
    except redis.ResponseError as error:
        return error
