/** The wire: what each request is answered, what is said no to, and what a client that goes away leaves behind. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { passive } from '../../bots/any/passive.ts'
import { Economies } from '../../economies/registry.ts'
import { economies, environments, resolveConfig } from '../../index.ts'
import { type FakeProvider, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { Models } from '../../rollouts/models/index.ts'
import { verifyLogs } from '../../rollouts/verify.ts'
import { Game } from '../../serve/game.ts'
import { Host, type HostOptions } from '../../serve/host.ts'
import { SeatPlay } from '../../serve/seat.ts'
import { serveStdio } from '../../serve/stdio.ts'
import { Connection, PROTOCOL } from '../../serve/wire.ts'
import { WIRE_ERRORS } from '../../serve/wire_errors.ts'
import { SessionGame } from '../../serve/wire_game.ts'
import { OPS } from '../../serve/wire_requests.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { stdioClient, type WireAnswer, type WireClient, wireClient } from './routes.ts'

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

const toys = new Economies()
toys.register({ env: toyMarket })
const hostOf = (options: Partial<HostOptions> = {}): Host => {
  const host = new Host({ economies: toys, maxSessions: 8, idleTimeout: 900, ...options })
  onTestFinished(() => host.close())
  return host
}
const toy = { op: 'make', env: 'toy_market', live: 'all' }
const sell = { calls: [{ tool: 'sell', args: { quantity: 1 } }] }

/** A session of both traders, reset. */
async function begun(client: WireClient, fields: object = {}): Promise<number> {
  const { s } = await client.ask({ ...toy, ...fields })
  await client.ask({ op: 'reset', s, seed: 3 })
  return s
}

describe('a client is told', () => {
  test('who serves it, and refused where it speaks another protocol', async () => {
    const client = wireClient(hostOf())
    expect(await client.ask({ id: 7, op: 'hello', protocol: PROTOCOL })).toMatchObject({
      id: 7,
      ok: true,
      protocol: PROTOCOL,
      envs: [{ id: 'toy_market', encoded: true }],
    })
    expect(await client.ask({ op: 'hello', protocol: PROTOCOL + 1 })).toMatchObject({
      ok: false,
      error: { code: 'unknown_protocol', protocol: PROTOCOL },
    })
  })

  test('what a game is, and its tools and rules once', async () => {
    const client = wireClient(hostOf())
    const made = await client.ask({ ...toy, opponents: { trader_1: 'random' }, live: ['trader_0'] })
    expect(made).toMatchObject({
      seats: [
        { agent: 'trader_0', player: 'live' },
        { agent: 'trader_1', player: 'random' },
      ],
      turn: { trader_0: { max_calls: 2, repairs: 1, on_silence: 'pass' } },
      end_tool: { name: 'end_turn' },
    })
    expect(made.tools.map(({ name, kind }: WireAnswer) => `${name} ${kind}`)).toEqual(['sell act', 'wait act', 'value ask'])
    const again = await client.ask({ ...toy, live: ['trader_0'], opponents: { '*': 'random' }, tools_id: made.tools_id })
    expect([again.tools, again.rules, again.tools_id]).toEqual([undefined, undefined, made.tools_id])
    // Other rules are told though the tools are the same; seats are in the economy's order, however they were named.
    const other = await client.ask({ ...toy, live: ['trader_1', 'trader_0'], config: { horizon: 3 }, tools_id: made.tools_id })
    expect([other.live, Object.keys(other.rules)]).toEqual([
      ['trader_0', 'trader_1'],
      ['trader_0', 'trader_1'],
    ])
  })

  test('what it wants of a turn, and everything at the end', async () => {
    const client = wireClient(hostOf())
    const { s } = await client.ask({ ...toy, want: ['observation', 'encoded'] })
    const first = await client.ask({ op: 'reset', s, seed: 3 })
    expect(first).toMatchObject({ seed: 3, initial: { trader_0: 0 }, t: 0, acting: ['trader_0', 'trader_1'], done: false })
    const { text, observation, features, mask } = first.turns.trader_0
    expect([text, observation.agent, mask[0]]).toEqual([undefined, 'trader_0', 1])
    expect(features.every(Number.isFinite)).toBe(true)
    const stopped = await client.ask({ op: 'stop', s, reason: 'budget' })
    expect(stopped).toMatchObject({ done: 'stopped', truncated: true, stop: 'budget', scores: { trader_0: { reward: 0 } } })
    expect(Object.keys(stopped.metrics.trader_0).length).toBeGreaterThan(0)
    // Nothing is offered any more.
    expect(Math.max(...stopped.turns.trader_0.mask)).toBe(0)
    expect((await client.ask({ op: 'log', s })).log.stop).toBe('budget')
  })

  test('what a call would come to, without playing it', async () => {
    const client = wireClient(hostOf())
    const s = await begun(client)
    const check = (tool: string, args: object) => client.ask({ op: 'check', s, seat: 'trader_0', call: { tool, args } })
    expect(await check('sell', { quantity: 1 })).toMatchObject({ legal: true, kind: 'act' })
    expect(await check('value', { quantity: 3 })).toMatchObject({ legal: true, kind: 'ask', answer: '30' })
    expect(await check('sell', { quantity: 90 })).toMatchObject({ legal: false, code: 'no_grain' })
  })

  test('every code that the documentation lists, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'wire.md'), 'utf8')
    const codes = [...page.slice(page.indexOf('## Errors')).matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
    expect(codes).toEqual(Object.keys(WIRE_ERRORS))
    for (const op of OPS) expect(page).toContain(`| \`${op}\` |`)
    expect(page).toContain(`This is protocol ${PROTOCOL}.`)
  })
})

describe('a game', () => {
  test('is played by slots as by the calls that they stand for', async () => {
    const client = wireClient(hostOf())
    const s = await begun(client, { want: ['encoded'] })
    const { features: _, mask } = (await client.ask({ op: 'reset', s, seed: 3 })).turns.trader_0
    const slot = mask.lastIndexOf(1)
    await client.ask({ op: 'step', s, decisions: { trader_0: { slot }, trader_1: sell } })
    const { log } = await client.ask({ op: 'log', s })
    const encoding = toyMarket.encode!(log.header.config)
    expect(log.steps[0].decisions.trader_0.calls.map(({ tool }: WireAnswer) => tool)).toEqual(encoding.slots[slot]!.tools)
    expect(await client.ask({ op: 'step', s, decisions: { trader_0: { slot: 10_000 } } })).toMatchObject({
      error: { code: 'bad_request' },
    })
  })

  test('tells a seat how it stood after each step where that is wanted, and of the others nothing', async () => {
    const client = wireClient(hostOf({ economies }))
    const { s, live } = await client.ask({ op: 'make', env: 'swarm_economy', preset: 'short', want: ['standings'] })
    await client.ask({ op: 'reset', s, seed: 3 })
    await client.ask({ op: 'step', s, decisions: {} })
    const { turns } = await client.ask({ op: 'step', s, decisions: {} })
    const { log } = await client.ask({ op: 'log', s })
    const all = Object.entries(economies.get('swarm_economy').env.facts!.standings!(log))
    expect(all.length).toBeGreaterThan(0)
    expect(turns[live[0]].standings).toEqual(Object.fromEntries(all.map(([quantity, by]) => [quantity, by[live[0]]])))
    expect(Object.keys(turns[live[0]])).toEqual(['offered', 'results', 'standings'])
  })

  test('has a log that a file of logs takes as a row', async () => {
    const client = wireClient(hostOf({ economies }))
    const { s } = await client.ask({ op: 'make', env: 'swarm_economy', preset: 'short' })
    await client.ask({ op: 'reset', s, seed: 3, repeat: 2 })
    await client.ask({ op: 'step', s, decisions: {} })
    await client.ask({ op: 'stop', s })
    const { log } = await client.ask({ op: 'log', s })
    expect(log.key).toMatch(/-s3-[0-9a-f]{12}-r2$/)
    const file = join(scratch(), 'steps.jsonl')
    writeFileSync(file, `${JSON.stringify(log)}\n`)
    expect(verifyLogs([file], environments)).toMatchObject({ episodes: 1, steps: 1, findings: [] })
  })

  test('of calls one by one moves once every seat has ended its turn', async () => {
    const host = hostOf()
    const client = wireClient(host)
    const s = await begun(client)
    const say = (seat: string, tool: string, args: object = {}) => client.ask({ op: 'call', s, seat, call: { tool, args } })
    expect(await say('trader_0', 'value', { quantity: 2 })).toEqual({ id: null, ok: true, accepted: true, text: '20' })
    expect(await say('trader_0', 'sell', { quantity: 90 })).toMatchObject({
      accepted: false,
      text: expect.stringContaining('no_grain'),
    })
    expect(await say('trader_0', 'sell', { quantity: 2 })).toMatchObject({
      accepted: true,
      text: expect.stringContaining('1 of 2'),
    })
    expect(await say('trader_0', 'end_turn')).toMatchObject({ accepted: true, text: expect.stringContaining('turn is over') })
    expect(await say('trader_0', 'sell', { quantity: 1 })).toMatchObject({ error: { code: 'not_your_turn' } })
    await say('trader_1', 'wait')
    const moved = await say('trader_1', 'sell', { quantity: 1 })
    expect(moved).toMatchObject({ accepted: true, text: 'Sold 1 for 10.', t: 1, acting: ['trader_0', 'trader_1'] })
    const { log } = await client.ask({ op: 'log', s })
    expect(log.steps[0].decisions.trader_0).toEqual({ calls: [{ tool: 'sell', args: { quantity: 2 } }] })
    expect(log.steps[0].decisions.trader_1.calls).toHaveLength(2)
    // The next turn begins anew, and so does the next game in the middle of one.
    expect(await say('trader_0', 'end_turn')).toMatchObject({ accepted: true, text: expect.stringContaining('turn is over') })
    expect(await say('trader_1', 'wait')).toMatchObject({ accepted: true, text: expect.stringContaining('1 of 2') })
    await client.ask({ op: 'reset', s, seed: 4 })
    for (const seat of ['trader_0', 'trader_1'])
      expect(await say(seat, 'sell', { quantity: 1 })).toMatchObject({
        accepted: true,
        text: expect.stringContaining('1 of 2'),
      })
    expect(await say('trader_0', 'wait')).toMatchObject({ accepted: true, text: expect.stringContaining('turn is over') })
    expect((await say('trader_1', 'sell', { quantity: 2 })).t).toBe(1)
    // Each seat has its own metrics, and a reset is no turn.
    const { metrics } = await client.ask({ op: 'stop', s })
    expect([metrics.trader_0.earned, metrics.trader_1.earned]).toEqual([10, 30])
    const { resets, steps, episodes } = host.counts
    expect([resets, steps, episodes].map(({ values }) => values.get('toy_market'))).toEqual([2, 2, 1])
  })

  test('counts every score beyond the bounds of its scale, over all games of the session', async () => {
    const host = hostOf()
    const game = new Game(host, { env: 'toy_market', live: 'all' }, { form: 'total', unit: { low: 0, high: 0.05 } })
    const session = new SessionGame(game, new Set(), false, host)
    const clipped = async (): Promise<number> => {
      await session.reset(3, undefined)
      await session.step({ trader_0: sell })
      return (session.stop('enough') as WireAnswer).clipped
    }
    const first = await clipped()
    expect(first).toBeGreaterThan(0)
    expect(await clipped()).toBe(2 * first)
    expect(host.counts.clipped.values.get('toy_market')).toBe(2 * first)
  })

  test('is paid as the server pays where the client does not say', async () => {
    const client = wireClient(hostOf({ reward: 'total' }))
    const s = await begun(client)
    const paid = [sell, { calls: [] }].map(each => client.ask({ op: 'step', s, decisions: { trader_0: each } }))
    expect((await Promise.all(paid)).map(({ rewards }) => rewards.trader_0)).toEqual([0.1, 0.1])
  })

  test('seats opponents that change places by its own seed', async () => {
    const shuffling = new Economies()
    const idle = (description: string) => ({ description, factory: passive })
    shuffling.register({
      env: toyMarket,
      bots: { one: idle('The first.'), two: idle('The second.'), three: idle('The third.'), four: idle('The fourth.') },
      opponents: { one: 1, two: 1, three: 1, four: 1 },
      shuffled: ['crowded'],
    })
    const client = wireClient(hostOf({ economies: shuffling }))
    const { s } = await client.ask({ op: 'make', env: 'toy_market', preset: 'crowded', want: [] })
    const orders = new Set<string>()
    for (const seed of [0, 1, 2, 3, 4]) {
      await client.ask({ op: 'reset', s, seed })
      orders.add(JSON.stringify((await client.ask({ op: 'log', s })).log.header.seats))
    }
    expect(orders.size).toBeGreaterThan(1)
  })

  test('has no par but where its seats play the role that the par was derived for', () => {
    const host = hostOf({ economies })
    const others = economies.list().flatMap(({ env, pars }) => {
      const [preset, par] = Object.entries(pars ?? {})[0] ?? []
      const seats = preset === undefined ? [] : env.seats(resolveConfig(env, preset, {}))
      const role = seats.find(({ agent }) => agent === par?.seat)?.role
      return seats.filter(each => each.role !== role).map(({ agent }) => ({ env: env.id, preset: preset!, live: [agent] }))
    })
    expect(others.length).toBeGreaterThan(0)
    for (const request of others)
      expect(() => host.game('agora', request, { form: 'score', unit: 'par' })).toThrow(/speaks of seats like/)
  })

  test('has the options of the server in its economy alone', () => {
    const host = hostOf({ economies, env: 'sim_economy', game: { preset: 'short' }, rewardRelative: 'par' })
    expect(host.game('agora', { env: 'sim_economy' }).preset).toBe('short')
    const { env } = economies.get('swarm_economy')
    expect(host.game('agora', { env: env.id }, { form: 'score' }).preset).toBe(Object.keys(env.presets)[0])
    // Changes become scores, which relative rewards are; totals stay totals.
    expect((['agora', 'ors'] as const).map(protocol => host.payment(protocol).form)).toEqual(['score', 'total'])
  })

  test('whose log is not kept still says how it ended', async () => {
    const client = wireClient(hostOf())
    const s = await begun(client, { log: false })
    const { scores, turns } = await client.ask({ op: 'stop', s })
    expect([scores.trader_0.reward, turns.trader_0.results]).toEqual([0, []])
    expect(await client.ask({ op: 'log', s })).toMatchObject({ error: { code: 'not_reset' } })
    expect(await client.ask({ op: 'step', s, decisions: {} })).toMatchObject({ error: { code: 'episode_over' } })
  })

  test('is paid as was asked for', async () => {
    const client = wireClient(new Host({ maxSessions: 8, idleTimeout: 900 }))
    const { env, pars } = economies.list().find(economy => Object.hasOwn(economy.pars ?? {}, 'short'))!
    const play = async (reward: object): Promise<WireAnswer[]> => {
      const { s } = await client.ask({ op: 'make', env: env.id, preset: 'short', reward, want: [] })
      const views = [await client.ask({ op: 'reset', s, seed: 2 })]
      const [agent] = views[0].acting
      while (views.at(-1).stop === null) views.push(await client.ask({ op: 'step', s, decisions: {} }))
      return views.map(view => ({ ...view, reward: view.rewards?.[agent], score: view.scores?.[agent].reward }))
    }
    const sum = (views: WireAnswer[]): number => views.reduce((total, { reward }) => total + reward, 0)
    const [delta, score, total, par, unit] = [
      await play({ form: 'delta' }),
      await play({ form: 'score' }),
      await play({ form: 'total' }),
      await play({ form: 'score', relative: 'par' }),
      await play({ form: 'score', scale: 'unit' }),
    ]
    const end = score.at(-1).score
    expect(sum(score)).toBeCloseTo(end, 9)
    expect(total.at(-1).reward).toBeCloseTo(end, 9)
    expect(sum(delta)).toBeCloseTo(end - Object.values(delta[0].initial as Record<string, number>)[0]!, 9)
    expect(sum(par)).toBeCloseTo(end - pars!.short!.honest, 9)
    expect(sum(unit)).toBeGreaterThan(0)
    expect(sum(unit)).toBeLessThan(1)
    client.end()
  })
})

describe('what is wrong is told by its code', () => {
  test.each<[string, string, (client: WireClient) => Promise<WireAnswer>]>([
    ['no such operation', 'unknown_op', client => client.ask({ op: 'jump' })],
    ['a misspelt field', 'bad_request', client => client.ask({ ...toy, seats: 'all' })],
    ['no such economy', 'unknown_env', client => client.ask({ op: 'make', env: 'toy_marked' })],
    ['no such preset', 'bad_config', client => client.ask({ ...toy, preset: 'x' })],
    ['a wrong field of the configuration', 'bad_config', client => client.ask({ ...toy, config: { horizon: -1 } })],
    ['no such seat', 'unknown_seat', client => client.ask({ ...toy, live: ['trader_9'] })],
    ['no such player', 'unknown_player', client => client.ask({ ...toy, live: ['trader_0'], opponents: { '*': 'bot:nobody' } })],
    ['an opponent in one’s own seat', 'unknown_player', client => client.ask({ ...toy, opponents: { trader_1: 'random' } })],
    ['a seed that is none', 'bad_seed', async client => client.ask({ op: 'reset', s: (await client.ask(toy)).s, seed: 0.5 })],
    ['no such session', 'unknown_session', client => client.ask({ op: 'reset', s: 99 })],
    [
      'a step before a reset',
      'not_reset',
      async client => client.ask({ op: 'step', s: (await client.ask(toy)).s, decisions: {} }),
    ],
    [
      'a decision of a stranger',
      'not_your_turn',
      async client => client.ask({ op: 'step', s: await begun(client), decisions: { trader_9: sell } }),
    ],
    [
      'a message where calls are expected',
      'bad_request',
      async client => client.ask({ op: 'say', s: await begun(client), messages: {} }),
    ],
    [
      'calls where messages are expected',
      'bad_request',
      async client => client.ask({ op: 'step', s: await begun(client, { want: ['messages'] }), decisions: {} }),
    ],
    [
      'a message of a stranger',
      'not_your_turn',
      async client => client.ask({ op: 'say', s: await begun(client, { want: ['messages'] }), messages: { trader_9: {} } }),
    ],
    ['a relative change', 'bad_request', client => client.ask({ ...toy, reward: { relative: 'par' } })],
    ['a scale that nobody derived', 'bad_config', client => client.ask({ ...toy, reward: { scale: 'unit' } })],
    [
      'a closed session',
      'unknown_session',
      async client => {
        const s = await begun(client)
        await client.ask({ op: 'close', s })
        return client.ask({ op: 'step', s, decisions: {} })
      },
    ],
  ])('%s', async (_name, code, ask) => {
    const client = wireClient(hostOf())
    const answer = await ask(client)
    expect(answer).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(/\S/) } })
    expect(Object.keys(WIRE_ERRORS)).toContain(code)
    // Nothing hangs, and the next session works.
    expect(await begun(client)).toBeGreaterThan(0)
  })

  test('what is no request', async () => {
    const connection = new Connection(hostOf())
    for (const text of ['{', '[]', '7', 'null', '']) {
      const [frame] = await connection.receive(text)
      expect(JSON.parse(frame as string)).toMatchObject({ id: null, ok: false, error: { code: 'bad_json' } })
    }
  })

  test('a full server, which has room again when a session is closed', async () => {
    const client = wireClient(hostOf({ maxSessions: 2 }))
    const [first] = [await begun(client), await begun(client)]
    expect(await client.ask(toy)).toMatchObject({ error: { code: 'capacity', max_sessions: 2 } })
    await client.ask({ op: 'close', s: first })
    expect(await client.ask({ ...toy, op: 'vmake', n: 2 })).toMatchObject({ error: { code: 'capacity' } })
    expect(await client.ask({ ...toy, op: 'vmake', n: 1 })).toMatchObject({ ok: true })
  })

  test('a session that was left alone for too long', async () => {
    const host = hostOf({ idleTimeout: 0.02 })
    const client = wireClient(host)
    const s = await begun(client)
    while (host.sessions.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
    expect(await client.ask({ op: 'step', s, decisions: {} })).toMatchObject({ error: { code: 'idle_closed' } })
  })

  test('a fault of the server ends its session and nobody else’s', async () => {
    const broken = new Economies()
    broken.register({
      env: {
        ...toyMarket,
        render: () => {
          throw new Error('no words')
        },
      } as typeof toyMarket,
    })
    const faults: unknown[] = []
    const connection = new Connection(hostOf({ economies: broken }), error => faults.push(error))
    const ask = async (request: object) => JSON.parse((await connection.receive(JSON.stringify(request)))[0] as string)
    const { s } = await ask(toy)
    const other = await ask({ ...toy, want: [] })
    expect(await ask({ op: 'reset', s })).toMatchObject({ error: { code: 'internal' } })
    expect(faults).toHaveLength(1)
    expect(await ask({ op: 'reset', s })).toMatchObject({ error: { code: 'unknown_session' } })
    expect(await ask({ op: 'reset', s: other.s })).toMatchObject({ ok: true })
  })
})

/** The buffers of a vector's answer, by name. */
const rows = (answer: WireAnswer): Record<string, Float32Array | Uint8Array> => {
  let at = 0
  return Object.fromEntries(
    answer.buffers.map(({ name, dtype }: WireAnswer, i: number) => {
      const bytes = Uint8Array.from(answer.data.subarray(at, at + answer.bytes[i]))
      at += answer.bytes[i]
      return [name, dtype === '<f4' ? new Float32Array(bytes.buffer) : bytes]
    }),
  )
}

describe('vectors', () => {
  test('a vector reads its configuration once, however many games it has', async () => {
    let parsed = 0
    const counted = new Economies()
    counted.register({ env: { ...toyMarket, config: toyMarket.config.refine(() => ++parsed > 0) as typeof toyMarket.config } })
    const client = wireClient(hostOf({ economies: counted, maxSessions: 64 }))
    const { v } = await client.ask({ ...toy, op: 'vmake', n: 32 })
    parsed = 0
    await client.ask({ op: 'vreset', v })
    expect(parsed).toBe(0)
    await client.ask({ ...toy, op: 'vmake', n: 32 })
    expect(parsed).toBe(1)
  })

  test('play the games that sessions play, and begin again', async () => {
    const client = stdioClient(hostOf())
    const made = await client.ask({ ...toy, op: 'vmake', n: 3, reward: { form: 'score' } })
    const { v, encoding } = made
    expect(made).toMatchObject({ n: 3, live: ['trader_0', 'trader_1'], env: 'toy_market' })
    let answer = await client.ask({ op: 'vreset', v, seeds: [5, 6, 7] })
    const slot = encoding.slots.findIndex(({ name }: WireAnswer) => name.startsWith('sell'))
    const sums = new Array(6).fill(0)
    while (Object.keys(answer.final).length === 0) {
      answer = await client.ask({ op: 'vstep', v, actions: new Array(6).fill(slot) })
      for (const [i, reward] of rows(answer).reward!.entries()) sums[i] += reward
    }
    expect([[...rows(answer).truncated!], [...rows(answer).terminated!]]).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ])
    for (const [i, seed] of [5, 6, 7].entries()) {
      const { s } = await client.ask({ ...toy, want: [] })
      let view = await client.ask({ op: 'reset', s, seed })
      while (view.stop === null) view = await client.ask({ op: 'step', s, decisions: { trader_0: { slot }, trader_1: { slot } } })
      expect(answer.final[i]).toEqual({ seed, stop: view.stop, scores: view.scores })
      expect(sums[2 * i]).toBeCloseTo(view.scores.trader_0.reward, 5)
      await client.ask({ op: 'close', s })
    }
    // The next step begins the games of the next seeds and pays nothing.
    answer = await client.ask({ op: 'vstep', v, actions: new Array(6).fill(slot) })
    const { reward, observation, acting, mask } = rows(answer)
    expect([[...reward!], [...acting!]]).toEqual([new Array(6).fill(0), new Array(6).fill(1)])
    const { s } = await client.ask({ ...toy, want: ['encoded'] })
    const fresh = (await client.ask({ op: 'reset', s, seed: 8 })).turns.trader_0
    expect([...observation!.subarray(0, encoding.features.length)]).toEqual(fresh.features)
    expect([...mask!.subarray(0, encoding.slots.length)]).toEqual(fresh.mask)
    // No two games of a vector ever play the same seed.
    while (Object.keys(answer.final).length === 0) answer = await client.ask({ op: 'vstep', v, actions: new Array(6).fill(slot) })
    expect([0, 1, 2].map(i => answer.final[i].seed)).toEqual([8, 9, 10])
    answer = await client.ask({ op: 'vreset', v })
    while (Object.keys(answer.final).length === 0) answer = await client.ask({ op: 'vstep', v, actions: new Array(6).fill(slot) })
    expect([0, 1, 2].map(i => answer.final[i].seed)).toEqual([11, 12, 13])
    client.end()
    await client.served
  })

  test('a row is a seat of a game: it plays its own action, and slot 0 alone where it does not act', async () => {
    const turns = new Economies()
    // The second trader acts every other step.
    turns.register({ env: { ...toyMarket, actors: state => toyMarket.actors(state).slice(0, 2 - (state.t % 2)) } })
    const client = wireClient(hostOf({ economies: turns }))
    const { v, encoding } = await client.ask({ ...toy, op: 'vmake', n: 2 })
    await client.ask({ op: 'vreset', v })
    const sells = encoding.slots.length - 1
    const first = rows(await client.ask({ op: 'vstep', v, actions: [0, sells, 0, 0] }))
    expect([...first.reward!].map(reward => reward > 0)).toEqual([false, true, false, false])
    expect([...first.acting!]).toEqual([1, 0, 1, 0])
    const masks = [0, 1, 2, 3].map(row => [...first.mask!.subarray(row * (sells + 1), (row + 1) * (sells + 1))])
    expect(masks.map(mask => mask.filter(Boolean).length > 1)).toEqual([true, false, true, false])
    expect([masks[1]![0], masks[3]![0]]).toEqual([1, 1])
    const second = rows(await client.ask({ op: 'vstep', v, actions: [0, 0, sells, 0] }))
    expect([...second.reward!].map(reward => reward > 0)).toEqual([false, false, true, false])
  })

  test('take a place a game, and give each back', async () => {
    const client = wireClient(hostOf({ maxSessions: 8 }))
    for (let again = 0; again < 2; again++) {
      const { v } = await client.ask({ ...toy, op: 'vmake', n: 8 })
      expect(await client.ask(toy)).toMatchObject({ error: { code: 'capacity' } })
      await client.ask({ op: 'vclose', v })
    }
  })

  test.each([
    ['too few actions', { actions: [0] }, 'bad_request'],
    ['no slot', { actions: [0, 99_999] }, 'bad_request'],
  ])('%s are refused', async (_name, fields, code) => {
    const client = wireClient(hostOf())
    const { v } = await client.ask({ ...toy, op: 'vmake', n: 1 })
    expect(await client.ask({ op: 'vstep', v, actions: [0, 0] })).toMatchObject({ error: { code: 'not_reset' } })
    await client.ask({ op: 'vreset', v })
    expect(await client.ask({ op: 'vstep', v, ...fields })).toMatchObject({ error: { code } })
  })
})

describe('models opposite', () => {
  const wait = { calls: [{ name: 'wait', arguments: {} }] }
  const against = async (script: () => object): Promise<{ client: WireClient; s: number; other: number; player: string }> => {
    provider = await startFakeProvider({ script })
    const player = `openai:m@${provider.url}`
    const models = new Models({ retry: { maxRetries: 0 } })
    const client = wireClient(hostOf({ models, players: [player] }))
    const { s } = await client.ask({ ...toy, live: ['trader_0'], opponents: { trader_1: player } })
    return { client, s, other: await begun(client), player }
  }

  test('are waited for, while other sessions go on, and requests of one session keep their order', async () => {
    const { client, s, other } = await against(() => wait)
    const order: string[] = []
    const note = (name: string) => (answer: WireAnswer) => {
      order.push(name)
      return answer
    }
    const [, first, second] = await Promise.all([
      client.ask({ op: 'reset', s, seed: 1 }).then(note('reset')),
      client.ask({ op: 'step', s, decisions: { trader_0: sell } }).then(note('first')),
      client.ask({ op: 'step', s, decisions: { trader_0: sell } }).then(note('second')),
      client.ask({ op: 'step', s: other, decisions: { trader_0: sell } }).then(note('other')),
    ])
    expect(order.indexOf('other')).toBeLessThan(order.indexOf('first'))
    expect([first.t, second.t]).toEqual([1, 2])
    const { log } = await client.ask({ op: 'log', s })
    expect(log.steps[0].decisions.trader_1.calls).toEqual([{ tool: 'wait', args: {} }])
    // They sit in the next game too, though the last was given up.
    await client.ask({ op: 'reset', s, seed: 2 })
    expect(await client.ask({ op: 'step', s, decisions: { trader_0: sell } })).toMatchObject({ ok: true, t: 1 })
  })

  test('that fail for good end their game by a code, and the next one works', async () => {
    const { client, s, player } = await against(() => wait)
    await client.ask({ op: 'reset', s, seed: 1 })
    const { v } = await client.ask({ ...toy, op: 'vmake', n: 1, live: ['trader_0'], opponents: { trader_1: player } })
    await client.ask({ op: 'vreset', v, seeds: [1] })
    await provider!.close()
    // In a vector it is cut short: it has no end of its own, and no score.
    const answer = await client.ask({ op: 'vstep', v, actions: [0] })
    const { terminated, truncated } = rows(answer)
    expect([[...terminated!], [...truncated!]]).toEqual([[0], [1]])
    expect(answer.final[0]).toMatchObject({ seed: 1, error: { code: 'player_failed' } })
    // The next step begins the next game.
    expect((await client.ask({ op: 'vstep', v, actions: [0] })).final).toEqual({})
    expect(await client.ask({ op: 'step', s, decisions: { trader_0: sell } })).toMatchObject({ error: { code: 'player_failed' } })
    expect(await client.ask({ op: 'step', s, decisions: { trader_0: sell } })).toMatchObject({ error: { code: 'player_failed' } })
    expect(await client.ask({ op: 'reset', s, seed: 2 })).toMatchObject({ ok: true, t: 0 })
  })
})

describe('a seat that is spoken for', () => {
  const says = (...calls: (readonly [name: string, args: object])[]) => ({
    tool_calls: calls.map(([name, args], i) => ({ id: `call_${i}`, name, arguments: JSON.stringify(args) })),
  })

  test.each([
    ['score', [0.1, 0, 0]],
    ['total', [0.1, 0.1, 0.1]],
  ] as const)('is paid, as %s, for its turns, and for a question nothing new', async (form, paid) => {
    const counted = { resets: 0, steps: 0, episodes: 0, clipped: 0 }
    const game = new Game(hostOf(), { env: 'toy_market' }, { form, unit: { low: 0, high: 1 } })
    const seat = new SeatPlay(game, (what, count) => (counted[what] += count))
    await seat.reset(3)
    const told = [await seat.say(says(['sell', { quantity: 1 }])), await seat.say(says(['value', { quantity: 2 }]))]
    told.push(await seat.say(says(['wait', {}])))
    expect(told.map(({ reward }) => reward)).toEqual(paid)
    expect(told.map(({ moved }) => moved)).toEqual([true, false, true])
    expect(counted).toEqual({ resets: 1, steps: 2, episodes: 0, clipped: 0 })
    // Each call has its own result, a question beside moves included.
    const { results } = await seat.say(says(['value', { quantity: 3 }], ['sell', { quantity: 1 }]))
    expect(results.map(({ text }) => text)).toEqual(['24', expect.stringContaining('Sold 1 for 8')])
  })

  test('that scores beyond the bounds of its scale is counted', async () => {
    let clipped = 0
    const game = new Game(
      hostOf(),
      { env: 'toy_market', config: { horizon: 1 } },
      { form: 'total', unit: { low: 0, high: 0.01 } },
    )
    const seat = new SeatPlay(game, (what, count) => (clipped += what === 'clipped' ? count : 0))
    await seat.reset(3)
    expect((await seat.say(says(['sell', { quantity: 1 }]))).reward).toBe(1)
    expect(clipped).toBeGreaterThan(0)
  })
})

describe('pipes', () => {
  test('that the other side closes end the service, and its sessions', async () => {
    const host = hostOf()
    const client = stdioClient(host)
    await begun(client)
    expect(host.sessions.size).toBe(1)
    client.end()
    await client.served
    expect(host.sessions.size).toBe(0)
  })

  test('that nobody reads any more end it quietly', async () => {
    const host = hostOf()
    const input = new PassThrough()
    const output = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    })
    const served = serveStdio(host, { input, output })
    input.write(`${JSON.stringify(toy)}\n`)
    await served
    expect(host.sessions.size).toBe(0)
  })

  test('a request too large is refused, and the one after it answered', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const served = serveStdio(hostOf(), { input, output, maxRequest: 1000 })
    const answers: WireAnswer[] = []
    output.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) answers.push(JSON.parse(line))
    })
    input.write(`{"op": "hello", "x": "${'x'.repeat(700)}`)
    input.write(`${'x'.repeat(700)}"}\n\n{"op": "hel`)
    input.end('lo"}\n')
    await served
    expect(answers.map(({ ok, error }) => (ok ? 'ok' : error.code))).toEqual(['too_large', 'ok'])
  })
})
