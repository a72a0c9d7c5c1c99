/** The three strategies where contracts create value: who earns what with audits and without, and what each does. */
import { describe, expect, test } from 'vitest'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { stream } from '../../../envs/core/random.ts'
import { presets } from '../../../envs/sim_economy/config.ts'
import type { Event, SimEconomy } from '../../../envs/sim_economy/state.ts'
import { playTable, times } from './tables.ts'

const CROWD = [...times(3, 'honest'), ...times(2, 'opportunistic'), ...times(2, 'deceptive')]
const SEEDS = Array.from({ length: 24 }, (_, seed) => 5000 + seed)

/** Our rules; the others sit where the seed says. */
function table(learner: string, seed: number, fields: object = {}, crowd: readonly string[] = CROWD) {
  return playTable([learner, ...stream(seed, 'crowd').shuffle(crowd)], seed, { evaluated: ['agent_0'], rules: {}, ...fields })
}
const rewards = (learner: string, fields?: object, crowd?: readonly string[]): number[] =>
  SEEDS.map(seed => table(learner, seed, fields, crowd).scores.agent_0!.reward!)
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const eventsOf = (log: EpisodeLog<SimEconomy>): Event[] => log.steps.flatMap(({ events }) => [...events])

describe('in the learner’s seat against the usual opponents', () => {
  const kinds = ['honest', 'opportunistic', 'deceptive', 'passive'] as const
  const earn = (fields: object) =>
    Object.fromEntries(kinds.map(kind => [kind, mean(rewards(kind, fields))])) as Record<(typeof kinds)[number], number>

  test('audited, honesty pays best and deceit no more than silence', () => {
    const { honest, opportunistic, deceptive, passive } = earn({})
    expect(honest).toBeGreaterThan(passive + 0.3)
    expect(opportunistic).toBeGreaterThan(passive + 0.25)
    expect(deceptive).toBeLessThan(passive + 0.05)
  })

  test('unaudited, deceit pays best, and who joins the deceivers stands between them and the honest', () => {
    const { honest, opportunistic, deceptive } = earn({ audit: null })
    expect(deceptive).toBeGreaterThan(opportunistic + 0.1)
    expect(opportunistic).toBeGreaterThan(honest + 0.05)
  })

  test('every level is harder than the one before', () => {
    const easy = mean(rewards('honest', presets.easy))
    const medium = mean(rewards('honest'))
    const hard = mean(rewards('honest', presets.hard))
    expect(easy).toBeGreaterThan(1.07 * medium)
    expect(medium).toBeGreaterThan(1.07 * hard)
  })
})

test('among deceivers alone it pays to speak as they do, and the opportunist finds out', () => {
  const crowd = times(7, 'deceptive')
  expect(mean(rewards('opportunistic', {}, crowd))).toBeGreaterThan(mean(rewards('honest', {}, crowd)) + 0.3)
})

test('honest agents deliver what was agreed and rule by what they see; among themselves no contract is broken', () => {
  let settled = 0
  for (const seed of SEEDS.slice(0, 6)) {
    const events = eventsOf(table('honest', seed, {}, times(7, 'honest')).log)
    settled += events.filter(({ type }) => type === 'contract_settled').length
    for (const event of events) {
      if (event.type === 'contract_settled') expect(event.kept).toBe(true)
      if (event.type === 'contract_attested') expect(event.truthful).toBe(true)
      expect(event.type).not.toBe('delivery_disguised')
    }
  }
  expect(settled / 6).toBeGreaterThan(25)
})

test('deceivers deliver something else, rule for each other, and know each other by a promise', () => {
  const { log } = table('deceptive', 3)
  const deceivers = new Set(
    Object.entries(log.header.seats).flatMap(([agent, player]) => (player === 'bot:deceptive' ? [agent] : [])),
  )
  const events = eventsOf(log)
  const disguised = events.flatMap(event => (event.type === 'delivery_disguised' ? [event.agent] : []))
  expect(disguised.length).toBeGreaterThan(0)
  expect(disguised.every(agent => deceivers.has(agent))).toBe(true)
  const false_ = events.flatMap(event => (event.type === 'contract_attested' && !event.truthful ? [event] : []))
  expect(false_.length).toBeGreaterThan(0)
  for (const { arbitrator, proposer, fulfilled } of false_) {
    expect(deceivers.has(arbitrator)).toBe(true)
    if (!fulfilled) expect(deceivers.has(proposer)).toBe(true)
  }
})

test('what an agent asks aloud covers its effort, and proposers pay what was asked', () => {
  const { log } = table('honest', 1, {}, times(7, 'honest'))
  const asked = new Map<string, Set<number>>()
  let paid = 0
  let proposals = 0
  for (const event of eventsOf(log)) {
    if (event.type === 'spoke') {
      const price = Number(/^I deliver for (\d+)\.$/.exec(event.text)![1])
      // Half of the surplus, less the nearer the end is: an eighth of it with four turns left, the last in which it asks.
      expect(price).toBeGreaterThan(300 / 8)
      asked.set(event.agent, (asked.get(event.agent) ?? new Set()).add(price))
    }
    if (event.type === 'contract_proposed') {
      proposals++
      if (asked.get(event.counterparty)?.has(event.payment)) paid++
    }
  }
  expect(paid / proposals).toBeGreaterThan(0.8)
})

test('under templates their offers have the terms of one', () => {
  const templates = [
    { payment: 250, deposit: 80, due_turns: 3 },
    { payment: 350, deposit: 100, due_turns: 3 },
  ]
  const { log } = table('honest', 1, { contract_scaffold: { templates } })
  expect(log.steps.flatMap(({ refused }) => refused.map(({ code }) => code))).not.toContain('no_template')
  expect(eventsOf(log).filter(({ type }) => type === 'contract_settled').length).toBeGreaterThan(10)
})

test('next to nothing they do is refused, in any preset of ours', () => {
  for (const rules of [presets.standard, presets.easy, presets.hard, presets.short]) {
    const refused = SEEDS.slice(0, 6).map(
      seed => table('opportunistic', seed, rules).log.steps.flatMap(step => step.refused).length,
    )
    expect(mean(refused)).toBeLessThan(2)
  }
})

test('two episodes of the same seed are the same, byte by byte', () => {
  expect(JSON.stringify(table('deceptive', 7).log)).toBe(JSON.stringify(table('deceptive', 7).log))
})
