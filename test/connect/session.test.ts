/** Deadlines, sending at most once, the newest state, pace, evidence and going on: whatever the protocol. On a clock of their own. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reconnecting } from '../../connect/backoff.ts'
import { Evidence } from '../../connect/evidence.ts'
import type { AnyPolicyFactory, AnyTypes, Turn } from '../../index.ts'
import type { Clock } from '../../rollouts/models/retry.ts'
import { listRuns, type Player, ProviderError } from '../../rollouts.ts'
import { scratch } from '../rollouts/table.ts'
import { atBooth, jumpingClock, thinker } from './booth.ts'

const dispositions = (rows: readonly { readonly disposition: string }[]): string[] => rows.map(({ disposition }) => disposition)

describe('a deadline', () => {
  test('what comes in time is sent, with when it was asked, answered and sent', async () => {
    const { decisions, seen, results } = await atBooth({ a: [{ deadline: 10_000 }] }, clock => ({ a: thinker(clock, 1500) }))
    expect(seen.sent).toHaveLength(1)
    const [row] = decisions
    expect(row).toMatchObject({ disposition: 'sent', text: 'Taken.', attempt: 0 })
    expect(row!.answered_at! - row!.asked_at).toBe(1500)
    expect(row!.deadline! - row!.asked_at).toBe(10_000)
    expect(results[0]).toMatchObject({ seat: 'a', reward: 1, dispositions: { sent: 1 }, latency_ms: { median: 1500, p95: 1500 } })
  })

  test('what does not is never sent: the server is told at the deadline, and the player hears nothing came of it', async () => {
    let heard: readonly (readonly string[])[] = []
    const { decisions, seen } = await atBooth({ a: [{}, { deadline: 10_000 }, {}] }, clock => {
      const player = thinker(clock, 0, 60_000)
      heard = player.heard
      return { a: player }
    })
    expect(dispositions(decisions)).toEqual(['sent', 'timeout', 'sent'])
    expect(decisions[1]).toMatchObject({ call: null, text: 'no bid', sent_at: null })
    expect(decisions[2]!.asked_at - decisions[1]!.asked_at).toBe(10_000)
    expect(seen.lapsed).toEqual(['1'])
    expect(seen.sent.map(([, ask]) => ask)).toEqual(['0', '2'])
    expect(heard).toEqual([[], ['Taken.'], []])
  })

  test('thinking ends two seconds and the seat’s own latency before it', async () => {
    // The latency is that of its slow answers.
    const at = (ms: number) => atBooth({ a: [{}, {}, { deadline: 20_000 }] }, clock => ({ a: thinker(clock, 100, 3000, ms) }))
    expect(dispositions((await at(14_900)).decisions)).toEqual(['sent', 'sent', 'sent'])
    expect(dispositions((await at(15_100)).decisions)).toEqual(['sent', 'sent', 'timeout'])
  })

  test('but half of the time is the player’s', async () => {
    const at = (ms: number) => atBooth({ a: [{}, { deadline: 6000 }] }, clock => ({ a: thinker(clock, 30_000, ms) }))
    expect(dispositions((await at(2900)).decisions)).toEqual(['sent', 'sent'])
    expect(dispositions((await at(3100)).decisions)).toEqual(['sent', 'timeout'])
  })

  test('silence where a clock decides is an answer; where none does, the seat is asked again and then left', async () => {
    const silent = (): Player => ({
      name: 'silent',
      kind: 'bot',
      details: {},
      policies: () => () => ({ act: () => ({ calls: [] }) }),
    })
    const timed = await atBooth({ a: [{ deadline: 5000 }] }, () => ({ a: silent() }))
    expect(dispositions(timed.decisions)).toEqual(['silent'])
    expect(timed.seen.lapsed).toEqual(['0'])
    const open = await atBooth({ a: [{}] }, () => ({ a: silent() }))
    expect(dispositions(open.decisions)).toEqual(Array(6).fill('silent'))
    expect(open.run.sessions[0]!.outcomes[0]!.error!.code).toBe('stuck')
    expect(open.run.left).toBe(1)
    const market = await atBooth({ a: [{ repeatable: true }, { repeatable: true }] }, () => ({ a: silent() }))
    expect(dispositions(market.decisions)).toEqual(['silent', 'silent'])
  })
})

describe('the newest state', () => {
  test('a decision about a state that is gone is not sent', async () => {
    const { decisions, seen } = await atBooth({ a: [{ stale: true, repeatable: true }] }, clock => ({ a: thinker(clock) }))
    expect(dispositions(decisions)).toEqual(['superseded'])
    expect(seen.sent).toEqual([])
  })

  test.each(['superseded', 'timeout'] as const)('an ask that the server ends is %s, whatever is being thought', async why => {
    const { decisions, seen } = await atBooth({ a: [{ closed: { at: 1000, why } }, {}] }, clock => ({ a: thinker(clock, 5000) }))
    expect(dispositions(decisions)).toEqual([why, 'sent'])
    // The server has ended it itself.
    expect(seen.lapsed).toEqual([])
    expect(decisions[1]!.asked_at - decisions[0]!.asked_at).toBe(1000)
  })
})

describe('sending', () => {
  const sent = async (answers: readonly 'unknown'[], reconciled: 'taken' | 'open' | 'closed') =>
    atBooth({ a: [{ answers, reconciled, repeatable: true }] }, clock => ({ a: thinker(clock) }))

  test('what was lost on the way back is not sent again', async () => {
    const { decisions, seen } = await sent(['unknown'], 'taken')
    expect(seen.sent).toHaveLength(1)
    expect(decisions[0]).toMatchObject({ disposition: 'unknown', reconciled: 'taken', acknowledged_at: null })
  })

  test('nor where nobody knows', async () => {
    expect((await sent(['unknown'], 'closed')).seen.sent).toHaveLength(1)
    // The world has moved on: the player is not asked about it again either.
    const once = await atBooth({ a: [{ answers: ['unknown'], reconciled: 'closed' }] }, clock => ({ a: thinker(clock) }))
    expect(dispositions(once.decisions)).toEqual(['unknown'])
  })

  test('no more calls are than a turn has', async () => {
    const greedy: Player = {
      name: 'greedy',
      kind: 'bot',
      details: {},
      policies: () => () => ({ act: () => ({ calls: [1, 2, 3].map(amount => ({ tool: 'bid', args: { amount } })) }) }),
    }
    const { seen } = await atBooth({ a: [{}] }, () => ({ a: greedy }))
    expect(seen.sent.map(([, , call]) => call.args)).toEqual([{ amount: 1 }, { amount: 2 }])
  })

  test('only on the server’s word that nothing has come is it, three times at most', async () => {
    expect(dispositions((await sent(['unknown'], 'open')).decisions)).toEqual(['sent'])
    const { seen, decisions } = await sent(['unknown', 'unknown', 'unknown'], 'open')
    expect(seen.sent).toHaveLength(3)
    expect(dispositions(decisions)).toEqual(['unknown'])
  })

  test('what the server refuses is told at the next attempt; further calls of the message are not sent', async () => {
    const heard: string[][] = []
    const two: Player = {
      name: 'two',
      kind: 'bot',
      details: {},
      policies: () => () => ({
        act({ results }) {
          heard.push(results.map(({ text }) => text))
          return { calls: [1, 2].map(amount => ({ tool: 'bid', args: { amount } })) }
        },
      }),
    }
    const { decisions, seen } = await atBooth({ a: [{ answers: [{ ok: false, text: 'Too low.' }] }] }, () => ({ a: two }))
    expect(heard[1]).toEqual(['Too low.', 'Not carried out: an earlier call of the message was not.'])
    expect(decisions.map(({ attempt, disposition }) => [attempt, disposition])).toEqual([
      [0, 'refused'],
      [1, 'sent'],
      [1, 'sent'],
    ])
    expect(seen.sent).toHaveLength(3)
  })

  test('what the gate refuses never reaches the server', async () => {
    const wild: Player = {
      name: 'wild',
      kind: 'bot',
      details: {},
      policies: () => () => ({ act: () => ({ calls: [{ tool: 'bid', args: { amount: 99 } }] }) }),
    }
    const { decisions, seen } = await atBooth({ a: [{ deadline: 5000 }] }, () => ({ a: wild }))
    expect(dispositions(decisions)).toEqual(['refused', 'refused'])
    expect(seen.sent).toEqual([])
    expect(seen.lapsed).toEqual(['0'])
  })

  test('with a pace, quick and slow players send at the same time', async () => {
    const paced = await atBooth({ a: [{}], b: [{}] }, clock => ({ a: thinker(clock, 0), b: thinker(clock, 3000) }), {
      paceMs: 5000,
    })
    const waited = ({ decisions }: typeof paced) => decisions.map(({ asked_at, sent_at }) => sent_at! - asked_at)
    expect(waited(paced)).toEqual([5000, 5000])
    expect(JSON.parse(readFileSync(join(paced.folder, 'metadata.json'), 'utf8')).pace_s).toBe(5)
    // A deadline comes before the pace.
    const timed = await atBooth({ a: [{ deadline: 6000 }] }, clock => ({ a: thinker(clock) }), { paceMs: 5000 })
    expect([waited(timed), dispositions(timed.decisions)]).toEqual([[4000], ['sent']])
  })
})

test('a player draws by the seed, anew in every session and at every attempt', async () => {
  const drawn: number[] = []
  const told: unknown[] = []
  const factory: AnyPolicyFactory = Object.assign(
    ({ repeat }: { readonly repeat: number }) => {
      told.push(repeat)
      return {
        act({ random }: Turn<AnyTypes>) {
          drawn.push(random.int(0, 1e9))
          return { calls: [{ tool: 'bid', args: { amount: 1 } }] }
        },
      }
    },
    {
      episode(seed: number, agents: readonly string[]) {
        told.push([seed, agents])
        return factory
      },
    },
  )
  const drawing: Player = { name: 'drawing', kind: 'bot', details: {}, policies: () => factory }
  const refused = { ok: false, text: 'Too low.' }
  const { run } = await atBooth({ a: [{ answers: [refused] }] }, () => ({ a: drawing }), { seed: 5, repeats: 2 })
  expect(told).toEqual([[5, ['bidder_a']], 0, [5, ['bidder_a']], 1])
  expect([new Set(drawn).size, drawn.length]).toEqual([4, 4])
  expect(run.report).toEqual(['a is over.', 'a is over.'])
})

test('what the server says of all seats at the end counts', async () => {
  const { results } = await atBooth({ a: [{}] }, clock => ({ a: thinker(clock) }), {
    settle: async () => ({ a: { reward: 42, metrics: { rank: 1 } } }),
  })
  expect(results[0]).toMatchObject({ reward: 42, metrics: { rank: 1 }, stop_condition: 'finished' })
})

test('a server that is lost is tried at once, then after waits that double, up to half a minute', async () => {
  const waits: number[] = []
  const lost = async () => {
    if (waits.length < 10) throw new Error('away')
    return 'there'
  }
  const { signal } = new AbortController()
  expect(await reconnecting(lost, { signal, clock: jumpingClock(), onLost: (_error, ms) => waits.push(ms) })).toBe('there')
  // Three quarters of each, as chance here always is a half.
  expect(waits).toEqual([0, 375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500])
})

describe('a seat that fails', () => {
  const failing = (fails = (): boolean => true): Player => ({
    name: 'failing',
    kind: 'model',
    details: {},
    policies: () => () => ({
      act() {
        if (fails()) throw new ProviderError('no answer', { code: 'timeout', status: null, attempts: 1 })
        return { calls: [{ tool: 'bid', args: { amount: 1 } }] }
      },
    }),
  })

  test('is left where nothing goes on without it, and the others play on', async () => {
    const done = {}
    const puts = { a: [{}], b: [{}, {}] }
    const { run, results, folder } = await atBooth(puts, clock => ({ a: failing(), b: thinker(clock, 100, 100) }), { done })
    expect(run.sessions[0]!.outcomes.map(({ seat, error, result }) => [seat, error?.code ?? result!.stop])).toEqual([
      ['a', 'timeout'],
      ['b', 'finished'],
    ])
    expect(run.left).toBe(1)
    expect(results.map(({ seat }) => seat)).toEqual(['b'])
    expect(readFileSync(join(folder, 'errors.jsonl'), 'utf8')).toContain('"message":"no answer"')
    // Gone on with, the seat is made up for, and who was done is not told of again.
    const again = await atBooth(puts, clock => ({ a: failing(() => false), b: thinker(clock) }), { folder, resume: true, done })
    expect([again.run.left, again.results.map(({ seat }) => seat)]).toEqual([0, ['b', 'a']])
  })

  test('loses one decision where a clock goes on', async () => {
    const { run, decisions } = await atBooth({ a: [{ deadline: 5000 }, { deadline: 5000 }] }, () => ({ a: failing() }))
    expect(dispositions(decisions)).toEqual(['timeout', 'timeout'])
    expect(run.left).toBe(0)
  })
})

describe('the folder', () => {
  test('is gone on with by the same players: they are put before what they were asked, and nothing is sent twice', async () => {
    const counting = (): Player => ({
      name: 'counting',
      kind: 'bot',
      details: {},
      policies: () => () => {
        let turns = 0
        return { act: () => ({ calls: [{ tool: 'bid', args: { amount: ++turns } }] }) }
      },
    })
    const done = {}
    const stopping = new AbortController()
    const puts = { a: [{}, {}, {}, {}], b: [{}, {}, {}, {}] }
    const both = () => ({ a: counting(), b: counting() })
    const first = await atBooth(puts, both, {
      done,
      signal: stopping.signal,
      onEvent: (_session, event) => {
        if (event.kind === 'decided' && event.seat === 'a' && event.row.t === 1) stopping.abort(new Error('stopped'))
      },
    })
    expect(first.run.left).toBe(1)
    const { folder } = first
    await expect(atBooth(puts, both, { folder })).rejects.toThrow('go on with it with --resume')
    await expect(atBooth(puts, clock => ({ ...both(), a: thinker(clock) }), { folder, resume: true })).rejects.toThrow(
      "seat a is counting's",
    )
    const { run, seen, results, decisions } = await atBooth(puts, both, { folder, resume: true, done })
    expect(run.left).toBe(0)
    expect(seen.retaken).toEqual(['a', 'b'])
    for (const seat of ['a', 'b']) {
      const own = decisions.filter(row => row.seat === seat)
      const amounts = own.map(({ call }) => (call!.args as { amount: number }).amount)
      expect(amounts).toEqual([...new Set(amounts)])
      expect(amounts.at(-1)).toBe(amounts.length)
    }
    expect(results).toHaveLength(2)
    // A session that is over is left alone, whoever is named for the next.
    const over = await atBooth(puts, both, { folder, resume: true, done })
    expect([over.seen.sent, over.seen.retaken]).toEqual([[], []])
    const others = (clock: Clock) => ({ a: thinker(clock), b: thinker(clock) })
    const next = await atBooth(puts, others, { folder, resume: true, done, repeats: 2 })
    expect([next.run.sessions.map(({ id }) => id), next.seen.sent.length]).toEqual([['hall-1'], 8])
  })

  test('a person is not asked again what was decided before', async () => {
    const asked: number[] = []
    const person = (): Player => ({
      name: 'person',
      kind: 'human',
      details: {},
      policies: () => () => ({
        act({ t }) {
          asked.push(t)
          return { calls: [{ tool: 'bid', args: { amount: 1 } }] }
        },
      }),
    })
    const done = {}
    const stopping = new AbortController()
    const puts = { a: [{}, {}, {}] }
    const { folder } = await atBooth(puts, () => ({ a: person() }), {
      done,
      signal: stopping.signal,
      onEvent: (_session, event) => {
        if (event.kind === 'decided' && event.row.t === 1) stopping.abort(new Error('stopped'))
      },
    })
    asked.splice(0)
    await atBooth(puts, () => ({ a: person() }), { folder, resume: true, done })
    expect(asked).toEqual([1, 2])
  })

  test('is of one server, keeps sessions apart, and shows no secret however it is spelt', () => {
    const folder = scratch()
    let now = 5000
    const open = (server: string) => new Evidence(folder, { protocol: 'booth', server }, { resume: true, now: () => now })
    const evidence = open('one')
    evidence.keep({ id: 'hall', repeat: 0, over: false, seats: {} })
    evidence.secret('a b&c', 'CODE')
    evidence.metadata({
      kind: 'connected',
      address: 'https://x/?code=a b&c',
      link: `https://x/?code=${encodeURIComponent('a b&c')}`,
    })
    expect(readFileSync(join(folder, 'metadata.json'), 'utf8').match(/code=CODE"/g)).toHaveLength(2)
    const wire = evidence.wire('hall', 'a')
    now = 5250
    wire('in', {})
    expect(JSON.parse(readFileSync(join(folder, 'wire.jsonl'), 'utf8'))).toMatchObject({ at: 5250, ms: 250 })
    const row = {
      session: 's',
      agent: 'a',
      ask: '0',
      t: 0,
      attempt: 0,
      observation: {},
      offered: [],
      results: [],
      checks: [],
      calls: [],
    }
    for (const key of ['one', 'two']) evidence.turn({ ...row, key })
    expect(evidence.earlier('two').turns.map(({ key }) => key)).toEqual(['two'])
    evidence.close()
    expect(() => open('another')).toThrow('holds a run at one (booth), not at another')
  })

  test('holds no secret but in connection.json, and is no run of ours to those who list runs', async () => {
    const { folder } = await atBooth({ a: [{}] }, clock => ({ a: thinker(clock) }))
    expect(statSync(join(folder, 'connection.json')).mode & 0o777).toBe(0o600)
    const holding = readdirSync(folder).filter(
      name => name !== 'lock' && readFileSync(join(folder, name), 'utf8').includes('code-of-a'),
    )
    expect(holding).toEqual(['connection.json'])
    expect(readFileSync(join(folder, 'wire.jsonl'), 'utf8')).toContain('"as":"(seat a)"')
    expect(listRuns(folder)).toEqual([])
  })
})
