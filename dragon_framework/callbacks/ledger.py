"""The ledger of callbacks in Redis, each change one atomic Lua script.

    dragon:callbacks   sorted set: keys of tasks with a callback to send, by the time it is due (ms)
    dragon:k:KEY       hash: `state`, `attempts` so far, `tries` since the last replay, and `a1`, `a2`, ...:
                       what each attempt met, as JSON; lives as long as the task's status

Those that failed are listed in `dragon:o:callbacks` (`status.history`) until they are replayed.
FINISH and CANCEL of `status.scripts` write the first entry and end a pending one.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from dragon_framework.status.history import MOST_CALLBACKS

State = Literal["pending", "delivered", "failed", "cancelled"]

ENTRY = "dragon:k:"

LEASE = """
-- Take callbacks that are due, for a while. ARGV: most, milliseconds, seconds to live of what is not there any more.
-- Returns key, tries, attempts, status, definition for each: five after five.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', 'dragon:callbacks', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local status = redis.call('GET', 'dragon:t:' .. key)
  local definition = redis.call('GET', 'dragon:d:' .. key)
  if not status or not definition or redis.call('HGET', 'dragon:k:' .. key, 'state') ~= 'pending' then
    redis.call('ZREM', 'dragon:callbacks', key)
  else
    redis.call('ZADD', 'dragon:callbacks', now + ARGV[2], key)
    local n = #taken
    taken[n + 1] = key
    taken[n + 2] = redis.call('HINCRBY', 'dragon:k:' .. key, 'tries', 1)
    taken[n + 3] = redis.call('HINCRBY', 'dragon:k:' .. key, 'attempts', 1)
    taken[n + 4] = status
    taken[n + 5] = definition
  end
end
return taken
"""

SETTLE = f"""
-- What became of an attempt. ARGV: key, attempt, what it met (JSON), state, milliseconds to wait if it is pending.
-- Returns 1, or 0 when the callback was cancelled, replayed or has expired meanwhile; then only the attempt is noted.
local entry = 'dragon:k:' .. ARGV[1]
if redis.call('EXISTS', entry) == 0 then return 0 end
redis.call('HSET', entry, 'a' .. ARGV[2], ARGV[3])
if redis.call('HGET', entry, 'state') ~= 'pending' or redis.call('HGET', entry, 'attempts') ~= ARGV[2] then return 0 end
redis.call('HSET', entry, 'state', ARGV[4])
if ARGV[4] == 'pending' then
  local time = redis.call('TIME')
  redis.call('ZADD', 'dragon:callbacks', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[5], ARGV[1])
else
  redis.call('ZREM', 'dragon:callbacks', ARGV[1])
  redis.call('HINCRBY', 'dragon:m', 'callback|' .. ARGV[4] .. '|count', 1)
  if ARGV[4] == 'failed' then
    local seconds, time = redis.call('TTL', entry), redis.call('TIME')
    redis.call('ZREMRANGEBYSCORE', 'dragon:o:callbacks', '-inf', time[1])
    redis.call('ZADD', 'dragon:o:callbacks', time[1] + math.max(seconds, 1), ARGV[1])
    redis.call('ZREMRANGEBYRANK', 'dragon:o:callbacks', 0, -{MOST_CALLBACKS + 1})
  end
end
return 1
"""

POSTPONE = """
-- An attempt that was not made. ARGV: key, attempt, milliseconds to wait.
local entry = 'dragon:k:' .. ARGV[1]
if redis.call('HGET', entry, 'state') ~= 'pending' or redis.call('HGET', entry, 'attempts') ~= ARGV[2] then return 0 end
redis.call('HINCRBY', entry, 'tries', -1)
redis.call('HINCRBY', entry, 'attempts', -1)
local time = redis.call('TIME')
redis.call('ZADD', 'dragon:callbacks', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3], ARGV[1])
return 1
"""

REPLAY = """
-- Send a callback once more, with all its tries. ARGV: key. Returns 1, or 0 when the task has none to send.
local entry = 'dragon:k:' .. ARGV[1]
local seconds = redis.call('TTL', 'dragon:t:' .. ARGV[1])
if seconds <= 0 or redis.call('EXISTS', entry) == 0 then return 0 end
redis.call('HSET', entry, 'state', 'pending', 'tries', 0)
redis.call('ZREM', 'dragon:o:callbacks', ARGV[1])
redis.call('EXPIRE', entry, seconds)
local time = redis.call('TIME')
redis.call('ZADD', 'dragon:callbacks', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return 1
"""


class Attempt(Struct, omit_defaults=True):
    """What one attempt met.

    Args:
        time: When it began, ISO 8601.
        seconds: How long it took.
        answer: HTTP status of the receiver; None if there was none.
        problem: What was wrong; empty if nothing was.
    """

    time: str
    seconds: float
    answer: int | None = None
    problem: str = ""


class Delivery(Struct):
    """How the callback of a task is doing.

    Args:
        key: The task.
        url: Where it goes, without what may be secret in it.
        state: pending, delivered, failed or cancelled.
        attempts: What was met, the oldest first; of long histories the last 20.
        due: Unix time of the next attempt; None if there is none to come.
    """

    key: str
    url: str
    state: State
    attempts: list[Attempt]
    due: float | None = None


encode_attempt = msgspec.json.Encoder().encode
_decode_attempt = msgspec.json.Decoder(Attempt).decode

SHOWN_ATTEMPTS = 20


async def read_delivery(client: Any, key: str, url: str) -> Delivery | None:
    """Return how the callback of the task *key* is doing; None if nothing is due yet, or no more known.

    Args:
        client: An asynchronous Redis client.
        key: The task.
        url: As it may be shown.
    """
    raw: dict[bytes, bytes] = await client.hgetall(ENTRY + key)
    if not raw:
        return None
    numbers = sorted(int(name[1:]) for name in raw if name[:1] == b"a" and name[1:].isdigit())
    attempts = [_decode_attempt(raw[b"a%d" % number]) for number in numbers[-SHOWN_ATTEMPTS:]]
    state: Any = raw[b"state"].decode()
    score = await client.zscore("dragon:callbacks", key) if state == "pending" else None
    return Delivery(key, url, state, attempts, None if score is None else score / 1000)
