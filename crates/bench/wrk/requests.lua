-- The requests of one case. Arguments: kind, file of fixed-length records, record length, records.
-- kind is "login" (records are API keys), "session", "list" or "create" (records are refresh tokens), or
-- "function" (records are access tokens).
local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  kind, length, count = args[1], tonumber(args[3]), tonumber(args[4])
  records = io.open(args[2], "rb")
  cache = {}
  counter = 0
  math.randomseed(os.time() * 1000 + thread_number)
  math.random()
end

local function record(index)
  local known = cache[index]
  if known then return known end
  records:seek("set", index * length)
  local read = records:read(length - 1):gsub("%s+$", "")
  -- Few records are kept; many would make the load tool, not the server, run out of memory.
  if count <= 200000 then cache[index] = read end
  return read
end

local app = "/api/client/v2.0/app/quickstart-abcde"
local json = { ["Content-Type"] = "application/json" }

function request()
  counter = counter + 1
  if kind == "login" then
    local body = '{"key":"' .. record(math.random(0, count - 1)) .. '"}'
    return wrk.format("POST", path or app .. "/auth/providers/api-key/login", json, body)
  end
  -- A user may have 20 keys, so creating goes through the users in turn.
  local index = kind == "create" and (counter * 2 + thread_number) % count or math.random(0, count - 1)
  local headers = { ["Authorization"] = "Bearer " .. record(index), ["Content-Type"] = "application/json" }
  if kind == "session" then return wrk.format("POST", "/api/client/v2.0/auth/session", headers) end
  if kind == "list" then return wrk.format("GET", "/api/client/v2.0/auth/api_keys", headers) end
  if kind == "function" then
    local call = '{"name":"sum","arguments":[{"$numberInt":"1"},{"$numberInt":"2"}]}'
    return wrk.format("POST", "/api/client/v2.0/app/fullapp-abcde/functions/call", headers, call)
  end
  local name = "k" .. os.time() .. "-" .. thread_number .. "-" .. counter
  return wrk.format("POST", "/api/client/v2.0/auth/api_keys", headers, '{"name":"' .. name .. '"}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
