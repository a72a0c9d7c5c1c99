/** What a resident of our own presets decides in one situation: how often over many draws, for whom, and how much. */
import { describe, expect, test } from 'vitest'
import type { Move, View } from '../../../envs/swarm_economy/residents/character.ts'
import { best, targets } from '../../../envs/swarm_economy/residents/resident.ts'
import { acceptsLoan, chooseTask, handIn, settleDebt, speak, voteOn } from '../../../envs/swarm_economy/residents/standard.ts'
import type { BotType, Loan, Post, Proposal, State, Task } from '../../../envs/swarm_economy/state.ts'
import { stream } from '../../../index.ts'
import { players } from './world.ts'

const SELF = 'agent_0'
const OTHER = 'agent_1'
type Edit = (state: State) => void
const OPEN = players(2, { profile: 'standard' }).state as State

/** A game of three in which agent_0 is of a type, and what it decides on, with draws of their own. */
function view(type: BotType, draw: number, edit: Edit = () => {}): View {
  const state = structuredClone(OPEN)
  const self = Object.assign(state.agents[1]!, { type })
  edit(state)
  return { state, self, random: stream(draw, 'decisions') }
}
const DRAWS = 400
/** What it decides in one situation over many draws; a decision changes nothing of it. */
function over<T>(type: BotType, decide: (view: View) => T, edit?: Edit): T[] {
  const situation = view(type, 0, edit)
  return Array.from({ length: DRAWS }, (_, draw) => decide({ ...situation, random: stream(draw, 'decisions') }))
}
const share = <T>(moves: readonly T[], holds: (move: T) => boolean = move => move !== undefined): number =>
  moves.filter(holds).length / moves.length
const near = (value: number, expected: number, by = 0.05) =>
  expect(Math.abs(value - expected), `${value}, not ${expected}`).toBeLessThan(by)

const loan = (lender: string, taker: string, status: Loan['status'], more: Partial<Loan> = {}): Loan => ({
  id: 1,
  lender,
  taker,
  amount: 10,
  owed: 15,
  due: 0,
  status,
  ...more,
})
const kept =
  (count: number): Edit =>
  ({ loans }) => {
    // Of another epoch, so that they stand in no way of another.
    for (let i = 0; i < count; i++)
      loans!.push(loan(i % 2 === 0 ? SELF : OTHER, i % 2 === 0 ? OTHER : SELF, 'repaid', { id: i + 1, due: -9 }))
  }

describe('a proposed loan', () => {
  const proposal = (from: string, transfer: number): Proposal => ({
    id: 1,
    from,
    to: SELF,
    transfer,
    step: 0,
    text: '',
    status: 'pending',
    exploit: false,
  })
  const asked = (type: BotType, amount: number, edit?: Edit) => acceptsLoan(view(type, 0, edit), proposal(OTHER, -amount))

  test('is taken gladly by all', () => {
    for (const type of ['honest', 'opportunistic', 'deceptive'] as const)
      expect(acceptsLoan(view(type, 0), proposal(OTHER, 20))).toBe(0.9)
  })

  test.each<[BotType, most: number, willing: number]>([
    ['honest', 16, 0.75],
    ['opportunistic', 14, 0.5],
    ['deceptive', 14, 0.3],
  ])('is granted to a stranger by the %s up to %i with probability %d', (type, most, willing) => {
    expect([asked(type, most), asked(type, most + 1)]).toEqual([willing, 0])
  })

  test('is granted for more to who kept faith, whoever lent, up to the greatest', () => {
    expect([asked('honest', 28, kept(1)), asked('honest', 29, kept(1))]).toEqual([0.75, 0])
    expect([asked('honest', 40, kept(2)), asked('honest', 41, kept(9))]).toEqual([0.75, 0])
    expect([asked('opportunistic', 18, kept(1)), asked('opportunistic', 19, kept(1))]).toEqual([0.5, 0])
  })

  test('is not granted to who broke a loan of its own, or has no name, or for more than it holds', () => {
    expect(asked('honest', 10, ({ loans }) => loans!.push(loan(SELF, OTHER, 'collected', { due: -9 })))).toBe(0)
    expect(asked('honest', 10, ({ loans }) => loans!.push(loan('learner', OTHER, 'collected', { due: -9 })))).toBe(0.75)
    const reputed =
      (reputation: number): Edit =>
      ({ agents }) => {
        agents[2]!.reputation = reputation
      }
    expect([asked('honest', 10, reputed(40)), asked('honest', 10, reputed(39.9))]).toEqual([0.75, 0])
    expect([asked('opportunistic', 10, reputed(50)), asked('opportunistic', 10, reputed(49.9))]).toEqual([0.5, 0])
    expect(asked('deceptive', 10, reputed(0))).toBe(0.3)
    const holds =
      (resources: number): Edit =>
      ({ agents }) => {
        agents[1]!.resources = resources
      }
    expect([asked('honest', 10, holds(10)), asked('honest', 10, holds(9.9))]).toEqual([0.75, 0])
  })

  test('is never accepted where it cannot be made', () => {
    expect(asked('honest', 10, ({ loans }) => loans!.push(loan(SELF, OTHER, 'open', { due: 9 })))).toBe(0)
    expect(asked('honest', 10, state => (state.step = 23))).toBe(0)
  })
})

describe('a debt', () => {
  const owes =
    (due: number, more: Partial<Loan> = {}, edit: Edit = () => {}): Edit =>
    state => {
      state.loans!.push(loan(OTHER, SELF, 'open', { due, ...more }))
      edit(state)
    }
  const repays = (type: BotType, edit: Edit) => share(over(type, settleDebt, edit))

  test('is repaid by the honest in its last two steps, not before, and never without the means', () => {
    expect(repays('honest', owes(1))).toBe(1)
    expect(repays('honest', owes(2))).toBe(0)
    expect(repays('honest', owes(0, { status: 'overdue' }))).toBe(1)
    expect(repays('honest', owes(1, { owed: 101 }))).toBe(0)
    expect(repays('honest', owes(1, { status: 'repaid' }))).toBe(0)
    expect(settleDebt(view('honest', 0, owes(1, { id: 1 })))).toEqual({ kind: 'repay', loan: 1 })
  })

  test('is mostly repaid by the opportunistic where the lender has a name', () => {
    near(repays('opportunistic', owes(1)), 0.85)
    near(
      repays(
        'opportunistic',
        owes(1, {}, ({ agents }) => (agents[2]!.reputation = 41)),
      ),
      0.15,
    )
  })

  test('is repaid by the deceptive once to each lender, and if it is small', () => {
    near(repays('deceptive', owes(1, { amount: 12 })), 0.9)
    expect(repays('deceptive', owes(1, { amount: 13 }))).toBe(0)
    expect(
      repays(
        'deceptive',
        owes(1, {}, ({ loans }) => loans!.push(loan(OTHER, SELF, 'repaid', { id: 2 }))),
      ),
    ).toBe(0)
    near(
      repays(
        'deceptive',
        owes(1, {}, ({ loans }) => loans!.push(loan('learner', SELF, 'repaid', { id: 2 }))),
      ),
      0.9,
    )
  })
})

describe('a held problem', () => {
  /** Of level 2, claimed so many steps ago. */
  const holds =
    (steps: number, edit: Edit = () => {}): Edit =>
    state => {
      state.tasks[0] = { ...state.tasks[0]!, level: 2, status: 'claimed', by: SELF, since: 0 }
      state.agents[1]!.task = 1
      state.step = steps
      edit(state)
    }
  const fearless: Edit = state => (state.levers = { ...state.levers, audit_risk: 0.27 })
  const watched: Edit = state => (state.levers = { ...state.levers, audit_risk: 0.28 })
  const answers = (moves: readonly (Move | undefined)[]) =>
    moves.filter(move => move?.kind === 'answer') as Extract<Move, { kind: 'answer' }>[]

  test('is handed in by the honest once it could be read, with a word for what is right', () => {
    expect(share(over('honest', handIn, holds(2)))).toBe(0)
    const done = answers(over('honest', handIn, holds(3)))
    expect(done).toHaveLength(DRAWS)
    expect(done.every(({ right, vouched, exploit }) => right === vouched && !exploit)).toBe(true)
    expect(new Set(done.map(({ right }) => right))).toEqual(new Set([2, 3]))
    near(
      share(done, ({ right }) => right === 3),
      0.85,
    )
  })

  test('is handed in unread with a word for all by the opportunistic, half of the time where audits are rare', () => {
    near(share(over('opportunistic', handIn, holds(0, fearless))), 0.5)
    expect(share(over('opportunistic', handIn, holds(0, watched)))).toBe(0)
    const false_ = answers(over('opportunistic', handIn, holds(0, fearless)))
    expect(false_.every(({ vouched, exploit }) => vouched === 3 && !exploit)).toBe(true)
    near(
      share(false_, ({ right }) => right === 1),
      0.7,
    )
    expect(Math.max(...false_.map(({ right }) => right))).toBe(1)
  })

  test('is handed in so by the deceptive once they are trusted, with intent', () => {
    const dealt =
      (interactions: number): Edit =>
      ({ agents }) => {
        agents[1] = Object.assign(agents[1]!, { interactions, trust: 4 })
      }
    const trusted = answers(over('deceptive', handIn, holds(0, dealt(4))))
    expect(trusted).toHaveLength(DRAWS)
    expect(trusted.every(({ vouched, exploit }) => vouched === 3 && exploit)).toBe(true)
    expect(share(over('deceptive', handIn, holds(0, dealt(3))))).toBe(0)
  })
})

describe('open tasks', () => {
  const task = (id: number, bounty: number, level: number): Task => ({
    id,
    template: 0,
    bounty,
    status: 'open',
    by: null,
    since: 0,
    lapsed: null,
    level,
    seen: 0,
  })
  test.each<[BotType, number]>([
    ['honest', 0.55],
    ['opportunistic', 0.6],
    ['deceptive', 0.5],
  ])('%s claim one with probability %d, the best paid for its steps', (type, claims) => {
    // 24 for four steps, 27 for five, 28 for six.
    const chosen = over(type, each => chooseTask(each, [task(1, 27, 2), task(2, 24, 1), task(3, 28, 3)]))
    near(share(chosen), claims)
    expect(new Set(chosen.map(each => each?.id))).toEqual(new Set([undefined, 2]))
  })
})

describe('a fresh post', () => {
  const post = { id: 3, author: OTHER } as Post
  test.each<[BotType, number]>([
    ['honest', 0.4],
    ['opportunistic', 0.15],
    ['deceptive', 0.2],
  ])('is voted up by the %s with probability %d, and down where its author failed them', (type, votes) => {
    const [up, down] = [() => {}, ({ loans }: State) => void loans!.push(loan(SELF, OTHER, 'overdue'))].map(edit =>
      over(type, each => voteOn(each, post), edit),
    )
    near(share(up!), votes)
    expect(up!.find(move => move !== undefined)).toEqual({ kind: 'vote', post: 3, direction: 'up' })
    expect(down!.find(move => move !== undefined)).toEqual({ kind: 'vote', post: 3, direction: 'down' })
  })
})

describe('with nothing else to do', () => {
  const speaks = (type: BotType, edit?: Edit, weigh: (id: string) => number = () => 1) =>
    over(type, each => speak(each, ({ id }) => weigh(id)), edit)
  const proposals = (moves: readonly (Move | undefined)[]) =>
    moves.filter(move => move?.kind === 'propose') as Extract<Move, { kind: 'propose' }>[]
  const lends = (moves: readonly (Move | undefined)[]) => proposals(moves).filter(({ transfer }) => transfer > 0)
  const asks = (moves: readonly (Move | undefined)[]) => proposals(moves).filter(({ transfer }) => transfer < 0)

  test.each<[BotType, posts: number, lends: number, asks: number, offer: [number, number], request: [number, number]]>([
    ['honest', 0.15, 0.3, 0.15, [8, 14], [10, 20]],
    ['opportunistic', 0.06, 0.1, 0.2, [4, 10], [10, 20]],
    ['deceptive', 0.2, 0.15, 0.35, [3, 7], [14, 25]],
  ])('the %s post, lend and borrow with probabilities %d, %d and %d', (type, posts, lending, asking, offer, request) => {
    const moves = speaks(type)
    near(
      share(moves, move => move?.kind === 'post'),
      posts,
      0.03,
    )
    near(lends(moves).length / DRAWS, lending, 0.04)
    near(asks(moves).length / DRAWS, asking, 0.04)
    for (const [sums, [low, high]] of [
      [lends(moves), offer],
      [asks(moves), request],
    ] as const) {
      const spread = sums.map(({ transfer }) => Math.abs(transfer))
      expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(0.9 * (high - low))
      for (const { transfer } of sums) {
        expect(Math.abs(transfer)).toBeGreaterThanOrEqual(low)
        expect(Math.abs(transfer)).toBeLessThanOrEqual(high)
        expect(Number(transfer.toFixed(1))).toBe(transfer)
      }
    }
    expect(proposals(moves).every(({ exploit, transfer }) => exploit === (type === 'deceptive' && transfer < 0))).toBe(true)
    expect(new Set(proposals(moves).map(({ to }) => to))).toEqual(new Set(['learner', OTHER]))
  })

  test('each loan that was kept between two raises what is offered and asked, up to the greatest', () => {
    const alone: Edit = ({ agents }) => (agents[0]!.frozenFor = 0)
    const moves = speaks('honest', state => [kept(1), alone].map(edit => edit(state)))
    expect(Math.min(...lends(moves).map(({ transfer }) => transfer))).toBeGreaterThanOrEqual(20)
    expect(Math.max(...lends(moves).map(({ transfer }) => transfer))).toBeLessThanOrEqual(26)
    const many = speaks('honest', state => [kept(5), alone].map(edit => edit(state)))
    expect(new Set(proposals(many).map(({ transfer }) => Math.abs(transfer)))).toEqual(new Set([40]))
  })

  test('they turn to whom they weigh, and to nobody that cannot take a loan, owes one or was failed by', () => {
    expect(
      new Set(
        proposals(
          speaks(
            'honest',
            () => {},
            id => (id === OTHER ? 1 : 0),
          ),
        ).map(({ to }) => to),
      ),
    ).toEqual(new Set([OTHER]))
    const taken: Edit = ({ loans }) => void loans!.push(loan('learner', OTHER, 'repaid', { due: 3 }))
    expect(new Set(lends(speaks('honest', taken)).map(({ to }) => to))).toEqual(new Set(['learner']))
    expect(new Set(asks(speaks('honest', taken)).map(({ to }) => to))).toEqual(new Set(['learner', OTHER]))
    const owing: Edit = ({ loans }) => void loans!.push(loan(SELF, OTHER, 'open', { due: -9 }))
    expect(new Set(proposals(speaks('honest', owing)).map(({ to }) => to))).toEqual(new Set(['learner']))
    const failed: Edit = ({ loans }) => void loans!.push(loan(SELF, OTHER, 'collected', { due: -9 }))
    expect(new Set(lends(speaks('honest', failed)).map(({ to }) => to))).toEqual(new Set(['learner']))
    const borrowed: Edit = ({ loans }) => void loans!.push(loan('learner', SELF, 'repaid', { due: 3 }))
    expect(asks(speaks('honest', borrowed))).toEqual([])
  })

  test('they make no loan that would fall due too late, and still post', () => {
    const moves = speaks('honest', state => (state.step = 20))
    expect(proposals(moves)).toEqual([])
    near(share(moves), 0.15)
  })
})

test('an offer can be made to active others without a pending one of the same agent', () => {
  const to = (edit: Edit) => {
    const { state, self } = view('honest', 0, edit)
    return targets(state, self).map(({ id }) => id)
  }
  const pending =
    (from: string, other: string): Edit =>
    state => {
      state.proposals = [{ id: 1, from, to: other, transfer: 5, step: 0, text: '', status: 'pending', exploit: false }]
      state.pending = [1]
    }
  expect(to(() => {})).toEqual(['learner', OTHER])
  expect(to(({ agents }) => (agents[2]!.frozenFor = 0))).toEqual(['learner'])
  expect(to(pending(SELF, OTHER))).toEqual(['learner'])
  expect(to(pending(OTHER, SELF))).toEqual(['learner', OTHER])
})

test('of equals the first is best', () => {
  expect(
    best(
      [
        [1, 'a'],
        [3, 'b'],
        [3, 'c'],
        [2, 'd'],
      ] as const,
      ([value]) => value,
    ),
  ).toEqual([3, 'b'])
})
