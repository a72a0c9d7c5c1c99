/**
 * What must happen at once or not at all, as scripts that Redis runs one after the other. Each may be run twice with the same
 * words without harm, because a command whose answer was lost is sent again. Knows keys; knows no run.
 */

/** Whether the job is still held under that token. */
const HELD = `local function held(holders, job, token) return redis.call('HGET', holders, job) == token end`

/** The negative of a count. */
const LESS = `local function less(count) return string.format('%.0f', 0 - tonumber(count)) end`

export const SCRIPTS = {
  /**
   * A worker has taken a job. KEYS holders, stop, done; ARGV job, token, then the numbers of its rollouts. Gives whether another
   * worker held it and did not give it back, the reasons to stop, and a bit a rollout.
   */
  agoragymTake: `
    local holders, stop, done = KEYS[1], KEYS[2], KEYS[3]
    local before = redis.call('HGET', holders, ARGV[1])
    redis.call('HSET', holders, ARGV[1], ARGV[2])
    local bits = {}
    for i = 3, #ARGV do bits[i - 2] = redis.call('GETBIT', done, ARGV[i]) end
    return { before and before ~= ARGV[2] and 1 or 0, redis.call('HGETALL', stop), bits }`,

  /**
   * Keeps an answered call. KEYS holders, calls, open, state, tries; ARGV job, token, rollout, field, row, cost in 1e-9 USD,
   * tokens. Gives 0 where the job is no longer held, 1 otherwise. The rollout has come on: what was counted against it is forgotten.
   */
  agoragymRecord: `
    ${HELD}
    if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
    if redis.call('HGET', KEYS[2], ARGV[4]) == ARGV[5] then return 1 end
    redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
    redis.call('SADD', KEYS[3], ARGV[3])
    redis.call('HINCRBY', KEYS[4], 'calls', 1)
    redis.call('HINCRBY', KEYS[4], 'cost', ARGV[6])
    redis.call('HINCRBY', KEYS[4], 'tokens', ARGV[7])
    redis.call('HSET', KEYS[5], ARGV[3], 0)
    return 1`,

  /**
   * Hands results on. KEYS done, results, state, open, tries; ARGV the keys' beginning, the run's number, what was played, then
   * the number and \`ok\` or \`failed\` of each rollout. What is on its way already is counted as double. Gives how many were not.
   */
  agoragymPublish: `
    local done, results, state, open, tries = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
    local base, run = ARGV[1], ARGV[2]
    local fresh = 0
    for i = 4, #ARGV, 2 do
      local rollout = run .. ':' .. ARGV[i]
      if redis.call('SETBIT', done, ARGV[i], 1) == 0 then
        fresh = fresh + 1
        redis.call('HINCRBY', state, ARGV[i + 1], 1)
        redis.call('DEL', base .. 'calls:' .. rollout)
        redis.call('SREM', open, rollout)
        redis.call('HDEL', tries, rollout)
      else
        redis.call('HINCRBY', state, 'doubles', 1)
      end
    end
    if fresh > 0 then
      redis.call('XADD', results, '*', 'b', ARGV[3])
      local rate = base .. 'rate:' .. math.floor(redis.call('TIME')[1] / 10)
      redis.call('INCRBY', rate, fresh)
      redis.call('EXPIRE', rate, 600)
    end
    return fresh`,

  /** Removes what begins so, where the run is over. KEYS manifest; ARGV beginnings. */
  agoragymSweep: `
    if redis.call('EXISTS', KEYS[1]) == 1 then return end
    for _, base in ipairs(ARGV) do
      for _, key in ipairs(redis.call('KEYS', base .. '*')) do redis.call('UNLINK', key) end
    end`,

  /** Gives a job up. KEYS holders; ARGV job, token. */
  agoragymRelease: `
    ${HELD}
    if held(KEYS[1], ARGV[1], ARGV[2]) then redis.call('HDEL', KEYS[1], ARGV[1]) end`,

  /** Stops a run or a part of it, for the first reason given. KEYS stop, results, news; ARGV what, reason, run. */
  agoragymStop: `
    if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
      redis.call('XADD', KEYS[2], '*', 'w', '1')
      if ARGV[1] == '*' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', '1000', '*', 'stop', ARGV[3]) end
    end`,

  /**
   * Sets the worst case of a call aside. KEYS state, reserved, holders; ARGV id, tokens, cost in 1e-9 USD, job, token. Gives
   * {1} where it fits; {0} where it may fit once calls in flight are settled; {2, ceiling, tokens, cost} where nothing in flight
   * could make room, then and from then on; {3} where the job is no longer held. What workers that are gone had set aside may
   * have been billed: it counts as used.
   */
  agoragymReserve: `
    ${HELD}
    ${LESS}
    local state, reserved, holders = KEYS[1], KEYS[2], KEYS[3]
    if redis.call('HEXISTS', reserved, ARGV[1]) == 1 then return { 1 } end
    if not held(holders, ARGV[4], ARGV[5]) then return { 3 } end
    local function number(field) return tonumber(redis.call('HGET', state, field) or '0') end
    local function answer()
      return { 2, redis.call('HGET', state, 'reached'), redis.call('HGET', state, 'used_tokens') or '0',
        redis.call('HGET', state, 'used_cost') or '0' }
    end
    if redis.call('HEXISTS', state, 'reached') == 1 then return answer() end
    local function over()
      for _, what in ipairs({ 'cost', 'tokens' }) do
        local most = redis.call('HGET', state, 'max_' .. what)
        local worst = tonumber(what == 'tokens' and ARGV[2] or ARGV[3])
        if most and number('used_' .. what) + number('reserved_' .. what) + worst > tonumber(most) then return what end
      end
      return nil
    end
    if over() then
      local all = redis.call('HGETALL', reserved)
      for i = 1, #all, 2 do
        local set = cjson.decode(all[i + 1])
        if not held(holders, set[3], set[4]) then
          redis.call('HDEL', reserved, all[i])
          redis.call('HINCRBY', state, 'reserved_tokens', less(set[1]))
          redis.call('HINCRBY', state, 'reserved_cost', less(set[2]))
          redis.call('HINCRBY', state, 'used_tokens', set[1])
          redis.call('HINCRBY', state, 'used_cost', set[2])
        end
      end
      local what = over()
      if what then
        if redis.call('HLEN', reserved) > 0 then return { 0 } end
        redis.call('HSET', state, 'reached', what)
        return answer()
      end
    end
    redis.call('HSET', reserved, ARGV[1], cjson.encode({ ARGV[2], ARGV[3], ARGV[4], ARGV[5] }))
    redis.call('HINCRBY', state, 'reserved_tokens', ARGV[2])
    redis.call('HINCRBY', state, 'reserved_cost', ARGV[3])
    return { 1 }`,

  /** What a call turned out to use. KEYS state, reserved; ARGV id, tokens, cost in 1e-9 USD. */
  agoragymSettle: `
    ${LESS}
    local state, reserved = KEYS[1], KEYS[2]
    local set = redis.call('HGET', reserved, ARGV[1])
    if not set then return end
    set = cjson.decode(set)
    redis.call('HDEL', reserved, ARGV[1])
    redis.call('HINCRBY', state, 'reserved_tokens', less(set[1]))
    redis.call('HINCRBY', state, 'reserved_cost', less(set[2]))
    redis.call('HINCRBY', state, 'used_tokens', ARGV[2])
    redis.call('HINCRBY', state, 'used_cost', ARGV[3])`,

  /** The next place in an even row of requests. KEYS pace; ARGV spacing in µs. Gives the µs until then. */
  agoragymPace: `
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
    local next = string.format('%.0f', at + ARGV[1])
    redis.call('SET', KEYS[1], next, 'PX', math.ceil((at + ARGV[1] - now) / 1000) + 1000)
    return string.format('%.0f', at - now)`,
} as const

export type ScriptName = keyof typeof SCRIPTS
