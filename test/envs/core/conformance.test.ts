/** The suite every economy runs is itself tested: it passes a sound economy and names each planted bug. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type CheckName, ConformanceError, conformance } from '../../../envs/core/conformance.ts'
import type { Encoding, Environment } from '../../../index.ts'
import { toolsFor } from '../../../index.ts'
import { type ToyTypes, toyMarket, toyTools } from '../../toy_market/index.ts'

function failures(env: Environment<ToyTypes>): CheckName[] {
  try {
    conformance(env)
    return []
  } catch (error) {
    if (!(error instanceof ConformanceError)) throw error
    return error.failures.map(failure => failure.check)
  }
}

test('a sound economy passes every check', () => {
  const report = conformance(toyMarket)
  expect(report.exempt).toEqual({})
  expect(report.steps).toBeGreaterThan(20)
  expect(report.passed).toContain('rewards')
})

test('an exemption is listed with its reason and not failed', () => {
  const deaf: Environment<ToyTypes> = { ...toyMarket, render: () => '' }
  expect(conformance(deaf, { exempt: { text: 'the toy has no text' } }).exempt).toEqual({ text: 'the toy has no text' })
})

test('an economy without an encoding passes no check of one', () => {
  const { encode: _, ...plainMarket } = toyMarket
  const encoded = (env: Environment<ToyTypes>) => conformance(env).passed.filter(check => check.startsWith('encoded_'))
  expect(encoded(plainMarket)).toEqual([])
  expect(encoded(toyMarket)).toEqual(['encoded_features', 'encoded_slots', 'encoded_names'])
})

const { step, observe, reset, metrics } = toyMarket
const sound = toyMarket.encode!(toyMarket.config.parse({}))
/** The toy with a part of its encoding changed. */
const encoded = (change: Partial<Encoding<ToyTypes>>): Partial<Environment<ToyTypes>> => {
  const encoding = { ...sound, ...change }
  return { encode: () => encoding }
}
let encodings = 0
let remembered = 0
/** Each planted bug with the check that must name it. */
const BUGS: readonly [name: string, expected: CheckName, env: Partial<Environment<ToyTypes>>][] = [
  [
    'a mutated input',
    'pure',
    {
      step(state, decisions) {
        const after = step(state, decisions)
        state.t = after.state.t
        return after
      },
    },
  ],
  [
    'unseeded randomness',
    'deterministic',
    {
      step(state, decisions) {
        const after = step(state, decisions)
        return {
          ...after,
          state: { ...after.state, grain: after.state.grain.map(quantity => quantity + Math.floor(Math.random() * 1000)) },
        }
      },
    },
  ],
  [
    'an aliased observation',
    'unaliased',
    { observe: (state, agent, shared) => ({ ...observe(state, agent, shared), purse: state.cash }) as never },
  ],
  [
    'a state that is not JSON',
    'plain_state',
    { reset: (config, seed) => ({ ...reset(config, seed), seen: new Map() }) as never },
  ],
  [
    'an undescribed argument',
    'tools',
    {
      tools: (() => {
        const { act } = toolsFor<ToyTypes>()
        const tools = {
          ...toyTools,
          gift: act({ description: 'Gives.', args: z.strictObject({ quantity: z.int().min(0).max(1) }), apply: () => 'Given.' }),
        }
        return () => tools
      })(),
    },
  ],
  [
    'hidden module state',
    'isolated',
    {
      reset(config, seed) {
        remembered = 0
        return reset(config, seed)
      },
      step(state, decisions) {
        remembered++
        const after = step(state, decisions)
        return { ...after, state: { ...after.state, cash: after.state.cash.map(cash => cash + remembered) } }
      },
    },
  ],
  [
    'a leaked seed',
    'secret_seed',
    { observe: (state, agent, shared) => ({ ...observe(state, agent, shared), world: state.seed }) as never },
  ],
  [
    'a seed told by a result',
    'secret_seed',
    {
      step(state, decisions) {
        const after = step(state, decisions)
        const told = Object.entries(after.results).map(([agent, results]) => [
          agent,
          results.map(({ ok, text }) => ({ ok, text: `${text} ${state.seed}` })),
        ])
        return { ...after, results: Object.fromEntries(told) }
      },
    },
  ],
  [
    'step rewards that do not sum to the score',
    'rewards',
    { step: (state, decisions) => ({ ...step(state, decisions), rewards: { trader_0: 1, trader_1: 0 } }) },
  ],
  [
    'a score that its last step does not pay',
    'rewards',
    { score: log => (log.stop === null ? toyMarket.score(log) : rewarded(toyMarket.score(log), 99)) },
  ],
  ['a call without a result', 'results', { step: (state, decisions) => ({ ...step(state, decisions), results: {} }) }],
  ['an argument accepted without a limit', 'tools', { tools: unbounded() }],
  [
    'a dealing with nobody',
    'facts',
    { facts: { dealings: () => [{ t: 0, kind: 'trade', from: 'trader_0', to: 'trader_9', outcome: 'offered' }] } },
  ],
  ['a dealing that says nothing', 'facts', { facts: { dealings: () => [{ t: 0 } as never] } }],
  ['a standing that skips a step', 'facts', { facts: { standings: () => ({ cash: { trader_0: [] } }) } }],
  [
    'a standing that is no number',
    'facts',
    { facts: { standings: ({ steps }) => ({ cash: { trader_0: steps.map(() => Number.NaN) } }) } },
  ],
  ['defaults that are not the first preset', 'default_preset', { presets: { crowded: { traders: 5 }, default: {} } }],
  ['a part of a score left out', 'scores', { score: log => withoutQuality(toyMarket.score(log)) }],
  ['a part outside of its range', 'scores', { facts: { ranges: () => ({ payoff: '[0, 0.01]' }) } }],
  [
    'a reward outside of what follows from its parts',
    'scores',
    {
      facts: { ranges: () => ({ payoff: '[0, 2]' }), weights: () => ({ payoff: 1 }) },
      score: log => rewarded(toyMarket.score(log), 3),
    },
  ],
  ['parts that do not add up to the reward', 'scores', { facts: { weights: () => ({ payoff: 2 }) } }],
  ['a weight of a part that is null', 'scores', { facts: { weights: () => ({ payoff: 1, reputation: 0 }) } }],
  ['a reward that is null', 'scores', { score: log => rewarded(toyMarket.score(log), null as never) }],
  ['an undocumented metric', 'metrics', { metrics: { docs: toyMarket.metrics.docs, of: () => ({ earned: 0, luck: 1 }) } }],
  [
    'a metric outside of its range',
    'metrics',
    { metrics: { ...metrics, docs: { earned: { ...metrics.docs.earned!, range: '[0, 0.01]' } } } },
  ],
  ['a broken invariant', 'invariants', { invariants: { time: (_before, after) => (after.t > 3 ? 'time goes on' : undefined) } }],
  [
    'a shared view that is copied',
    'shared',
    { observe: (state, agent, shared) => ({ ...observe(state, agent, shared), shared: { ...shared } }) },
  ],
  [
    'a nonsense call that throws',
    'pure',
    {
      step(state, decisions) {
        for (const { calls } of Object.values(decisions)) for (const call of calls) if (call === null) throw new Error('boom')
        return step(state, decisions)
      },
    },
  ],
  ['an encoding made anew at every call', 'encoded_features', { encode: () => ({ ...sound }) }],
  [
    'a feature that is not finite',
    'encoded_features',
    encoded({ observe: ({ grain }, into, at = 0) => into.set([grain / 0 - grain / 0, 5], at) }),
  ],
  [
    'a feature out of its bounds',
    'encoded_features',
    encoded({ observe: ({ grain, shared }, into, at = 0) => into.set([grain, shared.price + 1], at) }),
  ],
  [
    'more features than are declared',
    'encoded_features',
    encoded({ observe: ({ grain }, into, at = 0) => into.set([grain, 5, 7], at) }),
  ],
  [
    'features that remember',
    'encoded_features',
    encoded({ observe: (_observation, into, at = 0) => into.set([encodings++ % 2, 5], at) }),
  ],
  [
    'a mask that allows what is refused',
    'encoded_slots',
    encoded({ mask: (_observation, _offered, into, at = 0) => into.fill(1, at, at + sound.slots.length) }),
  ],
  [
    'a mask that forbids what is accepted',
    'encoded_slots',
    encoded({ mask: (_observation, _offered, into, at = 0) => into.set([1, 0, 0], at) }),
  ],
  [
    'a first slot that is not legal',
    'encoded_slots',
    encoded({
      mask(observation, offered, into, at = 0) {
        sound.mask(observation, offered, into, at)
        into[at] = 0
      },
    }),
  ],
  [
    'a slot that changes its meaning',
    'encoded_slots',
    encoded({ decode: (observation, number) => sound.decode(observation, (number + observation.shared.t) % 3) }),
  ],
  [
    'a rank that follows from a name',
    'encoded_names',
    {
      observe: (state, agent, shared) => ({ ...observe(state, agent, shared), rivals: ['trader_1', 'trader_2'] }),
      ...encoded({
        observe(observation, into, at = 0) {
          const { rivals } = observation as typeof observation & { readonly rivals: readonly string[] }
          into.set([Number(rivals[0]!.at(-1)), 5], at)
        },
      }),
    },
  ],
  [
    'a mask that follows from a name',
    'encoded_names',
    {
      observe: (state, agent, shared) => ({ ...observe(state, agent, shared), rivals: ['trader_1', 'trader_2'] }),
      ...encoded({
        mask(observation, offered, into, at = 0) {
          sound.mask(observation, offered, into, at)
          const { rivals } = observation as typeof observation & { readonly rivals: readonly string[] }
          if (rivals[0] === 'trader_2') into[at + 1] = 0
        },
      }),
    },
  ],
  ['the same world for every seed', 'seeded', { reset: config => reset(config, 7), step: sameForAll() }],
  [
    'an unknown field accepted',
    'config',
    { config: z.object({ traders: z.int().default(2).describe('n'), horizon: z.int().default(8).describe('n') }) as never },
  ],
]

type Scored = ReturnType<typeof toyMarket.score>

function withoutQuality(scores: Scored): Scored {
  return Object.fromEntries(Object.entries(scores).map(([agent, { quality: _, ...rest }]) => [agent, rest as never]))
}

function rewarded(scores: Scored, reward: number): Scored {
  return Object.fromEntries(Object.entries(scores).map(([agent, rest]) => [agent, { ...rest, reward }]))
}

function unbounded() {
  const { act } = toolsFor<ToyTypes>()
  const tools = {
    ...toyTools,
    say: act({ description: 'Speaks.', args: z.strictObject({ text: z.string().describe('words') }), apply: () => 'Said.' }),
  }
  return () => tools
}

/** A step that passes whatever is decided: seeds and decisions change nothing. */
function sameForAll(): Environment<ToyTypes>['step'] {
  return (state, decisions) => step(state, Object.fromEntries(Object.keys(decisions).map(agent => [agent, { calls: [] }])))
}

describe('a planted bug fails the check that is meant for it', () => {
  test.each(BUGS)('%s', (_name, expected, change) => {
    expect(failures({ ...toyMarket, ...change })).toContain(expected)
  })
})
