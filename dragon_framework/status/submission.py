"""How tasks come into the store: the scripts that write statuses, definitions and messages.

A whole batch goes as one packed argument: packing it costs the API process a
fraction of what hundreds of arguments would. Keys as in `scripts`.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from dragon_framework.queue.message import encode_message

Task: TypeAlias = tuple[str, str, str, str, str]
"""Key, first status, definition, queue, message; the last three are empty if the status is final.

All text: Redis's Lua reads no binary values of MessagePack.
"""

Batch: TypeAlias = tuple[str, int, Sequence[Task]]
"""Account, most tasks it may have under way (-1: no limit), tasks."""

pack = msgspec.msgpack.Encoder().encode


class Submission(msgspec.Struct, frozen=True):
    """One task to be written.

    Args:
        key: Its key.
        status: Its first status, encoded: queued, or already final.
        definition: What the worker needs, encoded; empty for a final status.
        queue: Queue it waits in; empty for a final status.
    """

    key: str
    status: bytes
    definition: bytes = b""
    queue: str = ""


def batch_of(submissions: Iterable[Submission], account_id: str, most_tasks: int | None) -> Batch:
    """Return the tasks of one request, as `SUBMIT` and `SHARE` take them."""
    tasks: list[Task] = [
        (
            item.key,
            item.status.decode(),
            item.definition.decode(),
            item.queue,
            encode_message(item.key, item.queue).decode() if item.queue else "",
        )
        for item in submissions
    ]
    return account_id, -1 if most_tasks is None else most_tasks, tasks


SUBMIT = """
-- ARGV: seconds to live, packed batches. Returns for each batch 1, or 0 when the account has
-- too many tasks under way. Sending the same batch again changes nothing.
local ttl, answers = ARGV[1], {}
for number, batch in ipairs(cmsgpack.unpack(ARGV[2])) do
  local account, most, tasks = batch[1], batch[2], batch[3]
  local accepted = 1
  if most >= 0 then
    local fresh = 0
    for _, task in ipairs(tasks) do
      if task[4] ~= '' and redis.call('EXISTS', 'dragon:t:' .. task[1]) == 0 then fresh = fresh + 1 end
    end
    local counter = 'dragon:c:' .. account
    if fresh > 0 and tonumber(redis.call('GET', counter) or '0') + fresh > most then
      accepted = 0
    elseif fresh > 0 then
      redis.call('INCRBY', counter, fresh)
    end
  end
  if accepted == 1 then
    for _, task in ipairs(tasks) do
      local key, queue = task[1], task[4]
      if redis.call('SET', 'dragon:t:' .. key, task[2], 'EX', ttl, 'NX') and queue ~= '' then
        redis.call('SET', 'dragon:d:' .. key, task[3], 'EX', ttl)
        redis.call('HSET', 'dramatiq:' .. queue .. '.msgs', key, task[5])
        redis.call('RPUSH', 'dramatiq:' .. queue, key)
      end
    end
  end
  answers[number] = accepted
end
return answers
"""

SHARE = """
-- Submit a task unless an equal one serves. ARGV: digest, milliseconds it serves, seconds to live, packed batch.
-- Returns the key of the task that serves and its status, nothing when the account has too many tasks under way.
local shared = 'dragon:s:' .. ARGV[1]
local known = redis.call('GET', shared)
if known then
  local status = redis.call('GET', 'dragon:t:' .. known)
  if status and string.sub(status, 12, 13) ~= 'er' then return {known, status} end
end
local batch = cmsgpack.unpack(ARGV[4])
local account, most, task = batch[1], batch[2], batch[3][1]
if most >= 0 then
  local counter = 'dragon:c:' .. account
  if tonumber(redis.call('GET', counter) or '0') + 1 > most then return {} end
  redis.call('INCR', counter)
end
local key, queue = task[1], task[4]
redis.call('SET', shared, key, 'PX', ARGV[2])
redis.call('SET', 'dragon:t:' .. key, task[2], 'EX', ARGV[3])
redis.call('SET', 'dragon:d:' .. key, task[3], 'EX', ARGV[3])
redis.call('HSET', 'dramatiq:' .. queue .. '.msgs', key, task[5])
redis.call('RPUSH', 'dramatiq:' .. queue, key)
return {key, task[2]}
"""
