/** Loans: what they create, what a broken one costs whom, who can make one, and what all see of it. */
import { describe, expect, test } from 'vitest'
import { terms } from '../../../envs/swarm_economy/config.ts'
import { canTake } from '../../../envs/swarm_economy/loans.ts'
import { agent, among, events, type Game, players, say, text, told } from './world.ts'

const WORLD = { profile: 'standard' }
const game = (config: object = {}): Game => players(2, { ...WORLD, ...config })

/** The learner lends to agent_0. */
function lent(amount = 20, config: object = {}): Game {
  const played = game(config)
  told(played, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: amount })
  told(played, 'agent_0', 'accept_proposal', { proposal_id: 1 })
  return played
}
const pass = (played: Game, steps: number): void => {
  for (let i = 0; i < steps; i++) say(played, 'learner', ['pass_turn'])
}
const payoffs = (played: Game): number[] => ['learner', 'agent_0'].map(id => agent(played, id).tally.payoff)

describe('a loan', () => {
  test('gives its taker twice what its lender pays; repaid, both have gained a half of it', () => {
    const played = lent(20, { tax_rate: 0 })
    const resources = (): number[] => ['learner', 'agent_0'].map(id => agent(played, id).resources)
    expect([payoffs(played), resources()]).toEqual([
      [-20, 40],
      [80, 140],
    ])
    expect(played.observe('agent_0').credit!.owes).toEqual([{ loan: 1, agent: 'learner', owed: 30, due: 5, overdue: false }])
    expect(told(played, 'agent_0', 'repay', { loan_id: 1 })).toBe('repaid loan #1 of learner, payoff -30.0, reputation +1.5')
    expect([payoffs(played), resources()]).toEqual([
      [10, 10],
      [110, 110],
    ])
    expect(events(played, 'loan_repaid')[0]).toMatchObject({ agent: 'agent_0', to: 'learner', paid: 30, lender_reputation: 0.75 })
    expect(told(played, 'agent_0', 'repay', { loan_id: 1 })).toBe('Error: loan #1 is already repaid')
  })

  test('asked for and granted goes the other way', () => {
    const played = game()
    told(played, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: -10 })
    expect(told(played, 'agent_0', 'accept_proposal', { proposal_id: 1 })).toContain('lent 10.0, payoff -10.0')
    expect(payoffs(played)).toEqual([20, -10])
  })

  test('a small one proves little', () => {
    const played = lent(5)
    expect(told(played, 'agent_0', 'repay', { loan_id: 1 })).toContain('reputation +0.4')
  })

  test('is overdue after its term; without audits nothing follows but what all see', () => {
    const played = lent(20, { audit_debts: false, audit_risk: 1 })
    pass(played, 2)
    expect(events(played, 'loan_overdue')).toEqual([])
    pass(played, 1)
    expect(events(played, 'loan_overdue')).toEqual([{ type: 'loan_overdue', agent: 'agent_0', to: 'learner', loan: 1 }])
    pass(played, 5)
    expect(events(played, 'loan_collected')).toEqual([])
    expect(payoffs(played)).toEqual([-20, 40])
    expect(text(played)).toMatch(/agent_0 .* repaid 0, broke 1/)
    expect(told(played, 'agent_0', 'repay', { loan_id: 1 })).toContain('reputation +0.0')
  })

  test('an audit collects an overdue one, fines its taker, and gives its lender a share', () => {
    const played = lent(20, { audit_risk: 1 })
    const { reputation } = agent(played, 'agent_0')
    pass(played, 3)
    expect(events(played, 'loan_collected')).toEqual([
      { type: 'loan_collected', agent: 'agent_0', to: 'learner', loan: 1, paid: 30, returned: 5, fine: 20, reputation: -10 },
    ])
    expect(payoffs(played)).toEqual([-15, -10])
    expect(agent(played, 'agent_0').reputation).toBe(reputation - 10)
    // Collected or not, a broken debt is one.
    expect(text(played)).toMatch(/agent_0 .* repaid 0, broke 1/)
  })

  test('who holds less than it owes pays what it has', () => {
    const played = lent(40, { audit_risk: 1, tax_rate: 0.5 })
    pass(played, 3)
    const { paid, returned } = events(played, 'loan_collected')[0]!
    expect(paid).toBeLessThan(60)
    expect(returned).toBeCloseTo(0.25 * Math.min(paid, 40), 9)
  })
})

test('who was asked for more than it still has lends what it has', () => {
  const played = game({ tax_rate: 0, resources: 60 })
  for (const to of ['agent_0', 'agent_1'])
    told(played, 'learner', 'propose_trade', { counterparty_id: to, content: 'x', offered_transfer: 40 })
  for (const [i, to] of ['agent_0', 'agent_1'].entries()) told(played, to, 'accept_proposal', { proposal_id: i + 1 })
  expect(events(played, 'trade_accepted').map(({ paid }) => paid)).toEqual([40, 20])
  expect(agent(played, 'learner').resources).toBe(0)
})

test('an offer of nothing asks for nothing', () => {
  const played = players(1)
  for (const offered_transfer of [0, -1]) {
    told(played, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer })
    told(played, 'agent_0', 'reject_proposal', { proposal_id: played.state.proposals.length })
  }
  expect(played.observe('agent_0').offers).toEqual([{ agent: 'learner', received: 2, asking: 1 }])
})

test('what came of loans is told to who lent, and to nobody else', () => {
  const played = game()
  told(played, 'agent_1', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: 20 })
  told(played, 'agent_0', 'accept_proposal', { proposal_id: 1 })
  told(played, 'agent_0', 'repay', { loan_id: 1 })
  const given = (id: string) => played.observe(id).credit!.given
  expect(given('agent_1')).toEqual([{ agent: 'agent_0', repaid: 1, broken: 0 }])
  expect([given('learner'), given('agent_0')]).toEqual([[], []])
})

test('a loan counts in the epoch that it was made in, from its first step to its last', () => {
  const { state } = game()
  const { loan_term } = terms(state.config)
  const loan = { id: 1, lender: 'learner', taker: 'agent_0', amount: 5, owed: 7.5, status: 'repaid' } as const
  const left = (made: number, step: number) =>
    canTake({ loans: [{ ...loan, due: made + loan_term }], step, config: state.config }, 'agent_0')
  // Epochs of five steps: 5 to 9 are the second.
  expect([5, 9].map(made => [left(made, made), left(made, 9)])).toEqual([
    [0, 0],
    [0, 0],
  ])
  expect([left(4, 5), left(9, 10)]).toEqual([1, 1])
})

describe('is refused', () => {
  const offer = (transfer: number, to = 'agent_0') => ({ counterparty_id: to, content: 'x', offered_transfer: transfer })

  test('beyond the limits', () => {
    const played = game()
    for (const transfer of [41, -41, 0.5, 0])
      expect(told(played, 'learner', 'propose_trade', offer(transfer))).toBe('Error: a loan is between 1 and 40')
    expect(told(played, 'learner', 'propose_trade', offer(101))).toContain('between -100 and 100')
  })

  test('between two with an unsettled loan, either way', () => {
    const played = lent(10)
    expect(told(played, 'learner', 'propose_trade', offer(5))).toBe('Error: a loan between learner and agent_0 is not settled')
    expect(told(played, 'agent_0', 'propose_trade', offer(5, 'learner'))).toContain('is not settled')
  })

  test('to who has taken its loan of the epoch, until the next', () => {
    const played = lent(10)
    told(played, 'agent_0', 'repay', { loan_id: 1 })
    expect(told(played, 'agent_1', 'propose_trade', offer(5))).toBe('Error: agent_0 can take no more loans in this epoch')
    pass(played, 1)
    expect(told(played, 'agent_1', 'propose_trade', offer(5))).toContain('proposed #2 to agent_0, to lend 5.0')
  })

  test('where it would fall due too near the end', () => {
    const played = game()
    pass(played, 19)
    expect(told(played, 'learner', 'propose_trade', offer(5))).toContain('proposed')
    expect(told(played, 'agent_0', 'accept_proposal', { proposal_id: 1 })).toBe(
      'Error: a loan made now would fall due too near the end',
    )
    expect(played.observe('learner').shared.lending).toEqual({ possible: false, limit: 40 })
  })

  test('repaying what one does not owe, or cannot pay', () => {
    const played = lent(40, { tax_rate: 0.5 })
    expect(told(played, 'learner', 'repay', { loan_id: 1 })).toBe('Error: you owe no loan #1')
    pass(played, 1)
    expect(told(played, 'agent_0', 'repay', { loan_id: 1 })).toContain('you owe 60.0 and hold only')
  })
})

describe('residents', () => {
  test('begin with a reputation and a record that tell something of their kind', () => {
    const means = new Map<string, { reputation: number; broken: number; n: number }>()
    for (let seed = 0; seed < 60; seed++)
      for (const { type, reputation, past } of among('2/1/1', WORLD, seed).state.agents.slice(1)) {
        const sum = means.get(type) ?? { reputation: 0, broken: 0, n: 0 }
        means.set(type, {
          reputation: sum.reputation + reputation,
          broken: sum.broken + past!.broken / (past!.broken + past!.repaid),
          n: sum.n + 1,
        })
      }
    const of = (type: string, part: 'reputation' | 'broken') => means.get(type)![part] / means.get(type)!.n
    expect(of('honest', 'reputation')).toBeGreaterThan(of('opportunistic', 'reputation'))
    expect(of('opportunistic', 'reputation')).toBeGreaterThan(of('deceptive', 'reputation'))
    expect(of('honest', 'broken')).toBeLessThan(0.1)
    expect(of('deceptive', 'broken')).toBeGreaterThan(0.4)
  })

  test('honest ones repay, deceptive ones keep what is worth keeping', () => {
    const share = (mix: string): number => {
      let [repaid, ended] = [0, 0]
      for (let seed = 0; seed < 20; seed++) {
        const played = among(mix, WORLD, seed)
        while (!played.over) {
          const { shared, credit } = played.observe('learner')
          const other = shared.agents.find(
            one => one.agent !== 'learner' && one.canTake! > 0 && !credit!.owed.some(debt => debt.agent === one.agent),
          )
          const lend = [
            'propose_trade',
            { counterparty_id: other?.agent ?? 'agent_0', content: 'x', offered_transfer: 20 },
          ] as const
          say(played, 'learner', other === undefined ? ['pass_turn'] : lend)
        }
        const loans = played.state.loans!.filter(({ lender, status }) => lender === 'learner' && status !== 'open')
        ended += loans.length
        repaid += loans.filter(({ status }) => status === 'repaid').length
      }
      return repaid / ended
    }
    expect(share('3/0/0')).toBe(1)
    expect(share('0/0/3')).toBe(0)
    expect(share('0/3/0')).toBeGreaterThan(0.5)
  })

  test('lend more to who has kept faith with them', () => {
    const sums: { first: number[]; later: number[] } = { first: [], later: [] }
    for (let seed = 0; seed < 60; seed++) {
      const played = among('1/0/0', WORLD, seed)
      while (!played.over) {
        const { credit, incoming } = played.observe('learner')
        const [debt] = credit!.owes
        const [offer] = incoming
        if (debt !== undefined) say(played, 'learner', ['repay', { loan_id: debt.loan }])
        else if (offer !== undefined && offer.transfer > 0)
          say(played, 'learner', ['accept_proposal', { proposal_id: offer.proposal }])
        else say(played, 'learner', ['pass_turn'])
      }
      for (const [i, { amount }] of played.state.loans!.filter(({ taker }) => taker === 'learner').entries())
        sums[i === 0 ? 'first' : 'later'].push(amount)
    }
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(sums.later)).toBeGreaterThan(1.5 * mean(sums.first))
  })
})

test('posts of an epoch fade, repeated words earn nothing, and a refused call is as idle as a pass', () => {
  const played = game({ decay: 0.9, freeze_below: 0 })
  const earned = (content: string): number => {
    told(played, 'learner', 'post', { content })
    return events(played, 'posted').at(-1)!.reputation
  }
  expect([earned('good morning'), earned('good evening'), earned('Good evening!')].map(Math.fround)).toEqual([1, 0.5, 0])
  const rest = (line: readonly [string, object?]): number => {
    const before = agent(played, 'learner').reputation
    say(played, 'learner', line)
    return agent(played, 'learner').reputation / before
  }
  expect(rest(['pass_turn'])).toBeCloseTo(0.8, 9)
  expect(rest(['work_on'])).toBeCloseTo(0.8, 9)
})
