"""How tasks wait: a line for each account, and the lines take turns.

One account with ten thousand tasks does not keep another waiting: workers take one task
from the line at the head of the turns, which then goes to the back (round robin). Within
a line a higher priority goes first, then who came first.

Keys in Redis:

    dragon:q:QUEUE          list: the accounts that have tasks waiting, in turn; it is there while any waits
    dragon:w:QUEUE:ACCOUNT  sorted set: ids of an account's waiting messages, in their order
    dragon:r:QUEUE          sorted set: ids of messages that wait for a time (retries), by that time in ms
    dragon:n                counts messages, for their order

The message itself says whose line it waits in and with what priority (`message`). Lua
that is put before the scripts that need it; it stands on nothing.
"""

TURNS = "dragon:q:"
LINE = "dragon:w:"

PRIORITIES = {"low": -1, "normal": 0, "high": 1}
"""What a client can ask for. It orders the tasks of its own account alone."""

JOIN = """
-- Put a message into a line: at its end, or `ahead` of those of its priority.
local function join_line(queue, line, priority, id, ahead)
  local name = 'dragon:w:' .. queue .. ':' .. line
  local order = redis.call('INCR', 'dragon:n')
  if ahead then order = -order end
  if redis.call('ZADD', name, order - priority * 1e14, id) == 1 and redis.call('ZCARD', name) == 1 then
    redis.call(ahead and 'LPUSH' or 'RPUSH', 'dragon:q:' .. queue, line)
  end
end
local function join_again(queue, id, message)
  local line = string.match(message, '"line":"([^"]*)"') or ''
  join_line(queue, line, tonumber(string.match(message, '"priority":(-?%d+)') or '0'), id, true)
end
"""

LEAVE = """
-- Take the next message of a queue out of its line: an id, or nil when none waits.
local function leave_line(queue)
  local turns = 'dragon:q:' .. queue
  while true do
    local line = redis.call('LPOP', turns)
    if not line then return nil end
    local name = 'dragon:w:' .. queue .. ':' .. line
    local id = redis.call('ZPOPMIN', name)[1]
    if redis.call('ZCARD', name) > 0 then redis.call('RPUSH', turns, line) end
    if id then return id end
  end
end
"""
