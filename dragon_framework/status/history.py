"""What is kept of tasks that are over, for operators: counts of each hour, and lists with an end.

Written in the same step as a final status, by the scripts that `NOTE` is put before; so it
costs no round trip, and survives restarts as statuses do. Memory is bounded whatever comes
(docs/operations/dashboard.md has the figures):

    dragon:o:HOUR       hash, HOUR = Unix time / 3600; expires after `KEPT_HOURS`. Its fields:
                        `TASK|OUTCOME|le:STEP` tasks in a step of `counters.STEPS`, `TASK|OUTCOME|count` tasks
                        that never ran, `TASK|OUTCOME|ms` milliseconds they took, `TASK|CODE|errors`,
                        `TASK|CODE|retries` and `TASK|CODE|example`, the key of the last one
    dragon:o:HOUR:slow  sorted set: `KEY|TASK|OUTCOME` of the slowest, by milliseconds
    dragon:o:ended      stream: the last `MOST_ENDED` tasks that ended; `dragon:o:errors`: the last
                        `MOST_ERRORS` that ended as errors. One field each, by tabs: key, milliseconds,
                        outcome, code, task, account
    dragon:o:callbacks  sorted set: keys of the last `MOST_CALLBACKS` whose callback failed, by the Unix time at which
                        they are forgotten

Outcomes are `success`, `error` and `cancelled`. Stands on nothing.
"""

import time

PREFIX = "dragon:o:"
ENDED = PREFIX + "ended"
ERRORS = PREFIX + "errors"
FAILED_CALLBACKS = PREFIX + "callbacks"

KEPT_HOURS = 49
"""Two days, and the hour that is under way."""
MOST_ENDED = 10_000
MOST_ERRORS = 2_000
MOST_SLOW = 20
"""In each hour."""
SLOW_MILLISECONDS = 100
"""What took less is not kept as slow."""
MOST_CALLBACKS = 500
MOST_FIELDS = 4_000
"""In an hour; beyond it all codes are `other`, so that a plugin which makes up codes costs no more."""
MOST_CODE = 64
"""Characters of a code."""


def hour_now() -> int:
    """Return the number of the hour, since 1970 (UTC)."""
    return int(time.time()) // 3600


NOTE = f"""
-- Count something in an hour; the first of its kind says how long the hour is kept.
local function count_in(hour, field, by)
  local name = 'dragon:o:' .. hour
  if redis.call('HINCRBY', name, field, by) ~= by then return false end
  redis.call('EXPIRE', name, {KEPT_HOURS * 3600})
  return true
end
-- Keep an error: how often it was in this hour, and the last example.
local function note_error(hour, key, task, code, kind)
  if redis.call('HLEN', 'dragon:o:' .. hour) >= {MOST_FIELDS} then code = 'other' end
  count_in(hour, task .. '|' .. code .. '|' .. kind, 1)
  redis.call('HSET', 'dragon:o:' .. hour, task .. '|' .. code .. '|example', key)
end
-- A task is over. `step` is that of the histogram, '' if it never ran; `code` is '' if it succeeded.
local function note_ended(hour, key, task, account, outcome, step, seconds, code)
  local milliseconds = math.floor(tonumber(seconds) * 1000 + 0.5)
  local of = task .. '|' .. outcome
  code = string.sub(string.gsub(code, '[^%w_.-]', '_'), 1, {MOST_CODE})
  local fresh = count_in(hour, of .. (step == '' and '|count' or '|le:' .. step), 1)
  if milliseconds > 0 then redis.call('HINCRBY', 'dragon:o:' .. hour, of .. '|ms', milliseconds) end
  local entry = table.concat({{key, milliseconds, outcome, code, task, account}}, '\\t')
  redis.call('XADD', 'dragon:o:ended', 'MAXLEN', '~', {MOST_ENDED}, '*', 'e', entry)
  if code ~= '' then
    note_error(hour, key, task, code, 'errors')
    redis.call('XADD', 'dragon:o:errors', 'MAXLEN', '~', {MOST_ERRORS}, '*', 'e', entry)
  end
  if milliseconds >= {SLOW_MILLISECONDS} then
    local slow = 'dragon:o:' .. hour .. ':slow'
    redis.call('ZADD', slow, milliseconds, key .. '|' .. of)
    redis.call('ZREMRANGEBYRANK', slow, 0, -{MOST_SLOW + 1})
    if fresh or redis.call('TTL', slow) < 0 then redis.call('EXPIRE', slow, {KEPT_HOURS * 3600}) end
  end
end
"""
