"""What happens to messages, each step one atomic Lua script.

dramatiq's layout is kept, so that its own tools see our queues: a list of ids, a hash of
messages, a set for each worker of what it has taken and not acknowledged, heartbeats,
and a dead-letter queue (`.XQ`). Times are the server's own, in milliseconds: the clocks
of workers may differ by more than the heartbeat.

When a worker has died, its begun tasks go back to `queued` here, and the death counts
(`dragon:a:KEY`, see `status.scripts`); messages it had taken and not begun do not count.
"""

TAKE = """
-- Take messages from the head, with what is known of their tasks.
-- KEYS: queue, messages, unacknowledged set. ARGV: most.
-- Returns for each id, message, beginning of the status, definition, deaths: five after five.
-- Ids without a message have been ended meanwhile, and go.
local taken = {}
for _ = 1, tonumber(ARGV[1]) do
  local id = redis.call('LPOP', KEYS[1])
  if not id then break end
  local message = redis.call('HGET', KEYS[2], id)
  if message then
    redis.call('SADD', KEYS[3], id)
    local n = #taken
    taken[n + 1] = id
    taken[n + 2] = message
    taken[n + 3] = redis.call('GETRANGE', 'dragon:t:' .. id, 0, 400)
    taken[n + 4] = redis.call('GET', 'dragon:d:' .. id) or ''
    taken[n + 5] = redis.call('GET', 'dragon:a:' .. id) or '0'
  end
end
return taken
"""

GIVE_BACK = """
-- Put messages back at the head. KEYS: queue, messages, unacknowledged set. ARGV: ids.
local given = 0
for i = #ARGV, 1, -1 do
  if redis.call('SREM', KEYS[3], ARGV[i]) == 1 and redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1 then
    redis.call('LPUSH', KEYS[1], ARGV[i])
    given = given + 1
  end
end
return given
"""

ACKNOWLEDGE = """
-- Forget a message. KEYS: queue, messages, unacknowledged set. ARGV: id.
redis.call('SREM', KEYS[3], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])
"""

BURY = """
-- Move a message that cannot be run to the dead-letter queue. KEYS: queue, messages, unacknowledged set. ARGV: id.
if redis.call('SREM', KEYS[3], ARGV[1]) == 0 then return 0 end
local message = redis.call('HGET', KEYS[2], ARGV[1])
if not message then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1] .. '.XQ', time[1] * 1000, ARGV[1])
redis.call('HSET', KEYS[1] .. '.XQ.msgs', ARGV[1], message)
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
"""

BEAT = """
-- A worker lives. ARGV: worker.
local time = redis.call('TIME')
return redis.call('ZADD', 'dramatiq:__heartbeats__', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
"""

_GIVE_BACK_ALL = """
-- `__queues__` lists the queues that workers serve, so that no KEYS command is needed.
local function give_back_all(worker, queues)
  local given = 0
  for _, queue in ipairs(queues) do
    local acks = 'dramatiq:__acks__.' .. worker .. '.' .. queue
    for _, id in ipairs(redis.call('SMEMBERS', acks)) do
      if redis.call('HEXISTS', 'dramatiq:' .. queue .. '.msgs', id) == 1 then
        redis.call('LPUSH', 'dramatiq:' .. queue, id)
        given = given + 1
        local name = 'dragon:t:' .. id
        local s = redis.call('GETRANGE', name, 0, 400)
        local seconds = redis.call('TTL', name)
        if string.sub(s, 12, 13) == 'ex' and seconds > 0 then
          redis.call('INCR', 'dragon:a:' .. id)
          redis.call('EXPIRE', 'dragon:a:' .. id, seconds)
          local queued = string.match(s, '"queued":"([^"]+)"') or ''
          local status = '{"status":"queued","key":"' .. id .. '","events":{"queued":"' .. queued .. '"}}'
          redis.call('SET', name, status, 'EX', seconds)
          redis.call('PUBLISH', name, status)
        end
      end
    end
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

MESSAGES = (TAKE, GIVE_BACK, ACKNOWLEDGE, BURY, BEAT, RESIGN, REAP)
"""All of them, for a courier."""
