-- wrk: every request is a Telegram update with an update_id of its own, about 1 KB, spread over 500 conversations.
-- Arguments: the first update_id, the secret, the length of the text.

local thread_count = 0

function setup(thread)
  thread:set("number", thread_count)
  thread_count = thread_count + 1
end

function init(args)
  local update_id = tonumber(args[1]) + number * 10000000
  local headers = {
    ["Content-Type"] = "application/json",
    ["X-Telegram-Bot-Api-Secret-Token"] = args[2],
  }
  local text = string.rep("abcdefghi ", tonumber(args[3]) / 10)
  local template = '{"update_id":%d,"message":{"message_id":%d,'
    .. '"from":{"id":%d,"is_bot":false,"first_name":"Anna","last_name":"Ivanova","username":"anna","language_code":"ru"},'
    .. '"chat":{"id":%d,"first_name":"Anna","last_name":"Ivanova","username":"anna","type":"private"},'
    .. '"date":%d,"text":"' .. text .. '"}}'
  local now = os.time()
  function request()
    update_id = update_id + 1
    local person = 700000 + update_id % 500
    return wrk.format("POST", nil, headers, string.format(template, update_id, update_id, person, person, now))
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"broken":%d,"refused":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
