-- The allowance of one portal: requests in a leaky bucket, operating seconds per method.
-- facts/bitrix24-platform.md §3.1, §3.2; facts/measurements.md §6; the same arithmetic is in bucket.py and operating.py.
--
-- KEYS: bucket, tariff, ledger (operating seconds of one credential), paces (seconds per item of a method).
-- ARGV: verb, now ('' = Redis TIME), burst and per_second of the settings ('' = not set), JSON object with the rest.
-- Returns a JSON object.
local bucket, tariff, ledger, paces = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local verb, given = ARGV[1], cjson.decode(ARGV[5])
local now = tonumber(ARGV[2])
if not now then local t = redis.call('TIME'); now = tonumber(t[1]) + tonumber(t[2]) / 1000000 end

-- Requests ---------------------------------------------------------------------------------------------------------
local told = redis.call('HMGET', tariff, 'burst', 'per_second')
local full = tonumber(ARGV[3]) or tonumber(told[1]) or given.burst
local rate = tonumber(ARGV[4]) or tonumber(told[2]) or given.per_second
local open = full <= 0
local cap = math.max(1, full - math.min(2 * rate, full / 2))

local kept = redis.call('HMGET', bucket, 'level', 'at', 'epoch', 'since')
local level, at = tonumber(kept[1]) or 0, tonumber(kept[2]) or now
local epoch, since = tonumber(kept[3]) or 0, tonumber(kept[4])
if at > now + 86400 then at = now end
if now > at then level = math.max(0, level - (now - at) * rate); at = now end
if open then level = 0 end

local function keep_bucket()
  redis.call('HSET', bucket, 'level', string.format('%.17g', level), 'at', string.format('%.17g', at), 'epoch', epoch)
  if since then
    redis.call('HSET', bucket, 'since', string.format('%.17g', since))
  else
    redis.call('HDEL', bucket, 'since')
  end
  redis.call('PEXPIRE', bucket, math.ceil(((at - now) + level / rate + 60) * 1000))
end

local function place()
  level = level + 1
  if open then level = 0 end
  return (at - now) + math.max(0, (level - cap) / rate)
end

-- Seconds ----------------------------------------------------------------------------------------------------------
local function pace_of(method)
  return tonumber(redis.call('HGET', paces, method)) or given.unknown
end

local function usage(method)
  local raw = redis.call('HGET', ledger, method)
  local u = raw and cjson.decode(raw) or {}
  local alive, used = {}, 0
  for _, span in ipairs(u.spans or {}) do
    if span[1] > now then alive[#alive + 1] = span; used = used + span[2] end
  end
  u.spans, u.used = alive, used
  local period = math.floor(now / given.flight)
  if u.period ~= period then
    u.before = u.period == period - 1 and u.flying or 0
    u.period, u.flying = period, 0
  end
  if u.until_ and u.until_ <= now then u.limit, u.until_ = nil, nil end
  return u
end

local function keep_usage(method, u)
  redis.call('HSET', ledger, method, cjson.encode(u))
  redis.call('EXPIRE', ledger, 93600)
end

local function wait_of(method, share)
  local u = usage(method)
  local wait, limit = math.max(0, (u.blocked or 0) - now), (u.limit or given.limit) * share
  local air = u.counts ~= 0 and (u.flying + u.before) * pace_of(method) or 0
  if u.used + air < limit then return wait end
  if u.used < limit then return math.max(wait, given.glance) end
  local left = u.used
  for _, span in ipairs(u.spans) do
    left = left - span[2]
    wait = math.max(wait, span[1] - now)
    if left < limit then break end
  end
  return wait
end

local function longest_wait(share)
  local longest, whose = 0, nil
  for method in pairs(given.load) do
    local wait = wait_of(method, share)
    if wait > longest then longest, whose = wait, method end
  end
  return longest, whose
end

local function depart()
  for method, items in pairs(given.load) do
    local u = usage(method)
    u.flying = u.flying + items
    keep_usage(method, u)
  end
end

local function settle(u, items)
  local older = math.min(items, u.before)
  u.before = u.before - older
  u.flying = math.max(0, u.flying - (items - older))
end

-- The sum that the portal told replaces ours: what is missing was spent this minute, what is too much was the oldest.
local function believe(u, sum, reset)
  if sum > u.used then
    local last = u.spans[#u.spans]
    if last and math.floor((last[1] - given.window) / 60) == math.floor(now / 60) then
      last[2] = last[2] + sum - u.used
    else
      u.spans[#u.spans + 1] = {now + given.window, sum - u.used}
    end
  elseif not given.shared then
    local over = u.used - sum
    while over > 0 and u.spans[1] do
      local gone = math.min(over, u.spans[1][2])
      over, u.spans[1][2] = over - gone, u.spans[1][2] - gone
      if u.spans[1][2] <= 0 then table.remove(u.spans, 1) end
    end
  end
  if u.spans[1] and reset then u.spans[1][1] = now + reset end
  table.sort(u.spans, function(a, b) return a[1] < b[1] end)
end

-- Verbs ------------------------------------------------------------------------------------------------------------
local verbs = {}

function verbs.live()
  local wait, method = longest_wait(given.share)
  if method then return {granted = 0, wait = wait, method = method} end
  wait = place()
  depart()
  keep_bucket()
  return {granted = 1, wait = wait, epoch = epoch}
end

-- Bulk leaves when nobody is ahead of it, so live waits for one request of it at most. What has waited too long takes
-- a place in the line of live, one for all of bulk in so many seconds.
function verbs.bulk()
  local wait, method = longest_wait(given.share)
  if method then return {granted = 0, wait = wait, method = method} end
  wait = (at - now) + level / rate
  if wait <= 1e-6 or (since and now - since >= given.patience) then
    local aged = wait > 1e-6
    wait = place()
    since = aged and now or nil
    depart()
    keep_bucket()
    return {granted = 1, wait = wait, epoch = epoch}
  end
  if not since then since = now end
  keep_bucket()
  return {granted = 0, wait = math.min(wait, math.max(0, since + given.patience - now)), epoch = epoch}
end

function verbs.pause()
  local till = math.max(at, now + given.seconds)
  level = open and 0 or math.max(0, full - (till - now) * rate)
  at, epoch = till, epoch + 1
  keep_bucket()
  return {}
end

function verbs.peek()
  return {level = level, full = full, rate = rate, cap = cap, ahead = at - now, epoch = epoch, open = open and 1 or 0}
end

function verbs.waiting()
  local found = {}
  for method in pairs(given.load) do
    local wait = wait_of(method, given.share)
    if wait > 0 then found[method] = wait end
  end
  return {waits = found}
end

function verbs.note()
  local u = usage(given.method)
  settle(u, given.items)
  if given.seconds then
    local new, old = given.seconds / math.max(given.items, 1e-9), tonumber(redis.call('HGET', paces, given.method))
    new = old and old + given.learning * (new - old) or new
    redis.call('HSET', paces, given.method, string.format('%.9g', new))
    redis.call('EXPIRE', paces, 2592000)
    u.counts = given.operating and 1 or 0
  end
  local fresh = not given.finish or given.finish >= (u.finish or 0) or given.finish < (u.finish or 0) - 60
  if given.operating and fresh then
    u.finish = given.finish
    believe(u, given.operating, given.reset)
    if (u.blocked or 0) <= now then u.steps = 0 end
  end
  keep_usage(given.method, u)
  return {}
end

function verbs.block()
  local u = usage(given.method)
  local left = (u.blocked or 0) - now
  if left > 1 then return {wait = left} end
  if u.used >= given.least and u.used < (u.limit or given.limit) then
    u.limit, u.until_ = u.used, now + 86400
  end
  local wait = given.step
  if u.spans[1] then
    wait, u.steps = math.max(1, u.spans[1][1] - now), 0
  else
    u.steps = (u.steps or 0) + 1
    wait = math.min(given.window, given.step * u.steps)
  end
  u.blocked = now + wait
  keep_usage(given.method, u)
  return {wait = wait}
end

function verbs.operating()
  local rows = {}
  for _, method in ipairs(redis.call('HKEYS', ledger)) do
    local u = usage(method)
    rows[method] = {
      seconds = u.used, limit = u.limit or given.limit, reset = u.spans[1] and u.spans[1][1] - now or 0,
      blocked = math.max(0, (u.blocked or 0) - now),
    }
  end
  return {rows = rows}
end

return cjson.encode(verbs[verb]())
