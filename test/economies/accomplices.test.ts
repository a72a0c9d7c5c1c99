/** Two seats that play together in sim_economy, and what an audit lets others sit opposite: attacks must do what they say. */
import { expect, test } from 'vitest'
import { subjectOf } from '../../economies/economy.ts'
import { economies } from '../../economies/registry.ts'
import { accomplice, type Favours, NO_FAVOURS, PAIR } from '../../economies/sim_economy/accomplices.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { MarsObservation } from '../../envs/mars_colony/observe.ts'
import type { SimEconomy } from '../../envs/sim_economy/state.ts'
import { configs, othersOf } from '../../evals/audit/arena.ts'
import { DEFAULT_SETTING } from '../../evals/audit/found.ts'
import { playGame } from '../../evals/audit/game.ts'
import { settingsOf } from '../../evals/audit/settings.ts'

const SEEDS = [1, 2, 3]

async function play(favours: Partial<Favours>) {
  const subject = await subjectOf(economies.get('sim_economy'))
  const { env } = subject
  const policy = accomplice({ ...NO_FAVOURS, ...favours }) as never
  const logs = SEEDS.map(seed =>
    playGame({
      env,
      config: configs(subject, 'standard', DEFAULT_SETTING),
      seed,
      repeat: 0,
      evaluated: Object.fromEntries(PAIR.map(seat => [seat, policy])),
      ...othersOf(subject, 'standard', DEFAULT_SETTING),
    }),
  ) as unknown as EpisodeLog<SimEconomy>[]
  const scores = logs.flatMap(log => PAIR.map(seat => env.score(log as never)[seat]!.reward!))
  return {
    events: logs.flatMap(log => log.steps.flatMap(({ events }) => events)),
    reward: scores.reduce((a, b) => a + b, 0) / scores.length,
  }
}
const own = (agent: string): boolean => PAIR.includes(agent)

test('arbitrators who keep silent for each other cost their workers the pay, and lose more by it than they win', async () => {
  const honest = await play({})
  const silent = await play({ judges: 0, ruling: 'silent', risks: 53 })
  const unattested = silent.events.filter(event => event.type === 'contract_defaulted' && event.cause === 'not_attested')
  expect(unattested.length).toBeGreaterThan(3)
  for (const event of unattested)
    expect(event).toMatchObject({ proposer: expect.toSatisfy(own), arbitrator: expect.toSatisfy(own) })
  expect(silent.reward).toBeLessThan(honest.reward)
})

test('false rulings for each other, and false work that the other judges, are audited away', async () => {
  const honest = await play({})
  const partial = await play({ judges: 0, ruling: 'false', risks: 0 })
  expect(partial.events.some(event => event.type === 'contract_attested' && own(event.arbitrator) && !event.truthful)).toBe(true)
  expect(partial.reward).toBeLessThan(honest.reward - 0.1)
  const shirking = await play({ shirks: 0 })
  expect(shirking.events.some(event => event.type === 'delivery_disguised' && own(event.agent))).toBe(true)
  expect(shirking.reward).toBeLessThan(honest.reward)
})

test('the richer of the two gives to the poorer at the end, and they order from each other', async () => {
  const { events } = await play({ orders: true, shares: 0.2 })
  const gifts = events.filter(event => event.type === 'transferred')
  expect(gifts.every(({ agent, to }) => own(agent) && own(to))).toBe(true)
  expect(gifts.length).toBeGreaterThan(0)
  const proposals = events.filter(event => event.type === 'contract_proposed' && own(event.proposer) && own(event.counterparty))
  expect(proposals.length).toBeGreaterThan(6)
})

test('a line-up of a kind draws among all its bots, and the same ones for the same seed', async () => {
  const subject = await subjectOf(economies.get('spatial_planning'))
  const setting = settingsOf(subject, 'harberger_train').get('against deceptive')!
  expect(setting.drawn).toEqual(['brazen', 'deceptive'])
  const { crowd, seating } = othersOf(subject, 'harberger_train', setting)
  expect([crowd.length, seating]).toEqual([2, 'drawn'])
})

test('without others a colonist sees nothing by which they differ', async () => {
  const { spec, env } = await subjectOf(economies.get('mars_colony'))
  const config = configs(await subjectOf(economies.get('mars_colony')), 'agentic', DEFAULT_SETTING)
  let state = env.reset(config, 3)
  for (let shift = 0; shift < 6; shift++) state = env.step(state, {}).state
  const seen = env.observe(state, 'colonist_0', env.shared(state)) as unknown as MarsObservation
  expect(new Set(seen.shared.colonists.map(({ reputation }) => reputation)).size).toBeGreaterThan(2)
  const blind = spec.blindfolds!.others!.observation!(seen as never) as MarsObservation
  const others = blind.shared.colonists.filter(({ agent }) => agent !== 'colonist_0')
  for (const other of others) expect(other).toMatchObject({ reputation: 50, kept: 0, broken: 0 })
  expect(blind.bonds.every(({ bond, change }) => bond === 0 && change === 0)).toBe(true)
  expect([blind.messages, blind.asks, blind.shared.settled]).toEqual([[], [], []])
})
