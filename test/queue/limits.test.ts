/** What holds over all workers because Redis does it at once: ceilings, pace, whose a job is, and that a result counts once. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { experiment } from '../../evals/experiment.ts'
import { planExperiment } from '../../evals/run_experiment.ts'
import { economies } from '../../index.ts'
import { keysOf, PREFIX } from '../../queue/keys.ts'
import { type Holding, HoldingLost, SharedLedger, SharedPace } from '../../queue/limits.ts'
import { openQueue } from '../../queue/open.ts'
import { Connection, checkedUrl, shownUrl } from '../../queue/redis.ts'
import { PlanSpecs } from '../../rollouts/run.ts'
import { RunStore } from '../../rollouts/store.ts'
import { scratch } from '../rollouts/table.ts'
import { HAS_REDIS, startRedis, type TestRedis } from './redis.ts'

const PASSWORD = 'correct-horse'
let redis: TestRedis
/** Two processes, as far as Redis can tell. */
let connections: Connection[]
const keys = keysOf('r')
const signal = new AbortController().signal
setMaxListeners(0, signal)

describe.skipIf(!HAS_REDIS)('over all workers', () => {
  beforeAll(async () => {
    redis = await startRedis({ password: PASSWORD })
    connections = await Promise.all([0, 1].map(() => Connection.open(redis.url, { tell: () => {} })))
  })
  beforeEach(() => redis.client.flushall())
  afterAll(async () => {
    for (const connection of connections) connection.close()
    await redis.stop()
  })

  const take = (holding: Holding, ...rollouts: number[]) =>
    connections[0]!.script('agoragymTake', [keys.holders, keys.stop, keys.done(0)], [holding.job, holding.token, ...rollouts])
  const ledgers = (holding: Holding) =>
    connections.map(connection => new SharedLedger(connection, 'r', true, { maxTokens: 100 }, () => holding))

  test('no ceiling is passed by calls that are in flight at once, and what they leave over is used', async () => {
    await redis.client.hset(keys.state, 'max_tokens', 100)
    const holding = { job: 'j', token: 'a' }
    await take(holding)
    const both = ledgers(holding)
    let flying = 0
    let peak = 0
    let used = 0
    const calls = Array.from({ length: 40 }, async (_, i) => {
      const set = await both[i % 2]!.reserve({ tokens: 20, cost: 0 }, 'k')
      flying += 20
      peak = Math.max(peak, flying + used)
      await new Promise(resolve => setTimeout(resolve, 5))
      flying -= 20
      used += 7
      set.settle({ tokens: 7, cost: 0 })
    })
    const ends = await Promise.allSettled(calls)
    expect(peak).toBeLessThanOrEqual(100)
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(12)
    for (const end of ends)
      if (end.status === 'rejected') expect(String(end.reason)).toContain('Stopped at --max-tokens 100: 84 tokens are spent')
  })

  test('what a lost worker had set aside counts as used, and its job tells it so', async () => {
    await redis.client.hset(keys.state, 'max_tokens', 100)
    const lost = { job: 'j', token: 'a' }
    await take(lost)
    await ledgers(lost)[0]!.reserve({ tokens: 60, cost: 0 }, 'k')
    const next = { job: 'j', token: 'b' }
    expect(await take(next, 5)).toEqual([1, [], [0]])
    await expect(ledgers(next)[1]!.reserve({ tokens: 60, cost: 0 }, 'k')).rejects.toThrow('60 tokens are spent')
    await redis.client.hdel(keys.state, 'reached')
    await expect(ledgers(lost)[0]!.reserve({ tokens: 1, cost: 0 }, 'k')).rejects.toThrow(HoldingLost)
  })

  test('an answer is kept for as long as the job is held, a result counts once, and what is played is known', async () => {
    await take({ job: 'j', token: 'a' }, 3)
    const record = (token: string, row: string) =>
      connections[0]!.script(
        'agoragymRecord',
        [keys.holders, keys.calls(0, 3), keys.open, keys.state, keys.tries],
        ['j', token, '0:3', 'agent_0 0', row, 5, 10],
      )
    expect([await record('a', 'n{}'), await record('a', 'n{}'), await record('b', 'n{2}')]).toEqual([1, 1, 0])
    expect(await redis.client.hmget(keys.state, 'calls', 'cost', 'tokens')).toEqual(['1', '5', '10'])
    const publish = (connection: Connection) =>
      connection.script(
        'agoragymPublish',
        [keys.done(0), keys.results, keys.state, keys.open, keys.tries],
        [keys.base, 0, 'blob', 3, 'ok'],
      )
    expect((await Promise.all(connections.map(publish))).toSorted()).toEqual([0, 1])
    expect(await redis.client.xlen(keys.results)).toBe(1)
    expect(await redis.client.hmget(keys.state, 'ok', 'doubles')).toEqual(['1', '1'])
    expect(await redis.client.exists(keys.calls(0, 3), keys.open)).toBe(0)
    expect(await take({ job: 'j', token: 'a' }, 2, 3)).toEqual([0, [], [0, 1]])
  })

  test('a rollout that counts as played, and whose result was lost with the memory of Redis, is queued with the others', async () => {
    const asked = experiment({
      entries: [{ env: 'sim_economy', set: { horizon_turns: 2 }, players: ['bot:honest'], seeds: '3' }],
    })
    const folder = scratch()
    const planned = planExperiment(asked, { economies })
    const out = join(folder, 'marked')
    const options = { experiment: asked, planned, folder, models: {}, out, imported: [], tell: () => {} }
    const queued = await openQueue({ url: redis.url, ...options })
    const done = keysOf(queued.id).done(0)
    await redis.client.setbit(done, 1, 1)
    const store = new RunStore(out)
    const jobs = [...new PlanSpecs(planned[0]!.plans[0]!).all()].map(spec => ({ spec, store, run: 0 }))
    const stop = new AbortController()
    const told: string[] = []
    const playing = queued.elsewhere.play(
      jobs.values(),
      (_, { kind }) => told.push(kind),
      stop.signal,
      async () => {},
    )
    const job = (): Promise<string | null> => redis.client.hget(`${PREFIX}:${queued.id}:0-0`, 'data')
    while ((await job()) === null) await new Promise(resolve => setTimeout(resolve, 5))
    expect(JSON.parse((await job())!).rollouts).toEqual([0, 1, 2])
    // A worker plays what is not marked.
    expect(await redis.client.getbit(done, 1)).toBe(0)
    stop.abort()
    await playing
    expect(told).toEqual(['unplayed', 'unplayed', 'unplayed'])
    store.close()
    await queued.close()
  })

  test('requests of all processes together keep their distance', async () => {
    const paces = connections.map(connection => new SharedPace(connection, 10))
    const start = performance.now()
    await Promise.all(Array.from({ length: 40 }, (_, i) => paces[i % 2]!.wait('m', signal)))
    // Thirty-nine spaces of 10 ms; a timer may be a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(380)
  })

  test('a password is shown nowhere', async () => {
    expect(shownUrl(redis.url)).toMatch(/^redis:\/\/\*\*\*@127\.0\.0\.1:\d+$/)
    expect(() => checkedUrl('redis://:secret-word@', '--queue')).toThrow(
      /^--queue: expected redis:\/\/HOST:PORT(?!.*secret-word)/,
    )
    expect(() => checkedUrl('http://u:secret-word@h', '--queue')).toThrow(/^(?!.*secret-word)/)
    const wrong = redis.url.replace(PASSWORD, 'another-word')
    await expect(Connection.open(wrong, { tell: () => {} })).rejects.toThrow(/refuses: WRONGPASS(?!.*another-word)/)
  })

  test('both sides wait for a Redis that is away, say so, and find what it kept', async () => {
    const told: string[] = []
    const connection = await Connection.open(redis.url, { tell: line => told.push(line) })
    await connection.redis.set('kept', 'x')
    const restarted = redis.restart('SIGKILL', 50)
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(await connection.redis.get('kept')).toBe('x')
    await restarted
    const shown = shownUrl(redis.url)
    expect(told).toEqual([expect.stringMatching(/cannot be reached.*; waiting for it\.$/), `Redis at ${shown} is back.`])
    connection.close()
  })
})
