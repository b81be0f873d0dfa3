"""Carries the script calls of many threads to Redis: those that wait together travel together.

A call that finds the connection free goes at once, alone. Calls that come while one is
under way gather, and the first of them takes all along. So an idle worker answers as
soon as it can, and a busy one pays for a round trip once in several calls. Each call is
still one atomic script with an answer of its own.

A letter (`post`) is a call whose answer its thread does not wait for. It is sent again
until there is an answer, so its script must be one that may run twice.

Stands on redis-py's connection and hiredis; redis-py's command layer costs more than the
scripts do.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import hiredis
import redis


class NotWritableError(redis.ResponseError):
    """Redis refuses to write: its disk is full, or too few replicas answer."""


PASSING = (
    NotWritableError,
    redis.ConnectionError,  # a server that still loads its data raises a kind of it
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.TryAgainError,
    redis.exceptions.MasterDownError,
)
"""What Redis says while it is away, full, or changing its master: worth waiting for."""

RETRY_SECONDS = 1.0

_NOT_WRITABLE = ("MISCONF", "NOREPLICAS")
"""Codes that redis-py has no class for. Redis says so before a script has written anything."""


class _Call:
    """One call, and the thread that waits for it; or a letter, and what takes its answer."""

    __slots__ = ("answer", "leads", "on_answer", "packed", "turn")

    def __init__(self, packed: bytes, on_answer: Callable[[Any], None] | None = None) -> None:
        self.packed = packed
        self.on_answer = on_answer
        self.leads = False
        self.answer: Any = None
        if on_answer is None:
            self.turn = threading.Lock()
            self.turn.acquire()


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
        self.refused = False
        """Whether Redis has refused a write; whoever acts on it sets it back."""

    def call(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Return the answer of *script*.

        Raises:
            redis.RedisError: If it failed, or the connection did: then the script may
                have run, or not. Nothing is repeated here.
        """
        call = _Call(self._packed(script, keys, arguments))
        leads = self._join(call)
        if not leads:
            call.turn.acquire()
            leads = call.leads
        if leads:
            self._carry(call)
        if isinstance(call.answer, Exception):
            raise call.answer
        return call.answer

    def post(
        self, script: str, keys: Sequence[str], arguments: Sequence[Any], on_answer: Callable[[Any], None]
    ) -> None:
        """Have *script* called, now or together with the next calls.

        Args:
            script: One that may run twice.
            keys: Its keys.
            arguments: Its arguments.
            on_answer: Takes the answer, or the error the script ended with; called once, by
                whatever thread. It must not raise.
        """
        letter = _Call(self._packed(script, keys, arguments), on_answer)
        if self._join(letter):
            self._carry(letter)

    def flush(self, seconds: float) -> bool:
        """Send what is posted and not answered; return whether all is, after *seconds* at most."""
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                if not self._waiting and not self._under_way:
                    return True
                leads = not self._under_way
                self._under_way = True
            if leads:
                self._carry(None)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)

    def close(self) -> None:
        """Close the connection, when no call is under way; a later call opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _packed(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> bytes:
        return _packed("EVALSHA", self._names[script], len(keys), *keys, *arguments)

    def _join(self, call: _Call) -> bool:
        """Put a call into the next round; return whether its thread is to carry it."""
        with self._lock:
            self._waiting.append(call)
            leads = not self._under_way
            self._under_way = True
        return leads

    def _carry(self, leader: _Call | None) -> None:
        """Carry what waits, until a thread that waits for an answer can lead, or nothing is left."""
        patient = leader is not None and leader.on_answer is not None  # it waits for nothing else
        while True:
            with self._lock:
                calls, self._waiting = self._waiting, []
            self._answer(calls)
            again = [call for call in calls if call.on_answer is not None and isinstance(call.answer, PASSING)]
            with self._lock:
                self._waiting[:0] = again
                follower = next((call for call in self._waiting if call.on_answer is None), None)
                stays = follower is None and bool(self._waiting) and (patient or not again)
                self._under_way = stays or follower is not None
            if follower is not None:
                follower.leads = True
                follower.turn.release()
            for call in calls:
                if call.on_answer is None:
                    if call is not leader:
                        call.turn.release()
                elif call not in again:
                    call.on_answer(call.answer)
            if not stays:
                return
            if again:
                time.sleep(RETRY_SECONDS)

    def _answer(self, calls: list[_Call]) -> None:
        """Exchange calls for answers."""
        try:
            answers: list[Any] = self._exchange([call.packed for call in calls])
        except Exception as error:  # noqa: BLE001  # handed to every thread that waits
            kind = type(error) if isinstance(error, redis.ConnectionError | redis.TimeoutError) else redis.RedisError
            answers = [kind(str(error)) for _ in calls]
        for call, answer in zip(calls, answers, strict=True):
            self.refused = self.refused or isinstance(answer, NotWritableError)
            call.answer = answer

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
        return NotWritableError(str(error)) if str(error).startswith(_NOT_WRITABLE) else error
