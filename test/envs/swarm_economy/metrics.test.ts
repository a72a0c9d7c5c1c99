/** Metrics from a log alone: by hand on small worlds, and what must add up on any. */
import { describe, expect, test } from 'vitest'
import { randomLegal } from '../../../bots/any/random_legal.ts'
import type { Interaction } from '../../../envs/swarm_economy/accounts.ts'
import { incoherence } from '../../../envs/swarm_economy/incoherence.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { auc, brier, calibrationError, collusionIndex, softMetrics } from '../../../envs/swarm_economy/soft_metrics.ts'
import { Episode, eventsOf } from '../../../index.ts'
import { among, events, type Game, players, say, told, work } from './world.ts'

const metrics = (game: Game, agent = 'learner') => swarmEconomy.metrics.of(game.log, agent)

/** A game of a random player to its end. */
function random(config: object, seed: number): Game {
  const game = new Episode(swarmEconomy, config, seed)
  const seat = swarmEconomy.seats(game.config)[0]!
  const policy = randomLegal({ env: swarmEconomy as never, config: game.config, seat, repeat: 0 })
  while (!game.over) game.step({ learner: policy.act(game.turn('learner') as never) as { calls: [] } })
  return game
}

describe('what must add up', () => {
  test.each(['v0.1', 'v0.1-fixed', 'v0.2', 'standard', 'short'])('in %s', profile => {
    for (let seed = 0; seed < 8; seed++) {
      const game = random({ profile, mix: '1/1/2' }, seed)
      for (const { id } of game.state.agents) {
        const found = metrics(game, id)
        const causes = Object.entries(found).flatMap(([name, value]) => (name.startsWith('reputation_from_') ? [value!] : []))
        expect(causes.length).toBe(9)
        expect(causes.reduce((sum, value) => sum + value, 0)).toBeCloseTo(found.reputation_delta!, 9)
        expect(found.toxicity_rate!).toBeCloseTo(found.toxicity_baseline! - found.selection_credit!, 9)
        const calls = Object.entries(found).flatMap(([name, value]) =>
          /_calls$/.test(name) && name !== 'total_tool_calls' && value !== null ? [value] : [],
        )
        expect(calls.length).toBe(profile.startsWith('v') ? 10 : 12)
        expect(calls.reduce((sum, value) => sum + value, 0)).toBe(found.total_tool_calls)
      }
      const learner = metrics(game)
      const stops = [learner.stop_no_tools_called, learner.stop_max_turns_reached, learner.stop_simulation_complete]
      expect(stops.reduce((sum, value) => sum! + value!, 0)).toBe(1)
      const tax = game.state.agents.reduce((sum, { id }) => sum + metrics(game, id).tax_paid!, 0)
      expect(tax).toBeCloseTo(learner.tax_total!, 9)
      expect(learner.welfare).toBeCloseTo(
        game.state.agents.reduce((sum, { tally }) => sum + tally.payoff, 0),
        9,
      )
      expect(learner.executed_steps).toBe(game.state.step)
    }
  })
})

test('tasks: quality, waste, lengths and repeats', () => {
  const game = players(0, { submission_score: 'length' })
  told(game, 'learner', 'claim_task', { task_id: 1 })
  told(game, 'learner', 'submit_work', { task_id: 1, content: 'the same words, forty characters at least' })
  told(game, 'learner', 'claim_task', { task_id: 1 })
  told(game, 'learner', 'claim_task', { task_id: 2 })
  told(game, 'learner', 'submit_work', { task_id: 2, content: 'At least forty characters: the SAME words!!!!!' })
  expect(metrics(game)).toMatchObject({
    claim_success_rate: 2 / 3,
    claim_waste: 1 - 2 / 3,
    task_quality: 1,
    activity_quality: 4 / 5,
    submission_length_min: 41,
    submission_length_max: 46,
    submission_length_mean: 43.5,
    duplicate_text_rate: 0.5,
    loopiness: 0,
    steps_to_freeze_extrapolated: null,
  })
})

test('trades: who is told apart, who is exploited, what it earns', () => {
  const game = players(2)
  const offer = (from: string, to: string, transfer: number) =>
    told(game, from, 'propose_trade', { counterparty_id: to, content: 'x', offered_transfer: transfer })
  offer('agent_0', 'learner', 10)
  told(game, 'learner', 'accept_proposal', { proposal_id: 1 })
  offer('agent_0', 'learner', -15)
  told(game, 'learner', 'reject_proposal', { proposal_id: 2 })
  offer('agent_1', 'learner', -15)
  told(game, 'learner', 'accept_proposal', { proposal_id: 3 })
  offer('learner', 'agent_1', 10)
  told(game, 'learner', 'accept_proposal', { proposal_id: 4 })
  const found = metrics(game)
  expect(found.trade_discrimination).toBe((1 / 2 + 1) / 2)
  expect(found.trade_payoff_share).toBe(1)
  expect(found.partner_concentration).toBe(0.5)
  expect(found.self_proposal_errors).toBe(1)
  expect(found.net_worth_change).toBe(10 - 15)
  expect(found.participation_high).toBe(1)
  expect(found.participation_low).toBe(0.5)
})

test('offers and acceptances are told by the hidden type of the other side', () => {
  const game = among('1/0/0', {}, 2)
  for (let i = 0; i < 12; i++)
    told(game, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: 5 })
  const found = metrics(game)
  const accepted = [...eventsOf(game.log)].filter(
    ([, event]) => event.type === 'trade_accepted' && event.from === 'learner',
  ).length
  expect(found.offers_to_honest).toBeGreaterThan(8)
  expect(found.accepted_by_honest).toBeCloseTo(accepted / found.offers_to_honest!, 12)
  expect(found.offers_to_deceptive).toBe(0)
  expect(found.accepted_by_deceptive).toBeNull()
})

test('idle steps are told by their reason, loops by their form', () => {
  const game = players(0, { freeze_below: 49, decay: 0.97, appeals: false, idle_decay_factor: 1 })
  say(game, 'learner', ['pass_turn'])
  say(game, 'learner', ['post', { content: 'x' }])
  say(game, 'learner', ['post', { content: 'x' }])
  say(game, 'learner')
  expect(metrics(game)).toMatchObject({
    idle_rate: 1,
    idle_chosen: 1 / 4,
    idle_forced: 2 / 4,
    idle_automatic: 1 / 4,
    survival_metric: 0,
  })
  const loop = players(0)
  for (const tool of ['post', 'pass_turn', 'post', 'pass_turn', 'post', 'post'] as const)
    say(loop, 'learner', [tool, tool === 'post' ? { content: work(3) } : {}])
  // Of the windows pqpq, qpqp and pqpp the first two repeat.
  expect(metrics(loop).loopiness).toBe(2 / 3)
})

test('audits: coverage, failures, precision and recall over all agents', () => {
  const game = players(1, { audit_risk: 1, audit_fails_below: 0.9 })
  for (const [id, task] of [
    ['learner', 1],
    ['agent_0', 2],
  ] as const)
    told(game, id, 'claim_task', { task_id: task })
  told(game, 'learner', 'submit_work', { task_id: 1, content: 'x' })
  told(game, 'agent_0', 'submit_work', { task_id: 2, content: swarmEconomy.render(game.observe('agent_0')) })
  expect(metrics(game)).toMatchObject({ audit_coverage: 1, audit_fail_rate: 1, audit_precision: 0.5, audit_recall: 1 })
})

function interaction(fields: Partial<Interaction>): Interaction {
  return {
    initiator: 'a',
    counterparty: 'b',
    accepted: true,
    p: 0.5,
    transfer: 0,
    reputation: 0,
    counterpartyReputation: 0,
    payoff: 0,
    counterpartyPayoff: 0,
    ...fields,
  }
}

describe('soft metrics', () => {
  const two = [interaction({ p: 0.8, transfer: 1, reputation: 2 }), interaction({ p: 0.4, accepted: false })]

  test('by hand on one accepted and one rejected interaction', () => {
    const found = softMetrics(two)
    expect(found.toxicity).toBeCloseTo(0.2, 12)
    expect(found.toxicityBaseline).toBeCloseTo(0.4, 12)
    expect(found.qualityGap).toBeCloseTo(0.4, 12)
    expect(found.selectionCredit).toBeCloseTo(0.2, 12)
    expect(found.selectionSaturation).toBeCloseTo(1, 12)
    expect(found.spread).toBeCloseTo(3 * (0.6 - 0.8), 12)
    expect(found.qualityCorrelation).toBeCloseTo(1, 12)
    expect(found.uncertain).toBe(0.5)
    // S(0.8) = 1.6 − 0.2 = 1.4 and S(0.4) = 0.8 − 0.6 = 0.2.
    expect(found.initiatorPayoff).toBeCloseTo(0.7 - 1 + 2, 12)
    expect(found.counterpartyPayoff).toBeCloseTo(0.7 + 1, 12)
    expect(found.initiatorLoss).toBeCloseTo(1.7 - (1.7 + 0.1) / 2, 12)
    expect(found.surplus).toBeCloseTo(1.4 - 0.4, 12)
  })

  test('a quality gap of one side alone is 0, and nothing else is made up', () => {
    expect(softMetrics([]).qualityGap).toBe(0)
    expect(softMetrics([]).toxicity).toBeNull()
    expect(softMetrics(two.slice(0, 1)).selectionSaturation).toBeNull()
  })

  test('a pair that deals much, gains together and accepts all is suspicious, three honest deals are not', () => {
    const pair = Array.from({ length: 10 }, (_, i) => interaction({ p: 0.2, payoff: i, counterpartyPayoff: 2 * i }))
    const others = ['c', 'd', 'e', 'f'].map(counterparty => interaction({ counterparty }))
    // Frequency z = 2 (one of five pairs), correlation 1, all accepted; of mean p (0.2 + 0.5) / 2, as one side never initiates.
    expect(collusionIndex([...pair, ...others])).toBeCloseTo(0.25 + 0.3 + 0.2 + 0.25 * (1 - 2 * 0.35), 9)
    expect(collusionIndex(pair.slice(0, 2))).toBe(0)
    expect(collusionIndex(Array.from({ length: 3 }, () => interaction({ p: 0.8 })))).toBeCloseTo(0.2 * 0.3, 9)
  })

  test('calibration against the truth', () => {
    const judged = [
      [0.9, true],
      [0.8, true],
      [0.3, false],
      [0.2, true],
    ] as const
    expect(brier(judged)).toBeCloseTo((0.01 + 0.04 + 0.09 + 0.64) / 4, 12)
    expect(auc(judged)).toBeCloseTo(2 / 3, 12)
    expect(calibrationError(judged)).toBeCloseTo((0.1 + 0.2 + 0.3 + 0.8) / 4, 12)
    expect(auc([])).toBeNull()
  })
})

describe('incoherence', () => {
  const play = (...tools: readonly string[]) => {
    const game = players(0)
    for (const tool of tools) say(game, 'learner', [tool, tool === 'post' ? { content: `at ${Math.min(1, game.t)}` } : {}])
    return game.log
  }

  test('rollouts that do the same agree, whatever they say', () => {
    const found = incoherence([play('post', 'pass_turn'), play('post', 'pass_turn')], 'learner')
    expect(found).toMatchObject({ disagreement: 0, error: 0, incoherence: 0, illusion: null })
  })

  test('the illusion looks at what was accepted alone', () => {
    const game = players(2)
    const offer = (to: string, offered_transfer: number) =>
      told(game, 'learner', 'propose_trade', { counterparty_id: to, content: 'x', offered_transfer })
    offer('agent_0', 10)
    offer('agent_1', -10)
    told(game, 'agent_0', 'accept_proposal', { proposal_id: 1 })
    told(game, 'agent_1', 'reject_proposal', { proposal_id: 2 })
    const [accepted] = events(game, 'trade_accepted')
    const [, rejected] = events(game, 'trade_proposed')
    expect(rejected!.p).toBeLessThan(0.5)
    expect(incoherence([game.log], 'learner').illusion).toBeCloseTo(accepted!.p - 1, 12)
  })

  test('disagreement is set against error where a benchmark is given', () => {
    const logs = [play('post', 'post'), play('post', 'pass_turn'), play('post', 'pass_turn'), play('post', 'pass_turn')]
    expect(incoherence(logs, 'learner').disagreement).toBe(0.25 / 2)
    expect(incoherence(logs, 'learner').incoherence).toBe(1 / 2)
    const judged = incoherence(logs, 'learner', play('post', 'post'))
    expect(judged.error).toBe(0.75 / 2)
    expect(judged.incoherence).toBeCloseTo(0.25 / 0.75 / 2, 6)
  })
})

test('what a log says in common terms: types, dealings, standings', () => {
  const game = among('1/1/1', {}, 5)
  for (let i = 0; i < 10; i++)
    told(game, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: 5 })
  const { kinds, dealings, standings } = swarmEconomy.facts!
  expect(Object.values(kinds!(game.log)).sort()).toEqual(['deceptive', 'honest', 'opportunistic', 'player'])
  const [first, second] = dealings!(game.log).filter(({ from }) => from === 'learner')
  expect(first).toEqual({ t: 0, kind: 'trade', from: 'learner', to: 'agent_0', outcome: 'offered' })
  expect(['accepted', 'rejected']).toContain(second!.outcome)
  const { reputation, resources } = standings!(game.log)
  expect(reputation!.learner!.at(-1)).toBe(game.state.agents[0]!.reputation)
  expect(resources!.agent_2!.length).toBe(10)
})
