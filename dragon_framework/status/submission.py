"""How tasks come into the store: the scripts that write statuses, definitions and messages.

A whole batch goes as one packed argument: packing it costs the API process a
fraction of what hundreds of arguments would. Keys as in `scripts`.
"""

import enum
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from dragon_framework.errors import InvalidParametersError
from dragon_framework.queue.lines import JOIN
from dragon_framework.queue.message import encode_message
from dragon_framework.status.history import NOTE

REFUSED = InvalidParametersError.code
"""Why a task is over before it was queued."""

Task: TypeAlias = tuple[str, str, str, str, str]
"""Key, first status, definition, queue, message. If the status is final, definition and queue are empty,
and in the place of the message stands the task's name.

All text: Redis's Lua reads no binary values of MessagePack.
"""

Batch: TypeAlias = tuple[str, int, int, Sequence[Task]]
"""Account, most tasks it may have under way (-1: no limit), priority, tasks."""


class Verdict(enum.IntEnum):
    """What became of the tasks of a request."""

    ACCEPTED = 1
    TOO_MANY = 0
    """The account would have more tasks under way than it may."""
    QUEUE_FULL = -1
    """A queue would hold more tasks than it may."""


pack = msgspec.msgpack.Encoder().encode


class Submission(msgspec.Struct, frozen=True):
    """One task to be written.

    Args:
        key: Its key.
        status: Its first status, encoded: queued, or already final.
        definition: What the worker needs, encoded; empty for a final status.
        queue: Queue it waits in; empty for a final status.
        task_name: Name of the task, for a final status: its parameters were wrong.
    """

    key: str
    status: bytes
    definition: bytes = b""
    queue: str = ""
    task_name: str = ""


def batch_of(submissions: Iterable[Submission], account_id: str, most_tasks: int | None, priority: int = 0) -> Batch:
    """Return the tasks of one request, as `SUBMIT` and `SHARE` take them."""
    tasks: list[Task] = [
        (
            item.key,
            item.status.decode(),
            item.definition.decode(),
            item.queue,
            encode_message(item.key, item.queue, account_id, priority).decode() if item.queue else item.task_name,
        )
        for item in submissions
    ]
    return account_id, -1 if most_tasks is None else most_tasks, priority, tasks


_WRITE = f"""
{JOIN}{NOTE}
local function is_new(task) return redis.call('EXISTS', 'dragon:t:' .. task[1]) == 0 end
-- Whether the queues of these tasks have room for those that are new.
local function has_room(tasks, most)
  local counts = {{}}
  for _, task in ipairs(tasks) do
    local queue = task[4]
    if queue ~= '' then counts[queue] = (counts[queue] or redis.call('HLEN', 'dramatiq:' .. queue .. '.msgs')) + 1 end
  end
  for queue, count in pairs(counts) do
    if count > most then
      for _, task in ipairs(tasks) do
        if task[4] == queue and is_new(task) then return false end
      end
    end
  end
  return true
end
local function write(task, account, priority, ttl, hour)
  local key, queue = task[1], task[4]
  if not redis.call('SET', 'dragon:t:' .. key, task[2], 'EX', ttl, 'NX') then return end
  if queue == '' then
    if task[5] ~= '' then note_ended(hour, key, task[5], account, 'error', '', '0', '{REFUSED}') end
  else
    redis.call('SET', 'dragon:d:' .. key, task[3], 'EX', ttl)
    redis.call('HSET', 'dramatiq:' .. queue .. '.msgs', key, task[5])
    join_line(queue, account, priority, key, false)
  end
end
"""

SUBMIT = f"""
-- ARGV: seconds to live, packed batches, most tasks in a queue, hour (`history`). Returns a `Verdict` for each batch.
-- Sending the same batch again changes nothing.
{_WRITE}
local answers = {{}}
for number, batch in ipairs(cmsgpack.unpack(ARGV[2])) do
  local account, most, priority, tasks = batch[1], batch[2], batch[3], batch[4]
  local verdict = 1
  if not has_room(tasks, tonumber(ARGV[3])) then
    verdict = -1
  elseif most >= 0 then
    local fresh = 0
    for _, task in ipairs(tasks) do
      if task[4] ~= '' and is_new(task) then fresh = fresh + 1 end
    end
    local counter = 'dragon:c:' .. account
    if fresh > 0 and tonumber(redis.call('GET', counter) or '0') + fresh > most then
      verdict = 0
    elseif fresh > 0 then
      redis.call('INCRBY', counter, fresh)
    end
  end
  if verdict == 1 then
    for _, task in ipairs(tasks) do write(task, account, priority, ARGV[1], ARGV[4]) end
  end
  answers[number] = verdict
end
return answers
"""

SHARE = f"""
-- Submit a task unless an equal one serves.
-- ARGV: digest, milliseconds it serves, seconds to live, packed batch, most tasks in a queue, hour (`history`).
-- Returns the key of the task that serves and its status, or a `Verdict` alone when it was refused.
{_WRITE}
local shared = 'dragon:s:' .. ARGV[1]
local known = redis.call('GET', shared)
if known then
  local status = redis.call('GET', 'dragon:t:' .. known)
  if status and string.sub(status, 12, 13) ~= 'er' then return {{known, status}} end
end
local batch = cmsgpack.unpack(ARGV[4])
local account, most, task = batch[1], batch[2], batch[4][1]
if not has_room(batch[4], tonumber(ARGV[5])) then return {{-1}} end
if most >= 0 then
  local counter = 'dragon:c:' .. account
  if tonumber(redis.call('GET', counter) or '0') + 1 > most then return {{0}} end
  redis.call('INCR', counter)
end
redis.call('SET', shared, task[1], 'PX', ARGV[2])
write(task, account, batch[3], ARGV[3], ARGV[6])
return {{task[1], task[2]}}
"""
