-- The work of `scheduling.remind` as one script of Redis: existence check, number, record, due index, and a log entry
-- whose hash covers the one before it. Redis has SHA-1 only (half the work of SHA-256), no index by person, and
-- takes the time as milliseconds.
local person, due, title = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', 'person:' .. person) == 0 then return redis.error_reply('not-found') end
local clock = redis.call('TIME')
local now = clock[1] .. string.format('%03d', math.floor(clock[2] / 1000))
local number = redis.call('INCR', 'reminders')
redis.call(
    'HSET', 'reminder:' .. number, 'person', person, 'kind', 'custom', 'title', title, 'urgency', 'normal',
    'state', 'pending', 'due_at', due, 'planned_at', due, 'created_at', now, 'changed_at', now)
redis.call('ZADD', 'waiting', due, number)
local body = cjson.encode({
    reminder = number, person = person, kind = 'custom', title = title, body = '', due = due, state = 'pending',
    urgency = 'normal'})
local sequence = redis.call('LLEN', 'ledger') + 1
local fields = table.concat(
    {sequence, now, 'default', 'scheduling', 'reminder.queued', 'reminder/' .. number, person, body}, '\n')
local hash = redis.sha1hex((redis.call('GET', 'head') or '') .. fields)
redis.call('RPUSH', 'ledger', fields .. '\n' .. hash)
redis.call('SET', 'head', hash)
return redis.status_reply(body)
