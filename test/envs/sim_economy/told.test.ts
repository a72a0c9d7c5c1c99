/** What a log of the market says: in common terms, and in the metrics of contracts, counted a second time from its events. */
import { expect, test } from 'vitest'
import { resolveConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import { rangeOf } from '../../../envs/core/range.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Event } from '../../../envs/sim_economy/state.ts'
import { experiment } from '../../../evals/experiment.ts'
import { planExperiment } from '../../../evals/run_experiment.ts'
import { economies } from '../../../index.ts'
import { PlanSpecs } from '../../../rollouts/run.ts'
import { runRollout } from '../../../rollouts/run_rollout.ts'

/** The log of a game in which honest and deceptive agents trade. */
async function game(seed: number) {
  const asked = experiment({
    entries: [
      {
        env: 'sim_economy',
        set: { horizon_turns: 24 },
        players: ['bot:honest'],
        opponents: 'bot:deceptive:4,bot:honest:3',
        seeds: `${seed}:${seed + 1}`,
      },
    ],
  })
  const [spec] = new PlanSpecs(planExperiment(asked, { economies })[0]!.plans[0]!).all()
  const rollout = await runRollout(spec!)
  if (!rollout.ok) throw rollout.error
  return rollout.log as unknown as Parameters<typeof simEconomy.score>[0]
}

test('a payoff that is bent within ±1 bounds the reward, a change of net worth does not', () => {
  const env = simEconomy as unknown as AnyEnvironment
  const of = (part: string, preset: string) => rangeOf(env, part, resolveConfig(env, preset))
  expect(of('payoff', 'paper')).toEqual({ low: null, high: null })
  expect(of('reward', 'paper')).toEqual({ low: null, high: null })
  expect(of('payoff', 'short')).toEqual({ low: -1, high: 1 })
  expect(of('reward', 'short')).toEqual({ low: -1, high: 1.3 })
  expect(of('reputation', 'paper')).toEqual({ low: 0, high: 100 })
  expect(of('negative_balance_agents', 'paper')).toEqual({ low: 0, high: 8 })
  expect(of('top1_wealth_shifted_share_final', 'paper')).toEqual({ low: 1 / 8, high: 1 })
})

test('dealings are the transfers and every step of every contract, and standings what each turn closed with', async () => {
  const log = await game(3)
  const told: object[] = []
  const WORDS: Readonly<Record<string, string>> = {
    contract_proposed: 'offered',
    contract_accepted: 'accepted',
    contract_delivered: 'delivered',
    contract_cancelled: 'cancelled',
    contract_lapsed: 'lapsed',
    contract_settled: 'settled',
    contract_defaulted: 'defaulted',
  }
  for (const { t, events } of log.steps)
    for (const event of events as readonly (Event & Readonly<Record<string, unknown>>)[]) {
      if (event.type === 'transferred') told.push({ t, kind: 'transfer', from: event.agent, to: event.to, outcome: 'sent' })
      const outcome = WORDS[event.type]
      if (outcome !== undefined) told.push({ t, kind: 'contract', from: event.proposer, to: event.counterparty, outcome })
    }
  expect(simEconomy.facts!.dealings!(log)).toEqual(told)
  const outcomes = new Set(told.map(each => (each as { outcome: string }).outcome))
  for (const outcome of ['offered', 'accepted', 'delivered', 'settled']) expect(outcomes).toContain(outcome)

  const closed = log.steps.map(({ events }) => events.find(event => event.type === 'turn_closed')!)
  const agents = Object.keys(log.header.seats)
  expect(simEconomy.facts!.standings!(log)).toEqual(
    Object.fromEntries(
      (['balance', 'reputation', 'staked'] as const).map(name => [
        name,
        Object.fromEntries(agents.map((agent, row) => [agent, closed.map(turn => turn[name][row])])),
      ]),
    ),
  )
})

test('the metrics of contracts are those of the events that ended them', async () => {
  const seen = { settled: 0, defaulted: 0, broken: 0 }
  for (const seed of [1, 2, 3]) {
    const log = await game(seed)
    const events = log.steps.flatMap(step => step.events)
    const of = <T extends Event['type']>(type: T) =>
      events.filter((event): event is Extract<Event, { type: T }> => event.type === type)
    const [settled, defaulted] = [of('contract_settled'), of('contract_defaulted')]
    const ended = [...settled, ...defaulted]
    const metrics = simEconomy.metrics.of(log, 'agent_0')
    expect(metrics).toMatchObject({
      settled_contracts: settled.length,
      defaulted_contracts: defaulted.length,
      contracts_kept_share: ended.length === 0 ? null : ended.filter(({ kept }) => kept).length / ended.length,
      value_created: of('value_created').reduce((sum, { amount }) => sum + amount, 0),
      attestations_audited: of('audited').length,
      tx_transfer: of('transferred').length,
    })
    for (const agent of Object.keys(log.header.seats))
      expect(simEconomy.metrics.of(log, agent)).toMatchObject({
        agent_value_created: of('value_created').reduce((sum, event) => sum + (event.agent === agent ? event.amount : 0), 0),
        agent_effort: of('effort_charged').reduce((sum, event) => sum + (event.agent === agent ? event.amount : 0), 0),
        agent_false_attestations: of('contract_attested').filter(event => event.arbitrator === agent && !event.truthful).length,
        agent_convictions: of('audited').filter(({ convicted }) => convicted.includes(agent)).length,
      })
    seen.settled += settled.length
    seen.defaulted += defaulted.length
    seen.broken += ended.filter(({ kept }) => !kept).length
  }
  // The games have all of it.
  expect(Object.values(seen).every(count => count > 5)).toBe(true)
})
