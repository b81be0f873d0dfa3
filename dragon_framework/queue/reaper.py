"""Gives the messages of dead workers back. Every worker runs one; one call is one script.

A worker is dead when it has sent no command for the heartbeat time. Stock dramatiq
leaves this to a dice roll on commands for the same queue, which in practice may not
happen for minutes.
"""

import threading
import time

import redis
import structlog

from dragon_framework.queue.broker import DragonBroker

log = structlog.get_logger("dragon.reaper")

REAP = """
-- Give back the messages of workers without a heartbeat. KEYS: none.
-- ARGV: now in ms, heartbeat timeout in ms. Returns {messages given back, workers reaped}.
-- `__queues__` lists the queues that workers serve, so that no KEYS command is needed.
local beats = 'dramatiq:__heartbeats__'
local dead = redis.call('ZRANGEBYSCORE', beats, 0, tonumber(ARGV[1]) - tonumber(ARGV[2]))
if #dead == 0 then return {0, 0} end
local queues, given = redis.call('SMEMBERS', 'dramatiq:__queues__'), 0
for _, worker in ipairs(dead) do
  for _, queue in ipairs(queues) do
    local acks = 'dramatiq:__acks__.' .. worker .. '.' .. queue
    for _, id in ipairs(redis.call('SMEMBERS', acks)) do
      if redis.call('HEXISTS', 'dramatiq:' .. queue .. '.msgs', id) == 1 then
        redis.call('LPUSH', 'dramatiq:' .. queue, id)
        given = given + 1
      end
    end
    redis.call('DEL', acks)
  end
  redis.call('ZREM', beats, worker)
end
return {given, #dead}
"""


class Reaper:
    """A thread that beats for this worker and reaps dead ones.

    Args:
        broker: The broker of this process.
        heartbeat_seconds: After so long without a command a worker is dead.
    """

    def __init__(self, broker: DragonBroker, heartbeat_seconds: float) -> None:
        self._broker = broker
        self._heartbeat_seconds = heartbeat_seconds
        self._script = broker.client.register_script(REAP)
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
        given, dead = self._script(args=[int(time.time() * 1000), int(self._heartbeat_seconds * 1000)])
        return int(given), int(dead)

    def _run(self) -> None:
        pause = min(5.0, self._heartbeat_seconds / 3)
        while not self._stop.wait(pause):
            try:
                self._broker.heartbeat()
                given, dead = self.reap()
            except redis.RedisError as error:
                log.warning("redis_unreachable", reason=str(error))
                continue
            if dead:
                log.warning("workers_reaped", workers=dead, messages_given_back=given)
