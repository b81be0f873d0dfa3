"""The transitions of a task's life, each one atomic Lua script.

Keys in Redis (no hash tags: one server, or Sentinel; Redis Cluster is not supported):

    dragon:t:KEY    status, as it is sent; also the name of its notification channel
    dragon:d:KEY    definition
    dragon:a:KEY    deliveries to workers that have not ended orderly
    dragon:c:ID     queued and executing tasks of an account with a limit on them
    dragon:s:DIGEST key of the task whose result equal definitions share
    dragon:i:DIGEST what a request with an idempotency key has created
    dragon:m        counters for metrics: `image.thumb|success|count`, `...|seconds`

Bytes 11 and 12 of a status (`qu`, `ex`, `su`, `er`) tell its state without decoding
(see `model`). A final status is never overwritten, an expired task never resurrected.
"""

PREFIX = "dragon:"
STATUS = PREFIX + "t:"
DEFINITION = PREFIX + "d:"
METRICS = PREFIX + "m"

SUBMIT = """
-- ARGV: seconds to live, then batches: account, most tasks at once ('' = no limit), n,
-- then n times: key, status, definition, queue, message ('' queue = status is final).
-- Returns for each batch 1, or 0 when the account has too many tasks under way.
-- Sending the same batch again changes nothing.
local ttl, i, answers = ARGV[1], 2, {}
while i <= #ARGV do
  local account, most, n = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  i = i + 3
  local accepted = 1
  if most ~= '' then
    local fresh = 0
    for j = 0, n - 1 do
      local at = i + j * 5
      if ARGV[at + 3] ~= '' and redis.call('EXISTS', 'dragon:t:' .. ARGV[at]) == 0 then fresh = fresh + 1 end
    end
    local counter = 'dragon:c:' .. account
    if fresh > 0 and tonumber(redis.call('GET', counter) or '0') + fresh > tonumber(most) then
      accepted = 0
    elseif fresh > 0 then
      redis.call('INCRBY', counter, fresh)
    end
  end
  if accepted == 1 then
    for j = 0, n - 1 do
      local at = i + j * 5
      local key = ARGV[at]
      if redis.call('SET', 'dragon:t:' .. key, ARGV[at + 1], 'EX', ttl, 'NX') then
        if ARGV[at + 2] ~= '' then redis.call('SET', 'dragon:d:' .. key, ARGV[at + 2], 'EX', ttl) end
        local queue = ARGV[at + 3]
        if queue ~= '' then
          redis.call('HSET', 'dramatiq:' .. queue .. '.msgs', key, ARGV[at + 4])
          redis.call('RPUSH', 'dramatiq:' .. queue, key)
        end
      end
    end
  end
  i = i + n * 5
  answers[#answers + 1] = accepted
end
return answers
"""

SHARE = """
-- Submit a task unless an equal one serves. ARGV: digest, milliseconds it serves, seconds to live,
-- key, status, definition, queue, message, account, most tasks at once ('' = no limit).
-- Returns the key of the task that serves, '' when the account has too many tasks under way.
local shared = 'dragon:s:' .. ARGV[1]
local key = redis.call('GET', shared)
if key then
  local state = redis.call('GETRANGE', 'dragon:t:' .. key, 11, 12)
  if state ~= '' and state ~= 'er' then return key end
end
if ARGV[10] ~= '' then
  local counter = 'dragon:c:' .. ARGV[9]
  if tonumber(redis.call('GET', counter) or '0') + 1 > tonumber(ARGV[10]) then return '' end
  redis.call('INCR', counter)
end
redis.call('SET', shared, ARGV[4], 'PX', ARGV[2])
redis.call('SET', 'dragon:t:' .. ARGV[4], ARGV[5], 'EX', ARGV[3])
redis.call('SET', 'dragon:d:' .. ARGV[4], ARGV[6], 'EX', ARGV[3])
redis.call('HSET', 'dramatiq:' .. ARGV[7] .. '.msgs', ARGV[4], ARGV[8])
redis.call('RPUSH', 'dramatiq:' .. ARGV[7], ARGV[4])
return ARGV[4]
"""

CLAIM = """
-- A worker takes a task. KEYS: status. ARGV: key, time, most deliveries, seconds to live.
-- Returns {number of this delivery, definition, time it was queued}; {0} when there is nothing to do;
-- {-n, definition, queued} when workers died n times on it.
local s = redis.call('GETRANGE', KEYS[1], 0, 400)
local state = string.sub(s, 12, 13)
if state ~= 'qu' and state ~= 'ex' then return {0} end
local definition = redis.call('GET', 'dragon:d:' .. ARGV[1])
if not definition then return {0} end
local queued = string.match(s, '"queued":"([^"]+)"') or ARGV[2]
local deaths = redis.call('INCR', 'dragon:a:' .. ARGV[1])
redis.call('EXPIRE', 'dragon:a:' .. ARGV[1], ARGV[4])
if deaths > tonumber(ARGV[3]) then return {1 - deaths, definition, queued} end
local status = '{"status":"executing","key":"' .. ARGV[1] .. '","events":{"queued":"' .. queued
  .. '","started":"' .. ARGV[2] .. '"},"progress":null}'
redis.call('SET', KEYS[1], status, 'EX', ARGV[4])
redis.call('PUBLISH', KEYS[1], status)
return {deaths, definition, queued}
"""

UPDATE = """
-- Progress or a partial result. KEYS: status. ARGV: status, seconds to live.
local state = redis.call('GETRANGE', KEYS[1], 11, 12)
if state ~= 'ex' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1
"""

FINISH = """
-- The final status, and the message's end. KEYS: status, unacknowledged set, messages, metrics.
-- ARGV: key, status, seconds to live, message id, counted task, seconds it took,
-- account to give a place back to ('' = none).
-- Returns 1, or 0 when the task had a final status already (first writer wins) or has expired.
redis.call('SREM', KEYS[2], ARGV[4])
redis.call('HDEL', KEYS[3], ARGV[4])
redis.call('DEL', 'dragon:a:' .. ARGV[1])
local state = redis.call('GETRANGE', KEYS[1], 11, 12)
if state ~= 'qu' and state ~= 'ex' then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('PUBLISH', KEYS[1], ARGV[2])
redis.call('HINCRBY', KEYS[4], ARGV[5] .. '|count', 1)
redis.call('HINCRBYFLOAT', KEYS[4], ARGV[5] .. '|seconds', ARGV[6])
if ARGV[7] ~= '' and redis.call('DECR', 'dragon:c:' .. ARGV[7]) < 0 then
  redis.call('SET', 'dragon:c:' .. ARGV[7], 0)
end
return 1
"""

DROP = """
-- Forget a message whose task is over. KEYS: unacknowledged set, messages. ARGV: message id.
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
"""

HAND_BACK = """
-- A worker that is stopping returns a task it had begun: queued again, at the head.
-- KEYS: status, unacknowledged set, messages, queue. ARGV: key, message id, queued time, seconds to live.
if redis.call('SREM', KEYS[2], ARGV[2]) == 0 then return 0 end
redis.call('DEL', 'dragon:a:' .. ARGV[1])
if redis.call('GETRANGE', KEYS[1], 11, 12) == 'ex' then
  local status = '{"status":"queued","key":"' .. ARGV[1] .. '","events":{"queued":"' .. ARGV[3] .. '"}}'
  redis.call('SET', KEYS[1], status, 'EX', ARGV[4])
  redis.call('PUBLISH', KEYS[1], status)
end
if redis.call('HEXISTS', KEYS[3], ARGV[2]) == 1 then redis.call('LPUSH', KEYS[4], ARGV[2]) end
return 1
"""
