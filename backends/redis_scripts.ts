/**
 * What runs inside Redis. One script is one operation, and touches the keys of one slot only.
 *
 * @module
 */

/** One script. */
export interface RedisScript {
  /** For messages. */
  readonly name: string;
  /** Lua. */
  readonly source: string;
}

/**
 * Stores one record under a condition.
 *
 * - KEYS: 1 record, 2 list, 3 due, 4 active
 * - ARGV: 1 version expected (empty: the record must be absent), 2 new version, 3 value, 4 due time, 5 purge
 *   time, 6 `1` if active, 7 limit of active records, 8 last instant for a create, 9 id, 10 member, 11 channel;
 *   empty where there is none
 * - returns 1 stored (also when this very put was stored before), 0 conflict, -1 limit, -2 too late
 *
 * The expiry of list and active set is that of the record that stays longest, so that they do not outlive
 * the records of an owner who never comes back.
 */
export const PUT: RedisScript = {
  name: "put",
  source: `
local current = redis.call('HGET', KEYS[1], 'n')
if current == ARGV[2] then return 1 end
local purge = ARGV[5]
if ARGV[1] == '' then
  if current then return 0 end
  local counts = ARGV[6] == '1' and ARGV[7] ~= ''
  if counts or ARGV[8] ~= '' then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + time[2] / 1000
    if ARGV[8] ~= '' and now > tonumber(ARGV[8]) then return -2 end
    if counts then
      redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.3f', now))
      if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[7]) then return -1 end
    end
  end
elseif current ~= ARGV[1] then
  return 0
end
local function keep(key)
  if purge == '' then
    redis.call('PERSIST', key)
  elseif redis.call('ZCARD', key) == 1 then
    redis.call('PEXPIREAT', key, purge)
  else
    redis.call('PEXPIREAT', key, purge, 'GT')
  end
end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'n', ARGV[2], 'd', ARGV[4])
if purge ~= '' then
  redis.call('PEXPIREAT', KEYS[1], purge)
elseif current then
  redis.call('PERSIST', KEYS[1])
end
redis.call('ZADD', KEYS[2], 0, ARGV[9])
keep(KEYS[2])
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[10])
else
  redis.call('ZREM', KEYS[3], ARGV[10])
end
if ARGV[6] == '1' then
  redis.call('ZADD', KEYS[4], purge == '' and '+inf' or purge, ARGV[10])
  keep(KEYS[4])
else
  redis.call('ZREM', KEYS[4], ARGV[10])
end
redis.call('PUBLISH', ARGV[11], '')
return 1
`,
};

/**
 * Removes records of one slot.
 *
 * - KEYS: 1 due, then record, list and active for each record
 * - ARGV: id, member and channel for each record
 * - returns 1
 */
export const DELETE: RedisScript = {
  name: "delete",
  source: `
for i = 0, (#KEYS - 1) / 3 - 1 do
  local id, member, channel = ARGV[i * 3 + 1], ARGV[i * 3 + 2], ARGV[i * 3 + 3]
  redis.call('UNLINK', KEYS[i * 3 + 2])
  redis.call('ZREM', KEYS[i * 3 + 3], id)
  redis.call('ZREM', KEYS[i * 3 + 4], member)
  redis.call('ZREM', KEYS[1], member)
  redis.call('PUBLISH', channel, '')
end
return 1
`,
};

/**
 * Reads records of one slot.
 *
 * - KEYS: the records
 * - returns value and version for each; nil for none; an empty version for what is no record of ours
 */
export const READ: RedisScript = {
  name: "read",
  source: `
local found = {}
for i, key in ipairs(KEYS) do
  local record = redis.pcall('HMGET', key, 'v', 'n')
  if record.err then
    found[i * 2 - 1], found[i * 2] = '', ''
  else
    found[i * 2 - 1], found[i * 2] = record[1], record[2]
  end
end
return found
`,
};

/**
 * Reads the records of one page of a list, and takes ids without a record out of the list.
 *
 * - KEYS: 1 list, then the records
 * - ARGV: the ids
 * - returns as {@linkcode READ}
 */
export const READ_PAGE: RedisScript = {
  name: "read page",
  source: `
local found = {}
for i, id in ipairs(ARGV) do
  local record = redis.pcall('HMGET', KEYS[i + 1], 'v', 'n')
  if record.err then
    found[i * 2 - 1], found[i * 2] = '', ''
  else
    found[i * 2 - 1], found[i * 2] = record[1], record[2]
    if not record[2] then redis.call('ZREM', KEYS[1], id) end
  end
end
return found
`,
};

/**
 * Reads a page of due entries behind a place in their order.
 *
 * - KEYS: 1 due
 * - ARGV: 1 instant before which entries are wanted, 2 score and 3 member of the last entry seen (empty: none),
 *   4 entries wanted
 * - returns member and score of each
 *
 * Members of one score are in the order of their bytes, which Lua's own comparison does not promise.
 */
export const DUE: RedisScript = {
  name: "due",
  source: `
local function isBehind(a, b)
  local length = math.min(#a, #b)
  for i = 1, length do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
local wanted = tonumber(ARGV[4])
local before = '(' .. ARGV[1]
if ARGV[2] == '' then
  return redis.call('ZRANGE', KEYS[1], '-inf', before, 'BYSCORE', 'LIMIT', 0, wanted, 'WITHSCORES')
end
local score = tonumber(ARGV[2])
local found = {}
local offset = 0
while #found < wanted * 2 do
  local page = redis.call('ZRANGE', KEYS[1], ARGV[2], before, 'BYSCORE', 'LIMIT', offset, wanted, 'WITHSCORES')
  if #page == 0 then break end
  for i = 1, #page, 2 do
    if #found < wanted * 2 and (tonumber(page[i + 1]) > score or isBehind(page[i], ARGV[3])) then
      found[#found + 1] = page[i]
      found[#found + 1] = page[i + 1]
    end
  end
  offset = offset + wanted
end
return found
`,
};

/**
 * Tells due entries from leftovers of records that expired, and removes the leftovers.
 *
 * - KEYS: 1 due, then the record of each entry
 * - ARGV: member and score of each entry
 * - returns 1 for each entry that holds, 0 for each other
 */
export const CHECK_DUE: RedisScript = {
  name: "check due",
  source: `
local holds = {}
for i = 1, #KEYS - 1 do
  local member, score = ARGV[i * 2 - 1], tonumber(ARGV[i * 2])
  local due = redis.pcall('HGET', KEYS[i + 1], 'd')
  if type(due) == 'table' then
    holds[i] = 1
  elseif due and tonumber(due) == score then
    holds[i] = 1
  else
    holds[i] = 0
    local now = redis.call('ZSCORE', KEYS[1], member)
    if now and not (due and tonumber(due) == tonumber(now)) then redis.call('ZREM', KEYS[1], member) end
  end
end
return holds
`,
};

/** All scripts. */
export const SCRIPTS: readonly RedisScript[] = [PUT, DELETE, READ, READ_PAGE, DUE, CHECK_DUE];
