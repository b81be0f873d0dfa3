"""Parts of tasks that are offered to other workers, each step one atomic Lua script.

    dragon:offers           ids of the offers that are open
    dragon:p:ID             an offer: its `facts` (JSON), `key` of its task, `deaths` of its workers at that time,
                            `state`: new, wanted (a worker would help), ready (the files lie in the storage)
    dragon:p:ID:free        sorted set: numbers of the parts that nobody has
    dragon:p:ID:values      what each part is given
    dragon:p:ID:taken       number -> `CLAIM TIME`: who has it, and when that was last said, in ms
    dragon:p:ID:accepted    number -> claim whose result stands
    dragon:p:ID:done        list of the results, as JSON, in the order in which they came
    dragon:temporary        keys of files in the storage that are to be deleted -> id of the offer they are there for

The owner of an offer takes the first free part, helpers the last. An offer lives only while its owner says so
(`TEND`), a claim only while its helper does (`RENEW`). Times are the server's own. Each script may run twice. Stands on
nothing.
"""

OFFERS = "dragon:offers"
OFFER_KEY = "dragon:p:"
TEMPORARY = "dragon:temporary"

_KEYS = """
local base = 'dragon:p:' .. ARGV[1]
local all = {base, base .. ':free', base .. ':values', base .. ':taken', base .. ':accepted', base .. ':done'}
local function live(ms)
  for _, name in ipairs(all) do redis.call('PEXPIRE', name, ms) end
end
local function keep()  -- names made anew live as long as the offer
  local ms = redis.call('PTTL', base)
  if ms > 0 then live(ms) end
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

_WANTED = """
-- Whether the task is still with the worker that made the offer.
local function wanted()
  local key = redis.call('HGET', base, 'key')
  return key and redis.call('GETRANGE', 'dragon:t:' .. key, 11, 12) == 'ex'
    and (redis.call('HGET', 'dragon:a:' .. key, 'deaths') or '0') == redis.call('HGET', base, 'deaths')
end
local function is_claimed(number, claim)
  local said = redis.call('HGET', base .. ':taken', number)
  return said and string.match(said, '^%S+') == claim
end
"""

OPEN_OFFER = f"""
-- Offer parts. ARGV: id, facts, key, deaths, ms to live, values.
{_KEYS}
redis.call('DEL', unpack(all))
redis.call('HSET', base, 'facts', ARGV[2], 'key', ARGV[3], 'deaths', ARGV[4], 'state', 'new')
for i = 6, #ARGV do
  redis.call('HSET', base .. ':values', i - 6, ARGV[i])
  redis.call('ZADD', base .. ':free', i - 6, i - 6)
end
live(ARGV[5])
redis.call('SADD', 'dragon:offers', ARGV[1])
redis.call('HSET', 'dragon:temporary', ARGV[1], ARGV[1])
return 1
"""

TAKE_PART = f"""
-- The owner takes a part itself. ARGV: id, number of the request: the same gets the same answer.
-- Returns its number; -1 if none is free, -2 if the offer is gone.
{_KEYS}
if redis.call('EXISTS', base) == 0 then return -2 end
local last = redis.call('HMGET', base, 'request', 'given')
if last[1] == ARGV[2] then return tonumber(last[2]) end
local number = redis.call('ZPOPMIN', base .. ':free')[1]
if not number then return -1 end
redis.call('HSET', base, 'request', ARGV[2], 'given', number)
return tonumber(number)
"""

TEND = f"""
-- The owner keeps its offer open. ARGV: id, ms to live, ms after which a silent claim is void, results known, metrics,
-- name of the task. Returns the state, and the results that came since; nothing if the offer is gone.
{_KEYS}
local state = redis.call('HGET', base, 'state')
if not state then return {{}} end
local limit = now() - tonumber(ARGV[3])
local taken = redis.call('HGETALL', base .. ':taken')
for i = 1, #taken, 2 do
  if tonumber(string.match(taken[i + 1], '%d+$')) < limit then
    redis.call('HDEL', base .. ':taken', taken[i])
    redis.call('ZADD', base .. ':free', taken[i], taken[i])
    redis.call('HINCRBY', ARGV[5], ARGV[6] .. '|lost|parts', 1)
  end
end
live(ARGV[2])
return {{state, unpack(redis.call('LRANGE', base .. ':done', ARGV[4], tonumber(ARGV[4]) + 99))}}
"""

SHOW_READY = f"""
-- The files lie in the storage. ARGV: id.
{_KEYS}
if redis.call('EXISTS', base) == 1 then redis.call('HSET', base, 'state', 'ready') end
return 1
"""

FREE_PART = f"""
-- A result could not be read: the part is free again. ARGV: id, number, claim.
{_KEYS}
if redis.call('EXISTS', base) == 0 or redis.call('HGET', base .. ':accepted', ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HDEL', base .. ':accepted', ARGV[2])
redis.call('ZADD', base .. ':free', ARGV[2], ARGV[2])
keep()
return 1
"""

WITHDRAW = f"""
-- Nobody wants the parts any more. ARGV: id.
{_KEYS}
redis.call('DEL', unpack(all))
redis.call('SREM', 'dragon:offers', ARGV[1])
return 1
"""

WANT = f"""
-- A worker would help. ARGV: id.
{_KEYS}
if redis.call('HGET', base, 'state') == 'new' then redis.call('HSET', base, 'state', 'wanted') end
return 1
"""

CLAIM = f"""
-- A helper takes a part, unless a task waits in one of its queues. ARGV: id, claim, queues.
-- Returns its number and value; nothing if there is none to take.
{_KEYS}{_WANTED}
for i = 3, #ARGV do
  if redis.call('EXISTS', 'dragon:q:' .. ARGV[i]) == 1 then return {{}} end
end
if redis.call('HGET', base, 'state') ~= 'ready' or not wanted() then return {{}} end
local number = redis.call('ZPOPMAX', base .. ':free')[1]
if not number then return {{}} end
redis.call('HSET', base .. ':taken', number, ARGV[2] .. ' ' .. string.format('%.0f', now()))
redis.call('HSET', 'dragon:temporary', ARGV[2], ARGV[1])
keep()
return {{number, redis.call('HGET', base .. ':values', number)}}
"""

RENEW = f"""
-- A helper still has a part. ARGV: id, number, claim. Returns 1, or 0 when nobody wants it from this helper any more.
{_KEYS}{_WANTED}
if not wanted() or not is_claimed(ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', base .. ':taken', ARGV[2], ARGV[3] .. ' ' .. string.format('%.0f', now()))
return 1
"""

ACCEPT = f"""
-- A helper has done a part. ARGV: id, number, claim, result, metrics, name of the task, seconds.
-- Returns 1, or 0 when it is too late: the result is to be thrown away.
{_KEYS}{_WANTED}
if redis.call('EXISTS', base) == 0 then return 0 end
if redis.call('HGET', base .. ':accepted', ARGV[2]) == ARGV[3] then return 1 end
if not wanted() or not is_claimed(ARGV[2], ARGV[3]) then return 0 end
redis.call('HDEL', base .. ':taken', ARGV[2])
redis.call('HSET', base .. ':accepted', ARGV[2], ARGV[3])
redis.call('RPUSH', base .. ':done', ARGV[4])
keep()
redis.call('HINCRBY', ARGV[5], ARGV[6] .. '|done|parts', 1)
redis.call('HINCRBYFLOAT', ARGV[5], ARGV[6] .. '|done|part_seconds', ARGV[7])
return 1
"""

GIVE_BACK_PART = f"""
-- A helper does not do a part after all. ARGV: id, number, claim, metrics, name of the task, why.
{_KEYS}{_WANTED}
redis.call('HDEL', 'dragon:temporary', ARGV[3])
if not is_claimed(ARGV[2], ARGV[3]) then return 0 end
redis.call('HDEL', base .. ':taken', ARGV[2])
redis.call('ZADD', base .. ':free', ARGV[2], ARGV[2])
keep()
redis.call('HINCRBY', ARGV[4], ARGV[5] .. '|' .. ARGV[6] .. '|parts', 1)
return 1
"""

FORGET = """
-- Files in the storage are deleted. ARGV: their key.
return redis.call('HDEL', 'dragon:temporary', ARGV[1])
"""

PARTS = (
    OPEN_OFFER,
    TAKE_PART,
    TEND,
    SHOW_READY,
    FREE_PART,
    WITHDRAW,
    WANT,
    CLAIM,
    RENEW,
    ACCEPT,
    GIVE_BACK_PART,
    FORGET,
)
"""All of them, for a courier."""
