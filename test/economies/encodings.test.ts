/** Encodings in use: learners that know nothing but features, masks and slots play whole games of every economy. */
import { describe, expect, test } from 'vitest'
import { defineEncoding, families } from '../../envs/core/encoding.ts'
import { type AnyEnvironment, Episode, economies, learnerOf, resolveConfig, stream } from '../../index.ts'

/** Picks one of the slots that are legal. */
type Chooser = (legal: readonly string[], t: number) => string

/** The learner plays slots, everybody else says nothing. */
function playSlots(env: AnyEnvironment, seed: number, choose: Chooser) {
  const config = resolveConfig(env, undefined)
  const encoding = env.encode!(config)
  const learner = learnerOf(env.seats(config))
  const episode = new Episode(env, config, seed)
  const mask = new Uint8Array(encoding.slots.length)
  while (!episode.over) {
    if (!episode.actors().includes(learner)) {
      episode.step({})
      continue
    }
    const observation = episode.observe(learner)
    encoding.mask(observation, episode.offered(learner), mask)
    const legal = encoding.slots.flatMap(({ name }, i) => (mask[i] === 1 ? [name] : []))
    const chosen = choose(legal, episode.t)
    const slot = encoding.slots.findIndex(({ name }) => name === chosen)
    episode.step({ [learner]: encoding.decode(observation, slot) })
  }
  return { score: env.score(episode.log)[learner]!.reward, refused: episode.log.steps.flatMap(step => step.refused) }
}

describe.each(economies.list().map(({ env }) => [env.id, env] as const))('%s', (id, env) => {
  test('what is legal is carried out, whole messages too', () => {
    const codes = [0, 1, 2, 3].flatMap(seed => {
      const random = stream(seed, 'slots')
      return playSlots(env, seed, legal => random.pick(legal)).refused.map(({ code }) => code)
    })
    // Where thinking is billed before a move is made, a move can turn out too dear.
    expect(codes.filter(code => !(id === 'sim_economy' && code === 'low_balance'))).toEqual([])
  })

  test('every preset has an encoding, and presets of the same rules have the same slots', () => {
    const encodings = Object.keys(env.presets).map(preset => env.encode!(resolveConfig(env, preset)))
    expect(encodings.every(({ features, slots }) => features.length > 0 && slots[0]!.name === 'pass')).toBe(true)
    const counts = new Set(encodings.map(({ slots }) => slots.map(({ name }) => name).join()))
    expect(counts.size).toBeLessThan(encodings.length)
  })
})

describe('swarm_economy in slots', () => {
  const { env } = economies.get('swarm_economy')
  /** The first of these that is legal, else nothing. */
  const inOrder =
    (...order: readonly string[]): Chooser =>
    legal =>
      order.flatMap(start => legal.filter(name => name.startsWith(start)))[0] ?? 'pass'
  const mean = (choose: Chooser) => [0, 1, 2, 3, 4, 5].reduce((sum, seed) => sum + playSlots(env, seed, choose).score, 0) / 6

  test('reading all and vouching for what is known pays, a false word does not', () => {
    const nothing = mean(() => 'pass')
    const honest = mean(inOrder('work_on', 'submit_known', 'claim_task_1', 'post'))
    const shirking = mean(inOrder('submit_overstated', 'claim_task_1', 'post'))
    expect(honest).toBeGreaterThan(nothing + 0.3)
    expect(honest).toBeGreaterThan(shirking + 0.3)
  })
})

test('features and slots that differ in their ranks alone are told as one', () => {
  const slots = [1, 2, 3].map(rank => ({ name: `lend_to_other_${rank}`, tools: ['lend'], meaning: `lends other ${rank} 40` }))
  expect(families([{ name: 'pass', tools: [], meaning: 'does nothing' }, ...slots])).toEqual([
    { name: 'pass', tools: [], meaning: 'does nothing' },
    { name: 'lend_to_other_{1–3}', tools: ['lend'], meaning: 'lends other {1–3} 40' },
  ])
})

test('a slot of several calls is legal where every one of its tools is offered', () => {
  const twice = { name: 'sell_and_wait', tools: ['sell', 'wait'], meaning: 'sells and waits' }
  const { slots, mask, decode } = defineEncoding({ view: () => 0, features: [], slots: [twice] })
  const legal = (offered: string[]): number[] => {
    const into = new Uint8Array(slots.length)
    mask({}, offered, into)
    return [...into]
  }
  expect([legal([]), legal(['sell']), legal(['wait', 'sell'])]).toEqual([
    [1, 0],
    [1, 0],
    [1, 1],
  ])
  expect(decode({}, 1).calls.map(({ tool }) => tool)).toEqual(['sell', 'wait'])
})
