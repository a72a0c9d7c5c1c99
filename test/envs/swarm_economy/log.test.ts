/** What a log written by hand says: every metric by its formula, facts, scores, and what is null or nothing where there is nothing. */
import { describe, expect, test } from 'vitest'
import { parseConfig, resolveConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import { rangeOf } from '../../../envs/core/range.ts'
import { reputationChanges } from '../../../envs/swarm_economy/accounts.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { news } from '../../../envs/swarm_economy/news.ts'
import type { SwarmEvent } from '../../../envs/swarm_economy/state.ts'

const ME = 'learner'
const IDS = [ME, 'agent_0', 'agent_1']

function logOf(steps: readonly (readonly SwarmEvent[])[], config: object = {}, stop: string | null = 'simulation_complete') {
  const header = { env: 'swarm_economy', version: 2, config: swarmEconomy.config.parse(config), seed: 1, repeat: 0, seats: {} }
  return {
    header: { ...header, seats: Object.fromEntries(IDS.map(id => [id, 'resident'])) },
    steps: steps.map((events, t) => ({ t, events, decisions: {}, rewards: {}, results: {}, refused: [], done: false })),
    stop,
  } as never
}

const opened: SwarmEvent = {
  type: 'opened',
  agents: [
    { agent: ME, type: 'player' },
    { agent: 'agent_0', type: 'honest', reputation: 55, past: { repaid: 1, broken: 0 } },
    { agent: 'agent_1', type: 'deceptive', reputation: 45 },
  ],
  resources: 100,
  freeze_below: 10,
  tax_rate: 0.04,
  audit_risk: 0.3,
  decay: 0.98,
  bounty_multiplier: 1,
}
const ended = (step: number, reputation: number[], resources: number[], tax: number[], decay: number[]): SwarmEvent => ({
  type: 'step_ended',
  step,
  tax,
  decay,
  reputation,
  resources,
})
const work = (agent: string, task: number, p: number, payoff: number, more: object = {}): SwarmEvent => ({
  type: 'work_submitted',
  agent,
  task,
  p,
  payoff,
  reputation: 2,
  length: 40,
  repeated: false,
  exploit: false,
  ...more,
})
const vote = (agent: string, author: string, direction: 'up' | 'down'): SwarmEvent => ({
  type: 'voted',
  agent,
  post: 1,
  author,
  direction,
  reputation: direction === 'up' ? 0.5 : -0.5,
})
const proposed = (agent: string, to: string, proposal: number, transfer: number, p: number, exploit = false): SwarmEvent => ({
  type: 'trade_proposed',
  agent,
  to,
  proposal,
  transfer,
  p,
  exploit,
})
const lent = (
  agent: string,
  from: string,
  proposal: number,
  loan: number,
  paid: number,
  payoffs: readonly [number, number],
): SwarmEvent => ({
  type: 'trade_accepted',
  agent,
  from,
  proposal,
  transfer: paid,
  paid,
  p: 0.6,
  payoff: payoffs[0],
  reputation: 0,
  proposer_payoff: payoffs[1],
  proposer_reputation: 0,
  loan,
})

const STEPS: readonly (readonly SwarmEvent[])[] = [
  [
    opened,
    { type: 'task_claimed', agent: ME, task: 1 },
    { type: 'call_refused', agent: ME, tool: 'claim_task', code: 'no_task' },
    work(ME, 1, 0.8, 12, { questions: 4, right: 2, vouched: 3, pages: 2 }),
    work('agent_1', 2, 0.3, 4, { length: null, exploit: true }),
    { type: 'audited', agent: ME, task: 1, p: 0.8, passed: false, payoff: -6, reputation: -10 },
    { type: 'audited', agent: 'agent_1', task: 2, p: 0.3, passed: false, payoff: -1, reputation: -10 },
    { type: 'posted', agent: ME, post: 1, reputation: 1 },
    { type: 'replied', agent: ME, post: 2, author: 'agent_0', reputation: 0.7 },
    vote('agent_0', ME, 'up'),
    vote(ME, 'agent_0', 'up'),
    vote(ME, 'agent_1', 'up'),
    vote('agent_1', ME, 'down'),
    ended(1, [43.2, 55.5, 37.5], [100, 90, 80], [4, 5, 6], [-1, -0.5, 0]),
  ],
  [
    proposed('agent_1', ME, 1, -15, 0.3, true),
    proposed('agent_0', ME, 2, 10, 0.7),
    proposed(ME, 'agent_0', 3, 20, 0.5),
    proposed(ME, 'agent_1', 4, -10, 0.5),
    proposed('agent_0', ME, 5, 5, 0.6),
    { type: 'trade_rejected', agent: ME, from: 'agent_1', proposal: 1 },
    lent(ME, 'agent_0', 2, 1, 10, [20, -10]),
    lent('agent_0', ME, 3, 2, 20, [40, -20]),
    { type: 'trade_expired', agent: ME, to: 'agent_1', proposal: 4 },
    { type: 'call_refused', agent: ME, tool: 'accept_proposal', code: 'own_proposal' },
    { type: 'call_unexecuted', agent: ME, tool: 'sing' },
    { type: 'passed', agent: ME, reason: 'chosen', tool: 'pass_turn' },
    { type: 'loan_repaid', agent: ME, to: 'agent_0', loan: 1, paid: 15, reputation: 1, lender_reputation: 0.5 },
    ended(2, [43.2, 55.5, 37.5], [110, 90, 60], [4, 5, 6], [-1, -0.5, 0]),
  ],
  [
    { type: 'passed', agent: ME, reason: 'automatic', tool: null },
    { type: 'loan_overdue', agent: 'agent_0', to: ME, loan: 2 },
    { type: 'loan_collected', agent: 'agent_0', to: ME, loan: 2, paid: 30, returned: 5, fine: 20, reputation: -10 },
    { type: 'frozen', agent: 'agent_0' },
    { type: 'unfrozen', agent: 'agent_0', reputation: 3 },
    ended(3, [41, 48, 37.5], [120, 60, 60], [4, 5, 6], [-1.2, -0.5, 0]),
  ],
]
const metrics = (agent: string, config: object = {}, steps = STEPS, stop: string | null = 'simulation_complete') =>
  swarmEconomy.metrics.of(logOf(steps, config, stop), agent)

describe('metrics of a game with loans', () => {
  const near = (value: number) => expect.closeTo(value, 9)
  const mine = metrics(ME)

  test('count calls by tool, and what became of them', () => {
    expect(mine).toMatchObject({
      post_calls: 1,
      reply_calls: 1,
      vote_calls: 2,
      propose_trade_calls: 2,
      accept_proposal_calls: 2,
      reject_proposal_calls: 1,
      cancel_proposal_calls: 0,
      claim_task_calls: 2,
      submit_work_calls: 1,
      pass_turn_calls: 1,
      work_on_calls: 0,
      repay_calls: 1,
      // And one of a tool that nobody knows.
      total_tool_calls: 15,
      num_turns: 3,
      executed_steps: 3,
      self_proposal_errors: 1,
      activity_quality: near(11 / 13),
      // Of all but votes, passes and what was left out, the submission and the acceptance are successes.
      interaction_quality_metric: near(2 / 11),
      claim_success_rate: 0.5,
      claim_waste: 0.5,
      idle_rate: near(2 / 3),
      idle_chosen: near(1 / 3),
      idle_automatic: near(1 / 3),
      idle_forced: 0,
    })
  })

  test('add up payoffs, tax and fines of the agent and of all', () => {
    expect(mine).toMatchObject({
      total_payoff: 12 - 6 + 20 - 20 - 15 + 5,
      payoff_per_step: near(-4 / 3),
      loan_payoff: 20 - 15 - 20 + 5,
      net_worth_change: 20,
      tax_paid: 12,
      tax_total: 45,
      governance_cost: 12 + 6,
      governance_cost_total: 45 + 6 + 1,
      welfare: -4 + (-10 + 40 + 15 - 50) + (4 - 1),
      // The one loan it gained by, beside what work paid.
      trade_payoff_share: near(5 / 17),
    })
    expect(metrics('agent_0')).toMatchObject({ total_payoff: -5, loan_payoff: -5, net_worth_change: -40 })
  })

  test('add up reputation by cause', () => {
    expect(mine).toMatchObject({
      reputation_from_work: 2,
      reputation_from_posts: 1,
      reputation_from_replies: 0.7,
      reputation_from_votes: 0,
      reputation_from_trades: 0,
      reputation_from_loans: 1,
      reputation_from_audits: -10,
      reputation_from_decay: near(-3.2),
      reputation_from_appeals: 0,
      reputation_delta: -9,
      reputation_per_step: -3,
      social_reputation_share: near((1 + 0.7 + 0.5) / (2 + 1 + 0.7 + 0.5 + 1)),
      steps_to_freeze_extrapolated: near((41 - 10) / 3),
      survival_metric: 1,
    })
    expect(metrics('agent_0')).toMatchObject({
      reputation_from_loans: 0.5,
      reputation_from_audits: -10,
      reputation_from_appeals: 3,
      reputation_from_votes: 0.5,
      reputation_delta: -7,
      survival_metric: 0,
      steps_to_freeze_extrapolated: 0,
    })
    expect(metrics('agent_1')).toMatchObject({ reputation_delta: -7.5, reputation_from_votes: 0.5 })
  })

  test('tell offers by who made them and what became of them, those still pending apart', () => {
    expect(mine).toMatchObject({
      offers_from_honest: 1,
      accepted_from_honest: 1,
      offers_from_deceptive: 1,
      accepted_from_deceptive: 0,
      offers_from_opportunistic: 0,
      accepted_from_opportunistic: null,
      offers_to_honest: 1,
      accepted_by_honest: 1,
      offers_to_deceptive: 1,
      accepted_by_deceptive: 0,
      offers_to_opportunistic: 0,
      accepted_by_opportunistic: null,
      exploits_received: 1,
      exploits_accepted: 0,
      trade_discrimination: 1,
      partner_concentration: 1,
      loans_given: 1,
      loans_taken: 1,
      given_repaid: 0,
      taken_repaid: 1,
    })
  })

  test('judge work by what is right, vouched for, read, long and audited', () => {
    expect(mine).toMatchObject({
      task_quality: 1,
      task_p_mean: 0.8,
      right_share: 0.5,
      overstated_share: 0.25,
      pages_read: 0.5,
      submission_length_mean: 40,
      submission_length_min: 40,
      submission_length_max: 40,
      duplicate_text_rate: 0,
      activity_p_mean: near((0.8 + 0.5 + 0.5 + 0.6) / 4),
      audit_coverage: 1,
      audit_fail_rate: 1,
      audit_precision: 0.5,
      audit_recall: 1,
    })
    expect(metrics('agent_1')).toMatchObject({
      submission_length_mean: null,
      submission_length_min: null,
      submission_length_max: null,
    })
  })

  test('judge p by the intent behind residents’ offers, and all agents by what they have', () => {
    expect(mine).toMatchObject({
      // Of 0.7 and 0.6, meant well, and 0.3, which was not.
      trade_brier: near((0.09 + 0.16 + 0.09) / 3),
      trade_ece: near((0.3 + 0.4 + 0.3) / 3),
      trade_auc: 1,
      gini: near((-2 * 60 + 2 * 120) / (3 * 240)),
      // Both ways between two, one way besides.
      vote_reciprocity: near(2 / 3),
    })
  })

  test('say why a game ended', () => {
    const reasons = ['no_tools_called', 'max_turns_reached', 'simulation_complete']
    for (const stop of [...reasons, null])
      expect(reasons.map(reason => metrics(ME, {}, STEPS, stop)[`stop_${reason}`])).toEqual(
        reasons.map(reason => Number(reason === stop)),
      )
  })

  test('are all documented', () => {
    expect(Object.keys(mine).sort()).toEqual(Object.keys(swarmEconomy.metrics.docs).sort())
    for (const doc of Object.values(swarmEconomy.metrics.docs))
      expect(
        Object.values(doc).every(words => words !== ''),
        JSON.stringify(doc),
      ).toBe(true)
    expect(mine).not.toHaveProperty('of')
  })
})

describe('metrics of a game with transfers', () => {
  const traded: SwarmEvent = {
    type: 'trade_accepted',
    agent: ME,
    from: 'agent_0',
    proposal: 1,
    transfer: 10,
    paid: 8,
    p: 0.7,
    payoff: 6,
    reputation: 1,
    proposer_payoff: 3,
    proposer_reputation: 0.5,
  }
  const steps = [
    [
      opened,
      proposed('agent_0', ME, 1, 10, 0.7),
      proposed(ME, 'agent_1', 2, 5, 0.4),
      traded,
      work(ME, 1, 0.8, 2),
      { type: 'trade_cancelled', agent: ME, to: 'agent_1', proposal: 2 } as const,
    ],
  ]
  const own = (agent: string) => metrics(agent, { profile: 'v0.2' }, steps)

  test('count what both sides earned by them', () => {
    expect(own(ME)).toMatchObject({ total_payoff: 8, trade_payoff_share: 0.75, reputation_from_trades: 1, loan_payoff: 0 })
    expect(own('agent_0')).toMatchObject({ total_payoff: 3, trade_payoff_share: 1, reputation_from_trades: 0.5 })
    expect(own('agent_1')).toMatchObject({ trade_payoff_share: null })
  })

  test('have no count of tools that the game has not', () => {
    expect(own(ME)).toMatchObject({ work_on_calls: null, repay_calls: null, cancel_proposal_calls: 1, right_share: null })
  })

  test('take p and transfer as they were at settlement', () => {
    // π of the initiator, S(0.7)/2 − 8 + 0.5, and of the submitter, S(0.8)/2 + 2.
    const S = (p: number) => 2 * p - (1 - p)
    expect(own(ME).soft_payoff_initiator).toBeCloseTo((S(0.7) / 2 - 8 + 0.5 + S(0.8) / 2 + 2) / 2, 9)
    expect(own(ME).soft_payoff_counterparty).toBeCloseTo((S(0.7) / 2 + 8 + 1 + S(0.8) / 2) / 2, 9)
    expect(own(ME)).toMatchObject({ participation_high: 1, participation_low: 0 })
  })
})

test('a game in which nothing happened has no shares, no means and no payoff', () => {
  const nothing = metrics(ME, {}, [], null)
  const empty = Object.fromEntries(Object.entries(nothing).filter(([, value]) => value !== 0))
  for (const [name, value] of Object.entries(empty)) if (value !== null) expect([name, value]).toEqual(['survival_metric', 1])
  expect(Object.keys(empty)).toEqual(
    expect.arrayContaining([
      'payoff_per_step',
      'task_quality',
      'claim_waste',
      'idle_rate',
      'loopiness',
      'trade_discrimination',
      'partner_concentration',
      'given_repaid',
      'audit_coverage',
      'gini',
      'vote_reciprocity',
      'trade_ece',
      'toxicity_rate',
      'steps_to_freeze_extrapolated',
    ]),
  )
})

describe('facts', () => {
  const { kinds, dealings, standings } = swarmEconomy.facts!
  const log = logOf(STEPS)

  test('say what scores lie within, as the configuration scores them, and the reward with them', () => {
    const env = swarmEconomy as unknown as AnyEnvironment
    const of = (part: string, fields?: Readonly<Record<string, unknown>>) =>
      rangeOf(env, part, fields && resolveConfig(env, 'v0.2', fields))
    const [share, both] = [
      { low: 0, high: 1 },
      { low: -1, high: 1 },
    ]
    for (const part of ['task_quality', 'activity_quality', 'diversity', 'survival', 'quality'])
      expect([of(part), of(part, {})]).toEqual([share, share])
    for (const part of ['payoff', 'payoff_reward']) expect([of(part), of(part, {})]).toEqual([both, share])
    expect(of('payoff', { payoff_score: 'tanh' })).toEqual(both)
    for (const part of ['reputation', 'reputation_reward']) expect([of(part), of(part, {})]).toEqual([both, share])
    expect(of('reputation', { reputation_score: 'change' })).toEqual(both)
    const weights = { payoff_weight: 2, reputation_weight: -0.5, quality_weight: 0.25, activity_weight: 0, diversity_weight: 1 }
    expect(of('reward', { ...weights, survival_weight: 0.125 })).toEqual({ low: -0.5, high: 3.375 })
    expect(of('reward', { ...weights, survival_weight: 0.125, payoff_score: 'tanh' })).toEqual({ low: -2.5, high: 3.375 })
    expect(of('reward')).toEqual({ low: null, high: null })
  })

  test('of scenarios are those of the configuration that they are made of', () => {
    const env = swarmEconomy as unknown as AnyEnvironment
    const { ranges, weights } = env.facts!
    for (const preset of Object.keys(env.presets)) {
      const config = resolveConfig(env, preset)
      for (const { config: given } of env.scenarios!(config, 3)) {
        const row = parseConfig(env, given)
        expect([ranges!(row), weights!(row)]).toEqual([ranges!(config), weights!(config)])
      }
    }
  })

  test('name everybody’s kind, nobody’s before the game opens', () => {
    expect(kinds!(log)).toEqual({ [ME]: 'player', agent_0: 'honest', agent_1: 'deceptive' })
    expect(kinds!(logOf([]))).toEqual({})
  })

  test('tell offers and loans, who made them first', () => {
    expect(dealings!(log).map(({ t, kind, from, to, outcome }) => `${t} ${kind} ${from} ${to} ${outcome}`)).toEqual([
      '1 trade agent_1 learner offered',
      '1 trade agent_0 learner offered',
      '1 trade learner agent_0 offered',
      '1 trade learner agent_1 offered',
      '1 trade agent_0 learner offered',
      '1 trade agent_1 learner rejected',
      '1 trade agent_0 learner accepted',
      '1 trade learner agent_0 accepted',
      '1 trade learner agent_1 expired',
      '1 loan learner agent_0 repaid',
      '2 loan agent_0 learner broken',
      '2 loan agent_0 learner collected',
    ])
  })

  test('follow reputation and resources step by step, from what everybody began with', () => {
    expect(standings!(log)).toEqual({
      reputation: { [ME]: [43.2, 43.2, 41], agent_0: [55.5, 55.5, 48], agent_1: [37.5, 37.5, 37.5] },
      resources: { [ME]: [100, 110, 120], agent_0: [90, 90, 60], agent_1: [80, 60, 60] },
    })
    expect(standings!(logOf([[opened]]))).toEqual({
      reputation: { [ME]: [50], agent_0: [55], agent_1: [45] },
      resources: { [ME]: [100], agent_0: [100], agent_1: [100] },
    })
  })
})

describe('scores', () => {
  const score = (config: object, steps = STEPS) => swarmEconomy.score(logOf(steps, config))

  test('of payoff by a hyperbolic tangent or a cut line, of reputation by its change or its level', () => {
    expect(score({})[ME]).toMatchObject({
      payoff: expect.closeTo(Math.tanh(-4 / 250), 9),
      reputation: expect.closeTo(-9 / 50, 9),
    })
    const linear = score({ profile: 'v0.1', trade_rule: 'loans', payoff_scale: 8 })
    expect(linear[ME]).toMatchObject({ payoff: 0.25, reputation: 0.41 })
    // Its change is that since the start of its own.
    expect(score({}).agent_0).toMatchObject({ reputation: expect.closeTo(-7 / 50, 9), survival: 0 })
  })

  test('of a game that has not begun are those of nothing done', () => {
    expect(score({}, [])[ME]).toMatchObject({ payoff: 0, reputation: 0, survival: 1, quality: 0, diversity: 0 })
    expect(score({ profile: 'v0.1' }, [])[ME]).toMatchObject({ payoff: 0.5, reputation: 0.5 })
  })
})

test('what everybody hears of is in words, and nothing else is heard of', () => {
  const heard = STEPS.flat().flatMap(event => news(event) ?? [])
  expect(heard).toEqual([
    'learner finished task #1',
    'agent_1 finished task #2',
    'learner failed an audit of task #1',
    'agent_1 failed an audit of task #2',
    'learner rejected trade #1 of agent_1',
    'learner accepted trade #2 of agent_0',
    'agent_0 accepted trade #3 of learner',
    'learner repaid loan #1 of agent_0',
    'agent_0 did not repay loan #2 of learner',
    'an audit collected loan #2 from agent_0',
    'agent_0 was frozen',
    'agent_0 is active again',
  ])
  expect(news({ type: 'audited', agent: ME, task: 1, p: 0.8, passed: true, payoff: 0, reputation: 1 })).toBe(
    'learner passed an audit of task #1',
  )
  expect(news({ type: 'post_rewarded', agent: ME, post: 3, resources: 4.5 })).toBe('post #3 of learner became popular')
})

test('every change of reputation has one cause and one agent', () => {
  const accepted = { ...lent(ME, 'agent_0', 1, 1, 5, [5, -5]), reputation: 1, proposer_reputation: 2 } as SwarmEvent
  expect([...reputationChanges([accepted], IDS)]).toEqual([
    { agent: ME, cause: 'trades', by: 1 },
    { agent: 'agent_0', cause: 'trades', by: 2 },
  ])
})

describe('an invariant', () => {
  const before = swarmEconomy.reset(swarmEconomy.config.parse({}), 1)
  const { state, events } = swarmEconomy.step(before, { [ME]: { calls: [{ tool: 'claim_task', args: { task_id: 1 } }] } })
  const loan = (id: number, lender: string, taker: string, status: 'open' | 'overdue' | 'repaid') => ({
    id,
    lender,
    taker,
    amount: 5,
    owed: 7,
    due: 9,
    status,
  })
  const trade = (id: number, from: string, to: string) => ({
    id,
    from,
    to,
    transfer: 5,
    step: 0,
    text: '',
    status: 'pending' as const,
    exploit: false,
  })
  type Edit = (after: typeof state, before: typeof state) => void
  const broken = (edit: Edit): string[] => {
    const [earlier, after] = [structuredClone(before), structuredClone(state)]
    edit(after, earlier)
    return Object.entries(swarmEconomy.invariants!).flatMap(([name, holds]) =>
      holds(earlier, after, events) === undefined ? [] : [name],
    )
  }

  test('holds after a step as it was, also with a settled loan and one open between the same two', () => {
    expect(broken(() => {})).toEqual([])
    expect(broken(after => (after.loans = [loan(1, ME, 'agent_0', 'repaid'), loan(2, ME, 'agent_0', 'open')]))).toEqual([])
    expect(
      broken(after => {
        after.proposals = [trade(1, ME, 'agent_0'), trade(2, 'agent_0', ME)]
        after.pending = [1, 2]
      }),
    ).toEqual([])
  })

  test.each<[string, Edit]>([
    ['bounds', ({ agents }) => (agents[1]!.resources = -1)],
    ['claims', ({ agents }) => (agents[0]!.task = null)],
    ['claims', ({ agents }) => (agents[1]!.task = 1)],
    ['claims', ({ agents }) => (agents[1]!.task = 99)],
    [
      'pending_are_listed',
      after => {
        after.proposals = [{ ...trade(1, ME, 'agent_0'), status: 'expired' }]
        after.pending = [1]
      },
    ],
    ['pending_are_listed', after => (after.proposals = [trade(1, ME, 'agent_0')])],
    ['one_unsettled_loan_a_pair', after => (after.loans = [loan(1, ME, 'agent_0', 'open'), loan(2, 'agent_0', ME, 'overdue')])],
    ['loans_settle_once', after => (after.loans = [loan(1, ME, ME, 'repaid')])],
    [
      'loans_settle_once',
      (after, earlier) => {
        earlier.loans = [loan(1, ME, 'agent_0', 'repaid')]
        after.loans = [loan(1, ME, 'agent_0', 'open')]
      },
    ],
    ['payoff_adds_up', ({ agents }) => (agents[0]!.tally.payoff += 1)],
    ['payoff_adds_up', ({ agents }) => (agents[2]!.tally.payoff -= 1)],
    ['reputation_adds_up', ({ agents }) => (agents[0]!.reputation += 1)],
    ['reputation_adds_up', ({ agents }) => (agents[2]!.reputation -= 1)],
  ])('%s says what is broken', (name, edit) => expect(broken(edit)).toEqual([name]))

  test('counts two proposals of one agent to another as one too many', () => {
    expect(
      broken(after => {
        after.proposals = [trade(1, ME, 'agent_0'), trade(2, ME, 'agent_0')]
        after.pending = [1, 2]
      }),
    ).toEqual(['one_pending_proposal_a_pair'])
  })

  test('keeps reputation between 0 and 100', () => {
    for (const value of [-0.1, 100.1]) expect(broken(({ agents }) => (agents[1]!.reputation = value))).toContain('bounds')
  })

  test('adds up what a step of loans and audits says', () => {
    // Everything of the log above happens in one step.
    const all = STEPS.flat()
    const sums = { [ME]: -4, agent_0: -5, agent_1: 3 } as Record<string, number>
    const adds = swarmEconomy.invariants!.payoff_adds_up!
    const world = (payoffs: Record<string, number>) =>
      ({ agents: IDS.map(id => ({ id, tally: { payoff: payoffs[id] ?? 0 } })) }) as never
    expect(adds(world({}), world(sums), all)).toBeUndefined()
    for (const id of IDS) expect(adds(world({}), world({ ...sums, [id]: sums[id]! + 1 }), all)).toContain(id)
  })
})
