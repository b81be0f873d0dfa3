"""What happens to messages, each step one atomic Lua script.

dramatiq's layout is kept but for the list of ids, in whose place are the lines of `lines`:
a hash of messages, a set for each worker of what it has taken and not acknowledged,
heartbeats, and a dead-letter queue (`.XQ`). Times are the server's own, in milliseconds:
the clocks of workers may differ by more than the heartbeat.

When a worker has died, its begun tasks go back to `queued` here, and the death counts
(`dragon:a:KEY`, see `status.scripts`); messages it had taken and not begun do not count.
"""

from dragon_framework.queue.lines import JOIN, LEAVE

TAKE = f"""
-- Take messages in their turn, with what is known of their tasks.
-- KEYS: messages, unacknowledged set. ARGV: queue, most, worker.
-- Returns for each id, message, beginning of the status, definition, deaths, retries: six after six.
-- Ids without a message have been ended meanwhile, and go.
{JOIN}{LEAVE}
local queue, taken = ARGV[1], {{}}
local later = 'dragon:r:' .. queue
if redis.call('EXISTS', later) == 1 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local due = redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, 100)
  for i = #due, 1, -1 do
    redis.call('ZREM', later, due[i])
    local message = redis.call('HGET', KEYS[1], due[i])
    if message then join_again(queue, due[i], message) end
  end
end
for _ = 1, tonumber(ARGV[2]) do
  local id = leave_line(queue)
  if not id then break end
  local message = redis.call('HGET', KEYS[1], id)
  if message then
    redis.call('SADD', KEYS[2], id)
    local counts = redis.call('HMGET', 'dragon:a:' .. id, 'deaths', 'retries')
    local n = #taken
    taken[n + 1] = id
    taken[n + 2] = message
    taken[n + 3] = redis.call('GETRANGE', 'dragon:t:' .. id, 0, 400)
    taken[n + 4] = redis.call('GET', 'dragon:d:' .. id) or ''
    taken[n + 5] = counts[1] or '0'
    taken[n + 6] = counts[2] or '0'
  end
end
if #taken > 0 then  -- a worker that was taken for dead may not have beaten since, and die with these in hand
  local time = redis.call('TIME')
  redis.call('ZADD', 'dramatiq:__heartbeats__', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[3])
end
return taken
"""

GIVE_BACK = f"""
-- Put messages back at the head of their lines. KEYS: messages, unacknowledged set. ARGV: queue, ids.
{JOIN}
local given = 0
for i = #ARGV, 2, -1 do
  if redis.call('SREM', KEYS[2], ARGV[i]) == 1 then
    local message = redis.call('HGET', KEYS[1], ARGV[i])
    if message then
      join_again(ARGV[1], ARGV[i], message)
      given = given + 1
    end
  end
end
return given
"""

ACKNOWLEDGE = """
-- Forget a message. KEYS: messages, unacknowledged set. ARGV: queue, id.
redis.call('SREM', KEYS[2], ARGV[2])
return redis.call('HDEL', KEYS[1], ARGV[2])
"""

BURY = """
-- Move a message that cannot be run to the dead-letter queue. KEYS: messages, unacknowledged set. ARGV: queue, id.
if redis.call('SREM', KEYS[2], ARGV[2]) == 0 then return 0 end
local message = redis.call('HGET', KEYS[1], ARGV[2])
if not message then return 0 end
local time = redis.call('TIME')
local letters = 'dramatiq:' .. ARGV[1] .. '.XQ'
redis.call('ZADD', letters, time[1] * 1000, ARGV[2])
redis.call('HSET', letters .. '.msgs', ARGV[2], message)
redis.call('HDEL', KEYS[1], ARGV[2])
return 1
"""

BEAT = """
-- A worker lives. ARGV: worker.
local time = redis.call('TIME')
return redis.call('ZADD', 'dramatiq:__heartbeats__', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
"""

_GIVE_BACK_LOST = f"""
{JOIN}
-- Put a message back that its worker will not end: 1, or 0 if it is gone. If the task had begun, that is a death.
local function give_back_lost(worker, queue, id)
  local message = redis.call('HGET', 'dramatiq:' .. queue .. '.msgs', id)
  if not message then return 0 end
  join_again(queue, id, message)
  local name = 'dragon:t:' .. id
  local s = redis.call('GETRANGE', name, 0, 400)
  local seconds = redis.call('TTL', name)
  if string.sub(s, 12, 13) == 'ex' and seconds > 0 then
    redis.call('HINCRBY', 'dragon:a:' .. id, 'deaths', 1)
    redis.call('EXPIRE', 'dragon:a:' .. id, seconds)
    local queued = string.match(s, '"queued":"([^"]+)"') or ''
    local began = string.match(s, '"started":"([^"]+)"') or ''
    local history = 'dragon:h:' .. id
    redis.call('RPUSH', history, '{{"worker":"' .. worker .. '","began":"' .. began .. '","outcome":"worker_lost"}}')
    redis.call('EXPIRE', history, seconds)
    local status = '{{"status":"queued","key":"' .. id .. '","events":{{"queued":"' .. queued .. '"}}}}'
    redis.call('SET', name, status, 'EX', seconds)
    redis.call('PUBLISH', name, status)
  end
  return 1
end
"""

RETURN = f"""
-- Put back what a living worker does not know it has. ARGV: worker, queue, id. Returns the number of messages.
{_GIVE_BACK_LOST}
if redis.call('SREM', 'dramatiq:__acks__.' .. ARGV[1] .. '.' .. ARGV[2], ARGV[3]) == 0 then return 0 end
return give_back_lost(ARGV[1], ARGV[2], ARGV[3])
"""

_GIVE_BACK_ALL = f"""
{_GIVE_BACK_LOST}
-- `__queues__` lists the queues that workers serve, so that no KEYS command is needed.
local function give_back_all(worker, queues)
  local given = 0
  for _, queue in ipairs(queues) do
    local acks = 'dramatiq:__acks__.' .. worker .. '.' .. queue
    for _, id in ipairs(redis.call('SMEMBERS', acks)) do given = given + give_back_lost(worker, queue, id) end
    redis.call('DEL', acks)
  end
  redis.call('ZREM', 'dramatiq:__heartbeats__', worker)
  return given
end
"""

RESIGN = f"""
-- A worker leaves: what it still holds is given back. ARGV: worker. Returns the number of messages.
{_GIVE_BACK_ALL}
return give_back_all(ARGV[1], redis.call('SMEMBERS', 'dramatiq:__queues__'))
"""

REAP = f"""
-- Give back the messages of workers without a heartbeat, and forget dead letters.
-- ARGV: heartbeat timeout in ms, life of a dead letter in ms. Returns messages given back, workers reaped.
{_GIVE_BACK_ALL}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local queues, given = redis.call('SMEMBERS', 'dramatiq:__queues__'), 0
local dead = redis.call('ZRANGEBYSCORE', 'dramatiq:__heartbeats__', '-inf', now - tonumber(ARGV[1]))
for _, worker in ipairs(dead) do given = given + give_back_all(worker, queues) end
for _, queue in ipairs(queues) do
  local letters = 'dramatiq:' .. queue .. '.XQ'
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', letters, '-inf', now - tonumber(ARGV[2]), 'LIMIT', 0, 1000)) do
    redis.call('ZREM', letters, id)
    redis.call('HDEL', letters .. '.msgs', id)
  end
end
return {{given, #dead}}
"""

MESSAGES = (TAKE, GIVE_BACK, ACKNOWLEDGE, BURY, RETURN, BEAT, RESIGN, REAP)
"""All of them, for a courier."""
