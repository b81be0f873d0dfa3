"""Gives the messages of dead workers back. Every worker runs one; one call is one script.

A worker is dead when its heartbeat is older than the heartbeat time. Stock dramatiq
leaves this to a dice roll on commands for the same queue, which in practice may not
happen for minutes.
"""

import threading
import time

import redis
import structlog

from dragon_framework.queue import scripts
from dragon_framework.queue.broker import DragonBroker

log = structlog.get_logger("dragon.reaper")

STRANDED_SECONDS = 20.0
"""Longer than any answer is awaited (15 s, see `status.connection`)."""

DEAD_LETTER_MILLISECONDS = 7 * 24 * 3600 * 1000


class Reaper:
    """A thread that beats for this worker and reaps dead ones.

    Args:
        broker: The broker of this process.
        heartbeat_seconds: After so long without a heartbeat a worker is dead.
    """

    def __init__(self, broker: DragonBroker, heartbeat_seconds: float) -> None:
        self._broker = broker
        self._heartbeat_seconds = heartbeat_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reaper", daemon=True)

    def start(self) -> None:
        """Begin to beat and to reap."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; this worker's own heartbeat ends."""
        self._stop.set()
        self._thread.join(timeout=5)

    def reap(self) -> tuple[int, int]:
        """Give back what dead workers held; return (messages, workers)."""
        limits = [int(self._heartbeat_seconds * 1000), DEAD_LETTER_MILLISECONDS]
        given, dead = self._broker.courier.call(scripts.REAP, [], limits)
        return int(given), int(dead)

    def _have_file_rewritten(self) -> None:
        """Ask Redis, whose disk was full, to write its append-only file anew.

        Valkey 9.1.2 cuts off what it could write of a command at the wrong place, if it has
        rewritten the file since its start: the next start would find a file it cannot read.
        """
        try:
            self._broker.client.bgrewriteaof()
        except redis.ResponseError as error:  # one is under way, which may have begun too early; or we may not
            log.warning("append_only_file_not_rewritten", reason=str(error))
            self._broker.courier.refused = "in progress" in str(error)
        else:
            self._broker.courier.refused = False
            log.warning("append_only_file_rewritten", reason="Redis had refused to write: its disk was full")

    def _run(self) -> None:
        pause = min(5.0, self._heartbeat_seconds / 3)
        reap_from = 0.0
        while not self._stop.wait(pause):
            try:
                self._broker.heartbeat()
                if self._broker.courier.refused:
                    self._have_file_rewritten()
                if returned := self._broker.return_stranded(STRANDED_SECONDS):
                    log.warning("stranded_messages_returned", messages=returned)
                if time.monotonic() < reap_from:
                    continue
                given, dead = self.reap()
            except redis.RedisError as error:
                log.warning("redis_unreachable", reason=str(error))
                self._broker.courier.refused |= str(error).startswith("MISCONF")
                # The others could not beat either: they are given the time to.
                reap_from = time.monotonic() + self._heartbeat_seconds
                continue
            except Exception:  # without this thread the worker would be taken for dead
                log.exception("reaping_failed")
                continue
            if dead:
                log.warning("workers_reaped", workers=dead, messages_given_back=given)
