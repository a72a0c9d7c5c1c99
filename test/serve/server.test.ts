/** The server itself: who is let in, how much, what happens where something goes wrong, and how it ends. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomLegal } from '../../bots/any/random_legal.ts'
import { Economies } from '../../economies/registry.ts'
import { toolSchema, UserError, z } from '../../index.ts'
import { parseSplits, splitOf } from '../../rollouts/export/split.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { Models } from '../../rollouts/models/index.ts'
import { withoutNulls } from '../../serve/seat.ts'
import type { RunningServer, ServeOptions } from '../../serve/server.ts'
import { drawSeed } from '../../serve/tasks.ts'
import { toyMarket } from '../toy_market/index.ts'
import { ask, type Line, line, result, serving, withServer } from './http.ts'

/** The toy market, with an opponent that answers when it is told to. */
function toy() {
  const economies = new Economies()
  let release = (): void => {}
  let begin = (): void => {}
  /** Its turn has begun. */
  const asked = new Promise<void>(resolve => (begin = resolve))
  const slow = () => ({
    act: () =>
      new Promise<{ calls: [] }>(resolve => {
        release = () => resolve({ calls: [] })
        begin()
      }),
  })
  economies.register({
    env: toyMarket,
    bots: {
      slow: { description: 'Waits until it is told to go on.', factory: slow },
      drawn: { description: 'Plays at random.', factory: randomLegal },
    },
    opponents: { drawn: 1 },
  })
  return { economies, asked, go: () => release() }
}

const bugs: unknown[] = []
const options = (more: ServeOptions = {}): ServeOptions => ({
  economies: toy().economies,
  onBug: error => bugs.push(error),
  ...more,
})
beforeEach(() => void bugs.splice(0))
afterEach(() => expect(bugs).toEqual([]))

const SELL = { tool: 'sell', args: { quantity: 1 } }
const session = (id: string) => ({ 'x-session-id': id })
const play = async (client: Line, seed = 1) => {
  let { data } = await client.ask({ type: 'reset', data: { seed } })
  let sum = 0
  while (!data.done) {
    data = (await client.ask({ type: 'step', data: SELL })).data
    sum += data.reward
  }
  return { sum, ...data }
}
const sessionsOf = async (server: RunningServer): Promise<number> => (await ask(server, '/health')).body.sessions
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 5))
}

describe('what a balancer and Prometheus ask', () => {
  test('health, readiness, version and counts', async () => {
    await withServer(options({ maxSessions: 1 }), async server => {
      expect((await ask(server, '/health')).body).toMatchObject({ status: 'healthy', sessions: 0, max_sessions: 1 })
      expect(await ask(server, '/ready')).toMatchObject({ status: 200, body: { ready: true } })
      expect((await ask(server, '/version')).body.version).toMatch(/^\d+\.\d+\.\d+$/)
      const client = await line(server, '/ws')
      await play(client)
      const full = await ask(server, '/ready')
      expect(full).toMatchObject({ status: 503, body: { ready: false, reason: 'capacity' } })
      expect(full.headers.get('retry-after')).toBe('5')
      const { body, headers } = await ask(server, '/metrics')
      expect(headers.get('content-type')).toContain('version=0.0.4')
      expect(body).toContain('agoragym_sessions{protocol="openenv"} 1\n')
      expect(body).toContain('agoragym_sessions_max 1\n')
      expect(body).toContain('agoragym_episodes_total{env="toy_market"} 1\n')
      expect(body).toContain('agoragym_steps_total{env="toy_market"} 8\n')
      for (const row of (body as string).trim().split('\n'))
        expect(row).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? [-\d.e+]+)$/)
      client.socket.close()
    })
  })
})

describe('who is let in', () => {
  const token = 'a-token-of-ours'

  test('with a token, who has it; health and readiness need none', async () => {
    await withServer(options({ token }), async server => {
      for (const headers of [
        {},
        { authorization: 'Bearer another-token' },
        { authorization: token },
        { 'x-api-key': `${token}x` },
      ])
        expect(await ask(server, '/schema', undefined, headers)).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
      for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': token }])
        expect((await ask(server, '/schema', undefined, headers)).status).toBe(200)
      for (const path of ['/health', '/ready', '/toy_market/health']) expect((await ask(server, path)).status).toBe(200)
      for (const path of ['/metrics', '/healthy']) expect((await ask(server, path)).status).toBe(401)
      for (const path of ['/ws', '/mcp', '/agora']) await expect(line(server, path)).rejects.toThrow('401')
      const client = await line(server, '/ws', { authorization: `Bearer ${token}` })
      expect((await play(client)).done).toBe(true)
      client.socket.close()
    })
  })

  test('on loopback without one, no name of another machine and no page of another origin', async () => {
    await withServer(options(), async server => {
      const { host } = new URL(server.url)
      await expect(line(server, '/ws', { origin: 'http://evil.example' })).rejects.toThrow('403')
      await expect(line(server, '/ws', { host: 'evil.example' })).rejects.toThrow('403')
      await expect(line(server, '/agora', { origin: 'null' })).rejects.toThrow('403')
      const client = await line(server, '/ws', { origin: `http://${host}`, host: `localhost:${server.port}` }).catch(
        () => undefined,
      )
      expect(client).toBeUndefined()
      const own = await line(server, '/ws', { origin: `http://${host}` })
      own.socket.close()
      expect(await ask(server, '/reset', {}, { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    })
  })

  test('other machines are not served without a token, unless somebody says so', async () => {
    await expect(serving(options({ host: '0.0.0.0' }))).rejects.toThrow(UserError)
    await expect(serving(options({ host: '0.0.0.0', token: 'short' }))).rejects.toThrow('8 or more')
    await withServer(options({ host: '0.0.0.0', insecure: true }), async server => expect(server.url).toContain('0.0.0.0'))
  })

  test('a port that is taken is told in one line', async () => {
    await withServer(options(), async ({ port }) => {
      await expect(serving(options({ port }))).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`)
    })
  })
})

describe('a full server', () => {
  test('says so in every protocol, and has room again when somebody leaves', async () => {
    await withServer(options({ maxSessions: 1 }), async server => {
      const first = await line(server, '/ws')
      expect((await first.ask({ type: 'reset' })).type).toBe('observation')

      const second = await line(server, '/ws')
      expect(await second.next()).toMatchObject({
        type: 'error',
        data: { code: 'CAPACITY_REACHED', active_sessions: 1, max_sessions: 1 },
      })
      expect((await second.closed).code).toBe(1013)
      expect((await ask(server, '/metrics')).body).toContain('agoragym_sessions_refused_total{protocol="openenv"} 1\n')
      const mcp = await line(server, '/mcp')
      expect((await mcp.next()).error.data.code).toBe('capacity')
      const task = { env_name: 'toy_market', split: 'test', index: 0 }
      const ors = await ask(server, '/create', task, session('a'))
      expect(ors).toMatchObject({ status: 503, body: { code: 'capacity' } })
      expect(ors.headers.get('retry-after')).toBe('5')
      expect(await ask(server, '/nemo/toy_market/reset', { responses_create_params: {} })).toMatchObject({ status: 503 })
      const agora = await line(server, '/agora')
      expect((await agora.ask({ id: 1, op: 'make', env: 'toy_market' })).error.code).toBe('capacity')

      first.socket.close()
      await first.closed
      await until(async () => (await sessionsOf(server)) === 0)
      expect((await agora.ask({ id: 2, op: 'make', env: 'toy_market' })).ok).toBe(true)
      agora.socket.close()
      await until(async () => (await sessionsOf(server)) === 0)
      expect((await ask(server, '/create', task, session('a'))).status).toBe(200)
    })
  })

  test('a client that vanishes leaves nothing behind', async () => {
    await withServer(options(), async server => {
      const clients = await Promise.all(['/ws', '/mcp', '/agora'].map(path => line(server, path)))
      await clients[0]!.ask({ type: 'reset' })
      await clients[2]!.ask({ id: 1, op: 'make', env: 'toy_market' })
      expect(await sessionsOf(server)).toBe(3)
      for (const client of clients) client.socket.terminate()
      await until(async () => (await sessionsOf(server)) === 0)
      const next = await line(server, '/ws')
      expect((await play(next)).done).toBe(true)
      next.socket.close()
    })
  })

  test('a session without a word is ended', async () => {
    await withServer(options({ idleTimeout: 0.05 }), async server => {
      const client = await line(server, '/ws')
      await client.ask({ type: 'reset' })
      expect(await client.closed).toMatchObject({ code: 1001 })
      await ask(server, '/create', { env_name: 'toy_market', split: 'test', index: 0 }, session('a'))
      await until(async () => (await sessionsOf(server)) === 0)
      expect(await ask(server, '/ping', {}, session('a'))).toMatchObject({ status: 404, body: { code: 'unknown_session' } })
      expect((await ask(server, '/metrics')).body).toContain('agoragym_sessions_reaped_total{protocol="ors"} 1\n')
    })
  })
})

describe('what is wrong with a request', () => {
  test('too large, too deep, no JSON, no such path: each is told, and the next is served', async () => {
    await withServer(options({ maxRequestBytes: 4096 }), async server => {
      const large = JSON.stringify({ opponents: 'x'.repeat(5000) })
      const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
      expect(await ask(server, '/reset', large)).toMatchObject({ status: 413, body: { code: 'too_large' } })
      expect(await ask(server, '/reset', deep)).toMatchObject({ status: 400, body: { code: 'bad_json' } })
      expect(await ask(server, '/reset', '{"seed": ')).toMatchObject({ status: 400, body: { code: 'bad_json' } })
      expect(await ask(server, '/reset', { sead: 1 })).toMatchObject({ status: 400, body: { code: 'bad_request' } })
      expect(await ask(server, '/toy_markt/schema')).toMatchObject({ status: 404, body: { code: 'unknown_env' } })
      expect(await ask(server, '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } })
      for (const path of ['/ws', '/mcp', '/agora']) {
        const client = await line(server, path)
        client.socket.send(large)
        expect((await client.closed).code).toBe(1009)
        const binary = await line(server, path)
        binary.socket.send(Buffer.from('{}'))
        expect((await binary.closed).code).toBe(1003)
      }
      const client = await line(server, '/ws')
      expect((await client.ask(deep)).data.code).toBe('INVALID_JSON')
      expect((await client.ask('no JSON')).data.code).toBe('INVALID_JSON')
      expect((await client.ask({ type: 'sing' })).data.code).toBe('UNKNOWN_TYPE')
      expect((await client.ask({ type: 'step', data: SELL })).data).toMatchObject({
        code: 'EXECUTION_ERROR',
        detail: 'not_reset',
      })
      expect((await client.ask({ type: 'step', data: { tols: 1 } })).data.code).toBe('VALIDATION_ERROR')
      expect((await play(client)).done).toBe(true)
      expect((await client.ask({ type: 'step', data: SELL })).data.detail).toBe('episode_over')
      client.socket.close()
    })
  })

  test('a client of another protocol number is told which is spoken', async () => {
    await withServer(options(), async server => {
      const client = await line(server, '/agora')
      expect((await client.ask({ id: 1, op: 'hello', protocol: 99 })).error).toMatchObject({
        code: 'unknown_protocol',
        protocol: 1,
      })
      expect((await client.ask({ id: 2, op: 'hello', protocol: 1 })).ok).toBe(true)
      client.socket.close()
    })
  })

  test('whatever is sent anywhere, no bug is met and the server serves on', async () => {
    await withServer(options(), async server => {
      const game = fc.record(
        {
          env: fc.constantFrom('toy_market', 'nowhere'),
          seed: fc.oneof(fc.integer(), fc.double(), fc.string()),
          preset: fc.constantFrom('default', '__proto__', 'crowded'),
          config: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
          opponents: fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.string()), fc.array(fc.string())),
          seat: fc.oneof(fc.constant('trader_1'), fc.string()),
          calls: fc.array(fc.oneof(fc.record({ tool: fc.string(), args: fc.jsonValue() }), fc.constant(SELL), fc.jsonValue())),
          tool: fc.oneof(fc.constant('sell'), fc.string()),
          args: fc.jsonValue(),
          name: fc.oneof(fc.constant('sell'), fc.string()),
          input: fc.jsonValue(),
          split: fc.constantFrom('train', 'toString', 'test'),
          index: fc.oneof(fc.integer({ min: -5, max: 2000 }), fc.double()),
          method: fc.constantFrom('tools/call', 'tools/list', 'openenv/session/close', 'x'),
          jsonrpc: fc.constant('2.0'),
          params: fc.dictionary(fc.constantFrom('name', 'arguments', 'session_id'), fc.jsonValue()),
          responses_create_params: fc.dictionary(fc.string(), fc.jsonValue()),
          response: fc.oneof(fc.record({ output: fc.array(fc.jsonValue()) }), fc.jsonValue()),
          action: fc.jsonValue(),
          verify_responses: fc.array(fc.jsonValue()),
        },
        { requiredKeys: [] },
      )
      const paths = fc.constantFrom(
        ...['/reset', '/step', '/mcp', '/tasks', '/task', '/task_range', '/num_tasks', '/call', '/create', '/ping', '/delete'],
        ...['/nemo/toy_market/reset', '/nemo/toy_market/step', '/nemo/toy_market/close', '/nemo/toy_market/aggregate_metrics'],
      )
      const socket = await line(server, '/ws')
      const types = fc.constantFrom('reset', 'step', 'state', 'mcp')
      await fc.assert(
        fc.asyncProperty(paths, fc.oneof(game, fc.jsonValue()), types, async (path, body, type) => {
          expect((await ask(server, path, JSON.stringify(body), session('a'))).status).not.toBe(500)
          expect(['observation', 'state', 'error', 'mcp']).toContain((await socket.ask({ type, data: body })).type)
        }),
        { numRuns: 80 },
      )
      socket.socket.close()
      const next = await line(server, '/ws')
      expect((await play(next)).done).toBe(true)
      next.socket.close()
    })
  })
})

describe('the end', () => {
  test('sockets are closed as going away, what is under way is answered, and nobody new comes in', async () => {
    const { economies, asked, go } = toy()
    const server = await serving({ economies, onBug: error => bugs.push(error) })
    const idle = await line(server, '/ws')
    const busy = await line(server, '/ws')
    await busy.ask({ type: 'reset', data: { seed: 1, opponents: 'slow:1' } })
    const answer = busy.ask({ type: 'step', data: SELL })
    await asked
    const closed = server.close()
    expect(await idle.closed).toMatchObject({ code: 1001 })
    go()
    expect(await answer).toMatchObject({ type: 'observation', data: { done: false } })
    expect(await busy.closed).toMatchObject({ code: 1001 })
    await closed
    await expect(ask(server, '/health')).rejects.toThrow()
  })

  test('who does not finish within the grace is cut off', async () => {
    const { economies, asked } = toy()
    const server = await serving({ economies, grace: 0.05, onBug: error => bugs.push(error) })
    const client = await line(server, '/ws')
    await client.ask({ type: 'reset', data: { opponents: 'slow:1' } })
    client.socket.send(JSON.stringify({ type: 'step', data: SELL }))
    await asked
    await server.close()
    expect((await client.closed).code).toBe(1006)
  })
})

describe('OpenEnv', () => {
  test('rewards add up to the score, whatever the economy starts with; a game is repeated by its seed', async () => {
    await withServer(options(), async server => {
      const client = await line(server, '/toy_market/ws')
      const first = await play(client, 7)
      expect(first.observation.scores.reward).toBeCloseTo(first.sum, 12)
      expect(await play(client, 7)).toEqual(first)
      expect((await client.ask({ type: 'state' })).data).toMatchObject({ step_count: 8, seed: 7, t: 8, env: 'toy_market' })
      // Without a seed: drawn anew, told, and none that is held out.
      const seeds = await Promise.all(
        [0, 1, 2, 3].map(async () => (await ask(server, '/reset', {})).body.metadata.agoragym.seed as number),
      )
      expect(new Set(seeds).size).toBe(4)
      for (const seed of [...seeds, ...Array.from({ length: 200 }, drawSeed)])
        expect(splitOf(seed, parseSplits('train=0.9,test=0.1'))).toBe('train')
      client.socket.close()
    })
  })

  test('rewards add up to the score in an economy that does not start at 0, and to what was asked for', async () => {
    const sums = await Promise.all(
      (['score', 'delta'] as const).map(form =>
        withServer({ env: 'sim_economy', game: { preset: 'short' }, ...(form === 'delta' && { reward: form }) }, async server => {
          const client = await line(server, '/ws')
          let { data } = await client.ask({ type: 'reset', data: { seed: 3 } })
          let sum = 0
          while (!data.done) {
            data = (await client.ask({ type: 'step', data: { tool: 'mine' } })).data
            sum += data.reward
          }
          client.socket.close()
          return { sum, score: data.observation.scores.reward as number }
        }),
      ),
    )
    expect(sums[0]!.sum).toBeCloseTo(sums[0]!.score, 12)
    expect(Math.abs(sums[1]!.sum - sums[1]!.score)).toBeGreaterThan(0.1)
  })

  test('questions are answered within the turn, refused calls are given back as often as a model’s', async () => {
    await withServer(options(), async server => {
      const client = await line(server, '/ws')
      const { data } = await client.ask({ type: 'reset', data: { seed: 1 } })
      const { action, observation, reset_observation } = (await ask(server, '/schema')).body
      expect(action).toMatchObject({ title: 'EconAction', required: ['tool'] })
      for (const field of reset_observation.required) expect(data.observation).toHaveProperty(field)
      const value = { tool: 'value', args: { quantity: 3 } }
      const asked = (await client.ask({ type: 'step', data: value })).data
      for (const field of observation.required) expect(asked.observation).toHaveProperty(field)
      expect(asked).toMatchObject({ reward: 0, done: false, observation: { t: 0, results: [{ ok: true, text: '30' }] } })
      const wrong = { tool: 'sell', args: { quantity: 99 } }
      const back = (await client.ask({ type: 'step', data: { calls: [SELL, wrong] } })).data.observation
      expect(back).toMatchObject({ t: 0, results: [{ ok: false }, { ok: false }] })
      expect(back.results[0].text).toContain('Send it again')
      // The second time it counts.
      const counted = (await client.ask({ type: 'step', data: { calls: [SELL, wrong] } })).data.observation
      expect(counted).toMatchObject({ t: 1, results: [{ ok: true, text: 'Sold 1 for 10.' }, { ok: false }] })
      // A tool by itself comes before the calls beside it.
      const both = (await client.ask({ type: 'step', data: { tool: 'wait', args: {}, calls: [SELL] } })).data.observation
      expect(both.results.map(({ text }: { text: string }) => text)).toEqual(['You wait.', 'Sold 1 for 9.'])
      const silent = (await client.ask({ type: 'step', data: { calls: [] } })).data.observation
      expect(silent).toMatchObject({ t: 3, results: [] })
      expect(silent.text).toContain('You called no tool: your turn was passed.')
      expect((await client.ask({ type: 'step', data: { type: 'list_tools' } })).data.observation.tools).toHaveLength(4)
      client.socket.close()
    })
  })

  test('a seat may be named; a call of no tool is told from one that is wrong', async () => {
    await withServer(options(), async server => {
      const client = await line(server, '/ws')
      const reset = (seat: string) => client.ask({ type: 'reset', data: { seed: 1, seat } })
      expect((await reset('trader_9')).data.detail).toBe('unknown_seat')
      expect((await reset('trader_1')).data.observation.seat).toBe('trader_1')
      const call = async (tool_name: string, args: object) =>
        (await client.ask({ type: 'step', data: { type: 'call_tool', tool_name, arguments: args } })).data.observation
      expect((await call('steal', {})).error.error_type).toBe('tool_not_found')
      expect((await call('sell', { quantity: 99 })).error.error_type).toBe('invalid_args')
      expect((await call('sell', { quantity: 1 })).error).toBeNull()
      client.socket.close()
    })
  })

  test('a session that was made is there without its socket until it is closed, then ends with it', async () => {
    await withServer(options(), async server => {
      const rpc = async (method: string, params: object = {}) =>
        (await ask(server, '/mcp', { jsonrpc: '2.0', id: 1, method: `openenv/session/${method}`, params })).body.result
      const { session_id } = await rpc('create')
      for (const closing of [false, true]) {
        const client = await line(server, `/ws?session_id=${session_id}`)
        expect((await client.ask({ type: 'reset', data: { seed: 1 } })).type).toBe('observation')
        if (closing) expect(await rpc('close', { session_id })).toMatchObject({ closed: false, closing: true })
        client.socket.close()
        await client.closed
        if (closing) await until(async () => (await sessionsOf(server)) === 0)
        else expect(await sessionsOf(server)).toBe(1)
      }
    })
  })

  test('opponents are bots, or models that the server allows', async () => {
    const provider: FakeProvider = await startFakeProvider({ script: randomCalls })
    const model = `openai:m@${provider.url}`
    try {
      await withServer(options({ models: new Models({ concurrency: 4 }), players: [model] }), async server => {
        const client = await line(server, '/ws')
        for (const opponents of ['openai:other:1', 'human:1', { '*': `openai:m@http://127.0.0.1:1` }, ['nobody']])
          expect((await client.ask({ type: 'reset', data: { opponents } })).data.detail).toBe('unknown_player')
        const { data } = await client.ask({ type: 'reset', data: { seed: 1, opponents: { trader_1: model } } })
        expect(data.observation.t).toBe(0)
        expect((await play(client)).done).toBe(true)
        expect((await client.ask({ type: 'reset', data: { seed: 1, opponents: [model] } })).type).toBe('observation')
        expect((await client.ask({ type: 'step', data: SELL })).data.observation.t).toBe(1)
        expect(provider.requests.length).toBeGreaterThan(0)
        client.socket.close()
      })
    } finally {
      await provider.close()
    }
  })
})

describe('nulls of arguments that were left out', () => {
  const tool = toolSchema('bid', {
    kind: 'act',
    description: 'Bids.',
    args: z.strictObject({ price: z.number(), speech: z.string().optional(), to: z.string().nullable().optional() }),
  })

  test('are dropped where the parameter is optional and takes no null, and nowhere else', () => {
    expect(withoutNulls(tool, { price: null, speech: null, to: null, more: null })).toEqual({ price: null, to: null, more: null })
    expect(withoutNulls(tool, { price: 1, speech: 'Here.' })).toEqual({ price: 1, speech: 'Here.' })
    for (const odd of [null, undefined, 3, 'text', [null]]) expect(withoutNulls(tool, odd)).toEqual(odd)
    expect(withoutNulls(undefined, { speech: null })).toEqual({ speech: null })
    // A null may be one of the values, or of several forms.
    const parameters = {
      type: 'object',
      properties: {
        side: { enum: ['buy', 'sell', null] },
        terms: { anyOf: [{ type: 'object' }, { anyOf: [{ type: 'null' }] }] },
        price: { anyOf: [{ type: 'number' }] },
      },
    }
    expect(withoutNulls({ ...tool, parameters }, { side: null, terms: null, price: null })).toEqual({ side: null, terms: null })
  })
})

describe('Open Reward Standard', () => {
  const task = { env_name: 'toy_market', split: 'test', index: 3 }
  const call = async (server: RunningServer, body: object) =>
    (await ask(server, '/toy_market/call', body, session('a'))).body as string

  test('tasks are seeds of three splits, the same that exports are dealt to', async () => {
    await withServer(options(), async server => {
      const shares = parseSplits('train=0.9,validation=0.05,test=0.05')
      for (const { name } of (await ask(server, '/toy_market/splits')).body) {
        const { tasks } = (await ask(server, '/task_range', { split: name, start: 0, stop: 50 })).body
        expect(tasks).toHaveLength(50)
        for (const { seed } of tasks) expect(splitOf(seed, shares)).toBe(name)
      }
      expect((await ask(server, '/num_tasks', { split: 'train' })).body).toEqual({ num_tasks: 100_000 })
      expect((await ask(server, '/tasks', { split: 'test' })).body.tasks).toHaveLength(1000)
      expect(await ask(server, '/tasks', { split: 'train' })).toMatchObject({ status: 400 })
      expect((await ask(server, '/task_range', { split: 'test', start: -3, stop: -1 })).body.tasks).toEqual(
        (await ask(server, '/task_range', { split: 'test', start: 997, stop: 999 })).body.tasks,
      )
      const last = (await ask(server, '/task', { split: 'test', index: -1 })).body.task
      expect(last.id).toBe('toy_market/test/-1')
      expect(last.seed).toBe((await ask(server, '/task', { split: 'test', index: 999 })).body.task.seed)
      for (const wrong of [
        { split: 'test', index: 1000 },
        { split: 'constructor', index: 0 },
        { split: 'test', index: 0.5 },
      ])
        expect(await ask(server, '/task', wrong)).toMatchObject({ status: 400 })
    })
  })

  test('calls are collected until the turn is full; a result that was lost is told again and not played again', async () => {
    await withServer(options(), async server => {
      expect((await ask(server, '/create_session', {})).body).toMatch(/^event: task_id\ndata: [-\w]+\n\nevent: end\ndata: \n\n$/)
      // As the client does that names a task by number: the economy is told by the first request after it.
      expect(await ask(server, '/create', { split: 'test', index: 3 }, session('a'))).toMatchObject({
        status: 200,
        body: { sid: 'a' },
      })
      expect(await ask(server, '/create', task, session('a'))).toMatchObject({ status: 400 })
      expect((await ask(server, '/toy_market/messages', undefined, session('a'))).body).toMatchObject([
        { role: 'system' },
        { role: 'user', blocks: [{ type: 'text' }] },
      ])
      const { tools } = (await ask(server, '/toy_market/task_tools', undefined, session('a'))).body
      expect(tools.map(({ name }: { name: string }) => name)).toEqual(['sell', 'wait', 'value', 'end_turn'])
      const first = await call(server, { name: 'sell', input: { quantity: 1 } })
      expect(result(first).output).toMatchObject({ reward: null, finished: false, metadata: { t: 0, ok: true } })
      const second = await call(server, { name: 'sell', input: { quantity: 1 } })
      expect(result(second).output).toMatchObject({ reward: 0.2, metadata: { t: 1 } })
      const id = /^event: task_id\ndata: (\w+)$/m.exec(second)![1]!
      expect(await call(server, { name: 'sell', input: { quantity: 1 }, task_id: id })).toBe(second)
      expect(await call(server, { name: 'sell', input: {}, task_id: 'other' })).toBe('event: error\ndata: unknown task_id\n\n')
      const early = result(await call(server, { name: 'end_turn', input: {} })).output
      expect(early).toMatchObject({ metadata: { t: 2 }, reward: 0.2 })
      // Each of two sales is legal by itself, and there is not enough for both.
      const [{ text }] = early.blocks.slice(-1)
      const input = { quantity: Number(/(\d+) units/.exec(text)![1]) }
      await call(server, { name: 'sell', input })
      expect(result(await call(server, { name: 'sell', input })).output).toMatchObject({ metadata: { t: 3, ok: false } })
      let output = early
      while (!output.finished) output = result(await call(server, { name: 'end_turn', input: {} })).output
      expect(output.reward).toBe(output.metadata.scores.reward)
      expect(result(await call(server, { name: 'wait', input: {} }))).toMatchObject({ ok: false, reason: 'episode_finished' })
      expect(await ask(server, '/delete', {}, session('a'))).toMatchObject({ body: { sid: 'a' } })
      expect(await ask(server, '/ping', {}, session('a'))).toMatchObject({ status: 404 })
    })
  })

  test('a game that cannot be set takes no place, and its id may be used again', async () => {
    await withServer(options({ maxSessions: 1 }), async server => {
      const asked = { env: 'toy_market', seed: 1 }
      for (const [wrong, code] of [
        [{ opponents: ['nobody'] }, 'unknown_player'],
        [{ seat: 'trader_9' }, 'unknown_seat'],
      ] as const) {
        const { status, body } = await ask(server, '/create', { task_spec: { ...asked, ...wrong } }, session('a'))
        expect([status < 400, body.code]).toEqual([false, code])
      }
      expect((await ask(server, '/create', { task_spec: asked }, session('a'))).status).toBe(200)
    })
  })

  test('a long answer comes in pieces that clients put together to what it was, however it is cut', async () => {
    for (const text of [' '.repeat(9000), 'x😀'.repeat(3000), `y${'x😀'.repeat(3000)}`, `z${'x😀'.repeat(3000)}`]) {
      const economies = new Economies()
      economies.register({ env: { ...toyMarket, render: () => `(${text})` } })
      await withServer({ economies }, async server => {
        await ask(server, '/create', task, session('a'))
        const events = await call(server, { name: 'end_turn', input: {} })
        expect(events.match(/^event: chunk$/gm)!.length).toBeGreaterThan(1)
        expect(events).not.toMatch(/^data: \s/m)
        expect(result(events).output.blocks.at(-1).text).toContain(`(${text})`)
      })
    }
  })

  test('a call that waits for a player is streamed, and can be asked for again meanwhile', async () => {
    const { economies, go } = toy()
    await withServer({ economies, onBug: error => bugs.push(error) }, async server => {
      await ask(server, '/create', { task_spec: { env: 'toy_market', seed: 1, opponents: 'slow:1' } }, session('a'))
      const post = (body: object) =>
        fetch(`${server.url}/toy_market/call`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...session('a') },
          body: JSON.stringify(body),
        })
      const first = await post({ name: 'end_turn', input: {} })
      const reader = first.body!.getReader()
      const id = /data: (\w+)/.exec(new TextDecoder().decode((await reader.read()).value))![1]!
      // The connection is lost; the call is not.
      await reader.cancel()
      const again = (await post({ name: 'end_turn', input: {}, task_id: id })).text()
      go()
      expect(result(await again).output.metadata.t).toBe(1)
    })
  })
})

describe('NeMo Gym', () => {
  test('a rollout as its agent drives one: cookie, tool outputs by call id, close, profile of rewards', async () => {
    await withServer(options(), async server => {
      const row = { responses_create_params: { input: [], tools: [] }, seed: 4, extra: 'kept by the agent' }
      const begun = await ask(server, '/nemo/toy_market/reset', row)
      expect(begun.body).toMatchObject({
        observation: expect.stringContaining('Turn 0'),
        info: { supports_explicit_close: true, seed: 4 },
      })
      expect(begun.body.info.tools[0]).toMatchObject({ type: 'function', name: 'sell' })
      const first = begun.headers.get('set-cookie')!.split(';')[0]!
      // Begun again it is the same rollout, and holds one place.
      const again = await ask(server, '/nemo/toy_market/reset', row, { cookie: first })
      expect(await sessionsOf(server)).toBe(1)
      const cookie = again.headers.get('set-cookie')!.split(';')[0]!
      const step = async (...output: object[]) =>
        ask(server, '/nemo/toy_market/step', { ...row, response: { output } }, { cookie })
      const { body } = await step(
        { type: 'reasoning', summary: [] },
        { type: 'message', content: [{ type: 'output_text', text: 'I sell.' }] },
        { type: 'function_call', call_id: 'fc_1', name: 'sell', arguments: '{"quantity": 1}' },
      )
      expect(body).toMatchObject({
        reward: 0.1,
        terminated: false,
        truncated: false,
        info: { tool_outputs: [{ call_id: 'fc_1', output: 'Sold 1 for 10.' }] },
      })
      let sum = body.reward as number
      let last = body
      while (!last.truncated) {
        last = (await step({ type: 'function_call', call_id: 'fc', name: 'wait', arguments: '' })).body
        sum += last.reward
      }
      expect(last).toMatchObject({ observation: null, info: { stop: 'horizon' } })
      expect(last.info.scores.reward).toBeCloseTo(sum, 12)
      expect((await step()).status).toBe(404)
      expect(await sessionsOf(server)).toBe(0)
      expect(await ask(server, '/nemo/toy_market/close', {}, { cookie })).toMatchObject({ status: 200, body: {} })
      const verify_responses = [1, 3, 8].map((reward, i) => ({ _ng_task_index: i % 2, reward }))
      expect((await ask(server, '/nemo/toy_market/aggregate_metrics', { verify_responses })).body).toMatchObject({
        key_metrics: { 'mean/reward': 4 },
        group_level_metrics: [
          { _ng_task_index: 0, 'mean/reward': 4.5, 'std/reward': expect.closeTo(Math.sqrt(24.5), 9) },
          { _ng_task_index: 1, 'std/reward': 0 },
        ],
      })
    })
  })
})
