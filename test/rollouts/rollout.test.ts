/** One episode: who is asked, what is awaited, how it ends. */
import { describe, expect, test } from 'vitest'
import { type AnyPolicyFactory, call, type Decision, replay, stream } from '../../index.ts'
import { EpisodeStopped } from '../../rollouts/errors.ts'
import { type CallRow, type Player, ProviderError } from '../../rollouts/player.ts'
import { groupKey, type Rollout, rolloutKey } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { later, passive, random, toy, toySpec } from './table.ts'

function bot(name: string, factory: AnyPolicyFactory): Player {
  return { name, kind: 'bot', details: {}, policies: () => factory }
}

/** The result of an episode that must be played at once. */
function atOnce(spec: Parameters<typeof runRollout>[0]): Rollout {
  const result = runRollout(spec)
  if (result instanceof Promise || !result.ok) throw new Error('expected a rollout at once')
  return result
}

async function scored(result: ReturnType<typeof runRollout>): Promise<Rollout> {
  const rollout = await result
  if (!rollout.ok) throw rollout.error
  return rollout
}

describe('an episode of bots', () => {
  test('is played at once, without a promise', () => {
    const { log, truncated, scores, metrics } = atOnce(toySpec())
    expect(log.steps).toHaveLength(8)
    expect(log.stop).toBe('horizon')
    expect(truncated).toBe(false)
    expect(log.header.seats).toEqual({ trader_0: 'random', trader_1: 'bot:passive' })
    expect(scores.trader_0!.reward).toBeGreaterThan(0)
    expect(metrics).toEqual({ trader_0: { earned: scores.trader_0!.reward * 100 } })
  })

  test('gives the same log every time, and its replay', () => {
    const { log } = atOnce(toySpec())
    expect(JSON.stringify(atOnce(toySpec()).log)).toBe(JSON.stringify(log))
    expect(JSON.stringify(replay(toy, log))).toBe(JSON.stringify(log))
  })

  test('equals the same play by players that answer later', async () => {
    const slow: Player = {
      ...random,
      policies: context => seat => {
        const policy = random.policies(context)(seat)
        return { act: async turn => policy.act(turn) }
      },
    }
    const { log } = await scored(runRollout(toySpec({}, slow, slow)))
    expect(log).toEqual(atOnce(toySpec({}, random, random)).log)
  })
})

describe('repeats', () => {
  const draws = (repeat: number): unknown => {
    const drawn: Record<string, number> = {}
    const drawing = bot('bot:drawing', ({ repeat: told }) => ({
      act({ agent, random: own, t, repeat: at }) {
        if (t === 0) drawn[agent] = own.float()
        expect(at).toBe(told)
        return { calls: [] }
      },
    }))
    atOnce(toySpec({ repeat }, drawing, drawing))
    return drawn
  }

  test('the evaluated seat draws anew in every repeat, the others draw alike', () => {
    const first = {
      trader_0: stream(5, 'policy', 0, 'trader_0', 0).float(),
      trader_1: stream(5, 'policy', 0, 'trader_1', 0).float(),
    }
    expect(draws(0)).toEqual(first)
    expect(draws(1)).toEqual({ ...first, trader_0: stream(5, 'policy', 1, 'trader_0', 0).float() })
  })

  test('have keys of their own and a group in common; another line-up, seed or evaluated seat is another group', () => {
    expect(rolloutKey(toySpec({ repeat: 1 }))).not.toBe(rolloutKey(toySpec()))
    expect(groupKey(toySpec({ repeat: 1 }))).toBe(groupKey(toySpec()))
    const others = [toySpec({}, passive), toySpec({ seed: 6 }), toySpec({ evaluated: ['trader_1'] }), toySpec()]
    expect(new Set(others.map(groupKey)).size).toBe(4)
    expect(rolloutKey(toySpec())).toMatch(/^[a-z0-9_.-]+$/)
  })
})

describe('seating', () => {
  test('a player that shares an episode is set up once, with the seed and all its seats', () => {
    const setups: unknown[] = []
    const factory: AnyPolicyFactory = Object.assign(() => ({ act: () => ({ calls: [] }) }), {
      episode: (seed: number, seats: readonly string[]) => {
        setups.push([seed, seats])
        return () => ({ act: () => ({ calls: [] }) })
      },
    })
    const shared = bot('bot:shared', factory)
    atOnce(toySpec({}, shared, shared))
    expect(setups).toEqual([[5, ['trader_0', 'trader_1']]])
  })

  test('a seat that nobody takes is a bug, and named', () => {
    expect(() => runRollout({ ...toySpec(), lineup: { trader_0: random } })).toThrow('nobody plays seat trader_1')
  })

  test('all seats of a step are asked before anyone is waited for', async () => {
    const order: string[] = []
    const asking = bot('bot:asking', () => ({
      act: async ({ agent, t }): Promise<Decision> => {
        order.push(`ask ${agent} ${t}`)
        await new Promise(resolve => setTimeout(resolve, agent === 'trader_0' ? 2 : 0))
        order.push(`answer ${agent} ${t}`)
        return { calls: [] }
      },
    }))
    await runRollout(toySpec({ config: { traders: 2, horizon: 1 } }, asking, asking))
    expect(order.slice(0, 2)).toEqual(['ask trader_0 0', 'ask trader_1 0'])
    expect(order).toHaveLength(4)
  })
})

describe('an episode that a provider fails', () => {
  const outage = () => new ProviderError('no answer', { code: 'timeout', status: null, attempts: 4 })

  test('is given up and not scored; the other seats are told to stop, and nothing is left running', async () => {
    let told: unknown
    let running = 0
    const failing = later({
      onAsk: asked => {
        if (asked === 3) throw outage()
      },
    })
    const waiting = later({
      name: 'openai:waiting',
      delay: async () => {
        running++
        await new Promise(resolve => setTimeout(resolve, 1))
        running--
      },
      onAsk: (_asked, { signal, t }) => t === 3 && signal?.addEventListener('abort', () => (told = signal.reason)),
    })
    const result = await runRollout(toySpec({}, failing, waiting))
    expect(result).toMatchObject({ ok: false, agent: 'trader_0', t: 3, error: { code: 'timeout', attempts: 4 } })
    expect(result).not.toHaveProperty('scores')
    expect(told).toBeInstanceOf(Error)
    expect(running).toBe(0)
  })

  test('also where the provider fails before anyone was waited for', () => {
    const failing = bot('bot:failing', () => ({
      act() {
        throw outage()
      },
    }))
    expect(runRollout(toySpec({}, failing))).toMatchObject({ ok: false, agent: 'trader_0', t: 0 })
  })

  test('is not how a bug ends: that is thrown on', async () => {
    const broken = bot('bot:broken', () => ({
      act() {
        throw new TypeError('oops')
      },
    }))
    expect(() => runRollout(toySpec({}, broken))).toThrow('oops')
    await expect(async () => runRollout(toySpec({}, later(), broken))).rejects.toThrow('oops')
  })
})

test('a player may leave: the reason is the footer, and what was played is scored', async () => {
  const leaving = bot('bot:leaving', () => ({
    act({ t }) {
      if (t === 2) throw new EpisodeStopped('player_quit')
      return call('sell', { quantity: 1 })
    },
  }))
  const { log, truncated, scores } = atOnce(toySpec({}, leaving))
  expect(log.stop).toBe('player_quit')
  expect(log.steps).toHaveLength(2)
  expect(truncated).toBe(true)
  expect(scores.trader_0!.payoff).toBeCloseTo(0.19)
})

test('an aborted episode is rejected with the reason and plays no further step', async () => {
  const abort = new AbortController()
  const player = later({
    onAsk: asked => {
      if (asked === 2) abort.abort(new Error('enough'))
    },
  })
  const steps: number[] = []
  const options = { signal: abort.signal, onStep: (_log: unknown, { t }: { t: number }) => void steps.push(t) }
  await expect(runRollout(toySpec({}, player), options)).rejects.toThrow('enough')
  expect(steps).toEqual([0, 1])
})

test('an aborted episode ends also where a player does not listen', async () => {
  const abort = new AbortController()
  const deaf = bot('bot:deaf', () => ({
    async act({ t }): Promise<Decision> {
      if (t === 2) abort.abort(new Error('enough'))
      return { calls: [] }
    },
  }))
  const steps: number[] = []
  const options = { signal: abort.signal, onStep: (_log: unknown, { t }: { t: number }) => void steps.push(t) }
  await expect(runRollout(toySpec({}, deaf), options)).rejects.toThrow('enough')
  expect(steps).toEqual([0, 1])
})

test('recorded answers are handed to the player, which is asked only for the rest', async () => {
  const rows: CallRow[] = []
  const first = later()
  const whole = await scored(runRollout(toySpec({}, first), { record: row => rows.push(row) }))
  expect(first.asked).toBe(8)
  const second = later()
  const resumed = await scored(runRollout(toySpec({}, second), { recorded: rows.slice(0, 5), record: () => {} }))
  expect(second.asked).toBe(3)
  expect(resumed.log).toEqual(whole.log)
  expect(resumed.calls.map(({ call: number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('what is told of steps begins with those played before anyone was waited for', async () => {
  const slow = later()
  const late = bot('bot:late', seat => {
    const policy = slow.policies({ key: '', signal: new AbortController().signal, recorded: [], record: () => {} })(seat)
    return { act: turn => (turn.t < 3 ? { calls: [] } : policy.act(turn)) }
  })
  const told: number[] = []
  await runRollout(toySpec({}, late), { onStep: (_log, { t }) => told.push(t) })
  expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  const none: number[] = []
  await runRollout(toySpec(), { onStep: (_log, { t }) => none.push(t) })
  expect(none).toEqual([])
})

test('timing adds up', async () => {
  const { timing } = await scored(runRollout(toySpec({}, later())))
  expect(timing.model.spans).toHaveLength(8)
  expect(timing.model.duration + timing.env.duration).toBeCloseTo(timing.generation.duration, 6)
  expect(timing.setup.duration + timing.generation.duration + timing.scoring.duration).toBeCloseTo(timing.total, 6)
})
