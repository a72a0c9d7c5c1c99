/** What a learner decides by what it sees, one decision at a time, on observations made by hand; draws are counted over many streams. */
import { describe, expect, test } from 'vitest'
import { swarmBots } from '../../../bots/swarm_economy/index.ts'
import type { Observation, SwarmTypes } from '../../../envs/swarm_economy/state.ts'
import { type Decision, type Policy, stream } from '../../../index.ts'
import { players } from '../../envs/swarm_economy/world.ts'

type Shared = Observation['shared']
type Other = Shared['agents'][number]
interface Seen extends Partial<Omit<Observation, 'shared'>> {
  readonly all?: Partial<Shared>
  /** What is other of agent_0 and agent_1. */
  readonly others?: readonly [Partial<Other>?, Partial<Other>?]
  readonly offered?: readonly string[]
}
/** What the learner sees at the start beside agent_0 and agent_1, by the rules with loans or by those of a published version. */
const start = (config: object) => players(2, config).observe('learner') as Observation
const LENDING = start({ profile: 'standard' })
const PUBLISHED = start({ profile: 'v0.2' })
const TOOLS = [
  'post',
  'reply',
  'vote',
  'propose_trade',
  'accept_proposal',
  'reject_proposal',
  'claim_task',
  'submit_work',
  'pass_turn',
]

const bot = (name: string) => swarmBots.bots[name]!.factory({} as never) as unknown as Policy<SwarmTypes>
function act(
  policy: Policy<SwarmTypes>,
  from: Observation,
  { all, others = [], offered = TOOLS, ...own }: Seen,
  draw = 0,
): string {
  const quiet = { task: null, incoming: [], outgoing: [], voted: [], answers: [], resources: 100, reputation: 50 }
  const observation = {
    ...{ ...from, ...quiet, ...own },
    shared: {
      ...{ ...from.shared, tasks: [], feed: [], step: 0, epoch: 1, steps: 20, ...all },
      agents: from.shared.agents.map((agent, row) => ({
        ...{ ...agent, reputation: 50, resources: 100, status: 'active' as const },
        ...(from === LENDING && { canTake: 1 }),
        ...others[row - 1],
      })),
    },
  }
  const turn = { agent: 'learner', observation, offered, random: stream(draw, 'bot') }
  const [call] = (policy.act(turn as never) as Decision).calls as { tool: string; args: Record<string, unknown> }[]
  return call === undefined
    ? ''
    : [call.tool, ...Object.entries(call.args).flatMap(([name, value]) => (SAID.includes(name) ? [value] : []))].join(' ')
}
/** What a call is told by here; its words are left out. */
const SAID = ['proposal_id', 'task_id', 'post_id', 'loan_id', 'counterparty_id', 'offered_transfer', 'direction', 'vouched']

const task = (id: number, bounty: number, level?: number): Shared['tasks'][number] =>
  ({ ...PUBLISHED.task, task: id, bounty, title: '', text: '', level }) as unknown as Shared['tasks'][number]
const post = (id: number, author = 'agent_1'): Shared['feed'][number] => ({ post: id, author, votes: 0, text: '', reply: null })
const offer = (proposal: number, agent: string, transfer: number) => ({ proposal, agent, transfer, text: '' })

describe('a citizen', () => {
  const does = (name: string, ...sights: readonly Seen[]): string => {
    const policy = bot(name)
    return sights.map(sight => act(policy, LENDING, sight)).at(-1)!
  }
  const credit = (fields: Partial<NonNullable<Observation['credit']>>): Seen => ({
    credit: { owes: [], owed: [], given: [], ...fields },
  })
  const owes = (owed: number) => credit({ owes: [{ loan: 3, agent: 'agent_0', owed, due: 9, overdue: false }] })
  const given = (repaid: number, broken = 0, agent = 'agent_0') => credit({ given: [{ agent, repaid, broken }] })
  const end = (left: number): Seen => ({ all: { step: 20 - left } })
  const limit = (of: number): Partial<Shared> => ({ lending: { possible: true, limit: of } })

  test('repays as soon as it can', () => {
    expect(does('honest', { ...owes(50), resources: 50 })).toBe('repay 3')
    expect(does('honest', { ...owes(50), resources: 49 })).not.toMatch('repay')
  })
  test.each(['deceptive', 'extractor'])('%s: no more from nine steps before the end on, in which it asks for loans', name => {
    expect([does(name, { ...owes(50), ...end(10) }), does(name, { ...owes(50), ...end(9) })]).toEqual([
      'repay 3',
      expect.not.stringMatching('repay'),
    ])
    const unwilling = [{ reputation: 39 }, { reputation: 38 }] as const
    expect(does(name, { ...end(10), others: unwilling })).not.toMatch('propose')
    expect(does(name, { ...end(9), others: unwilling })).toBe('propose_trade agent_0 -16')
    expect(does(name, { ...end(9), others: unwilling, ...given(1, 1, 'agent_1') })).toBe('propose_trade agent_1 -28')
    expect(does(name, { ...end(9), others: unwilling, ...given(3, 1, 'agent_1') })).toBe('propose_trade agent_1 -40')
    const refused = (made: number, accepted: number): Seen => ({ answers: [{ agent: 'agent_0', made, accepted }] })
    expect([refused(2, 0), refused(2, 1)].map(answers => does(name, { ...end(9), others: unwilling, ...answers }))).toEqual([
      'propose_trade agent_1 -16',
      'propose_trade agent_0 -16',
    ])
    expect(does(name, { ...end(9), others: [{ ...unwilling[0], resources: 15 }, unwilling[1]] })).toBe(
      'propose_trade agent_1 -16',
    )
  })
  test('the opportunist does so where an audit is less likely than a third', () => {
    const at = (audit_risk: number) =>
      does('opportunistic', { ...owes(50), all: { step: 11, rules: { ...LENDING.shared.rules, audit_risk } } }) === 'repay 3'
    expect([at(0.33), at(0.32)]).toEqual([true, false])
  })

  describe('lends', () => {
    const others = (record: Other['record'], reputation: number): Seen => ({
      others: [{ reputation, ...(record && { record }) }, { reputation: 0 }],
    })
    const lends = (sight: Seen, name = 'honest') => does(name, { all: limit(40), ...sight })
    test.each([
      ['of whom nothing is known', { repaid: 0, broken: 0 }, 40],
      ['who has repaid one loan', { repaid: 1, broken: 0 }, 51],
      ['who has broken one of three', { repaid: 2, broken: 1 }, 54],
    ])('to a stranger %s', (_who, record, enough) => {
      expect([lends(others(record, enough)), lends(others(record, enough - 1))]).toEqual([
        'propose_trade agent_0 40',
        expect.not.stringMatching('propose'),
      ])
    })
    test('to no one who failed it, whatever else; to who has repaid it whatever its name is', () => {
      expect(lends({ ...others(undefined, 90), ...given(5, 1) })).not.toMatch('propose')
      expect(lends({ ...others(undefined, 10), ...given(1) })).toBe('propose_trade agent_0 40')
      expect(lends(others(undefined, 10), 'trusting')).toBe('propose_trade agent_0 40')
      expect(lends({ ...others(undefined, 90), ...given(5, 1) }, 'trusting')).toBe('propose_trade agent_1 40')
    })
    test('as much as it has and as is allowed, from 5 on', () => {
      expect([lends({ resources: 30.7 }), lends({ all: limit(20) }), lends({ resources: 5 })]).toEqual([
        'propose_trade agent_0 30',
        'propose_trade agent_0 20',
        'propose_trade agent_0 5',
      ])
      expect(lends({ resources: 4.9 })).not.toMatch('propose')
    })
    test('first to who has repaid it most often, then to the better name', () => {
      const kept = credit({
        given: [
          { agent: 'agent_0', repaid: 1, broken: 0 },
          { agent: 'agent_1', repaid: 2, broken: 0 },
        ],
      })
      expect(lends({ ...kept, others: [{ reputation: 90 }] })).toBe('propose_trade agent_1 40')
      expect(lends({ others: [{}, { reputation: 51 }] })).toBe('propose_trade agent_1 40')
    })
    test('to nobody who is frozen, may take no more, has an offer of it, or has a loan with it already', () => {
      const debt = { loan: 1, agent: 'agent_0', owed: 5, due: 9, overdue: false }
      for (const bar of [
        { others: [{ status: 'frozen' }] },
        { others: [{ canTake: 0 }] },
        { outgoing: [{ proposal: 1, agent: 'agent_0', transfer: 5 }] },
        credit({ owed: [debt] }),
      ] as Seen[])
        expect(lends(bar)).toBe('propose_trade agent_1 40')
      expect(lends({ all: { lending: { possible: false, limit: 40 } } })).not.toMatch('propose')
    })
  })

  test('takes a loan of 24 or more, and lends on request what it would offer', () => {
    const asked = (transfer: number, sight: Seen = {}) =>
      does('honest', { incoming: [offer(7, 'agent_0', transfer)], ...sight }) === 'accept_proposal 7'
    expect([asked(24), asked(23.9)]).toEqual([true, false])
    const small = { all: limit(40) }
    expect([asked(-40, small), asked(-41, small), asked(-20, { ...small, resources: 19 })]).toEqual([true, false, false])
    expect(asked(-20, { ...small, others: [{ reputation: 39, record: { repaid: 0, broken: 0 } }] })).toBe(false)
  })

  test('claims what pays best for the steps it takes, of what it can still finish', () => {
    const alone = { others: [{ status: 'frozen' }, { status: 'frozen' }] } as const
    const tasks = [task(1, 20, 1), task(2, 27, 2), task(3, 29, 1)]
    const claims = (name: string, sight: Seen = {}) => does(name, { ...alone, ...sight, all: { tasks, ...sight.all } })
    // Two pages and the work are three steps.
    expect(claims('honest')).toBe('claim_task 3')
    expect(claims('shirker')).toBe('claim_task 3')
    expect(claims('honest', { all: { tasks: [task(1, 29, 1), task(2, 40, 2)] } })).toBe('claim_task 2')
    expect(claims('shirker', { all: { tasks: [task(1, 29, 1), task(2, 40, 2)] } })).toBe('claim_task 2')
    expect(claims('honest', { all: { tasks: [task(1, 29, 1), task(2, 38, 2)] } })).toBe('claim_task 1')
    expect(claims('honest', { all: { tasks: [task(1, 9, 1), task(2, 40, 2)], step: 17 } })).toBe('claim_task 1')
    expect(claims('honest', { all: { tasks: [task(1, 9, 1)], step: 18 } })).not.toMatch('claim')
    expect(claims('shirker', { all: { tasks: [task(1, 9, 1)], step: 18 } })).toBe('claim_task 1')
  })
  test('posts twice an epoch, then votes: up, or down who has failed it', () => {
    const alone: Seen = { others: [{ status: 'frozen' }, { status: 'frozen' }] }
    const feed = { all: { feed: [post(1, 'learner'), post(2, 'agent_1'), post(3, 'agent_1')] } }
    const third = (sight: Seen) => does('honest', alone, alone, { ...alone, ...sight })
    expect([does('honest', alone), does('honest', alone, alone), third({}), third({ all: { epoch: 2 } })]).toEqual([
      'post',
      'post',
      'pass_turn',
      'post',
    ])
    expect([third(feed), third({ ...feed, voted: [2] }), third({ ...feed, ...given(1, 1, 'agent_1') })]).toEqual([
      'vote 2 up',
      'vote 3 up',
      'vote 2 down',
    ])
    expect(third({ ...feed, voted: [2, 3] })).toBe('pass_turn')
    expect(does('honest', { offered: ['pass_turn'] })).toBe('pass_turn')
  })
})

describe('a worker', () => {
  const does = (name: string, sight: Seen) => act(bot(name), PUBLISHED, sight)
  const tasks = [task(1, 10), task(2, 20), task(3, 20)]
  test('claims the richest task, the first of equals; else passes, posts, or offers 20 to the best name that is active', () => {
    for (const name of ['worker', 'worker_post', 'worker_offer', 'accept_all'])
      expect(does(name, { all: { tasks } })).toBe('claim_task 2')
    expect(['worker', 'worker_post'].map(name => does(name, {}))).toEqual(['pass_turn', 'post'])
    expect(does('worker_offer', { others: [{}, { reputation: 51 }] })).toBe('propose_trade agent_1 20')
    expect(does('worker_offer', { others: [{}, { reputation: 51, status: 'frozen' }], resources: 12.39 })).toBe(
      'propose_trade agent_0 12.3',
    )
    expect(does('offers_only', { all: { tasks } })).toBe('propose_trade agent_0 25')
  })
  test('that accepts all takes the oldest offer before it claims', () => {
    expect(does('accept_all', { all: { tasks }, incoming: [offer(4, 'agent_1', -9), offer(5, 'agent_0', 9)] })).toBe(
      'accept_proposal 4',
    )
  })
})

test('uniform calls act on anything of the kind alike, and on nothing where there is none; a reply to nothing is a pass', () => {
  const calls = (sight: Seen) =>
    [...new Set(Array.from({ length: 600 }, (_, draw) => act(bot('uniform_calls'), PUBLISHED, sight, draw)))]
      .map(call => call.replace(/ (-?)\d+\.?\d*$/, (number, minus) => (number.includes('.') ? ` ${minus}#` : number)))
      .filter(call => !call.startsWith('propose_trade'))
      .sort()
  const others = ['pass_turn', 'post', 'submit_work 0']
  expect(calls({ all: { lastTask: 0 } })).toEqual(
    [...others, 'accept_proposal 0', 'claim_task 0', 'reject_proposal 0', 'vote 0 down', 'vote 0 up'].sort(),
  )
  const full = {
    all: { feed: [post(1), post(2, 'learner'), post(3)], tasks: [task(1, 9), task(2, 9)], lastTask: 5 },
    incoming: [offer(4, 'agent_0', 1), offer(5, 'agent_1', 1)],
  }
  expect(calls(full)).toEqual(
    [
      ...[
        'pass_turn',
        'post',
        'submit_work 5',
        'accept_proposal 4',
        'accept_proposal 5',
        'reject_proposal 4',
        'reject_proposal 5',
      ],
      ...['claim_task 1', 'claim_task 2', 'reply 1', 'reply 3', 'vote 1 up', 'vote 1 down', 'vote 3 up', 'vote 3 down'],
    ].sort(),
  )
})

describe('players after published models, over many draws,', () => {
  const DRAWS = 600
  const over = (name: string, sight: Seen, from = PUBLISHED): string[] =>
    Array.from({ length: DRAWS }, (_, draw) => act(bot(name), from, sight, draw))
  const share = (moves: readonly string[], what: RegExp): number => moves.filter(move => what.test(move)).length / moves.length
  const near = (value: number, expected: number) =>
    expect(Math.abs(value - expected), `${value}, not ${expected}`).toBeLessThan(0.055)

  test.each([
    ['mini_v01', 0.5, 0.03, 0.03, 0.66],
    ['mini_v01_fixed', 0.5, 0.03, 0.03, 0.76],
    ['nano_v01_fixed', 0.55, 0.4, 0.4, 0.97],
    ['qwen_v02', 0.36, 0.9, 0.15, 0.7],
    ['mini_v02', 0.2, 0.2, 0.2, 0.66],
  ])(
    '%s answers an offer with %d, of a gain then accepts with %d, of a payment with %d, and claims with %d',
    (name, answers, gain, loss, claims) => {
      for (const [transfer, accepts] of [
        [0, gain],
        [-1, loss],
      ] as const) {
        const moves = over(name, { incoming: [offer(4, 'agent_1', transfer)] })
        near(share(moves, /(accept|reject)_proposal 4/), answers)
        near(share(moves, /accept/), answers * accepts)
      }
      near(share(over(name, { all: { tasks: [task(1, 10)] } }), /claim_task 1$/), claims)
    },
  )
  test.each([
    // A claim of what is gone, a post, a pass, a vote, a reply, an offer.
    ['mini_v01', [0.42, 0.19, 0.357, 0.025, 0, 0.008]],
    ['mini_v01_fixed', [0.4, 0.19, 0.35, 0.03, 0.003, 0.027]],
    ['nano_v01_fixed', [0.4, 0.14, 0.18, 0.05, 0.004, 0.17]],
    ['qwen_v02', [0.21, 0.11, 0.013, 0.125, 0.325, 0.22]],
    ['mini_v02', [0.44, 0.42, 0.12, 0.005, 0.005, 0.01]],
  ] as const)('%s idles by its weights', (name, weights) => {
    const sum = weights.reduce<number>((total, weight) => total + weight, 0)
    const moves = over(name, { all: { feed: [post(1, 'learner'), post(2)], lastTask: 4 } })
    for (const [i, what] of [/^claim/, /^post/, /^pass/, /^vote 2 up/, /^reply 2/, /^propose/].entries())
      near(share(moves, what), weights[i]! / sum)
  })
  test('what it claims idly is gone, never open', () => {
    const moves = over('qwen_v02', { all: { lastTask: 3, tasks: [] } }).filter(move => move.startsWith('claim'))
    expect(new Set(moves)).toEqual(new Set(['claim_task 1', 'claim_task 2', 'claim_task 3']))
    expect(new Set(over('qwen_v02', { all: { lastTask: 0 } }).filter(move => move.startsWith('claim')))).toEqual(
      new Set(['claim_task 1']),
    )
  })
  test('without a post of others a vote is a post or a pass, as the model’s was', () => {
    near(share(over('qwen_v02', {}), /^post/), 0.11 + 0.125 + 0.325)
    near(share(over('nano_v01_fixed', {}), /^pass/), (0.18 + 0.05 + 0.004) / 0.944)
  })
  test.each([
    ['qwen_v02', 3, 15],
    ['nano_v01_fixed', 0, 8],
  ])('%s offers whole sums of %d to %d', (name, low, high) => {
    const sums = over(name, {}).flatMap(move => (move.startsWith('propose') ? [Number(move.split(' ')[2])] : []))
    expect([Math.min(...sums), Math.max(...sums)]).toEqual([low, high])
  })
  test('they offer to the better name, but for a favour of up to 8', () => {
    const to = (reputation: number) =>
      new Set(over('qwen_v02', { others: [{}, { reputation }] }).flatMap(move => /^propose_trade (\w+)/.exec(move)?.[1] ?? []))
    expect([to(58), to(54)]).toEqual([new Set(['agent_1']), new Set(['agent_0', 'agent_1'])])
  })
  test('one of them falls silent in an idle step now and then, once it has handed something in', () => {
    const silent = (name: string, before: Seen) =>
      Array.from({ length: DRAWS }, (_, draw) => {
        const policy = bot(name)
        act(policy, PUBLISHED, before, draw)
        return act(policy, PUBLISHED, {}, draw + DRAWS)
      }).filter(move => move === '').length / DRAWS
    const held = { task: PUBLISHED.shared.tasks[0]! }
    expect(Math.abs(silent('mini_v01', held) - 0.076)).toBeLessThan(0.025)
    expect([silent('mini_v01', {}), silent('mini_v01_fixed', held), silent('qwen_v02', held)]).toEqual([0, 0, 0])
  })
  test('those that post once an epoch pass afterwards', () => {
    const twice = (name: string, epoch: number) =>
      Array.from({ length: 200 }, (_, draw) => {
        const policy = bot(name)
        return [act(policy, PUBLISHED, {}, draw), act(policy, PUBLISHED, { all: { epoch } }, draw)].join()
      }).filter(moves => moves.startsWith('post'))
    expect(new Set(twice('mini_v01', 1))).toEqual(new Set(['post,pass_turn']))
    expect(new Set(twice('mini_v01', 2))).toEqual(new Set(['post,post']))
    expect(new Set(twice('mini_v02', 1))).toEqual(new Set(['post,post']))
  })
})
