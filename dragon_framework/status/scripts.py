"""The transitions of a task's life, each one atomic Lua script.

Keys in Redis (no hash tags: one server, or Sentinel; Redis Cluster is not supported):

    dragon:t:KEY    status, as it is sent; also the name of its notification channel
    dragon:d:KEY    definition
    dragon:a:KEY    `deaths` of workers that had begun the task (counted by `queue.scripts`), and `retries`
    dragon:c:ID     queued and executing tasks of an account with a limit on them
    dragon:s:DIGEST key of the task whose result equal definitions share
    dragon:i:DIGEST what a request with an idempotency key has created
    dragon:k:KEY    its callback, and `dragon:callbacks`, which are due (`callbacks.ledger`)
    dragon:h:KEY    what workers did with the task, one JSON object for each delivery (`deliveries`)
    dragon:v:KEY    what a task keeps over the death of its worker (`TaskState`), sealed, until it ends
    dragon:y:KEY    key of the task that an operator has made of it, to try it again
    dragon:m        counters for metrics: `image.thumb|success|count`, `...|seconds`, and those of `api.metrics`
    dragon:o:...    what operators see of tasks that are over (`history`)
    dragon:manifests, ...:told, ...:revision    what workers say of their tasks (`status.manifests`)
    dragon:cancel   channel: keys of tasks that workers shall stop

Bytes 11 and 12 of a status (`qu`, `ex`, `su`, `er`) tell its state without decoding
(see `model`). A final status is never overwritten, an expired task never resurrected.
"""

from dragon_framework.queue.lines import JOIN
from dragon_framework.status.history import NOTE

PREFIX = "dragon:"
STATUS = PREFIX + "t:"
DEFINITION = PREFIX + "d:"
DELIVERIES = PREFIX + "h:"
STATE = PREFIX + "v:"
RETRIED = PREFIX + "y:"
METRICS = PREFIX + "m"
CANCELLATIONS = PREFIX + "cancel"

BEGIN = """
-- A worker has begun a task. KEYS: status. ARGV: key, time, seconds to live.
-- Returns 1, or 0 when the task is over or has expired. Beginning again changes nothing but the time.
local s = redis.call('GETRANGE', KEYS[1], 0, 400)
local state = string.sub(s, 12, 13)
if state ~= 'qu' and state ~= 'ex' then return 0 end
local queued = string.match(s, '"queued":"([^"]+)"') or ARGV[2]
local status = '{"status":"executing","key":"' .. ARGV[1] .. '","events":{"queued":"' .. queued
  .. '","started":"' .. ARGV[2] .. '"},"progress":null}'
redis.call('SET', KEYS[1], status, 'EX', ARGV[3])
redis.call('PUBLISH', KEYS[1], status)
return 1
"""

UPDATE = """
-- Progress or a partial result. KEYS: status. ARGV: status, seconds to live.
-- Returns 1, or 0 when the task is no longer executing: cancelled, expired, or given to another worker.
local state = redis.call('GETRANGE', KEYS[1], 11, 12)
if state ~= 'ex' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1
"""

KEEP_STATE = """
-- Keep a task's state. KEYS: status, state. ARGV: key, sealed state, seconds to live, deaths the worker knows of.
-- Returns 1, or 0 when the task is over, has expired, or was given to another worker since.
local state = redis.call('GETRANGE', KEYS[1], 11, 12)
if state ~= 'qu' and state ~= 'ex' then return 0 end
if (redis.call('HGET', 'dragon:a:' .. ARGV[1], 'deaths') or '0') ~= ARGV[4] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
return 1
"""

NOTE_DELIVERY = """
-- Keep what a worker did with a task, for as long as its status; the last ten are kept.
local function note_delivery(key, delivery, seconds)
  if delivery == '' then return end
  local name = 'dragon:h:' .. key
  if redis.call('RPUSH', name, delivery) > 10 then redis.call('LTRIM', name, -10, -1) end
  redis.call('EXPIRE', name, seconds)
end
"""

WIPE_SECRETS = """
-- Cut the sealed credentials off a definition (`Definition.sealed`, its last field).
local function wipe_secrets(key)
  local name = 'dragon:d:' .. key
  if redis.call('GETRANGE', name, -3, -1) ~= '~"}' then return end
  local shown, found = string.gsub(redis.call('GET', name), ',"sealed":"[%w+/=]*~"}$', '}')
  if found == 1 then redis.call('SET', name, shown, 'KEEPTTL') end
end
"""

FINISH = f"""
-- The final status, and the message's end. KEYS: status, unacknowledged set, messages, metrics.
-- ARGV: key, status, seconds to live, message id, counted task, seconds it took,
-- account to give a place back to ('' = none), '1' if a callback is to be sent, '1' if there may be outputs,
-- step of the histogram, bytes fetched, code of the error ('' = none), the delivery as JSON ('' = none),
-- account, hour (`history`).
-- Returns 1, or 0 when the task had a final status already (first writer wins) or has expired;
-- and 2 more when the message is kept: the task ended as an error, and its outputs are to be deleted first.
{WIPE_SECRETS}{NOTE_DELIVERY}{NOTE}local state = redis.call('GETRANGE', KEYS[1], 11, 12)
local open = state == 'qu' or state == 'ex'
local kept = 0
if ARGV[9] == '1' and (open and string.sub(ARGV[2], 12, 13) or state) == 'er' then
  kept = 2
else
  redis.call('SREM', KEYS[2], ARGV[4])
  redis.call('HDEL', KEYS[3], ARGV[4])
end
redis.call('DEL', 'dragon:a:' .. ARGV[1], 'dragon:v:' .. ARGV[1])
if not open then return kept end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('PUBLISH', KEYS[1], ARGV[2])
wipe_secrets(ARGV[1])
redis.call('HINCRBY', KEYS[4], ARGV[5] .. '|count', 1)
redis.call('HINCRBYFLOAT', KEYS[4], ARGV[5] .. '|seconds', ARGV[6])
if ARGV[13] then
  redis.call('HINCRBY', KEYS[4], ARGV[5] .. '|le:' .. ARGV[10], 1)
  local task = string.match(ARGV[5], '^[^|]*')
  if ARGV[11] ~= '0' then redis.call('HINCRBY', KEYS[4], task .. '|fetched|bytes', ARGV[11]) end
  if ARGV[12] ~= '' then redis.call('HINCRBY', KEYS[4], task .. '|' .. ARGV[12] .. '|errors', 1) end
  note_delivery(ARGV[1], ARGV[13], ARGV[3])
  if ARGV[15] then
    local outcome = string.sub(ARGV[5], #task + 2)
    note_ended(ARGV[15], ARGV[1], task, ARGV[14], outcome, ARGV[10], ARGV[6], ARGV[12])
  end
end
if ARGV[7] ~= '' and redis.call('DECR', 'dragon:c:' .. ARGV[7]) < 0 then
  redis.call('SET', 'dragon:c:' .. ARGV[7], 0)
end
if ARGV[8] == '1' then
  local time = redis.call('TIME')
  redis.call('HSET', 'dragon:k:' .. ARGV[1], 'state', 'pending', 'tries', 0, 'attempts', 0)
  redis.call('EXPIRE', 'dragon:k:' .. ARGV[1], ARGV[3])
  redis.call('EXPIRE', 'dragon:d:' .. ARGV[1], ARGV[3])
  redis.call('ZADD', 'dragon:callbacks', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
end
return 1 + kept
"""

CANCEL = f"""
-- End a task that a client no longer wants. KEYS: status, metrics, channel for workers.
-- ARGV: key, time, seconds to live, hour (`history`).
-- Returns 1, 0 when it was over already, 2 when it was and its callback will not be sent, -1 when it is unknown.
-- Its message is dropped when a worker takes it; a task that is cancelled has no callback.
{WIPE_SECRETS}{NOTE}local s = redis.call('GETRANGE', KEYS[1], 0, 400)
local state = string.sub(s, 12, 13)
if state == '' then return -1 end
if state ~= 'qu' and state ~= 'ex' then
  local entry = 'dragon:k:' .. ARGV[1]
  if redis.call('HGET', entry, 'state') ~= 'pending' then return 0 end
  redis.call('HSET', entry, 'state', 'cancelled')
  redis.call('ZREM', 'dragon:callbacks', ARGV[1])
  return 2
end
local events = '"queued":"' .. (string.match(s, '"queued":"([^"]+)"') or ARGV[2]) .. '"'
local started = string.match(s, '"started":"([^"]+)"')
if started then events = events .. ',"started":"' .. started .. '"' end
local status = '{{"status":"error","key":"' .. ARGV[1] .. '","events":{{' .. events .. ',"completed":"' .. ARGV[2]
  .. '"}},"progress":null,"result":"the task was cancelled","error":{{"code":"cancelled","transient":false}}}}'
redis.call('SET', KEYS[1], status, 'EX', ARGV[3])
redis.call('PUBLISH', KEYS[1], status)
redis.call('PUBLISH', KEYS[3], ARGV[1])
redis.call('DEL', 'dragon:v:' .. ARGV[1])
wipe_secrets(ARGV[1])
local definition = redis.call('GET', 'dragon:d:' .. ARGV[1])
if definition then
  local known, facts = pcall(cjson.decode, definition)
  if known and type(facts) == 'table' then
    if facts.task_name then
      redis.call('HINCRBY', KEYS[2], facts.task_name .. '|error|count', 1)
      if ARGV[4] then
        note_ended(ARGV[4], ARGV[1], facts.task_name, facts.account or '', 'cancelled', '', '0', 'cancelled')
      end
    end
    if facts.counted == true and redis.call('DECR', 'dragon:c:' .. facts.account) < 0 then
      redis.call('SET', 'dragon:c:' .. facts.account, 0)
    end
  end
end
return 1
"""

DROP = """
-- Forget a message whose task is over. KEYS: unacknowledged set, messages. ARGV: message id, which is the key.
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', 'dragon:a:' .. ARGV[1])
return 1
"""

HAND_BACK = f"""
-- A worker that is stopping returns a task it had begun: queued again, at the head.
-- KEYS: status, unacknowledged set, messages.
-- ARGV: key, message id, queued time, seconds to live, queue, the delivery as JSON ('' = none).
{JOIN}{NOTE_DELIVERY}
if redis.call('SREM', KEYS[2], ARGV[2]) == 0 then return 0 end
note_delivery(ARGV[1], ARGV[6] or '', ARGV[4])
if redis.call('GETRANGE', KEYS[1], 11, 12) == 'ex' then
  local status = '{{"status":"queued","key":"' .. ARGV[1] .. '","events":{{"queued":"' .. ARGV[3] .. '"}}}}'
  redis.call('SET', KEYS[1], status, 'EX', ARGV[4])
  redis.call('PUBLISH', KEYS[1], status)
end
local message = redis.call('HGET', KEYS[3], ARGV[2])
if message then join_again(ARGV[5], ARGV[2], message) end
return 1
"""

RETRY = f"""
-- A transient fault: the task is queued again, for a later time (`queue.lines`).
-- KEYS: status, unacknowledged set, messages, metrics.
-- ARGV: key, message id, status, seconds to live, milliseconds to wait, queue, counted task, bytes fetched,
-- code of the error, the delivery as JSON, hour (`history`).
-- Returns 1, or 0 when it is over, has expired, or has gone to another worker.
{NOTE_DELIVERY}{NOTE}if redis.call('SREM', KEYS[2], ARGV[2]) == 0 then return 0 end
local state = redis.call('GETRANGE', KEYS[1], 11, 12)
if state ~= 'qu' and state ~= 'ex' then
  redis.call('HDEL', KEYS[3], ARGV[2])
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
redis.call('PUBLISH', KEYS[1], ARGV[3])
redis.call('HINCRBY', 'dragon:a:' .. ARGV[1], 'retries', 1)
redis.call('EXPIRE', 'dragon:a:' .. ARGV[1], ARGV[4])
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[5]
redis.call('ZADD', 'dragon:r:' .. ARGV[6], due, ARGV[2])
redis.call('HINCRBY', KEYS[4], ARGV[7] .. '|retry|count', 1)
if ARGV[10] then
  if ARGV[8] ~= '0' then redis.call('HINCRBY', KEYS[4], ARGV[7] .. '|fetched|bytes', ARGV[8]) end
  redis.call('HINCRBY', KEYS[4], ARGV[7] .. '|' .. ARGV[9] .. '|errors', 1)
  note_delivery(ARGV[1], ARGV[10], ARGV[4])
  if ARGV[11] then note_error(ARGV[11], ARGV[1], ARGV[7], ARGV[9], 'retries') end
end
return 1
"""

LIFE = (BEGIN, UPDATE, KEEP_STATE, FINISH, DROP, HAND_BACK, RETRY)
"""What workers call, for a courier."""
